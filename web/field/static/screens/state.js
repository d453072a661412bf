// The one state of the page, and the few ways to change it. Screens read `state`, and call these.

import { ApiProblem } from "../engine/api.js";
import { changes } from "../engine/db.js";
import { known, t } from "./words.js";

export const state = {
  route: { name: "home", id: null, part: null },
  account: null,
  accounts: [],
  home: null,
  sheets: { items: [], questions: null },
  outbox: null,
  visit: null,
  draft: null,
  positions: null,
  notice: null,
  busy: false,
};

let painter = () => {};
let asked = false;
const HIDDEN_MS = 500;

/** Tells who paints; called once. */
export function paintWith(paint) {
  painter = paint;
}

/** Asks for one painting, however many changes come before it. */
export function redraw() {
  if (asked) return;
  asked = true;
  queueMicrotask(() => {
    asked = false;
    painter();
  });
}

/** Fulfilled once the phone shows what was painted last; a hidden page shows nothing, and does not wait for ever. */
export const painted = () => new Promise((done) => {
  requestAnimationFrame(() => setTimeout(done));
  setTimeout(done, HIDDEN_MS);
});

/** Hears what the engine tells, and paints once that is done. */
export function hear(what, work) {
  changes.addEventListener(what, async ({ detail }) => {
    await work(detail || {});
    redraw();
  });
}

/** Goes to a screen. The address says where one is, so that the phone's own back button works. */
export function go(hash) {
  if (location.hash === hash) window.dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = hash;
}

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
export function sentence(trouble, otherwise = "trouble.other") {
  const key = trouble instanceof ApiProblem ? `refused.${trouble.slug}` : `trouble.${trouble.constructor.name}`;
  return t(known(key) ? key : otherwise, { what: trouble.message || String(trouble) });
}
