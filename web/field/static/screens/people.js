// The people posted here. Nobody is anything until somebody looked: the default is 未核查.

import { html, nothing } from "../../vendor/lit-html.js";
import * as visits from "../engine/visits.js";
import { goVisit, keep, keepTyping } from "./draft.js";
import { act, state } from "./state.js";
import { box, button, field, mark } from "./parts.js";
import { counter, fixNow, radios, thumb, tick } from "./pieces.js";
import { sightingOf } from "./visit.js";
import { photosOf } from "./photos.js";
import { known, t } from "./words.js";

export const title = () => t("people.title");

export const FIRST = ["met", "not_met"];
const SIGNS = ["room_in_use", "landline"];
const OTHERS = ["seen_by_others", "said_on_leave", "said_on_trip", "cannot_tell"];

export function view() {
  const { postings } = state.visit.package;
  return html`<p>${t("people.lead")}</p>
    ${postings.length ? postings.map(person) : box("plain", t("people.none"))}
    ${thumb(button(t("common.next"), next, { main: true }))}`;
}

function person(posting) {
  const sighting = sightingOf(posting.id);
  return html`<article class="card">
    <h2>${posting.name} <small>${t(known(`posting_kind.${posting.kind}`) ? `posting_kind.${posting.kind}` : "posting_kind.other")} · ${posting.sending_unit}</small></h2>
    ${sighting && sighting.signed ? signedView(sighting) : fields(posting, sighting)}
  </article>`;
}

const signedView = (sighting) => html`
  <p>${mark(sighting.seen === "met" ? "good" : "plain", t(`seen.${sighting.seen}`))} <span class="soft">${t("people.signed")}</span></p>
  ${sighting.seen === "met" || sighting.sign === "room_in_use" ? nothing : photosOf(sighting.id)}`;

function fields(posting, sighting) {
  const change = (changes) => keepSighting(posting.id, changes);
  const type = (changes) => typeSighting(posting.id, changes);
  return html`${sightingFields(posting, sighting, change, type)}
    ${sighting && sighting.seen !== "met" && sighting.sign !== "room_in_use" ? button(t("people.sign_for_photo"), () => act(() => sign(posting.id))) : nothing}`;
}

/** The fields of a sighting; used for the visit and for corrections. */
export function sightingFields(posting, sighting, change, type, first = [...FIRST, "not_asked"]) {
  const name = `seen-${posting.id}`;
  const value = sighting ? sighting.seen : "not_asked";
  const see = (seen) => change(seen === "seen_by_others" ? { seen } : { seen, sign: null });
  const option = (seen) => [seen, t(`seen.${seen}`)];
  return html`<fieldset class="choice"><legend class="unseen">${t("people.question", { name: posting.name })}</legend>
      <div class="options columns-3">${radios(name, first.map(option), value, see)}</div>
      <details ?open=${OTHERS.includes(value)}><summary>${t("people.others")}</summary>
        <div class="options columns-2">${radios(name, OTHERS.map(option), value, see)}</div></details>
    </fieldset>
    ${sighting && value !== "not_asked" ? html`<details><summary>${t("people.more")}</summary>
      ${value === "met" ? tick(t("people.by_both"), sighting.met_by_both, (met_by_both) => change({ met_by_both })) : nothing}
      ${value === "seen_by_others" ? SIGNS.map((sign) => tick(t(`sign.${sign}`), sighting.sign === sign, (on) => change({ sign: on ? sign : null }))) : nothing}
      ${counter(t("people.asked"), sighting.villagers_asked, (n) => change({ villagers_asked: n, villagers_know: Math.min(n, sighting.villagers_know) }))}
      ${counter(t("people.know"), sighting.villagers_know, (n) => change({ villagers_know: n }), { most: sighting.villagers_asked })}
      ${field(t("people.note"), sighting.note, (note) => type({ note }), { rows: 2, hint: t("people.note_hint") })}
    </details>` : nothing}`;
}

function changed(postingId, changes) {
  const before = state.draft.sightings[postingId] || { met_by_both: false, villagers_asked: 0, villagers_know: 0, note: "", fix: null };
  // Where one stood counts when the answer is given, not when a note is added.
  const fix = "seen" in changes ? fixNow() : before.fix;
  return { ...state.draft.sightings, [postingId]: { ...before, ...changes, fix } };
}

const keepSighting = (postingId, changes) => keep({ sightings: changed(postingId, changes) });

const typeSighting = (postingId, changes) => keepTyping({ sightings: changed(postingId, changes) });

/** Signs every answer given so far. What is signed stays; a later change is a correction. */
export async function signSightings() {
  for (const [posting_id, { seen }] of Object.entries(state.draft.sightings)) {
    if (seen !== "not_asked" && !sightingOf(posting_id).signed) await sign(posting_id);
  }
}

function sign(posting_id) {
  const { seen, met_by_both, villagers_asked, villagers_know, sign: shown, note, fix } = state.draft.sightings[posting_id];
  const body = { posting_id, seen, met_by_both: seen === "met" && met_by_both, villagers_asked, villagers_know, sign: seen === "seen_by_others" ? shown || null : null, fix, note };
  return visits.add(state.visit.visit_id, "sighting", body, { draft: state.draft });
}

const next = () => act(async () => {
  await signSightings();
  goVisit("problems");
});

