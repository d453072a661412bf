// Problems: one tap when there are none; else one form for each, citing one of the 29 items.

import { html, nothing } from "../../vendor/lit-html.js";
import { uuid7 } from "../engine/keys.js";
import * as visits from "../engine/visits.js";
import { goVisit, keep, keepTyping } from "./draft.js";
import { act, state, tell } from "./state.js";
import { box, button, field, mark } from "./parts.js";
import { choice, fixNow, linkButton, thumb, tick } from "./pieces.js";
import { photosOf, picturesOf } from "./photos.js";
import { signed } from "./visit.js";
import { either, t } from "./words.js";

export const title = () => (state.draft.problem ? t("problem.title") : t("problems.title"));

export function view() {
  return state.draft.problem ? formView() : listView();
}

function listView() {
  const found = signed("problem");
  return html`
    ${found.length ? found.map(foundCard) : html`<p>${t("problems.lead")}</p>`}
    ${givenUp()}
    ${state.draft.all_in_order && !found.length ? box("good", t("problems.none")) : nothing}
    ${button(t(found.length ? "problems.another" : "problems.add"), begin)}
    <p class="after">${linkButton(t("problems.questions"), `#/visit/${state.visit.visit_id}/questions`)}</p>
    ${found.length
      ? thumb(button(t("problems.check"), () => goVisit("finish"), { main: true }))
      : thumb(button(t("problems.none"), allInOrder, { main: true }))}`;
}

/** A problem that is signed, and its photos. */
const foundCard = ({ id, body }) => html`<article class="card"><h2>${itemName(body)} ${mark("look", t(`problem.kind_short.${body.kind}`))}</h2>
  <p>${body.text}</p>${photosOf(id, { fixed: body.fixed_on_spot })}</article>`;

/** What was taken for problems that were given up again: signed at the shutter, so it stays, as photos of the visit. */
function givenUp() {
  const known = state.visit.records.map((record) => record.id);
  const left = state.visit.photos.filter((photo) => photo.of_record && !known.includes(photo.of_record));
  return left.length ? html`<article class="card"><h2>${t("problems.given_up")}</h2><p class="soft">${t("problems.given_up_lead")}</p>${picturesOf(left)}</article>` : nothing;
}

/** "第 20 条", or that it is none of the 29. */
export const itemName = (body) => (body.item ? t("problem.item", { n: body.item }) : t("problem.other"));

const allInOrder = () => act(async () => {
  await keep({ all_in_order: true });
  goVisit("finish");
});

const begin = () => {
  keep({ all_in_order: false, problem: { id: uuid7(), item: undefined, other_reason: "", kind: null, text: "", place_note: "", fixed_on_spot: false, fix: fixNow(), search: "" } });
  window.scrollTo(0, 0);
};

function formView() {
  const { problem } = state.draft;
  const change = (changes) => keep({ problem: { ...state.draft.problem, ...changes } });
  const type = (changes) => keepTyping({ problem: { ...state.draft.problem, ...changes } });
  const lacking = whatLacks(problem);
  return html`<p class="soft">${t("problem.photos")}</p>
    ${photosOf(problem.id, { fixed: problem.fixed_on_spot })}
    ${problemFields(problem, change, type)}
    <p class="after">${button(t("problem.discard"), discard, { danger: true })}</p>
    ${thumb(
      html`<p class="lacking" role="status">${lacking ? t("problem.lacking", { what: t(lacking) }) : nothing}</p>`,
      button(t("problem.save"), save, { main: true, disabled: Boolean(lacking) }),
    )}`;
}

/** The fields of a problem; used for the visit and for corrections. */
export function problemFields(problem, change, type) {
  const items = state.sheets.items;
  const chosen = items.find((one) => one.number === problem.item);
  return html`
    <h2>${t("problem.which")}</h2>
    ${problem.item === undefined ? search(items, problem, change) : html`
      <div class="card"><p><strong>${itemName(problem)}</strong> ${chosen ? either(chosen, "text") : nothing}</p>
        ${button(t("problem.other_item"), () => change({ item: undefined }))}</div>`}
    ${problem.item === null ? field(t("problem.other_reason"), problem.other_reason, (other_reason) => type({ other_reason }), { rows: 2, most: 500 }) : nothing}
    ${choice("problem-kind", t("problem.kind"), [1, 2, 3].map((n) => [n, t(`problem.kind.${n}`)]), problem.kind, (kind) => change({ kind }), { columns: 1 })}
    ${field(t("problem.text"), problem.text, (text) => type({ text }), { rows: 4, most: 4000, hint: t("problem.text_hint") })}
    ${field(t("problem.place"), problem.place_note, (place_note) => type({ place_note }), { most: 500 })}
    ${tick(t("problem.fixed"), problem.fixed_on_spot, (fixed_on_spot) => change({ fixed_on_spot }))}
    ${problem.fixed_on_spot ? html`<p class="soft">${t("problem.before_after")}</p>` : nothing}`;
}

function search(items, problem, change) {
  const typed = (problem.search || "").trim();
  const found = items.filter((one) => fits(one, typed));
  const groups = [...new Set(found.map((one) => one.group))];
  return html`${field(t("problem.search"), problem.search || "", (search) => change({ search }), { hint: t("problem.search_hint") })}
    <p class="soft" role="status">${t("problem.found", { n: found.length })}</p>
    <div class="found">${groups.map((group) => html`
      <details ?open=${Boolean(typed)}><summary>${either(found.find((one) => one.group === group), "group")} (${found.filter((one) => one.group === group).length})</summary>
        <ul class="rows">${found.filter((one) => one.group === group).map((one) => html`<li>
          <button type="button" class="row" @click=${() => change({ item: one.number })}><span class="row-text"><strong>${t("problem.item", { n: one.number })}</strong><small>${either(one, "text")}</small></span></button></li>`)}
        </ul></details>`)}
      <button type="button" class="row card" @click=${() => change({ item: null })}><span class="row-text"><strong>${t("problem.other")}</strong><small>${t("problem.other_hint")}</small></span></button>
    </div>`;
}

function fits(item, typed) {
  if (!typed) return true;
  if (/^\d+$/.test(typed)) return String(item.number).startsWith(typed);
  const text = `${item.text_zh} ${item.text_en} ${item.group_zh} ${item.group_en}`.toLowerCase();
  return typed.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/** The word for the first thing a problem still needs, or null. */
export function whatLacks(problem) {
  if (problem.item === undefined) return "problem.which";
  if (problem.item === null && !problem.other_reason.trim()) return "problem.other_reason";
  if (!problem.kind) return "problem.kind";
  return problem.text.trim() ? null : "problem.text";
}

/** The problem as the wire has it. */
export function problemBody({ item, other_reason, kind, text, place_note, fixed_on_spot, fix }) {
  return { item, other_reason: item === null ? other_reason.trim() : null, kind, text: text.trim(), place_note: place_note.trim(), fixed_on_spot, fix };
}

const save = () => act(async () => {
  const { problem } = state.draft;
  const draft = { ...state.draft, problem: null, after_fixing: null, all_in_order: false };
  await visits.add(state.visit.visit_id, "problem", problemBody(problem), { id: problem.id, draft });
  state.draft = draft;
  window.scrollTo(0, 0);
});

const discard = () => act(async () => {
  const taken = state.visit.photos.filter((photo) => photo.of_record === state.draft.problem.id).length;
  await keep({ problem: null, after_fixing: null });
  if (taken) tell("look", t("problem.photos_stay", { n: taken }));
  window.scrollTo(0, 0);
});
