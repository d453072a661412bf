// What villagers may be asked. All of it is optional; the spoken words stand on top.

import { html, nothing } from "../../vendor/lit-html.js";
import { goVisit, keep, keepTyping } from "./draft.js";
import { state } from "./state.js";
import { box, button, choice, counter, field, thumb } from "./parts.js";
import { either, language, t } from "./words.js";

export const title = () => t("questions.title");

export function view() {
  const set = state.home.questions;
  if (!set) return html`${box("plain", t("questions.missing"))}${leave()}`;
  const change = (id, changes) => keep({ answers: answered(state.draft.answers, id, changes) });
  const type = (id, changes) => keepTyping({ answers: answered(state.draft.answers, id, changes) });
  return html`<p>${t("questions.optional")}</p>${answerFields(set, state.draft.answers, change, type)}${leave()}`;
}

const leave = () => thumb(button(t("common.next"), () => goVisit("problems"), { main: true }));

const EMPTY = { answer: "not_asked", asked: null, know: null, note: "" };
const YES_NO = ["yes", "no", "cannot_tell", "not_asked"];

/** The answers with one of them changed. */
export const answered = (answers, id, changes) => ({ ...answers, [id]: { ...EMPTY, ...answers[id], ...changes } });

/** The fields of all questions; used for the visit and for corrections. */
export function answerFields(set, answers, change, type) {
  const mine = set.questions.filter((one) => !one.visit_kinds || one.visit_kinds.includes(visitKind()));
  const groups = [...new Set(mine.map((one) => one.group_zh))];
  return html`
    <section class="script"><h2>${t("questions.script")}</h2><p>${either(set, "script")}</p></section>
    ${groups.map((group) => html`<section><h2>${either(mine.find((one) => one.group_zh === group), "group")}</h2>
      ${mine.filter((one) => one.group_zh === group).map((one) => question(one, { ...EMPTY, ...answers[one.id] }, change, type))}</section>`)}
    <p class="soft">${t("questions.version", { version: set.version })}</p>`;
}

const visitKind = () => state.visit.package.visit_kind || (state.visit.package.announced ? "announced" : "unannounced");

function question(one, value, change, type) {
  const words = either(one, "text");
  return html`<article class="card"><h3 lang=${language() === "en" && !one.text_en ? "zh-CN" : nothing}>${words}</h3>
    ${one.answer === "yes_no" ? choice(`answer-${one.id}`, words, YES_NO.map((each) => [each, t(`answer.${each}`)]), value.answer, (answer) => change(one.id, { answer }), { columns: 2, hidden: true }) : nothing}
    ${one.answer === "know_of" ? html`
      ${counter(t("questions.asked"), value.asked, (n) => change(one.id, counted(n, Math.min(n, value.know || 0))))}
      ${counter(t("questions.know"), value.know, (n) => change(one.id, counted(value.asked, n)), { most: value.asked || 0 })}` : nothing}
    ${one.answer === "text" || value.answer !== "not_asked" ? field(t("questions.note"), value.note, (note) => type(one.id, one.answer === "text" ? { note, answer: note.trim() ? "counted" : "not_asked" } : { note }), { rows: 2 }) : nothing}
    ${either(one, "rule") ? html`<details><summary>${t("questions.rule")}</summary><p>${either(one, "rule")}</p><p class="soft">${one.source}</p></details>` : nothing}
  </article>`;
}

const counted = (asked, know) => (asked ? { asked, know, answer: "counted" } : { asked: null, know: null, answer: "not_asked" });

/** The answers as the wire has them, or null when nothing was asked. */
export function answersBody(version, answers) {
  const given = Object.entries(answers).filter(([, one]) => one.answer !== "not_asked");
  if (!given.length) return null;
  return { question_set: version, answers: given.map(([question_id, one]) => ({ question_id, ...one })) };
}
