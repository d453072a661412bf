// Draws square codes; what they say stands beside them as text where it may be typed instead.
import { encodeQR } from "/desk/vendor/qr/index.js";

for (const square of document.querySelectorAll("[data-says]")) {
  square.innerHTML = encodeQR(square.dataset.says, "svg", { ecc: "medium", border: 4 });
}
