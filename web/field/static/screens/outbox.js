// What waits, what is under way, what the server has said it has; and the ways round when nothing else helps.

import { html, nothing } from "../../vendor/lit-html.js";
import * as outbox from "../engine/outbox.js";
import { act, go, state, tell } from "./state.js";
import { box, button, mark } from "./parts.js";
import { progress, thumb } from "./pieces.js";
import { known, megabytes, span, t, when } from "./words.js";

export const title = () => t("outbox.title");

const KEPT_FOR_DOWNLOAD_MS = 60000;
const HOUR_MS = 3600 * 1000;
const AMBER_MS = 24 * HOUR_MS;
const RED_MS = 72 * HOUR_MS;

export function view() {
  const now = state.outbox;
  const { records, photos, bytes } = now.waiting;
  return html`
    <section aria-live="polite">
      ${records + photos ? box("look", html`<p><strong>${t("outbox.waits", { records, photos, size: megabytes(bytes) })}</strong></p>${age(now.oldest_unsent_ms)}`) : quiet(now)}
      ${now.attention ? box("bad", html`<p>${t("outbox.attention", { n: now.attention })}</p>${button(t("outbox.send_again"), () => act(outbox.sendAgain))}`) : nothing}
      ${now.damaged ? box("bad", html`<p>${t("outbox.damaged", { n: now.damaged })}</p>${button(t("outbox.send_again"), () => act(outbox.sendAgain))}`) : nothing}
      ${now.outside ? box("plain", t("outbox.outside", { n: now.outside })) : nothing}
      ${trouble(now)}
    </section>
    <dl class="facts">
      <dt>${t("outbox.last_contact")}</dt><dd>${now.last_contact_ms ? when(now.last_contact_ms) : t("outbox.never")}</dd>
      <dt>${t("outbox.storage")}</dt><dd>${now.storage.persisted ? mark("good", t("outbox.protected")) : mark("look", t("outbox.unprotected"))}
        ${now.storage.free_bytes === null ? nothing : t("outbox.free", { size: megabytes(now.storage.free_bytes) })}</dd>
      ${now.clock_offset_ms !== null && Math.abs(now.clock_offset_ms) > 60000 ? html`<dt>${t("outbox.clock")}</dt><dd>${mark("look", t("outbox.clock_off", { span: span(Math.abs(now.clock_offset_ms)) }))}</dd>` : nothing}
    </dl>
    ${now.visits.map(visit)}
    ${now.others.length ? html`<section><h2>${t("outbox.others")}</h2><p>${t("outbox.others_lead")}</p><ul class="plain">${now.others.map((one) => html`<li>${one.name}${t("common.colon")}${t("sign_in.unsent", { n: one.unsent })}</li>`)}</ul></section>` : nothing}
    <section><h2>${t("stick.title")}</h2><p>${t("stick.lead")}</p>
      <div class="stack">${button(t("stick.export"), exportUnsent, { disabled: !(records + photos) })}
        <label class="button"><span>${t("stick.receipt")}</span><input type="file" accept=".json,application/json" class="unseen" @change=${(event) => loadReceipt(event.target)}></label></div></section>
    ${thumb(button(now.sending ? t("outbox.sending") : t("outbox.retry"), outbox.sync, { main: true, disabled: now.sending }))}`;
}

/** Nothing waits. That is only good news when something was delivered. */
const quiet = (now) => (now.attention || now.damaged ? nothing : now.delivered.records ? box("good", t("outbox.all_delivered")) : box("plain", t("outbox.nothing")));

function age(oldest_ms) {
  const old_ms = Date.now() - oldest_ms;
  const tone = old_ms > RED_MS ? "bad" : old_ms > AMBER_MS ? "look" : "plain";
  return html`<p>${mark(tone, t("outbox.oldest", { span: span(old_ms) }))}</p>`;
}

function trouble(now) {
  if (now.needs_sign_in) return box("look", html`<p>${t("outbox.sign_in")}</p>${button(t("sign_in.button"), () => go("#/sign-in"))}`);
  if (!now.trouble) return nothing;
  const key = `outbox_trouble.${now.trouble.kind}`;
  const text = known(key) ? t(key) : t("trouble.other", { what: now.trouble.detail });
  return box("look", html`<p>${text}</p>${now.next_ms ? html`<p>${t("outbox.next", { span: span(now.next_ms - Date.now()) })}</p>` : nothing}`);
}

const visit = (one) => html`<section class="card"><h2>${one.village ? one.village.name : t("state.damaged")} <small>${when(one.opened_ms)}</small></h2>
  <p>${progress(one)}</p>
  ${one.state === "uploading" ? html`<progress max="100" value=${one.percent} aria-label=${t("outbox.progress")}></progress>` : nothing}
  <details><summary>${t("outbox.items", { records: one.records.length, photos: one.photos.length })}</summary>
    <ul class="plain">${one.records.map((record) => item(t("outbox.record", { n: record.seq }), record))}
      ${one.photos.map((photo, index) => item(t("photo.number", { n: index + 1 }), photo))}</ul></details></section>`;

const item = (name, one) => html`<li>${name} ${progress(one)} ${one.receipt && Number.isInteger(one.receipt.log_index) ? html`<span class="soft">${t("outbox.receipt", { n: one.receipt.log_index })}</span>` : nothing}
  ${one.receipt && one.receipt.reason ? html`<small>${why(one.receipt.reason)}</small>` : nothing}</li>`;

/** A code of the server's in words, where the page knows it. */
const why = (reason) => (known(`outbox.reason.${reason}`) ? t(`outbox.reason.${reason}`) : reason);

// By cable or stick.

const exportUnsent = () => act(async () => {
  const stick = await import("../engine/stick.js");
  const made = await stick.exportUnsent();
  if (!made) return tell("plain", t("outbox.nothing"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(made.file);
  link.download = made.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_FOR_DOWNLOAD_MS);
  return tell("good", t("stick.exported", { records: made.records, photos: made.photos }));
});

function loadReceipt(input) {
  const [file] = input.files;
  input.value = "";
  if (!file) return undefined;
  return act(async () => {
    const stick = await import("../engine/stick.js");
    const { records, photos, refused } = await stick.loadReceipt(file);
    tell(refused ? "look" : "good", t(refused ? "stick.partly" : "stick.received", { records, photos, refused }));
  });
}
