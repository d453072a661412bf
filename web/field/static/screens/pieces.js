// Pieces that the screens of the work share; those of the first screen too are in parts.js.

import { html, nothing, svg } from "../../vendor/lit-html.js";
import { mark } from "./parts.js";
import { state } from "./state.js";
import { metres, t } from "./words.js";

const TONES = { draft: "plain", waiting: "look", uploading: "busy", attention: "bad", damaged: "bad", conflict: "bad", refused: "bad", outside: "look", delivered: "good" };

/** How far a visit, a record or a photo has come. */
export const progress = (one) => mark(TONES[one.state], t(`progress.${one.state}`, { percent: one.percent || 0 }));

/** What belongs at the thumb: the one thing to do next, and at most one way besides. */
export const thumb = (...buttons) => html`<div class="thumb">${buttons}</div>`;

/** A link that looks like a button, for going somewhere. */
export const linkButton = (text, href, { main = false } = {}) => html`<a class="button ${main ? "main" : ""}" href=${href}>${text}</a>`;

/** A line of a list that leads somewhere; its state stands at its right. */
export const row = (href, title, detail, right = nothing) => html`
  <li><a class="row" href=${href}><span class="row-text"><strong>${title}</strong>${detail ? html`<small>${detail}</small>` : nothing}</span>
    ${right}<span class="chevron" aria-hidden="true">›</span></a></li>`;

/** One question with big answers: a group of radio buttons. `options` are [value, text] pairs. */
export function choice(name, legend, options, value, onchange, { columns = 3, hidden = false } = {}) {
  return html`<fieldset class="choice">
    <legend class=${hidden ? "unseen" : ""}>${legend}</legend>
    <div class="options columns-${columns}">${radios(name, options, value, onchange)}</div>
  </fieldset>`;
}

/** The radio buttons of a choice alone. */
export const radios = (name, options, value, onchange) => options.map(([one, text]) => html`
  <label class="option"><input type="radio" name=${name} .checked=${one === value} @change=${() => onchange(one)}><span>${text}</span></label>`);

/** A tick with its words. */
export const tick = (text, checked, onchange) => html`
  <label class="tick"><input type="checkbox" .checked=${checked} @change=${(event) => onchange(event.target.checked)}><span>${text}</span></label>`;

/** A count with minus and plus, for thumbs. */
export function counter(label, value, onchange, { most = 1000 } = {}) {
  const step = (by) => () => onchange(Math.min(most, Math.max(0, (value || 0) + by)));
  return html`<div class="counter" role="group" aria-label=${label}><span>${label}</span>
    <button type="button" class="round" aria-label=${t("count.less", { what: label })} ?disabled=${!value} @click=${step(-1)}>−</button>
    <output aria-live="polite">${value || 0}</output>
    <button type="button" class="round" aria-label=${t("count.more", { what: label })} ?disabled=${(value || 0) >= most} @click=${step(1)}>＋</button>
  </div>`;
}

/** The best word for an accuracy: what the ring says beside the number. */
export function quality(accuracy_m) {
  if (accuracy_m === null || accuracy_m === undefined) return "unknown";
  if (accuracy_m <= 15) return "good";
  if (accuracy_m <= 50) return "fair";
  return accuracy_m <= 150 ? "rough" : "poor";
}

/** The accuracy ring: a circle whose radius grows with the logarithm of the accuracy. */
export function ring(fix) {
  const accuracy_m = fix ? fix.accuracy_m : null;
  const grade = fix ? quality(accuracy_m) : "none";
  const radius = accuracy_m ? Math.min(96, 14 + 22 * Math.log10(Math.max(1, accuracy_m))) : 96;
  return svg`<circle class="ring-ground" cx="100" cy="100" r="97"></circle>
    <circle class="ring ${grade}" cx="100" cy="100" r=${radius}></circle>
    <circle class="ring-centre" cx="100" cy="100" r="5"></circle>`;
}

/** "±12 m", or that nothing is known of the accuracy. */
export const plusMinus = (fix) => (fix.accuracy_m === null ? t("fix.no_accuracy") : `±${metres(fix.accuracy_m)}`);

/** The newest fix if there is one, to be stored with what is recorded now. */
export const fixNow = () => (state.positions && state.positions.last) || null;
