// Arriving: the accuracy ring, a gate that is only a hint, and a legal way to arrive without a position.

import { html, nothing } from "../../vendor/lit-html.js";
import * as positions from "../engine/positions.js";
import * as visits from "../engine/visits.js";
import { goVisit, keep } from "./draft.js";
import { act, state } from "./state.js";
import { box, button, field } from "./parts.js";
import { choice, plusMinus, quality, ring, thumb } from "./pieces.js";
import { hasArrived, signed, towards } from "./visit.js";
import { span, t, when } from "./words.js";

export const title = () => t("arrive.title");

const NO_FIX = ["denied", "no_signal", "broken", "other"];

export function view() {
  if (hasArrived()) return arrivedView();
  const now = state.positions;
  return html`
    <div class="ring-box">
      <svg viewBox="0 0 200 200" class="ring-picture" aria-hidden="true">${ring(now.best)}</svg>
    </div>
    <p class="ring-number">${now.best ? plusMinus(now.best) : t("arrive.searching")}</p>
    <p class="centre" role="status" aria-live="polite">${now.best ? t(`accuracy.${quality(now.best.accuracy_m)}`) : t("arrive.wait")}</p>
    <p class="centre soft">${t("arrive.elapsed", { span: span(now.elapsed_ms), n: now.fixes })}</p>
    ${now.error ? box("look", t(`fix_error.${now.error}`)) : nothing}
    ${now.best ? nearest(now.best) : nothing}
    <details ?open=${now.error === "denied" || Boolean(state.draft.no_fix)}><summary>${t("arrive.without")}</summary>
      <p>${t("arrive.without_lead")}</p>
      ${choice("no-fix", t("arrive.no_fix_reason"), NO_FIX.map((one) => [one, t(`no_fix.${one}`)]), state.draft.no_fix, (no_fix) => keep({ no_fix }), { columns: 2 })}
      ${state.draft.no_fix === "other" ? field(t("arrive.no_fix_words"), state.draft.no_fix_words || "", (text) => keep({ no_fix_words: text }), { most: 150 }) : nothing}
      ${button(t("arrive.accept_without"), acceptWithout, { disabled: !reason() })}
    </details>
    ${thumb(acceptButton(now.best))}`;
}

/** Open from the first fix on. A poor one may be used too, and says so; the reviewer sees the accuracy. */
function acceptButton(best) {
  if (!best) return button(t("arrive.accept"), () => {}, { disabled: true });
  const poor = ["poor", "unknown"].includes(quality(best.accuracy_m));
  return button(t(poor ? "arrive.accept_anyway" : "arrive.accept"), () => accept(best), { main: !poor });
}

const accept = (fix) => act(async () => {
  await visits.add(state.visit.visit_id, "arrive", { fix, fixes: positions.found(), no_fix_reason: null });
  goVisit("people");
});

const acceptWithout = () => act(async () => {
  await visits.add(state.visit.visit_id, "arrive", { fix: null, fixes: positions.found(), no_fix_reason: reason() });
  goVisit("people");
});

function reason() {
  const { no_fix, no_fix_words } = state.draft;
  if (!no_fix) return "";
  return no_fix === "other" ? (no_fix_words || "").trim() : t(`no_fix.${no_fix}`);
}

function nearest(here) {
  const { sites } = state.visit.package;
  return html`<ul class="plain centre">${sites.map((site) => html`<li>${site.name}${t("common.colon")}${towards(here, site)}</li>`)}</ul>`;
}

function arrivedView() {
  const record = [...signed("arrive"), ...signed("confirm")][0];
  const { fix, no_fix_reason } = record.body;
  return html`${box("good", t("arrive.done", { at: when(record.made_at) }))}
    <p>${fix ? t("arrive.done_fix", { accuracy: plusMinus(fix) }) : t("arrive.done_without", { reason: no_fix_reason || "—" })}</p>
    ${thumb(button(t("common.next"), () => goVisit("people"), { main: true }))}`;
}
