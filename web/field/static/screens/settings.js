// The rest: who is signed in, the home screen, the self-test, the training, and what this page keeps and promises.

import { html, nothing } from "../../vendor/lit-html.js";
import * as assignments from "../engine/assignments.js";
import { isTraining } from "../engine/db.js";
import * as session from "../engine/session.js";
import * as shell from "../engine/shell.js";
import { act, go, redraw, state } from "./state.js";
import { box, button } from "./parts.js";
import { linkButton, thumb } from "./pieces.js";
import { t } from "./words.js";

export const title = () => t("settings.title");

let version = "";

/** The version is the name under which the worker keeps the page, so it is that of what runs, without a network too. */
export function enter() {
  shell.versionHere().then((found) => {
    version = found;
    redraw();
  }, () => {});
}

export function view() {
  if (isTraining()) return html`<p>${t("training.lead")}</p>${thumb(button(t("training.leave"), train, { main: true }))}`;
  return html`
    <section><h2>${t("settings.account")}</h2><p>${state.account.name} · ${state.account.login}</p>
      <div class="stack">${button(t("settings.lock"), () => act(session.lock))}${button(t("settings.sign_out"), () => act(session.signOut))}</div>
      <p class="soft after">${t("settings.shared")}</p></section>
    <section><h2>${t("settings.phone")}</h2>${installHint()}<p>${linkButton(t("self_test.title"), "#/self-test")}</p>
      ${version ? html`<p class="soft">${t("settings.version", { version })}</p>` : nothing}</section>
    <section><h2>${t("training.title")}</h2><p>${t("training.lead")}</p>${button(t("training.enter"), train)}</section>
    <section><h2>${t("settings.promise")}</h2><p>${t("saved.promise")}</p><p>${t("saved.not_promised")}</p></section>`;
}

/** How this page gets to the home screen; nothing once it is there. */
export function installHint() {
  const { installed, can_install } = shell.shellState();
  if (installed) return box("good", t("install.done"));
  if (can_install) return box("plain", html`<p>${t("install.why")}</p>${button(t("install.do"), () => act(shell.install))}`);
  return box("plain", t(/iPhone|iPad/.test(navigator.userAgent) ? "install.ios" : "install.menu"));
}

const train = () => act(async () => {
  const training = await import("../engine/training.js");
  if (isTraining()) {
    await training.leaveTraining();
    go("#/");
  } else {
    const [items, questions] = await Promise.all([assignments.items(), assignments.questions()]);
    go(`#/visit/${await training.startTraining({ items, questions })}`);
  }
});

