// Pieces that the first screen and the others share; what only the work needs is in pieces.js.

import { html, nothing } from "../../vendor/lit-html.js";
import { state } from "./state.js";
import { t } from "./words.js";

/** A state as people see it: a sign, a word and a colour, never the colour alone. */
export const mark = (tone, text) => html`<span class="mark ${tone}"><span aria-hidden="true">${SIGNS[tone]}</span> ${text}</span>`;

const SIGNS = { good: "✓", look: "!", bad: "✕", plain: "○", busy: "…" };

/** A boxed message. */
export const box = (tone, content) => html`<div class="box ${tone}">${content}</div>`;

/** A large button. The main one of a screen is filled. */
export const button = (text, onclick, { main = false, danger = false, disabled = false, name = null } = {}) => html`
  <button type="button" class="button ${main ? "main" : ""} ${danger ? "danger" : ""}" ?disabled=${disabled || state.busy}
    aria-label=${name || nothing} @click=${onclick}>${text}</button>`;

/** A text with its label; `rows` above one makes it a larger field. `typed` is called at each stroke. */
export function field(label, value, typed, { rows = 1, hint = "", type = "text", most = 2000, complete = "off", mode = null } = {}) {
  const entered = (event) => typed(event.target.value);
  return html`<label class="field"><span>${label}</span>${hint ? html`<small>${hint}</small>` : nothing}
    ${rows > 1
      ? html`<textarea rows=${rows} maxlength=${most} .value=${value} @input=${entered}></textarea>`
      : html`<input type=${type} maxlength=${most} autocomplete=${complete} autocapitalize="none" spellcheck="false"
          inputmode=${mode || nothing} .value=${value} @input=${entered}>`}</label>`;
}

/** Who runs this and where complaints go, as the server wrote it into the page; on every screen's foot. */
export function responsible() {
  const { operator, complaint } = document.getElementById("app").dataset;
  return html`<p>${t("frame.operator", { name: operator || t("frame.not_set") })}<br>${t("frame.complaint", { contact: complaint || t("frame.not_set") })}</p>`;
}
