// One visit: its task list while it is under way, its records once it is saved.

import { html, nothing, svg } from "../../vendor/lit-html.js";
import * as positions from "../engine/positions.js";
import * as visits from "../engine/visits.js";
import { goVisit, keep, takeUp } from "./draft.js";
import { act, go, state } from "./state.js";
import { box, button, field, mark } from "./parts.js";
import { fixNow, linkButton, progress, row, thumb } from "./pieces.js";
import { known, metres, t, when } from "./words.js";

export const title = () => (state.route.part === "abort" ? t("abort.title") : state.visit.package.village.name);

export function view() {
  if (state.route.part === "abort") return abortView();
  return state.visit.ended ? savedView() : tasksView();
}

/** The records of one kind that this phone signed. */
export const signed = (kind) => state.visit.records.filter((record) => record.kind === kind);

/** Whether this phone has an arrival, its own or by the colleague's code. */
export const hasArrived = () => signed("arrive").length + signed("confirm").length > 0;

/** What was recorded of a posting: the signed sighting, or the draft of one, or nothing. */
export function sightingOf(postingId) {
  const done = signed("sighting").filter((record) => record.body.posting_id === postingId).pop();
  if (done) return { ...done.body, id: done.id, signed: true };
  const begun = state.draft && state.draft.sightings[postingId];
  return begun && begun.seen !== "not_asked" ? begun : null;
}

function tasksView() {
  const { package: parcel } = state.visit;
  const arrived = hasArrived();
  const checked = parcel.postings.filter((posting) => sightingOf(posting.id)).length;
  const problems = signed("problem").length;
  const answers = Object.values(state.draft.answers).filter((one) => one.answer !== "not_asked").length;
  return html`
    <p>${parcel.village.town_name} · ${t(parcel.announced ? "assignment.announced" : "assignment.unannounced")} · ${t("assignment.until", { at: when(parcel.expires_utc) })}</p>
    ${arrived ? nothing : html`${parcel.announced ? nothing : html`<p>${t("visit.quiet")}</p>`}${where()}`}
    <ol class="rows tasks">
      ${row(`#/visit/${state.visit.visit_id}/arrive`, t("task.arrive"), "", done(arrived))}
      ${row(`#/visit/${state.visit.visit_id}/colleague`, t("task.colleague"), t("task.colleague_hint"), signed("confirm").length ? done(true) : mark("plain", t("task.optional")))}
      ${row(`#/visit/${state.visit.visit_id}/people`, t("task.people"), t("task.people_count", { n: checked, all: parcel.postings.length }), checked ? done(checked === parcel.postings.length) : mark("plain", t("seen.not_asked")))}
      ${row(`#/visit/${state.visit.visit_id}/problems`, t("task.problems"), "", problemsMark(problems))}
      ${row(`#/visit/${state.visit.visit_id}/questions`, t("task.questions"), "", answers ? mark("busy", t("task.answered", { n: answers })) : mark("plain", t("task.optional")))}
      ${row(`#/visit/${state.visit.visit_id}/finish`, t("task.finish"), "", mark("plain", t("task.to_do")))}
    </ol>
    ${arrived ? html`<details><summary>${t("place.title")}</summary>${where()}</details>` : nothing}
    ${arrived
      ? thumb(linkButton(t("visit.continue"), `#/visit/${state.visit.visit_id}/${nextStep(checked, problems)}`, { main: true }))
      : thumb(button(t("visit.arrive"), () => goVisit("arrive"), { main: true }))}
    <p class="below"><a class="quiet" href="#/visit/${state.visit.visit_id}/abort">${t("abort.title")}</a></p>`;
}

const done = (yes) => (yes ? mark("good", t("task.done")) : mark("plain", t("task.to_do")));

function problemsMark(count) {
  if (state.draft.problem) return mark("busy", t("progress.draft"));
  if (count) return mark("look", t("task.problem_count", { n: count }));
  return state.draft.all_in_order ? mark("good", t("problems.none")) : mark("plain", t("task.to_do"));
}

function nextStep(checked, problems) {
  if (!checked) return "people";
  if (state.draft.problem) return "problems";
  return problems || state.draft.all_in_order ? "finish" : "problems";
}

// Where the village lies: distance and bearing to each site, and a drawing. No map, no network.

const WIDTH = 320;
const HEIGHT = 240;
const EDGE = 26;
const LEAST_DEG = 0.001;

function where() {
  const { sites, outline } = state.visit.package;
  const here = state.positions && state.positions.best;
  if (!sites.length && !outline) return html`<p>${t("place.unknown")}</p>`;
  return html`<section class="place" aria-label=${t("place.title")}>
    ${drawing(sites, outline, here)}
    <ul class="plain">${sites.map((site) => html`<li><strong>${site.name}</strong> ${here ? towards(here, site) : ""}</li>`)}</ul>
    ${outline ? html`<p class="soft">${t("place.outline_quality", { quality: t(known(`quality.${outline.quality}`) ? `quality.${outline.quality}` : "quality.unknown") })}</p>` : nothing}
  </section>`;
}

/** "4.7 km to the north-east (47°)", as the crow flies. */
export function towards(here, site) {
  const { distance_m, bearing_deg } = positions.toward(here, site);
  return t("place.towards", { distance: metres(distance_m), direction: t(`compass.${COMPASS[Math.round(bearing_deg / 45) % 8]}`), degrees: Math.round(bearing_deg) });
}

const COMPASS = ["n", "ne", "e", "se", "s", "sw", "w", "nw"];

function drawing(sites, outline, here) {
  const rings = outline ? outline.rings : [];
  const points = [...rings.flat(), ...sites.map((site) => [site.lon_deg, site.lat_deg]), ...(here ? [[here.lon_deg, here.lat_deg]] : [])];
  const at = projection(points);
  return html`<svg class="outline" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${t("place.drawing", { village: state.visit.package.village.name })}>
    ${rings.map((one) => svg`<path class="village" d=${`M${one.map((point) => at(point).join(" ")).join("L")}Z`}></path>`)}
    ${sites.map((site) => siteMark(at([site.lon_deg, site.lat_deg]), site.name))}
    ${here ? meMark(at([here.lon_deg, here.lat_deg])) : nothing}
    <text x=${WIDTH - 16} y="18" class="north">${t("compass.short_n")}↑</text>
  </svg>`;
}

const siteMark = ([x, y], name) => svg`<rect class="site" x=${x - 5} y=${y - 5} width="10" height="10"></rect>
  <text x=${x > WIDTH - 90 ? x - 9 : x + 9} y=${y + 4} text-anchor=${x > WIDTH - 90 ? "end" : "start"}>${name}</text>`;

const meMark = ([x, y]) => svg`<circle class="me" cx=${x} cy=${y} r="7"></circle><text x=${x} y=${y + 22} text-anchor="middle">${t("place.me")}</text>`;

/** Degrees to the drawing: a degree of longitude is shorter by the cosine of the latitude, good enough for one village. */
function projection(points) {
  const [south, north] = ends(points.map((point) => point[1]));
  const shrink = Math.cos(((south + north) / 2) * (Math.PI / 180));
  const [west, east] = ends(points.map((point) => point[0] * shrink));
  const scale = Math.min((WIDTH - 2 * EDGE) / Math.max(east - west, LEAST_DEG), (HEIGHT - 2 * EDGE) / Math.max(north - south, LEAST_DEG));
  return ([lon_deg, lat_deg]) => [
    round(WIDTH / 2 + (lon_deg * shrink - (west + east) / 2) * scale),
    round(HEIGHT / 2 - (lat_deg - (south + north) / 2) * scale),
  ];
}

const ends = (numbers) => [Math.min(...numbers), Math.max(...numbers)];

const round = (number) => Math.round(number * 10) / 10;

// Breaking off.

const abortView = () => html`<p>${t("abort.lead")}</p>
  ${field(t("abort.reason"), state.draft.abort_reason || "", (text) => keep({ abort_reason: text }), { rows: 3, most: 500 })}
  ${thumb(button(t("abort.do"), abort, { main: true, danger: true, disabled: !(state.draft.abort_reason || "").trim() }), linkButton(t("common.back"), `#/visit/${state.visit.visit_id}`))}`;

const abort = () => act(async () => {
  const id = state.visit.visit_id;
  await visits.abort(id, state.draft.abort_reason.trim(), fixNow());
  // Leaving a visit keeps its draft, and one that has ended has none: it would hold back newer pages for ever.
  await takeUp(id);
  go("#/");
});

// After saving.

const CORRECTABLE = ["sighting", "problem", "answers", "close"];

function savedView() {
  const { records, visit_id, ended } = state.visit;
  return html`
    ${ended === "abort" ? box("look", t("state.aborted")) : html`${box("good", html`<p class="large"><strong>✓ ${t("saved.title")}</strong></p><p>${t("saved.promise")}</p>`)}<p class="soft">${t("saved.not_promised")}</p>`}
    <h2>${t("saved.records")}</h2>
    <ul class="rows">${records.map((record) => recordRow(visit_id, record))}</ul>
    ${thumb(linkButton(t("saved.outbox"), "#/outbox"), linkButton(t("saved.home"), "#/", { main: true }))}`;
}

function recordRow(visitId, record) {
  const text = html`<span class="row-text"><strong>${t(known(`kind.${record.kind}`) ? `kind.${record.kind}` : "kind.other")}</strong><small>${about(record)}</small></span>${progress(record)}`;
  if (!CORRECTABLE.includes(record.kind)) return html`<li class="row">${text}</li>`;
  return html`<li><a class="row" href="#/visit/${visitId}/correct/${record.id}">${text}<span class="row-act">${t("correct.do")}</span></a></li>`;
}

/** What a record is about, in one line. */
export function about(record) {
  const { body, kind } = record;
  if (kind === "sighting") return `${nameOf(body.posting_id)} · ${t(`seen.${body.seen}`)}`;
  if (kind === "problem") return body.text;
  if (kind === "correction") return body.reason;
  return when(record.made_at);
}

const nameOf = (postingId) => (state.visit.package.postings.find((posting) => posting.id === postingId) || { name: "" }).name;
