// Check what was recorded, line by line; then sign and save on this phone.

import { html, nothing } from "../../vendor/lit-html.js";
import * as visits from "../engine/visits.js";
import { goVisit, keep, keepTyping, saveDraft } from "./draft.js";
import { act, state } from "./state.js";
import { box, button, field, mark } from "./parts.js";
import { choice, fixNow, linkButton, plusMinus, thumb, tick } from "./pieces.js";
import { signSightings } from "./people.js";
import { answersBody } from "./questions.js";
import { itemName } from "./problems.js";
import { hasArrived, signed, sightingOf } from "./visit.js";
import { t, when } from "./words.js";

export const title = () => t("finish.title");

export function view() {
  const { package: parcel } = state.visit;
  const problems = signed("problem");
  const answers = Object.values(state.draft.answers).filter((one) => one.answer !== "not_asked").length;
  const unchecked = parcel.postings.filter((posting) => !sightingOf(posting.id));
  const change = (changes) => keep({ finish: { ...state.draft.finish, ...changes } });
  const open = !problems.length && !state.draft.all_in_order && !state.draft.problem;
  return html`
    ${tripFields(state.draft.finish, change)}
    <dl class="check">
      ${line("arrive", t("task.arrive"), arrival())}
      ${parcel.postings.map((posting) => line("people", posting.name, seen(sightingOf(posting.id))))}
      ${problems.map(({ body }) => line("problems", itemName(body), body.text))}
      ${state.draft.problem ? line("problems", t("task.problems"), mark("look", t("finish.problem_draft"))) : nothing}
      ${open ? line("problems", t("task.problems"), mark("look", t("finish.problems_open"))) : nothing}
      ${state.draft.all_in_order && !problems.length ? line("problems", t("task.problems"), t("problems.none")) : nothing}
      ${line("questions", t("task.questions"), answers ? t("task.answered", { n: answers }) : t("finish.nothing_asked"))}
      <div class="check-line"><dt>${t("photo.title")}</dt><dd>${t("finish.photos", { n: state.visit.photos.length })}</dd></div>
    </dl>
    ${unchecked.length ? box("plain", t("finish.unchecked", { names: unchecked.map((posting) => posting.name).join(t("list.comma")) })) : nothing}
    ${noteField(state.draft.finish, (changes) => keepTyping({ finish: { ...state.draft.finish, ...changes } }))}
    ${parcel.team.length > 1 ? choice("who-closes", t("finish.who"), [["close", t("finish.i_close")], ["finish", t("finish.they_close")]], closesHow(), (how) => change({ how }), { columns: 1 }) : nothing}
    <p class="soft">${t("finish.what_signing_means")}</p>
    ${thumb(
      hasArrived() ? button(t("finish.sign"), sign, { main: true, disabled: open || Boolean(state.draft.problem) }) : linkButton(t("finish.arrive_first"), `#/visit/${state.visit.visit_id}/arrive`, { main: true }),
      open ? button(t("problems.none"), () => keep({ all_in_order: true })) : nothing,
    )}`;
}

/** What decides whether the visit was unannounced; here, where nobody overlooks it, and in corrections. */
export const tripFields = (value, change) => html`
  ${tick(t("finish.escorted"), value.escorted, (escorted) => change({ escorted }))}
  ${tick(t("finish.warned"), value.warned_beforehand, (warned_beforehand) => change({ warned_beforehand }))}`;

/** The note on the visit; here and in corrections. */
export const noteField = (value, type) => field(t("finish.note"), value.note, (note) => type({ note }), { rows: 2 });

const line = (part, name, value) => html`<div class="check-line"><dt>${name}</dt><dd>${value}</dd>
  <dd class="change"><a href=${`#/visit/${state.visit.visit_id}/${part}`}>${t("finish.change")}<span class="unseen"> ${name}</span></a></dd></div>`;

function arrival() {
  const record = [...signed("arrive"), ...signed("confirm")][0];
  if (!record) return mark("look", t("task.to_do"));
  return `${when(record.made_at)} · ${record.body.fix ? plusMinus(record.body.fix) : t("fix.none")}`;
}

const seen = (sighting) => (sighting ? t(`seen.${sighting.seen}`) : mark("plain", t("seen.not_asked")));

/** Who confirmed by a colleague's code leaves the closing to the colleague, unless told otherwise. */
const closesHow = () => state.draft.finish.how || (signed("confirm").length ? "finish" : "close");

/** Signs what is not signed yet, in order. Whatever is cut off in the middle goes on from there. */
const sign = () => act(async () => {
  const id = state.visit.visit_id;
  const { escorted, warned_beforehand, note } = state.draft.finish;
  const how = state.visit.package.team.length > 1 ? closesHow() : "close";
  await saveDraft();
  await signSightings();
  const answers = state.sheets.questions && answersBody(state.sheets.questions.version, state.draft.answers);
  if (answers && !signed("answers").length) await visits.add(id, "answers", answers);
  if (state.draft.all_in_order && !signed("problem").length && !signed("all_in_order").length) await visits.add(id, "all_in_order", {});
  await visits.forgetNames(id);
  await visits.end(id, how === "close" ? { escorted, warned_beforehand, note: note.trim() } : null, fixNow());
  goVisit();
});
