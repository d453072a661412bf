// The page: finds out who is there, finds the screen for the address, and paints. What only somebody who signed in
// needs is in work.js, and loaded then.

import { html, nothing, render } from "../vendor/lit-html.js";
import { isTraining, wiped } from "./engine/db.js";
import * as session from "./engine/session.js";
import * as shell from "./engine/shell.js";
import * as signIn from "./screens/signin.js";
import { go, hear, painted, paintWith, redraw, sentence, state, tell } from "./screens/state.js";
import { box, responsible } from "./screens/parts.js";
import { language, speak, speakOfWork, t, wantedLanguage, when } from "./screens/words.js";

/** Each address and the module of its screen; all but the first are loaded when they are wanted. */
const SCREENS = {
  "sign-in": () => signIn,
  home: () => import("./screens/home.js"),
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

const root = document.getElementById("app");
let screen = null;
let work = null;
let loading = null;
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
  if (shell.inAppBrowser() && route.name !== "in-app") return go("#/in-app");
  if (!state.account && !PUBLIC.includes(route.name)) return go("#/sign-in");
  // Half way, the old screen would read what the new one needs, so nothing is painted.
  const before = screen;
  screen = null;
  if (before && before.leave) await before.leave();
  if (!state.notice || !state.notice.stays) state.notice = null;
  else state.notice.stays = false;
  const module = await moduleOf(route);
  try {
    if (work) await work.settle(route);
    state.route = route;
    if (module.enter) await module.enter();
  } catch (trouble) {
    if (!["home", "sign-in"].includes(route.name)) {
      tell("bad", sentence(trouble, "trouble.no_such_screen"), { stays: true });
      return go("#/");
    }
    // The first screens always stand, if only to say what is wrong.
    state.route = route;
    tell("bad", sentence(trouble));
  }
  screen = module;
  paint();
  painted().then(session.touch).catch(() => {});
  window.scrollTo(0, 0);
  const heading = root.querySelector("h1");
  if (heading && moves > 1) heading.focus();
  return undefined;
}

/** The module of a screen with all it needs, or the screen that says that it could not be loaded. */
async function moduleOf(route) {
  try {
    const needed = state.account || route.name !== "sign-in" ? [loadWork()] : [];
    const [module] = await Promise.all([SCREENS[route.name](), ...needed]);
    return module;
  } catch (trouble) {
    return unloaded;
  }
}

/** What only somebody who signed in needs, loaded once: the engine of the work, and the words for it. */
function loadWork() {
  if (!loading) {
    loading = Promise.all([import("./work.js"), speakOfWork()]).then(([found]) => {
      work = found;
      work.listen();
      return work;
    });
    loading.catch(() => {
      loading = null; // asked for again, it is tried again
    });
  }
  return loading;
}

/** Loading anew is the way out: a browser may remember for as long as the page lives that a file was not there. */
const unloaded = {
  title: () => t("unloaded.title"),
  view: () => html`${box("bad", html`<p>${t("unloaded.why")}</p><p>${t("unloaded.kept")}</p>`)}
    <button type="button" class="button main" @click=${() => location.reload()}>${t("unloaded.again")}</button>`,
};

// Painting.

function paint() {
  document.body.classList.toggle("training", isTraining());
  render(frame(), root);
}

const frame = () => html`
  <header class="band"><div class="band-inner">
    ${state.route.name === "home" || !state.account ? html`<span class="brand">${t("app.name")}</span>` : html`<a class="back" href=${parent(state.route)}>‹ ${t("common.back")}</a><span class="brand"></span>`}
    ${state.account && work ? work.badge() : nothing}
  </div>${isTraining() ? html`<p class="training-line">${t("training.line")}</p>` : nothing}</header>
  <main class="page" id="main">
    <h1 tabindex="-1">${screen.title()}</h1>
    ${state.busy ? html`<p class="working" role="status">${t("common.working")}</p>` : nothing}
    <div aria-live="assertive">${state.notice ? box(state.notice.tone, state.notice.text) : nothing}</div>
    ${work ? work.updateHint() : nothing}
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

async function switchLanguage() {
  await speak(language() === "zh" ? "en" : "zh");
  redraw();
}

// Starting.

function hearWhoIsHere({ reason }) {
  if (reason === "locked" && isTraining()) return; // the training ends; who was here before comes next
  state.account = session.current();
  if (!state.account) {
    screen = null; // what it shows is nobody's any more
    go("#/sign-in");
  } else if (reason === "signed-in") {
    beginWork();
  }
}

/** Begins to send and to fetch for whoever is here. Where it cannot be loaded the screen says so. */
const beginWork = () => loadWork().then((found) => found.begin()).catch(() => {});

async function start() {
  speak(wantedLanguage());
  root.textContent = "";
  paintWith(() => screen && paint());
  hear("session", hearWhoIsHere);
  hear("shell", () => {});
  window.addEventListener("hashchange", move);
  if (shell.inAppBrowser()) {
    await move();
    return;
  }
  const wanted = location.hash;
  beforeTheStoreAnswers();
  await session.start();
  state.account = session.current();
  if (state.account) {
    history.replaceState(null, "", wanted || "#/");
    await loadWork().then((found) => found.takeUpWhereItWas()).catch(() => {});
  } else {
    await tellIfWiped();
  }
  await move();
  await painted(); // what follows is for later, and on a slow phone would hold up the first screen
  shell.register();
  if (!state.account) return;
  tellIfWiped().catch(() => {});
  await beginWork();
}

/** Says so where the browser emptied the phone's store; sets the marks by which that is known. */
async function tellIfWiped() {
  const lost = await wiped();
  if (lost) tell("bad", t("wiped.told", { since: when(lost.since), n: lost.unsent }), { stays: true });
}

/**
 * Opening the store takes a slow phone longer than anything else. Meanwhile whoever was here gets the modules of their
 * screen loaded, and where nobody was, the sign-in stands already.
 */
function beforeTheStoreAnswers() {
  const { name } = routeOf(location.hash);
  if (session.wasUnlocked()) {
    preload(root.dataset.work.split(" "));
    loadWork().catch(() => {});
    SCREENS[name]().catch(() => {});
  } else if (!PUBLIC.includes(name) || name === "sign-in") {
    if (name !== "sign-in") history.replaceState(null, "", "#/sign-in");
    state.route = routeOf(location.hash);
    screen = signIn;
    paint();
    screen = null; // nobody left it when the first move comes, and what was typed by then stays
  }
}

/** Has modules loaded all at once; else each is found only when the one that imports it was read. */
function preload(paths) {
  for (const path of paths) document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href: path }));
}

start();
