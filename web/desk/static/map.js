// The page of the map: what the reader chose (state.js), what there is (data.js), how it counts (counts.js, layers.js),
// and the picture (chart.js), table (table.js) and time brush (time.js) that show the same numbers.

import { Chart } from "./map/chart.js";
import { chosen, countVisits, perDay } from "./map/counts.js";
import { SLOTS, dayOf, loadMap, loadShape, loadStatus, textOf } from "./map/data.js";
import { picture, save } from "./map/exports.js";
import { LAYERS, MISSING, NEVER, classOfTown, colourOf } from "./map/layers.js";
import { readPlace, readState, writePlace, writeState } from "./map/state.js";
import { Table, labelOf, swatch } from "./map/table.js";
import { TimeBrush } from "./map/time.js";
import { say } from "./map/words.js";

const target = document.getElementById("map");
const said = document.getElementById("map-said");
const controls = document.getElementById("controls");
const settings = JSON.parse(document.getElementById("map-settings").textContent);
const FIRST_LAYERS = ["since"];
const LONGEST_WAIT_MS = 1000;

const allowed = { layer: Object.keys(LAYERS), slot: SLOTS, units: ["both", "town", "village"] };
let state = readState(location.search, allowed);
let data = null;
let shown = null;
let brush = null;
const chart = new Chart(target, { basemap: settings.basemap, onChoose: choosePlace, onMove: movedTo });
const table = new Table(document.getElementById("table"), (code) => choosePlace(code, { go: true }));

function movedTo(place) {
  if (target.dataset.state === "drawn") writePlace(place);
}

function tell(text) {
  said.textContent = text;
  said.hidden = !text;
}

// ---- What is shown now ----

function work() {
  const layerName = data && LAYERS[state.layer].needs?.(data) === false ? "since" : state.layer;
  const layer = LAYERS[layerName];
  const counts = countVisits(data, state);
  return { data, layer, layerName, counts, ...chosen(data, state), markedCode: settings.visitVillage };
}

function paint() {
  const { villages, towns } = data;
  const village = new Map();
  const town = new Map();
  for (const at of shown.kept) {
    const colour = colourOf(shown.layer, shown.layer.of(shown.counts, at));
    village.set(villages.code[at], colour);
    if (villages.number[at] !== null) village.set(villages.number[at], colour);
  }
  shown.members.forEach((members, at) => {
    if (!members.length) return;
    const colour = colourOf(shown.layer, classOfTown(shown.layer, shown.counts, members));
    town.set(towns.code[at], colour);
    if (towns.number[at] !== null) town.set(towns.number[at], colour);
  });
  chart.paint({ village, town, units: state.units });
}

function showAll() {
  shown = work();
  paint();
  table.show({ ...shown, chosenCode: state.village });
  brush.show(perDay(data, state, shown.kept), shown.counts.since, shown.counts.until);
  showControls();
  showLegend();
  showSummary();
}

// While a span is being drawn only the picture and the numbers in words follow; the table when the hand is lifted.
function showSpan() {
  shown = work();
  paint();
  showSummary();
}

function legendEntries() {
  const { layer, layerName } = shown;
  const entries = layer.classes.map(({ id, colour }) => ({ id, colour, kind: "plain" }));
  if (layer.never !== false) entries.push({ id: "never", colour: NEVER, kind: "never" });
  entries.push({ id: "missing", colour: MISSING, kind: "missing" });
  return entries.map((entry) => ({ ...entry, label: legendLabel(layerName, layer, entry.id) }));
}

function legendLabel(layerName, layer, id) {
  const village = labelOf(layerName, layer, id, false);
  const town = labelOf(layerName, layer, id, true);
  return village === town ? village : say("map.legend_both", { village, town });
}

function showLegend() {
  const items = legendEntries().map(({ colour, kind, label }) => {
    const item = document.createElement("li");
    item.append(swatch(colour, kind), label);
    return item;
  });
  document.getElementById("legend").replaceChildren(...items);
  const without = shown.kept.filter((at) => data.villages.lon_deg[at] === null && !data.villages.has_area[at]).length;
  const notes = legendNotes(without);
  document.getElementById("legend-notes").replaceChildren(
    ...notes.map((note) => {
      const item = document.createElement("li");
      item.textContent = note;
      return item;
    }),
  );
}

function legendNotes(without) {
  const notes = [say(shown.layer.ofTown ? `map.town_rule.${shown.layerName}` : "map.town_rule.half")];
  if (shown.layerName === "problems") notes.push(say("map.problems_now"));
  if (shown.layerName === "quota") notes.push(say("map.quota_now"));
  const spans = data.towns.has_area.filter((has, town) => !has && shown.members[town].length).length;
  if (spans) notes.push(say("map.span_note"));
  if (without) notes.push(say("map.no_position_count", { count: without }));
  if (data.synthetic) notes.push(say("map.synthetic"));
  return notes;
}

function showSummary() {
  const { counts, kept } = shown;
  const visited = kept.filter((village) => counts.visits[village]).length;
  const visits = kept.reduce((sum, village) => sum + counts.visits[village], 0);
  document.getElementById("summary").textContent = [layerLine(), countLine(kept.length, visited, visits)].join(" ");
  target.dataset.villages = String(kept.length);
  target.dataset.visited = String(visited);
}

function countLine(all, visited, visits) {
  return say("map.count", { all, visited, never: all - visited, visits });
}

function layerLine() {
  const { counts } = shown;
  const since = counts.since === -Infinity ? textOf(data.visits.first) : textOf(counts.since);
  const parts = [say(`map.layer.${shown.layerName}`), say("map.span", { from: since, to: textOf(counts.until) })];
  if (state.slot) parts.push(say(`slot.${state.slot}`));
  if (state.town) parts.push(controls.elements.town.selectedOptions[0].textContent);
  if (state.round) parts.push(controls.elements.round.selectedOptions[0].textContent);
  if (state.plan) parts.push(controls.elements.plan.selectedOptions[0].textContent);
  return `${parts.join(" · ")} —`;
}

// ---- What the reader chooses ----

function option(value, text) {
  return new Option(text, value);
}

function fillControls() {
  const { towns, villages } = data;
  const { town, round, layer } = controls.elements;
  const counties = [...new Set(towns.county_code)];
  if (counties.length > 1) {
    for (const code of counties) town.add(option(code, towns.county_name[towns.county_code.indexOf(code)]));
  }
  towns.code.forEach((code, at) => {
    const county = counties.length > 1 ? `${towns.county_name[at]} ` : "";
    town.add(option(code, county + towns.name[at]));
  });
  const rounds = [...new Set(villages.programme_round.filter((one) => one !== null))].sort((one, other) => one - other);
  for (const one of rounds) round.add(option(String(one), say("map.round_is", { round: one })));
  if (rounds.length) round.add(option("none", say("map.round_none")));
  fillPlans(counties.length > 1);
  for (const each of [...layer.options]) if (LAYERS[each.value].needs?.(data) === false) each.remove();
  Object.assign(allowed, {
    layer: [...layer.options].map((each) => each.value),
    town: [...town.options].map((each) => each.value),
    round: [...round.options].map((each) => each.value),
    plan: [...controls.elements.plan.options].map((each) => each.value),
    village: [...villages.code, ...towns.code],
  });
}

// The newest line first; a line that was withdrawn stays, since visits were made under it.
function fillPlans(severalCounties) {
  const { plan } = controls.elements;
  const lines = data.planLines || [];
  for (const line of [...lines].reverse()) {
    const county = severalCounties ? `${countyName(line.county_code)} ` : "";
    const text = say(line.withdrawn ? "map.plan_withdrawn" : "map.plan_is", {
      year: line.from.slice(0, 4),
      title: county + line.title,
    });
    plan.add(option(line.id, text));
  }
  document.getElementById("plan-field").hidden = !lines.length;
}

function countyName(code) {
  const at = data.towns.county_code.indexOf(code);
  return at < 0 ? code : data.towns.county_name[at];
}

function showControls() {
  for (const name of ["layer", "slot", "units", "town", "round", "plan"]) controls.elements[name].value = state[name];
  const query = new URLSearchParams();
  for (const name of ["from", "to", "slot", "town", "plan"]) if (state[name]) query.set(name, state[name]);
  if (state.round && state.round !== "none") query.set("round", state.round);
  document.getElementById("geopackage").href = `/api/v1/coverage/villages.gpkg?${query}`;
}

function change(changes, { push = true } = {}) {
  state = { ...state, ...changes };
  writeState(state, { push });
  showAll();
}

function choosePlace(code, { go = false } = {}) {
  if (!data || !allowed.village.includes(code)) return;
  change({ village: code });
  if (go) chart.goTo(code, 12);
  showChosen();
  target.dataset.chosen = code;
}

function showChosen() {
  table.choose(state.village);
  chart.mark(state.village, "chosen");
  tell(state.village ? aboutPlace(state.village) : "");
}

function aboutPlace(code) {
  const { towns, villages } = data;
  const { counts, layer, layerName } = shown;
  const town = towns.code.indexOf(code);
  if (town >= 0) {
    const members = shown.members[town];
    const visited = members.filter((village) => counts.visits[village]).length;
    const rank = labelOf(layerName, layer, classOfTown(layer, counts, members), true);
    const quota = counts.quota[town];
    if (layerName === "quota" && quota) {
      return [towns.name[town], rank, say("map.quota_of", quota)].join(say("common.separator"));
    }
    return [towns.name[town], say("map.town_visited", { all: members.length, visited }), rank].join(say("common.separator"));
  }
  const village = villages.code.indexOf(code);
  const parts = [`${towns.name[villages.town[village]]} ${villages.name[village]}`];
  parts.push(labelOf(layerName, layer, layer.of(counts, village), false));
  if (counts.visits[village]) {
    parts.push(say("map.last_on", { day: textOf(counts.last[village]) }));
    parts.push(say("map.visits_many", { visits: counts.visits[village] }));
  }
  return parts.join(say("common.separator"));
}

function spanChosen(since, until, done) {
  const from = since <= data.visits.first ? "" : textOf(since);
  const to = until >= data.on ? "" : textOf(until);
  if (done) {
    change({ from, to });
    return;
  }
  state = { ...state, from, to };
  clearTimeout(spanChosen.waiting);
  spanChosen.waiting = setTimeout(showSpan, 60);
}

function fitToChosen() {
  chart.fitTo(shown.kept.map((village) => data.villages.code[village]));
}

function listen() {
  controls.addEventListener("change", (event) => {
    const { name, value } = event.target;
    if (!(name in state)) return;
    change({ [name]: value });
    if (name === "town") fitToChosen();
  });
  controls.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("popstate", () => {
    state = readState(location.search, allowed);
    showAll();
    showChosen();
    const place = readPlace();
    if (place) chart.goToPlace(place);
  });
  document.getElementById("whole").addEventListener("click", () => chart.fit(null));
  document.getElementById("png").addEventListener("click", savePicture);
  document.getElementById("print").addEventListener("click", () => window.print());
  window.addEventListener("beforeprint", beforePrint);
  window.addEventListener("afterprint", () => table.whole(false));
}

// ---- Picture and paper ----

function about() {
  const foot = [document.getElementById("announced-out").textContent, say("map.as_of", { day: textOf(data.on) })];
  const notes = [...document.querySelectorAll("#legend-notes li")].map((item) => item.textContent);
  if (settings.basemap.approval) foot.push(settings.basemap.approval);
  return {
    title: say("map.title"),
    lines: [document.getElementById("summary").textContent],
    legend: legendEntries(),
    foot: [...notes, ...foot],
  };
}

async function savePicture() {
  try {
    await chart.whenDrawn();
    await save(picture(target, about()), `${say("map.title")}-${say("frame.internal")}-${textOf(data.on)}.png`);
    target.dataset.saved = "yes";
  } catch (reason) {
    // A base map whose server does not allow its tiles to be read leaves the canvas locked.
    tell(say("map.picture_failed"));
    if (reason.name !== "SecurityError") throw reason;
  }
}

function beforePrint() {
  const onPaper = document.getElementById("on-paper");
  try {
    onPaper.src = picture(target, about()).toDataURL("image/png");
  } catch {
    onPaper.removeAttribute("src");
  }
  if (table.rows.length <= 3000) table.whole(true);
}

// ---- Start ----

// The tiles with colours by the small status file, before the rest is there.
async function firstPicture({ numbers, last }) {
  const plain = FIRST_LAYERS.includes(state.layer) && !state.from && !state.to && !state.slot && !state.town && !state.round && !state.plan;
  if (!plain) return;
  const until = dayOf(settings.today);
  const colourOfDay = new Map();
  const village = new Map();
  numbers.forEach((number, at) => {
    const day = last[at];
    if (!colourOfDay.has(day)) {
      const counts = { until, last: [day], visits: [day < 0 ? 0 : 1], unknown: () => false };
      colourOfDay.set(day, colourOf(LAYERS.since, LAYERS.since.of(counts, 0)));
    }
    village.set(number, colourOfDay.get(day));
  });
  chart.paint({ village, town: new Map(), units: state.units });
  await chart.whenDrawn();
  target.dataset.first = String(Math.round(performance.now()));
}

// The tiles are on their way while the status is; the rest is asked for once there is something to see, since the server
// would work on both. Where tiles are long in coming, on a thin line, it is not waited for them.
async function loadAll() {
  const { drawn } = settings;
  if (drawn) {
    chart.drawTiles(drawn);
    chart.fit(drawn.bounds);
    const place = readPlace();
    if (place) chart.goToPlace(place);
    const drawing = firstPicture(await loadStatus());
    await Promise.race([drawing, new Promise((done) => setTimeout(done, LONGEST_WAIT_MS))]);
  }
  return loadMap();
}

async function singleShapes() {
  const level = (code) => (code.length === 6 ? "county" : code.length === 9 ? "town" : "village");
  const found = await Promise.all(data.outlines.map(loadShape));
  for (const feature of found) chart.addShape(feature, level(feature.id));
}

async function start() {
  data = await loadAll();
  fillControls();
  state = readState(location.search, allowed);
  chart.addPlaces(data);
  if (!settings.drawn) await singleShapes();
  brush = new TimeBrush(document.getElementById("time"), { first: data.visits.first, last: data.on, onSpan: spanChosen });
  showAll();
  listen();
  if (!settings.drawn) chart.fit(null);
  lookAtTheRightPlace();
  await chart.whenDrawn();
  target.dataset.state = "drawn";
  if (!state.village) tell("");
}

function lookAtTheRightPlace() {
  if (settings.visitVillage) chart.mark(settings.visitVillage, "visit");
  const place = readPlace();
  if (place) chart.goToPlace(place);
  else if (settings.visitVillage) chart.goTo(settings.visitVillage, 11);
  else if (state.town) fitToChosen();
  if (state.village) showChosen();
}

start().catch((reason) => {
  target.dataset.state = "failed";
  tell(say("map.failed"));
  throw reason;
});
