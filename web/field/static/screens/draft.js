// The visit that is open, and its draft: what is typed is on disk before anything else happens.

import * as visits from "../engine/visits.js";
import { go, redraw, state, tell } from "./state.js";
import { t } from "./words.js";

/** Goes to a part of the visit that is open. */
export const goVisit = (part = "") => go(`#/visit/${state.visit.visit_id}${part && `/${part}`}`);

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
  if (visit.draft_damaged) {
    await visits.setDraftAside(visitId);
    tell("bad", t("trouble.draft_damaged"));
  }
  // What is in memory is newer than what is on disk, unless the visit has ended since.
  const keepsDraft = same && state.visit.ended === visit.ended;
  if (!keepsDraft) state.draft = visit.draft || (visit.ended ? { correction: null } : emptyDraft());
  state.visit = visit;
}

/** Closes the visit that is open; its draft stays, and the next start does not go back to it. */
export async function leaveVisit() {
  if (!state.visit) return;
  // Somebody else's tab may have locked the page; then the draft stays as it was last written.
  if (!state.visit.ended && state.account) {
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
