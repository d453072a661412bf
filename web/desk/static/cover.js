// Draw boxes over a photo with pointer or finger. The number fields below hold what is sent, so the page works without this.

const stage = document.getElementById("stage");
const rows = [...document.querySelectorAll("[data-box]")];
const names = ["left", "top", "right", "bottom"];

const field = (row, name) => row.querySelector(`[data-edge="${name}"]`);
const values = (row) => names.map((name) => field(row, name).value);
const isEmpty = (row) => values(row).every((value) => value === "");

function place(mark, [left, top, right, bottom]) {
  mark.style.left = `${left}%`;
  mark.style.top = `${top}%`;
  mark.style.width = `${right - left}%`;
  mark.style.height = `${bottom - top}%`;
}

function drawAll() {
  for (const mark of stage.querySelectorAll(".mark")) mark.remove();
  for (const row of rows) {
    row.hidden = isEmpty(row) && row !== rows.find(isEmpty);
    if (values(row).some((value) => value === "")) continue;
    const mark = stage.appendChild(document.createElement("div"));
    mark.className = "mark";
    place(mark, values(row).map(Number));
  }
}

function pointAt(event) {
  const box = stage.getBoundingClientRect();
  const share = (value) => Math.min(100, Math.max(0, Math.round(value * 1000) / 10));
  return [share((event.clientX - box.left) / box.width), share((event.clientY - box.top) / box.height)];
}

stage.addEventListener("pointerdown", (event) => {
  const row = rows.find(isEmpty);
  if (!row || event.button !== 0) return;
  event.preventDefault();
  stage.setPointerCapture(event.pointerId);
  const [x, y] = pointAt(event);
  const mark = stage.appendChild(document.createElement("div"));
  mark.className = "mark";
  let edges = [x, y, x, y];
  const move = (moved) => {
    const [u, v] = pointAt(moved);
    edges = [Math.min(x, u), Math.min(y, v), Math.max(x, u), Math.max(y, v)];
    place(mark, edges);
  };
  const end = (ended) => {
    stage.removeEventListener("pointermove", move);
    stage.removeEventListener("pointerup", end);
    stage.removeEventListener("pointercancel", end);
    // A mere tap is no box.
    if (ended.type === "pointerup" && edges[2] - edges[0] >= 0.5 && edges[3] - edges[1] >= 0.5) {
      names.forEach((name, number) => (field(row, name).value = edges[number]));
    }
    drawAll();
  };
  stage.addEventListener("pointermove", move);
  stage.addEventListener("pointerup", end);
  stage.addEventListener("pointercancel", end);
});

for (const row of rows) {
  row.addEventListener("input", drawAll);
  row.querySelector("button").addEventListener("click", () => {
    for (const name of names) field(row, name).value = "";
    drawAll();
  });
}
drawAll();
