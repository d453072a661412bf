// The print button of a page that is shown once.
document.getElementById("print").addEventListener("click", () => window.print());
