// Whether this phone can do what a visit needs, line by line, and what to do about each line that is red.

import { html, nothing } from "../../vendor/lit-html.js";
import { act, redraw, state } from "./state.js";
import { box, button, mark } from "./parts.js";
import { linkButton, thumb } from "./pieces.js";
import { known, t } from "./words.js";

export const title = () => t("self_test.title");

let rows = null;

export const enter = () => {
  rows = null;
};

export function view() {
  return html`<p>${t("self_test.lead")}</p>
    <div aria-live="polite">${rows ? html`<ul class="rows">${rows.map(line)}</ul>` : nothing}
    ${!state.busy && rows && rows.every((one) => one.ok !== false) ? box("good", t(rows.every((one) => one.ok) ? "self_test.all_good" : "self_test.good_enough")) : nothing}</div>
    ${thumb(button(t(rows ? "self_test.again" : "self_test.run"), run, { main: true }), state.account ? nothing : linkButton(t("sign_in.title"), "#/sign-in"))}`;
}

const run = () => act(async () => {
  const { selfTest } = await import("../engine/checks.js");
  rows = [];
  await selfTest((row) => {
    rows.push(row);
    redraw();
  });
});

const line = ({ name, ok, what_to_do }) => html`<li class="row">
  <span class="row-text"><strong>${t(`self_test.${name}`)}</strong>${ok ? nothing : html`<small>${helpFor(what_to_do)}</small>`}</span>
  ${ok === null ? mark("look", t("self_test.weak")) : mark(ok ? "good" : "bad", t(ok ? "self_test.good" : "self_test.bad"))}</li>`;

/** What to do about a line; a test may fail in a way nobody foresaw. */
const helpFor = (what) => t(known(`self_test.fix.${what}`) ? `self_test.fix.${what}` : "self_test.fix.other");
