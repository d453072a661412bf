/**
 * The page as a program on the phone: its worker, its updates, its installation.
 * @module
 */
import { read, tell } from './db.js';

const WORKER = '/field/sw.js';
const KEPT = 'shidi-field-'; // the worker's name for what it keeps; the version follows
const IN_APP = [
  ['wecom', /wxwork/i],
  ['wechat', /MicroMessenger/i],
  ['dingtalk', /DingTalk/i],
  ['feishu', /Lark|Feishu/i],
  ['alipay', /AlipayClient/i],
  ['qq', /\bQQ\//i],
  ['weibo', /Weibo/i],
];
const state = { registration: null, worker: 'none', prompt: null, updating: false };

/**
 * Register the worker. Call it once at the start.
 * @returns {Promise<void>} what came of it is in `shellState()`
 */
export async function register() {
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault();
    state.prompt = event;
    tell('shell');
  });
  if (!navigator.serviceWorker) {
    state.worker = 'unsupported';
    return;
  }
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    // Only after our own order; the first worker taking over must not load the page anew under somebody's hands.
    if (state.updating) location.reload();
  });
  try {
    state.registration = await navigator.serviceWorker.register(WORKER, { scope: '/field/' });
    state.worker = 'registered';
    state.registration.addEventListener('updatefound', () => watchNew(state.registration.installing));
    await navigator.serviceWorker.ready;
    state.worker = 'active';
  } catch (error) {
    // No network is no failure: the worker of before goes on.
    const before = await navigator.serviceWorker.getRegistration('/field/').catch(() => undefined);
    state.registration = before || null;
    state.worker = before && before.active ? 'active' : 'failed';
  }
  tell('shell');
}

/**
 * What is known of the page as a program.
 * @returns {{worker: 'none'|'unsupported'|'failed'|'registered'|'active', update: boolean, installed: boolean, can_install: boolean}}
 *   without an active worker the page does not start offline, and must say so
 */
export function shellState() {
  return {
    worker: state.worker,
    update: Boolean(state.registration && state.registration.waiting),
    installed: matchMedia('(display-mode: standalone)').matches || navigator.standalone === true,
    can_install: state.prompt !== null,
  };
}

/** The version of the page that lies on this phone, empty before the worker has kept one. @returns {Promise<string>} */
export async function versionHere() {
  const kept = (await caches.keys()).filter((name) => name.startsWith(KEPT));
  return kept.length ? kept[0].slice(KEPT.length) : '';
}

/** Look for a newer page; while one is in use every hour would do. */
export async function lookForUpdate() {
  if (state.registration) await state.registration.update().catch(() => {});
}

/**
 * Change to the newer page, unless something is being written.
 * @returns {Promise<boolean>} false: a draft is open, or there is no newer page; true: the page loads anew
 */
export async function update() {
  const waiting = state.registration && state.registration.waiting;
  if (!waiting || (await isDrafting())) return false;
  state.updating = true;
  waiting.postMessage({ type: 'skip-waiting' });
  return true;
}

/** Ask to be put on the home screen, where the browser lets pages ask. @returns {Promise<boolean>} */
export async function install() {
  if (!state.prompt) return false;
  const prompt = state.prompt;
  state.prompt = null;
  await prompt.prompt();
  return (await prompt.userChoice).outcome === 'accepted';
}

/**
 * The app whose built-in browser this is, or null for a browser of its own. Built-in ones may lose what is stored.
 * @param {string} [userAgent]
 * @returns {null|string} `wechat`, `wecom`, `dingtalk` …
 */
export function inAppBrowser(userAgent = navigator.userAgent) {
  const found = IN_APP.find(([, pattern]) => pattern.test(userAgent));
  return found ? found[0] : null;
}

/** Whether anything is being written on this phone, by whomever. */
async function isDrafting() {
  const rows = await read('visits', (tx) => tx.store.getAll());
  return rows.some((row) => row.draft_box !== null);
}

function watchNew(worker) {
  if (!worker) return;
  worker.addEventListener('statechange', () => tell('shell'));
}
