// The one state of the page, and the few ways to change it. Screens read `state`, and call these.

import * as visits from "../engine/visits.js";
import { ApiProblem } from "../engine/api.js";
import { known, t } from "./words.js";

export const state = {
  route: { name: "home", id: null, part: null },
  account: null,
  accounts: [],
  home: null,
  outbox: null,
  visit: null,
  draft: null,
  positions: null,
  notice: null,
  busy: false,
};

let painter = () => {};
let painted = false;

/** Tells who paints; called once. */
export function paintWith(paint) {
  painter = paint;
}

/** Asks for one painting, however many changes come before it. */
export function redraw() {
  if (painted) return;
  painted = true;
  queueMicrotask(() => {
    painted = false;
    painter();
  });
}

/** Goes to a screen. The address says where one is, so that the phone's own back button works. */
export function go(hash) {
  if (location.hash === hash) window.dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = hash;
}

/** Goes to a part of the visit that is open. */
export const goVisit = (part = "") => go(`#/visit/${state.visit.visit_id}${part && `/${part}`}`);

/** Does one piece of work at a time; what goes wrong is told on the screen, never swallowed. */
export async function act(work) {
  if (state.busy) return undefined;
  state.busy = true;
  state.notice = null;
  redraw();
  try {
    return await work();
  } catch (trouble) {
    tell("bad", sentence(trouble));
    return undefined;
  } finally {
    state.busy = false;
    redraw();
  }
}

/** Shows a notice until the next act or screen; one that stays is also shown on the screen one goes to. */
export function tell(tone, text, { stays = false } = {}) {
  state.notice = { tone, text, stays };
  redraw();
}

/** What went wrong, in a sentence a person in the field can act on. */
export function sentence(trouble) {
  const key = trouble instanceof ApiProblem ? `refused.${trouble.slug}` : `trouble.${trouble.constructor.name}`;
  return known(key) ? t(key) : t("trouble.other", { what: trouble.message || String(trouble) });
}

let saving = Promise.resolve();
let typing = null;

/** Changes the draft of the open visit; it is on disk when the promise is fulfilled. */
export function keep(changes) {
  Object.assign(state.draft, changes);
  redraw();
  return saveDraft();
}

/** Changes the draft while somebody types: on disk a moment later, or with the next keep(). */
export function keepTyping(changes) {
  Object.assign(state.draft, changes);
  redraw();
  clearTimeout(typing);
  typing = setTimeout(saveDraft, 300);
}

/** Puts the draft on disk, one writing after the other. */
export function saveDraft() {
  clearTimeout(typing);
  const { visit, draft } = state;
  if (!visit || !draft) return Promise.resolve();
  // After the end there is only a correction to be written, or nothing.
  const copy = visit.ended && !draft.correction ? null : JSON.parse(JSON.stringify(draft));
  saving = saving.catch(() => {}).then(() => visits.saveDraft(visit.visit_id, copy));
  return saving;
}

/** Opens a visit and its draft; a visit without one begins with an empty one, never with another visit's. */
export async function takeUp(visitId) {
  if (state.visit && state.visit.visit_id !== visitId) await leaveVisit();
  const same = state.visit !== null && state.draft !== null;
  const visit = await visits.load(visitId);
  // What is in memory is newer than what is on disk, unless the visit has ended since.
  const keepsDraft = same && state.visit.ended === visit.ended;
  if (!keepsDraft) state.draft = visit.draft || (visit.ended ? { correction: null } : emptyDraft());
  state.visit = visit;
}

/** Closes the visit that is open; its draft stays, and the next start does not go back to it. */
export async function leaveVisit() {
  if (!state.visit) return;
  if (!state.visit.ended) {
    state.draft.at = null;
    await saveDraft();
  }
  state.visit = null;
  state.draft = null;
}

const emptyDraft = () => ({
  at: null,
  shooting: null,
  sightings: {},
  problem: null,
  answers: {},
  all_in_order: false,
  finish: { escorted: false, warned_beforehand: false, note: "", how: null },
});
