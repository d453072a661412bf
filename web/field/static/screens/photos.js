// Photos of one sighting or problem: the camera, the gallery, and small previews. The bytes are the engine's business.

import { html, nothing } from "../../vendor/lit-html.js";
import * as photos from "../engine/photos.js";
import { keep } from "./draft.js";
import { act, redraw, state } from "./state.js";
import { button } from "./parts.js";
import { choice } from "./pieces.js";
import { t } from "./words.js";

/**
 * The photos taken for a record, and the way to take one more while the caps allow it. Of a problem that was put right
 * on the spot each photo shows the place before or after.
 */
export function photosOf(recordId, { fixed = false } = {}) {
  const all = state.visit.photos;
  const own = all.filter((photo) => photo.of_record === recordId);
  const full = own.length >= photos.MOST_OF_A_PROBLEM || all.length >= photos.MOST_OF_A_VISIT;
  return html`<section class="photos" aria-label=${t("photo.title")}>
    ${picturesOf(own, { fixed })}
    ${full ? html`<p class="soft">${t("photo.full", { record: photos.MOST_OF_A_PROBLEM, visit: photos.MOST_OF_A_VISIT })}</p>` : html`
      ${fixed ? choice(`shows-${recordId}`, t("photo.shows"), [[false, t("photo.before")], [true, t("photo.after")]], nextIsAfter(own), (after_fixing) => keep({ after_fixing }), { columns: 2 }) : nothing}
      <div class="side-by-side">
        ${picker(recordId, "camera", t("photo.take"), fixed)}
        ${picker(recordId, "gallery", t("photo.choose"), fixed)}
      </div>
      <p class="soft">${t("photo.left", { n: Math.min(photos.MOST_OF_A_PROBLEM - own.length, photos.MOST_OF_A_VISIT - all.length) })}</p>`}
  </section>`;
}

/** What the next photo shows: what was said last, else the place before as long as there is no photo of that. */
function nextIsAfter(own) {
  const said = state.draft.after_fixing;
  return typeof said === "boolean" ? said : own.some((photo) => !photo.after_fixing);
}

/** Small copies of these photos, numbered; of a fixed problem's with what they show. */
export const picturesOf = (some, { fixed = false } = {}) => html`<ul class="pictures">${some.map((photo, index) => html`<li>
  ${small(photo.id, t("photo.number", { n: index + 1 }))}${fixed ? html`<span class="shows">${t(photo.after_fixing ? "photo.after" : "photo.before")}</span>` : nothing}</li>`)}</ul>`;

/** The small copy of a photo; it comes out of its box once, and shows when it is there. */
function small(photoId, text) {
  if (!(photoId in copies)) {
    copies[photoId] = null;
    photos.preview(photoId).then((url) => {
      copies[photoId] = url;
      redraw();
    });
  }
  return copies[photoId] ? html`<img src=${copies[photoId]} alt=${text}>` : html`<span class="no-picture">${text}</span>`;
}

const copies = {};

const picker = (recordId, source, text, fixed) => html`<div class="picker">
  ${button(text, (event) => open(event.currentTarget.parentElement.querySelector("input"), recordId))}
  ${source === "camera"
    ? html`<input type="file" accept="image/*" capture="environment" class="unseen" tabindex="-1" aria-label=${text} @change=${(event) => taken(event.target, source, recordId, fixed)}>`
    : html`<input type="file" accept="image/*" class="unseen" tabindex="-1" aria-label=${text} @change=${(event) => taken(event.target, source, recordId, fixed)}>`}
</div>`;

/** What was typed is on disk before the camera opens: many phones end the page to make room for it. */
const open = (input, recordId) => act(async () => {
  await keep({ shooting: recordId });
  input.click();
});

function taken(input, source, recordId, fixed) {
  const [file] = input.files;
  if (!file) return undefined;
  return act(async () => {
    const afterFixing = fixed && nextIsAfter(state.visit.photos.filter((photo) => photo.of_record === recordId));
    const draft = { ...state.draft, shooting: null, after_fixing: null };
    await photos.take(state.visit.visit_id, file, { source, ofRecord: recordId, afterFixing, draft });
    state.draft = draft;
    input.value = "";
  });
}
