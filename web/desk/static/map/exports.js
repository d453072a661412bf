// The map as a picture, with everything a reader of the picture alone must know: what, when, where, the legend, whose
// base map, and that it is for internal use. The same picture goes on paper; the browser's own print makes the PDF.

import { say } from "./words.js";

const MARGIN = 24;
const LINE = 24;
const FONT = 'system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

// What the browser has drawn, layer upon layer, each where its own transform puts it.
function drawnOn(pen, target, { scale, top }) {
  for (const canvas of target.querySelectorAll(".ol-layer canvas, canvas.ol-layer")) {
    if (!canvas.width) continue;
    const opacity = canvas.parentNode.style.opacity || canvas.style.opacity;
    pen.globalAlpha = opacity === "" ? 1 : Number(opacity);
    const found = /^matrix\(([^)]*)\)$/.exec(canvas.style.transform);
    const matrix = found
      ? found[1].split(",").map(Number)
      : [parseFloat(canvas.style.width) / canvas.width || 1, 0, 0, parseFloat(canvas.style.height) / canvas.height || 1, 0, 0];
    pen.setTransform(scale, 0, 0, scale, MARGIN * scale, top * scale);
    pen.transform(...matrix);
    pen.drawImage(canvas, 0, 0);
  }
  pen.globalAlpha = 1;
  pen.setTransform(scale, 0, 0, scale, 0, 0);
}

function wrapped(pen, text, width) {
  const lines = [""];
  for (const letter of text) {
    const longer = lines[lines.length - 1] + letter;
    if (pen.measureText(longer).width > width) lines.push(letter);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

function write(pen, text, x, y, font) {
  pen.font = `${font} ${FONT}`;
  pen.fillStyle = "#1c2733";
  pen.textBaseline = "top";
  pen.fillText(text, x, y);
}

function legendRows(pen, legend, width) {
  pen.font = `14px ${FONT}`;
  const rows = [[]];
  let x = 0;
  for (const entry of legend) {
    const wide = 30 + pen.measureText(entry.label).width + 24;
    if (x + wide > width && rows[rows.length - 1].length) {
      rows.push([]);
      x = 0;
    }
    rows[rows.length - 1].push({ ...entry, x });
    x += wide;
  }
  return rows;
}

function drawSwatch(pen, { colour, kind }, x, y) {
  pen.strokeStyle = "#1c2733";
  pen.lineWidth = 1;
  pen.fillStyle = kind === "missing" ? "#ffffff" : colour;
  pen.beginPath();
  if (kind === "never") {
    pen.moveTo(x + 9, y);
    pen.lineTo(x + 18, y + 9);
    pen.lineTo(x + 9, y + 18);
    pen.lineTo(x, y + 9);
    pen.closePath();
  } else pen.rect(x, y + 1, 18, 16);
  pen.fill();
  pen.stroke();
  if (kind !== "missing") return;
  pen.strokeStyle = colour;
  for (let at = 3; at < 18; at += 5) {
    pen.beginPath();
    pen.moveTo(x + at, y + 17);
    pen.lineTo(x + at + 5, y + 1);
    pen.stroke();
  }
}

// ``about`` holds the texts: title, lines (what is shown, when, where), legend entries, foot lines.
export function picture(target, about) {
  const box = target.getBoundingClientRect();
  const scale = Math.min(window.devicePixelRatio || 1, 2);
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  const width = box.width;
  pen.font = `15px ${FONT}`;
  const lines = about.lines.flatMap((line) => wrapped(pen, line, width));
  const rows = legendRows(pen, about.legend, width);
  const foot = about.foot.flatMap((line) => wrapped(pen, line, width));
  const top = MARGIN + 38 + lines.length * LINE + 8;
  canvas.width = Math.ceil((width + 2 * MARGIN) * scale);
  canvas.height = Math.ceil((top + box.height + 12 + (rows.length + foot.length) * LINE + MARGIN) * scale);
  pen.scale(scale, scale);
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  write(pen, about.title, MARGIN, MARGIN, "600 22px");
  const mark = say("frame.internal");
  pen.font = `600 16px ${FONT}`;
  const wide = pen.measureText(mark).width;
  pen.strokeRect(MARGIN + width - wide - 16, MARGIN, wide + 16, 28);
  write(pen, mark, MARGIN + width - wide - 8, MARGIN + 5, "600 16px");
  lines.forEach((line, at) => write(pen, line, MARGIN, MARGIN + 38 + at * LINE, "15px"));
  drawnOn(pen, target, { scale, top });
  pen.strokeStyle = "#d3dad8";
  pen.strokeRect(MARGIN, top, width, box.height);
  let y = top + box.height + 12;
  for (const row of rows) {
    for (const entry of row) {
      drawSwatch(pen, entry, MARGIN + entry.x, y);
      write(pen, entry.label, MARGIN + entry.x + 26, y, "14px");
    }
    y += LINE;
  }
  for (const line of foot) {
    write(pen, line, MARGIN, y + 2, "13px");
    y += LINE;
  }
  return canvas;
}

export function save(canvas, name) {
  return new Promise((done, failed) => {
    canvas.toBlob((blob) => {
      if (!blob) {
        failed(new Error("the picture could not be made"));
        return;
      }
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
      done();
    }, "image/png");
  });
}
