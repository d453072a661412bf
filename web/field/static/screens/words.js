// The page's texts: one key, two languages. What the start says lies in the page itself, so that nothing has to be
// waited for before the first painting; the rest is loaded, in the chosen language only.

const LANGUAGES = { zh: "zh-CN", en: "en" };
const ofStart = JSON.parse(document.getElementById("words").textContent);
let atWork = false;
let texts = {};
let chosen = "zh";

/** The language that is spoken now, "zh" or "en". */
export const language = () => chosen;

/** The language this phone chose earlier, else the installation's (the lang attribute the server wrote). */
export function wantedLanguage() {
  const kept = localStorage.getItem("shidi.language");
  if (kept in LANGUAGES) return kept;
  return document.documentElement.lang.startsWith("en") ? "en" : "zh";
}

/** Speaks a language from here on: at once while only the start is spoken, else when the rest of it is loaded. */
export function speak(wanted) {
  if (!atWork) {
    speakNow(wanted, ofStart[wanted]);
    return Promise.resolve();
  }
  return load(wanted).then((more) => speakNow(wanted, { ...ofStart[wanted], ...more }));
}

/** Loads the rest of the language that is spoken: what is said to somebody who signed in. */
export async function speakOfWork() {
  const asked = chosen;
  const more = await load(asked);
  if (asked !== chosen) return speakOfWork(); // somebody changed the language meanwhile
  texts = { ...texts, ...more };
  atWork = true;
  return undefined;
}

function speakNow(wanted, found) {
  texts = found;
  chosen = wanted;
  localStorage.setItem("shidi.language", wanted);
  document.documentElement.lang = LANGUAGES[wanted];
  document.title = t("app.title");
}

const load = async (wanted) => (await fetch(new URL(`../words/${wanted}.work.json`, import.meta.url))).json();

/** The text under a key, its gaps filled. A key nobody wrote shows as itself: no screen may fail for a word. */
export function t(key, values = {}) {
  const text = texts[key];
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "—");
}

/** Whether there is a text under this key: codes that came from the server may be new to the page. */
export const known = (key) => key in texts;

/** The text of something that carries both languages itself, as items and questions do. */
export const either = (thing, name) => thing[`${name}_${chosen}`] || thing[`${name}_zh`] || "";

/**
 * An instant as this county writes it; the zone is the county's, whatever the phone is set to. China has kept eight
 * hours all year since 1992, and asking the browser for the zone costs a slow phone a tenth of its start.
 */
export function when(instant) {
  if (!instant) return "—";
  const there = new Date(new Date(instant).getTime() + EIGHT_HOURS_MS).toISOString();
  return `${there.slice(5, 10)} ${there.slice(11, 16)}`;
}

const EIGHT_HOURS_MS = 8 * 3600 * 1000;

/** A span as people say it: 40 s, 12 min, 3 h, 2 d. */
export function span(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return t("span.seconds", { n: seconds });
  if (seconds < 3600) return t("span.minutes", { n: Math.floor(seconds / 60) });
  if (seconds < 48 * 3600) return t("span.hours", { n: Math.floor(seconds / 3600) });
  return t("span.days", { n: Math.floor(seconds / 86400) });
}

/** A length as people say it: 320 m, 4.7 km. */
export function metres(length_m) {
  if (length_m < 1000) return t("length.m", { n: Math.round(length_m) });
  return t("length.km", { n: (length_m / 1000).toFixed(1) });
}

/** A size as people say it. */
export function megabytes(size_bytes) {
  if (size_bytes < 1e5) return `${Math.ceil(size_bytes / 1000)} kB`;
  return size_bytes < 1e9 ? `${(size_bytes / 1e6).toFixed(1)} MB` : `${(size_bytes / 1e9).toFixed(1)} GB`;
}
