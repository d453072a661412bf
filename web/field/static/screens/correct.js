// 补充更正: what was signed stays as it was; a correction is a record of its own, with its reason.

import { html, nothing } from "../../vendor/lit-html.js";
import * as visits from "../engine/visits.js";
import { act, goVisit, redraw, state } from "./state.js";
import { box, button, field, linkButton, thumb } from "./parts.js";
import { sightingFields } from "./people.js";
import { problemBody, problemFields, whatLacks } from "./problems.js";
import { answered, answerFields, answersBody } from "./questions.js";
import { noteField, tripFields } from "./finish.js";
import { about } from "./visit.js";
import { t } from "./words.js";

export const title = () => t("correct.title");

let form = null;

const original = () => state.visit.records.find((record) => record.id === state.route.detail);

/** The form begins with what the record says now: its body, or that of the last correction of it. */
export function enter() {
  const record = original();
  if (!record) return;
  const last = state.visit.records.filter((one) => one.kind === "correction" && one.body.of_record === record.id).pop();
  form = { reason: "", body: formOf(record.kind, (last || record).body.body || record.body) };
}

const formOf = (kind, body) => {
  if (kind === "answers") return Object.fromEntries(body.answers.map(({ question_id, ...one }) => [question_id, one]));
  return kind === "problem" ? { ...body, other_reason: body.other_reason || "" } : { ...body };
};

export function view() {
  const record = original();
  if (!record) return html`${box("look", t("correct.not_here"))}${thumb(linkButton(t("common.back"), `#/visit/${state.visit.visit_id}`))}`;
  const returned = (state.home.returns || []).find((one) => one.record_id === record.id);
  const ready = form.reason.trim() && !(record.kind === "problem" && whatLacks(form.body));
  return html`
    <p>${t("correct.lead")}</p>
    <p><strong>${t(`kind.${record.kind}`)}</strong> ${about(record)}</p>
    ${returned ? box("look", t("home.return_reason", { reason: returned.reason })) : nothing}
    ${field(t("correct.reason"), form.reason, (reason) => change({}, { reason }), { rows: 2, most: 500 })}
    ${fields(record)}
    ${thumb(button(t("correct.save"), () => save(record), { main: true, disabled: !ready }), linkButton(t("common.back"), `#/visit/${state.visit.visit_id}`))}`;
}

function change(body, more = {}) {
  form = { ...form, ...more, body: { ...form.body, ...body } };
  redraw();
}

function fields(record) {
  const { body } = form;
  if (record.kind === "sighting") {
    const posting = state.visit.package.postings.find((one) => one.id === body.posting_id) || { id: body.posting_id, name: "" };
    return sightingFields(posting, body, change, change);
  }
  if (record.kind === "problem") return problemFields(body, change, change);
  if (record.kind === "answers") {
    const answer = (id, changes) => change(answered(body, id, changes));
    return state.home.questions ? answerFields(state.home.questions, body, answer, answer) : nothing;
  }
  return html`${tripFields(body, change)}${noteField(body, change)}`;
}

const save = (record) => act(async () => {
  await visits.correct(state.visit.visit_id, record.id, form.reason.trim(), bodyOf(record));
  form = null;
  goVisit();
});

function bodyOf(record) {
  if (record.kind === "problem") return problemBody(form.body);
  if (record.kind === "answers") return answersBody(record.body.question_set, form.body) || { question_set: record.body.question_set, answers: [] };
  return form.body;
}
