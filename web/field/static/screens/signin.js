// Signing in; on a shared phone, choosing who one is. An account the phone knows opens without a network too.

import { html, nothing } from "../../vendor/lit-html.js";
import * as session from "../engine/session.js";
import { act, go, redraw, state, tell } from "./state.js";
import { box, field, mark } from "./parts.js";
import { t } from "./words.js";

export const title = () => t("sign_in.title");

const typed = { login: "", passphrase: "", previous: "", code: "" };
let needsPrevious = false;
let needsCode = false;
let invitation;

/** What was typed before the phone's accounts were known stays; what somebody leaves behind does not. */
export function leave() {
  Object.assign(typed, { passphrase: "", previous: "", code: "" });
  needsPrevious = needsCode = false;
}

export async function enter() {
  takeInvitation(state.route.id);
  state.accounts = await session.accountsHere();
  if (!typed.login && state.accounts.length === 1) typed.login = state.accounts[0].login;
}

/** Takes "<code>.<login>" from the address of a square code, and out of the address, where it would be left lying. */
function takeInvitation(said) {
  const [, code, login] = /^([\w-]{20,})\.(.+)$/.exec(said || "") || [];
  if (!code) return;
  invitation = code;
  typed.login = decodeURIComponent(login);
  history.replaceState(null, "", "#/sign-in");
}

export function view() {
  return html`
    <p>${t("sign_in.lead")}</p>
    ${invitation ? box("good", t("sign_in.invited")) : nothing}
    ${state.accounts.length ? html`<section><h2>${t("sign_in.here")}</h2><ul class="rows">${state.accounts.map(account)}</ul></section>` : nothing}
    <form @submit=${submit}>
      ${field(t("sign_in.login"), typed.login, (login) => { typed.login = login; }, { complete: "username", most: 64 })}
      ${field(t("sign_in.passphrase"), typed.passphrase, (passphrase) => { typed.passphrase = passphrase; }, { type: "password", complete: "current-password", most: 200 })}
      ${needsPrevious ? html`${box("look", t("sign_in.previous_lead"))}${field(t("sign_in.previous"), typed.previous, (previous) => { typed.previous = previous; }, { type: "password", most: 200 })}` : nothing}
      ${needsCode ? field(t("sign_in.code"), typed.code, (code) => { typed.code = code; }, { complete: "one-time-code", most: 60 }) : nothing}
      <button class="button main" ?disabled=${state.busy}>${t(state.busy ? "sign_in.working" : "sign_in.button")}</button>
    </form>
    <p class="after soft">${t("sign_in.village")}</p>`;
}

const account = (one) => html`<li><button type="button" class="row" @click=${() => choose(one)}>
  <span class="row-text"><strong>${one.name}</strong><small>${one.login}</small></span>
  ${one.unsent ? mark("look", t("sign_in.unsent", { n: one.unsent })) : nothing}</button></li>`;

function choose(one) {
  typed.login = one.login;
  redraw();
  document.querySelector("input[type=password]").focus();
}

function submit(event) {
  event.preventDefault();
  return act(async () => {
    try {
      const { previous, code } = typed;
      const { online } = await session.signIn(typed.login, typed.passphrase, { invitation, ...(previous && { previous }), ...(code && { code }) });
      Object.assign(typed, { passphrase: "", previous: "", code: "" });
      invitation = undefined;
      if (!online) tell("look", t("sign_in.offline"), { stays: true });
      go("#/");
    } catch (trouble) {
      needsPrevious = trouble instanceof session.OldPassphraseNeeded || needsPrevious;
      needsCode = trouble.slug === "second-factor-needed" || needsCode;
      throw trouble;
    }
  });
}

