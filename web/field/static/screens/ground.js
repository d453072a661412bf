// On the spot: households in the order of chance, each name shown only to ask for it, and the projects planned here.

import { html, nothing } from "../../vendor/lit-html.js";
import * as visits from "../engine/visits.js";
import { keepTyping, takeUp } from "./draft.js";
import { act, state } from "./state.js";
import { box, button, field, mark } from "./parts.js";
import { choice, fixNow } from "./pieces.js";
import { t } from "./words.js";

const SEEN = ["in_use", "idle", "elsewhere", "not_there", "cannot_tell"];

/** The households of this visit; none where the village has no list. */
export const households = () => state.visit.package.households || [];

/** The draft's name for an answer: those of a household stand apart. */
export const keyOf = (id, number) => (number ? `${id}#${number}` : id);

/**
 * The households: the one to ask now with its name, those that were asked without.
 * @param {object} answers by keyOf()
 * @param {(number: number) => unknown} questions the questions, for one household
 * @param {boolean} whole false in a correction, which names nobody
 */
export function householdsView(answers, questions, whole) {
  const asked = new Set(Object.keys(answers).map((key) => Number(key.split("#")[1])).filter(Boolean));
  const now = whole ? households().find((one) => one.name) : undefined;
  const done = households().filter((one) => one !== now && asked.has(one.number));
  return html`<section><h2>${t("households.title")}</h2><p>${t("households.lead")}</p>
    ${done.map((one) => html`<article class="card"><h3>${t("households.number", { n: one.number })}</h3>${questions(one.number)}</article>`)}
    ${now ? html`<article class="card"><h3>${t("households.number", { n: now.number })}: ${now.name} <small>${now.group_name}</small></h3>
      ${questions(now.number)}
      ${button(t("households.next"), () => forget(now.number))}</article>` : whole ? box("plain", t("households.none_left")) : nothing}</section>`;
}

const forget = (number) => act(async () => {
  await visits.forgetNames(state.visit.visit_id, number);
  // The package in memory holds the name as well.
  await takeUp(state.visit.visit_id);
});

/** The projects planned here; what was seen of one is signed at once, with the place where one stands. */
export function projectsView() {
  const planned = state.visit.package.projects || [];
  if (!planned.length) return nothing;
  const signed = new Map(state.visit.records.filter((one) => one.kind === "project").map((one) => [one.body.code, one.body]));
  return html`<section><h2>${t("projects.title")}</h2>${planned.map((one) => project(one, signed.get(one.code)))}</section>`;
}

function project(one, signed) {
  const begun = (state.draft.projects || {})[one.code] || { seen: null, note: "" };
  const change = (changes) => keepTyping({ projects: { ...state.draft.projects, [one.code]: { ...begun, ...changes } } });
  return html`<article class="card"><h3>${one.name} <small>${one.code} · ${t(`project_state.${one.state}`)}</small></h3>
    ${signed ? html`<p>${mark(signed.seen === "in_use" ? "good" : "look", t(`project_seen.${signed.seen}`))}</p>` : html`
      ${choice(`project-${one.code}`, one.name, SEEN.map((each) => [each, t(`project_seen.${each}`)]), begun.seen, (seen) => change({ seen }), { columns: 2, hidden: true })}
      ${field(t("questions.note"), begun.note, (note) => change({ note }), { rows: 2 })}
      ${begun.seen ? button(t("projects.sign"), () => sign(one.code, begun)) : nothing}`}</article>`;
}

const sign = (code, { seen, note }) => act(async () => {
  await visits.add(state.visit.visit_id, "project", { code, seen, note: note.trim(), fix: fixNow() }, { draft: state.draft });
  await takeUp(state.visit.visit_id);
});
