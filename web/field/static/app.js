// The page: takes up where it was, listens to the engine, finds the screen for the address, and paints.

import { html, nothing, render } from "../vendor/lit-html.js";
import { changes, isTraining, wiped } from "./engine/db.js";
import { inAppBrowser } from "./engine/checks.js";
import * as assignments from "./engine/assignments.js";
import * as outbox from "./engine/outbox.js";
import * as positions from "./engine/positions.js";
import * as session from "./engine/session.js";
import * as shell from "./engine/shell.js";
import * as visits from "./engine/visits.js";
import * as home from "./screens/home.js";
import { act, go, leaveVisit, paintWith, redraw, saveDraft, sentence, state, takeUp, tell } from "./screens/state.js";
import { box, button, responsible } from "./screens/parts.js";
import { language, megabytes, speak, t, wantedLanguage, when } from "./screens/words.js";

/** Each address and the module of its screen; all but the first are loaded when they are wanted. */
const SCREENS = {
  home: () => home,
  "sign-in": () => import("./screens/signin.js"),
  open: () => import("./screens/open.js"),
  visit: () => import("./screens/visit.js"),
  "visit/abort": () => import("./screens/visit.js"),
  "visit/arrive": () => import("./screens/arrive.js"),
  "visit/colleague": () => import("./screens/colleague.js"),
  "visit/people": () => import("./screens/people.js"),
  "visit/problems": () => import("./screens/problems.js"),
  "visit/questions": () => import("./screens/questions.js"),
  "visit/finish": () => import("./screens/finish.js"),
  "visit/correct": () => import("./screens/correct.js"),
  outbox: () => import("./screens/outbox.js"),
  settings: () => import("./screens/settings.js"),
  "self-test": () => import("./screens/selftest.js"),
  "in-app": () => import("./screens/inapp.js"),
};
/** What somebody may see who has not signed in. */
const PUBLIC = ["sign-in", "self-test", "in-app"];
/** What is still to be done on a visit that has ended. */
const AFTERWARDS = ["visit", "visit/correct"];

const root = document.getElementById("app");
let screen = null;
let moves = 0;
let moving = Promise.resolve();

/** "#/visit/<id>/people" as {name: "visit/people", id, detail}. */
function routeOf(hash) {
  const [name = "", id = null, part = "", detail = null] = hash.replace(/^#?\//, "").split("/");
  const whole = part ? `${name}/${part}` : name;
  return whole in SCREENS ? { name: whole, id, part, detail } : { name: "home", id: null, part: "", detail: null };
}

/** Goes where the address says, one move after the other; of several that wait only the last is made. */
function move() {
  const mine = (moves += 1);
  moving = moving.catch(() => {}).then(() => (mine === moves ? goTo(routeOf(location.hash)) : undefined));
  return moving;
}

async function goTo(route) {
  if (inAppBrowser() && route.name !== "in-app") return go("#/in-app");
  if (!state.account && !PUBLIC.includes(route.name)) return go("#/sign-in");
  // Half way, the old screen would read what the new one needs, so nothing is painted.
  const before = screen;
  screen = null;
  if (before && before.leave) await before.leave();
  if (!state.notice || !state.notice.stays) state.notice = null;
  else state.notice.stays = false;
  if (state.account) await session.touch();
  try {
    await settle(route);
    const module = await SCREENS[route.name]();
    state.route = route;
    if (module.enter) await module.enter();
    screen = module;
  } catch (trouble) {
    if (route.name !== "home") {
      tell("bad", t("trouble.no_such_screen"), { stays: true });
      return go("#/");
    }
    // The first screen always stands, if only to say what is wrong.
    state.route = route;
    screen = home;
    tell("bad", sentence(trouble));
  }
  paint();
  window.scrollTo(0, 0);
  const heading = root.querySelector("h1");
  if (heading && moves > 1) heading.focus();
  return undefined;
}

/** Makes ready what the screen of this address reads: the home lists, or one visit and its draft. */
async function settle(route) {
  if (route.name !== "visit" && !route.name.startsWith("visit/")) {
    await leaveVisit();
    positions.stop();
    if (state.account) await Promise.all([readHome(), readOutbox()]);
    return;
  }
  await Promise.all([readHome(), takeUp(route.id)]);
  if (state.visit.ended) {
    positions.stop();
    if (!AFTERWARDS.includes(route.name)) throw new Error("this visit has ended");
    return;
  }
  state.draft.at = route.part;
  await saveDraft();
  const arrived = state.visit.records.some(({ kind }) => kind === "arrive" || kind === "confirm");
  if (arrived || route.part === "arrive") positions.watch();
  state.positions = positions.position();
}

async function readHome() {
  const [list, ownVisits, returns, items, questions] = await Promise.all([
    assignments.list(), visits.list(), assignments.returns(), assignments.items(), assignments.questions(),
  ]);
  state.home = { assignments: list, visits: ownVisits, returns, items: items ? items.items : [], questions };
}

async function readOutbox() {
  state.outbox = await outbox.view();
}

// Painting.

function paint() {
  document.body.classList.toggle("training", isTraining());
  render(frame(), root);
}

const frame = () => html`
  <header class="band"><div class="band-inner">
    ${state.route.name === "home" || !state.account ? html`<span class="brand">${t("app.name")}</span>` : html`<a class="back" href=${parent(state.route)}>‹ ${t("common.back")}</a><span class="brand"></span>`}
    ${state.account ? html`<a class="badge" href=${isTraining() ? "#/settings" : "#/outbox"}>${badge()}</a>` : nothing}
  </div>${isTraining() ? html`<p class="training-line">${t("training.line")}</p>` : nothing}</header>
  <main class="page" id="main">
    <h1 tabindex="-1">${screen.title()}</h1>
    ${state.busy ? html`<p class="working" role="status">${t("common.working")}</p>` : nothing}
    <div aria-live="assertive">${state.notice ? box(state.notice.tone, state.notice.text) : nothing}</div>
    ${updateHint()}
    ${screen.view()}
  </main>
  <footer class="foot">
    <button type="button" lang=${language() === "zh" ? "en" : "zh-CN"} @click=${switchLanguage}>${t("frame.other_language")}</button>
    ${state.account ? html` · ${state.account.name}` : nothing}
    <p>${t("frame.internal")}</p>
    ${responsible()}
  </footer>`;

/** Where "back" leads: from a part of a visit to its task list, else home. */
const parent = ({ name, id }) => (name.startsWith("visit/") ? `#/visit/${id}` : "#/");

/** What still waits, always in sight; "all delivered" is never said where nothing was. */
function badge() {
  if (isTraining()) return t("training.badge");
  if (!state.outbox) return nothing;
  const { waiting, delivered, last_contact_ms } = state.outbox;
  const n = waiting.records + waiting.photos;
  if (n) return t("badge.waiting", { n, size: megabytes(waiting.bytes) });
  if (delivered.records) return t("badge.all_delivered", { at: when(last_contact_ms) });
  return last_contact_ms ? t("badge.contact", { at: when(last_contact_ms) }) : t("badge.no_contact");
}

/** A newer page waits until nothing is being written. */
function updateHint() {
  const drafting = state.draft || (state.home && state.home.visits.some((visit) => visit.drafting));
  if (!shell.shellState().update || drafting) return nothing;
  return box("plain", html`<p>${t("update.waits")}</p>${button(t("update.apply"), () => act(shell.update))}`);
}

async function switchLanguage() {
  await speak(language() === "zh" ? "en" : "zh");
  redraw();
}

// Listening.

const HEARD = {
  position: () => {
    state.positions = positions.position();
  },
  visit: async ({ visit_id }) => {
    if (!state.account) return;
    await readHome();
    if (state.visit && state.visit.visit_id === visit_id) state.visit = await visits.load(visit_id);
  },
  assignments: () => state.account && readHome(),
  outbox: () => state.account && readOutbox(),
  contact: () => state.account && readOutbox(),
  session: ({ reason }) => {
    if (reason === "locked" && isTraining()) return; // the training ends; who was here before comes next
    state.account = session.current();
    if (!state.account) {
      screen = null; // what it shows is nobody's any more
      go("#/sign-in");
    } else if (reason === "signed-in") {
      fetchAssignments();
    }
  },
  shell: () => {},
};

function listen() {
  for (const [what, hear] of Object.entries(HEARD)) {
    changes.addEventListener(what, async ({ detail }) => {
      await hear(detail || {});
      redraw();
    });
  }
  window.addEventListener("hashchange", move);
  // Times that pass: how long the search for a position takes, how old the oldest unsent record is.
  setInterval(() => {
    if (document.visibilityState !== "visible") return;
    if (state.route.name === "visit/arrive") state.positions = positions.position();
    redraw();
  }, 1000);
}

/** Where a page that was killed had been: the step of the draft that was open, with a word that it was recovered. */
async function takeUpWhereItWas() {
  const lost = await wiped();
  if (lost) tell("bad", t("wiped.told", { since: when(lost.since), n: lost.unsent }), { stays: true });
  state.account = await session.start();
  if (!state.account) return;
  for (const visit of await visits.list()) {
    if (visit.ended || !visit.drafting) continue;
    const { draft } = await visits.load(visit.visit_id);
    if (typeof draft.at !== "string") continue;
    tell("look", t(draft.shooting ? "recovered.photo" : "recovered.visit", { village: visit.package.village.name }), { stays: true });
    history.replaceState(null, "", `#/visit/${visit.visit_id}${draft.at && `/${draft.at}`}`);
    return;
  }
}

async function start() {
  await speak(wantedLanguage());
  root.textContent = "";
  paintWith(() => screen && paint());
  listen();
  if (inAppBrowser()) {
    await move();
    return;
  }
  await takeUpWhereItWas();
  await move();
  shell.register();
  outbox.listen();
  if (state.account) fetchAssignments();
}

/** Fetches what is new; without a network the lists stay as they are, and the badge says when there was one. */
const fetchAssignments = () => assignments.refresh().catch(() => {});

start();

