// What villagers may be asked. All of it is optional; the spoken words stand on top.

import { html, nothing } from "../../vendor/lit-html.js";
import { goVisit, keep, keepTyping } from "./draft.js";
import { households, householdsView, keyOf, projectsView } from "./ground.js";
import { state } from "./state.js";
import { box, button, field } from "./parts.js";
import { choice, counter, thumb } from "./pieces.js";
import { either, language, t } from "./words.js";

export const title = () => t("questions.title");

export function view() {
  const set = state.sheets.questions;
  if (!set) return html`${box("plain", t("questions.missing"))}${leave()}`;
  const change = (id, changes) => keep({ answers: answered(state.draft.answers, id, changes) });
  const type = (id, changes) => keepTyping({ answers: answered(state.draft.answers, id, changes) });
  return html`<p>${t("questions.optional")}</p>${answerFields(set, state.draft.answers, change, type)}${projectsView()}${leave()}`;
}

const leave = () => thumb(button(t("common.next"), () => goVisit("problems"), { main: true }));

const EMPTY = { answer: "not_asked", asked: null, know: null, note: "" };
const YES_NO = ["yes", "no", "cannot_tell", "not_asked"];

/** The answers with one of them changed. */
export const answered = (answers, id, changes) => ({ ...answers, [id]: { ...EMPTY, ...answers[id], ...changes } });

/** The fields of all questions; used for the visit and for corrections. */
export function answerFields(set, answers, change, type) {
  const mine = set.questions.filter((one) => !one.visit_kinds || one.visit_kinds.includes(visitKind()));
  const inside = households().length ? mine.filter((one) => one.per_household) : [];
  const outside = mine.filter((one) => !inside.includes(one));
  const groups = [...new Set(outside.map((one) => one.group_zh))];
  return html`
    <section class="script"><h2>${t("questions.script")}</h2><p>${either(set, "script")}</p></section>
    ${groups.map((group) => html`<section><h2>${either(mine.find((one) => one.group_zh === group), "group")}</h2>
      ${outside.filter((one) => one.group_zh === group).map((one) => question(one, one.id, answers, change, type))}</section>`)}
    ${inside.length ? householdsView(answers, (n) => inside.map((one) => question(one, keyOf(one.id, n), answers, change, type)), !state.draft.correction) : nothing}
    <p class="soft">${t("questions.version", { version: set.version })}</p>`;
}

const visitKind = () => state.visit.package.visit_kind || (state.visit.package.announced ? "announced" : "unannounced");

function question(one, id, answers, change, type) {
  const value = { ...EMPTY, ...answers[id] };
  const words = either(one, "text");
  return html`<article class="card"><h3 lang=${language() === "en" && !one.text_en ? "zh-CN" : nothing}>${words}</h3>
    ${one.answer === "yes_no" ? choice(`answer-${id}`, words, YES_NO.map((each) => [each, t(`answer.${each}`)]), value.answer, (answer) => change(id, { answer }), { columns: 2, hidden: true }) : nothing}
    ${one.answer === "know_of" ? html`
      ${counter(t("questions.asked"), value.asked, (n) => change(id, counted(n, Math.min(n, value.know || 0))))}
      ${counter(t("questions.know"), value.know, (n) => change(id, counted(value.asked, n)), { most: value.asked || 0 })}` : nothing}
    ${one.answer === "text" || value.answer !== "not_asked" ? field(t("questions.note"), value.note, (note) => type(id, one.answer === "text" ? { note, answer: note.trim() ? "counted" : "not_asked" } : { note }), { rows: 2 }) : nothing}
    ${either(one, "rule") ? html`<details><summary>${t("questions.rule")}</summary><p>${either(one, "rule")}</p><p class="soft">${one.source}</p></details>` : nothing}
  </article>`;
}

const counted = (asked, know) => (asked ? { asked, know, answer: "counted" } : { asked: null, know: null, answer: "not_asked" });

/** The answers as the wire has them, or null when nothing was asked. */
export function answersBody(version, answers) {
  const given = Object.entries(answers).filter(([, one]) => one.answer !== "not_asked");
  if (!given.length) return null;
  return { question_set: version, answers: given.map(([key, one]) => wired(key.split("#"), one)) };
}

const wired = ([question_id, number], one) => ({ question_id, ...one, ...(number && { household: Number(number) }) });
