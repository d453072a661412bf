// 补充更正: what was signed stays as it was; a correction is a record of its own, with its reason.

import { html, nothing } from "../../vendor/lit-html.js";
import * as visits from "../engine/visits.js";
import { goVisit, keep, keepTyping, saveDraft } from "./draft.js";
import { act, state } from "./state.js";
import { box, button, field } from "./parts.js";
import { linkButton, thumb } from "./pieces.js";
import { FIRST, sightingFields } from "./people.js";
import { problemBody, problemFields, whatLacks } from "./problems.js";
import { answered, answerFields, answersBody } from "./questions.js";
import { noteField, tripFields } from "./finish.js";
import { keyOf } from "./ground.js";
import { about } from "./visit.js";
import { t } from "./words.js";

export const title = () => t("correct.title");

const original = () => state.visit.records.find((record) => record.id === state.route.detail);

/** The form begins with what the record says now, its last correction included; one that was cut off goes on. */
export function enter() {
  const record = original();
  const begun = state.draft.correction;
  if (!record || (begun && begun.of_record === record.id)) return;
  const last = state.visit.records.filter((one) => one.kind === "correction" && one.body.of_record === record.id).pop();
  const body = formOf(record.kind, last ? last.body.body : record.body);
  state.draft.correction = { of_record: record.id, reason: "", body };
}

/** Who goes away from the form drops it; a page that is killed does not. */
export function leave() {
  state.draft.correction = null;
  return saveDraft();
}

const formOf = (kind, body) => {
  if (kind === "answers") return Object.fromEntries(body.answers.map(({ question_id, household, ...one }) => [keyOf(question_id, household), one]));
  return kind === "problem" ? { ...body, other_reason: body.other_reason || "" } : { ...body };
};

export function view() {
  const record = original();
  if (!record) return html`${box("look", t("correct.not_here"))}${thumb(linkButton(t("common.back"), `#/visit/${state.visit.visit_id}`))}`;
  const returned = (state.home.returns || []).find((one) => one.record_id === record.id);
  const form = state.draft.correction;
  const ready = form.reason.trim() && !(record.kind === "problem" && whatLacks(form.body));
  return html`
    <p>${t("correct.lead")}</p>
    <p><strong>${t(`kind.${record.kind}`)}</strong> ${about(record)}</p>
    ${returned ? box("look", t("home.return_reason", { reason: returned.reason })) : nothing}
    ${field(t("correct.reason"), form.reason, (reason) => keepTyping(changed({}, { reason })), { rows: 2, most: 500 })}
    ${fields(record)}
    ${thumb(button(t("correct.save"), () => save(record), { main: true, disabled: !ready }), linkButton(t("common.back"), `#/visit/${state.visit.visit_id}`))}`;
}

/** The draft with this much of the correction changed. */
function changed(body, more = {}) {
  const form = state.draft.correction;
  return { correction: { ...form, ...more, body: { ...form.body, ...body } } };
}

function fields(record) {
  const { body } = state.draft.correction;
  const change = (changes) => keep(changed(changes));
  const type = (changes) => keepTyping(changed(changes));
  if (record.kind === "sighting") {
    const posting = state.visit.package.postings.find((one) => one.id === body.posting_id) || { id: body.posting_id, name: "" };
    return sightingFields(posting, body, change, type, FIRST);
  }
  if (record.kind === "problem") return problemFields(body, change, type);
  if (record.kind === "answers") {
    if (!state.sheets.questions) return nothing;
    const answer = (keeping) => (id, changes) => keeping(answered(state.draft.correction.body, id, changes));
    return answerFields(state.sheets.questions, body, answer(change), answer(type));
  }
  return html`${tripFields(body, change)}${noteField(body, type)}`;
}

const save = (record) => act(async () => {
  const { reason, body } = state.draft.correction;
  await visits.correct(state.visit.visit_id, record.id, reason.trim(), bodyOf(record, body));
  goVisit();
});

function bodyOf({ kind, body: before }, body) {
  if (kind === "problem") return problemBody(body);
  if (kind === "answers") return answersBody(before.question_set, body) || { question_set: before.question_set, answers: [] };
  return body;
}
