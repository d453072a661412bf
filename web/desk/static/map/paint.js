// Paints a tile's polygons on a canvas, all of one colour at a stroke: a province is then a dozen strokes.

import { MISSING } from "./layers.js";

export const INK = { line: "#17423c", soft: "#7d8a88", halo: "#ffffff", text: "#1c2733", marked: "#b45309", chosen: "#111111" };
export const LINES = {
  village: { color: "rgba(28, 39, 51, 0.45)", width: 0.6 },
  town: { color: INK.line, width: 1 },
  county: { color: INK.line, width: 2 },
};
// Metres a pixel. Farther out a village is a few pixels wide: a line around each would cost more than its colour and
// leave little of it.
export const VILLAGE_LINES_BELOW_M = 250;
// Coordinates of one way: what a browser takes for a way grows with the square of its corners. Lines that can be seen
// through have more, lest a border that two ways share be drawn twice as dark.
const AT_ONCE = 1500;
const SEEN_THROUGH_AT_ONCE = 15_000;
const NOTHING = { numbers: [], boxes: [] };

// Missing data is hatched, wherever it stands, so that nobody takes it for a zero.
let hatching = null;
export function hatch() {
  if (hatching) return hatching;
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = MISSING;
  pen.lineWidth = 1.5;
  for (const from of [-8, 0, 8]) {
    pen.beginPath();
    pen.moveTo(from, 8);
    pen.lineTo(from + 8, 0);
    pen.stroke();
  }
  hatching = pen.createPattern(tile, "repeat");
  return hatching;
}

// A tile as a picture of ``pixels`` in square, for a screen of ``ratio`` pixels each. ``part`` is the square of the tile
// that is wanted (west, north and side in units), for a picture nearer than the nearest tile. ``town`` and ``village``
// are colours by number, or null where these have none; ``villageLines`` says whether a line goes around villages.
export function paintTile(layers, { pixels, ratio, part, town, village, villageLines }) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.round(pixels * ratio);
  const pen = canvas.getContext("2d");
  const { county: counties = NOTHING, town: towns = NOTHING, village: villages = NOTHING } = layers;
  const brush = { pen, ratio, part, scale: canvas.width / part.side };
  if (town) fill(brush, towns, town);
  if (village) {
    const coloured = fill(brush, villages, village);
    if (villageLines) outline(brush, villages, coloured, LINES.village, SEEN_THROUGH_AT_ONCE);
  }
  outline(brush, towns, within(towns, part), LINES.town);
  outline(brush, counties, within(counties, part), LINES.county);
  return canvas;
}

// The places of polygons that reach into the part.
function within({ numbers, boxes }, { west, north, side }) {
  const found = [];
  for (let at = 0, box = 0; at < numbers.length; at += 1, box += 4) {
    const beside = boxes[box] > west + side || boxes[box + 2] < west;
    if (!beside && boxes[box + 1] <= north + side && boxes[box + 3] >= north) found.push(at);
  }
  return found;
}

// Fills the polygons that have a colour, and says which ones these are.
function fill(brush, areas, colours) {
  const { pen, ratio } = brush;
  const byColour = new Map();
  for (const at of within(areas, brush.part)) {
    const colour = colours.get(areas.numbers[at]);
    if (colour === undefined) continue;
    if (byColour.has(colour)) byColour.get(colour).push(at);
    else byColour.set(colour, [at]);
  }
  for (const [colour, places] of byColour) {
    pen.fillStyle = colour === MISSING ? hatch() : colour;
    eachWay(brush, areas, places, AT_ONCE, () => {
      pen.save();
      pen.scale(ratio, ratio); // of the hatching: the way is traced already
      pen.fill();
      pen.restore();
    });
  }
  return [...byColour.values()].flat();
}

function outline(brush, areas, places, { color, width }, atOnce = AT_ONCE) {
  const { pen, ratio } = brush;
  pen.strokeStyle = color;
  pen.lineWidth = width * ratio;
  pen.lineJoin = "round";
  eachWay(brush, areas, places, atOnce, () => pen.stroke());
}

// Traces the way around some polygons on the canvas, several polygons at a time: ``draw`` is called for each such way.
function eachWay({ pen, scale, part }, { xy, firstRing, rings }, places, most, draw) {
  const [left, top] = [-part.west * scale, -part.north * scale];
  let traced = 0;
  pen.beginPath();
  for (const place of places) {
    for (let ring = firstRing[place]; ring < firstRing[place + 1]; ring += 1) {
      const [begin, end] = [rings[2 * ring], rings[2 * ring + 1]];
      pen.moveTo(xy[begin] * scale + left, xy[begin + 1] * scale + top);
      for (let at = begin + 2; at < end; at += 2) pen.lineTo(xy[at] * scale + left, xy[at + 1] * scale + top);
      pen.closePath();
      traced += end - begin;
    }
    if (traced < most) continue;
    draw();
    pen.beginPath();
    traced = 0;
  }
  if (traced) draw();
}
