// Opening a sealed assignment without a network, by the key: scanned from the slip, or typed.

import { html, nothing } from "../../vendor/lit-html.js";
import * as assignments from "../engine/assignments.js";
import { askToPersist } from "../engine/db.js";
import { readCode } from "../engine/keys.js";
import { act, go, redraw, state, tell } from "./state.js";
import { box, button, field, mark } from "./parts.js";
import { thumb } from "./pieces.js";
import { closeScanner, scanner } from "./scan.js";
import { t } from "./words.js";

export const title = () => t("open.title");

const PREFIX = "shidi:key:";
let typed = "";

export function enter() {
  typed = "";
}

export const leave = closeScanner;

export function view() {
  const checked = check(typed);
  return html`
    <p>${t("open.lead")}</p>
    ${box("look", t("open.noted"))}
    ${scanner(t("open.scan"), scanned)}
    <h2>${t("open.type")}</h2>
    ${field(t("open.code"), typed, (text) => { typed = text; redraw(); }, { hint: t("open.code_hint"), most: 60 })}
    <p role="status">${checked ? mark(checked.tone, checked.text) : nothing}</p>
    ${thumb(button(t("assignment.open"), () => open(typed), { main: true, disabled: !checked || checked.tone !== "good" }))}`;
}

const LENGTH = 27;

/** What can be said of a code while it is typed: how much is there, and whether its check symbol fits. */
function check(text) {
  const length = text.replace(/[\s-]/g, "").length;
  if (!length) return null;
  if (length < LENGTH) return { tone: "busy", text: t("open.so_far", { n: length, all: LENGTH }) };
  try {
    readCode(text);
    return { tone: "good", text: t("open.fits") };
  } catch (trouble) {
    return { tone: "bad", text: t("open.does_not_fit") };
  }
}

function scanned(text) {
  if (!text.startsWith(PREFIX)) return tell("bad", t("open.other_code"));
  const [assignmentId, code] = text.slice(PREFIX.length).split(":");
  if (assignmentId !== state.route.id) return tell("bad", t("open.other_assignment"));
  return open(code);
}

const open = (code) => act(async () => {
  const visitId = await assignments.openWithKey(state.route.id, code);
  typed = "";
  await askToPersist();
  go(`#/visit/${visitId}`);
});
