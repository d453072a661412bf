// The page of somebody who signed in: the lists behind its screens, and what the engine tells of them.

import { html, nothing } from "../vendor/lit-html.js";
import { isTraining } from "./engine/db.js";
import * as assignments from "./engine/assignments.js";
import * as outbox from "./engine/outbox.js";
import * as positions from "./engine/positions.js";
import * as shell from "./engine/shell.js";
import * as visits from "./engine/visits.js";
import { leaveVisit, saveDraft, takeUp } from "./screens/draft.js";
import { box, button } from "./screens/parts.js";
import { act, hear, painted, redraw, sentence, state, tell } from "./screens/state.js";
import { megabytes, t, when } from "./screens/words.js";

/** What is still to be done on a visit that has ended. */
const AFTERWARDS = ["visit", "visit/correct"];
let begun = false;
let readAtStart = null;

/** Makes ready what the screen of this address reads: the home lists, or one visit and its draft. */
export async function settle(route) {
  if (route.name !== "visit" && !route.name.startsWith("visit/")) {
    await leaveVisit();
    positions.stop();
    if (!state.account) return;
    await lists();
    // What waits is counted in the whole store and in the browser's bookkeeping; only its own screen waits for that.
    if (route.name === "outbox") await readOutbox();
    else painted().then(readOutbox).then(redraw, (trouble) => tell("bad", sentence(trouble)));
    return;
  }
  await Promise.all([lists(), readSheets(), takeUp(route.id)]);
  if (state.visit.ended) {
    positions.stop();
    if (!AFTERWARDS.includes(route.name)) throw new Error("this visit has ended");
    return;
  }
  state.draft.at = route.part;
  await saveDraft();
  const arrived = state.visit.records.some(({ kind }) => kind === "arrive" || kind === "confirm");
  if (arrived || route.part === "arrive") positions.watch();
  state.positions = positions.position();
}

/** The home lists, which a start has read already to find the visit it was in. */
function lists() {
  const read = readAtStart || readHome();
  readAtStart = null;
  return read;
}

async function readHome() {
  const [list, ownVisits, returns, route] = await Promise.all([assignments.list(), visits.list(), assignments.returns(), assignments.route()]);
  state.home = { assignments: list, visits: ownVisits, returns, route };
}

/** The 29 items and the questions, which only a visit's screens show. */
async function readSheets() {
  const [items, questions] = await Promise.all([assignments.items(), assignments.questions()]);
  state.sheets = { items: items ? items.items : [], questions };
}

async function readOutbox() {
  state.outbox = await outbox.view();
}

/** The way to the outbox with what still waits, always in sight. */
export const badge = () => html`<a class="badge" href=${isTraining() ? "#/settings" : "#/outbox"}>${howMuchWaits()}</a>`;

/** "All delivered" is never said where nothing was. */
function howMuchWaits() {
  if (isTraining()) return t("training.badge");
  if (!state.outbox) return nothing;
  const { waiting, attention, damaged, delivered, last_contact_ms } = state.outbox;
  const n = waiting.records + waiting.photos;
  if (n) return t("badge.waiting", { n, size: megabytes(waiting.bytes) });
  if (attention + damaged) return t("progress.attention");
  if (delivered.records) return t("badge.all_delivered", { at: when(last_contact_ms) });
  return last_contact_ms ? t("badge.contact", { at: when(last_contact_ms) }) : t("badge.no_contact");
}

/** A newer page waits until nothing is being written. */
export function updateHint() {
  const drafting = state.draft || (state.home && state.home.visits.some((visit) => visit.drafting));
  if (!shell.shellState().update || drafting) return nothing;
  return box("plain", html`<p>${t("update.waits")}</p>${button(t("update.apply"), () => act(shell.update))}`);
}

/** Listens to the engine. Call it once. */
export function listen() {
  hear("position", () => {
    state.positions = positions.position();
  });
  hear("visit", async ({ visit_id }) => {
    if (!state.account) return;
    await readHome();
    if (state.visit && state.visit.visit_id === visit_id) state.visit = await visits.load(visit_id);
  });
  hear("assignments", () => state.account && readHome());
  hear("outbox", () => state.account && readOutbox());
  hear("contact", () => state.account && readOutbox());
  // Times that pass: how long the search for a position takes, how old the oldest unsent record is.
  setInterval(() => {
    if (document.visibilityState !== "visible") return;
    if (state.route.name === "visit/arrive") state.positions = positions.position();
    redraw();
  }, 1000);
}

/** Begins to send by itself, and fetches what is new; without a network the lists stay as they are. */
export function begin() {
  if (!begun) outbox.listen();
  begun = true;
  return assignments.refresh();
}

/** Where a page that was killed had been: the step of the draft that was open, with a word that it was recovered. */
export async function takeUpWhereItWas() {
  await (readAtStart = readHome());
  for (const visit of state.home.visits) {
    if (visit.ended || !visit.drafting || !visit.package) continue;
    const { draft } = await visits.load(visit.visit_id);
    if (!draft || typeof draft.at !== "string") continue;
    tell("look", t(draft.shooting ? "recovered.photo" : "recovered.visit", { village: visit.package.village.name }), { stays: true });
    history.replaceState(null, "", `#/visit/${visit.visit_id}${draft.at && `/${draft.at}`}`);
    return;
  }
}
