// Draws the square code of a departure slip. Without it the typed code does the same.
import { encodeQR } from "/desk/vendor/qr/index.js";

const square = document.getElementById("square");
square.innerHTML = encodeQR(square.dataset.says, "svg", { ecc: "medium", border: 4 });
document.getElementById("print").addEventListener("click", () => window.print());
