/**
 * The one place that speaks HTTP: the token, problems as one kind of error, the last contact, the server's clock.
 *
 * Whether there is a network is known from the last answer only; `navigator.onLine` says yes to a dead server.
 * @module
 */
import { getFact, isTraining, putFact, tell } from './db.js';

export const API = '/api/v1';
const PATIENCE_MS = 30000;
const NOTED_EVERY_MS = 15000;

/** The server answered, and the answer is a refusal. `slug` is the last part of the problem's type. */
export class ApiProblem extends Error {
  constructor(status, body, retry_after_s) {
    super(body.detail || body.title || `the server answered ${status}`);
    this.status = status;
    this.slug = slugOf(body);
    this.body = body;
    this.retry_after_s = retry_after_s;
  }
}

const slugOf = (body) => String(body.type || '').split('/').pop();

/** The server did not answer: no signal, a cut connection, or a server that is down. */
export class NoContact extends Error {}

/** @type {{at_ms: number|null, offset_ms: number|null}} */
const contact = { at_ms: null, offset_ms: null };
let noted_ms = 0;
let tokenOf = () => null;
let onUnauthorized = () => {};

/** Tell where the token comes from and who hears that it is no longer taken; `session.js` does. */
export function useToken(token, unauthorized) {
  tokenOf = token;
  onUnauthorized = unauthorized;
}

/**
 * One request of the API.
 * @param {string} method
 * @param {string} path below /api/v1, or a Location as the server gave it
 * @param {{json?: any, body?: any, headers?: object, patience_ms?: number, anonymous?: boolean}} [options]
 * @returns {Promise<{status: number, body: any, headers: Headers}>} raises `ApiProblem` or `NoContact`
 */
export async function request(method, path, options = {}) {
  if (isTraining()) throw new NoContact('nothing is sent in the training');
  const token = options.anonymous ? null : tokenOf();
  const headers = { Accept: 'application/json', ...options.headers };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (options.json !== undefined) headers['Content-Type'] = 'application/json';
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), options.patience_ms || PATIENCE_MS);
  const sent_ms = Date.now();
  let response;
  let text = '';
  try {
    response = await fetch(path.startsWith('/') && path.startsWith(API) ? path : API + path, {
      method,
      headers,
      body: options.json === undefined ? options.body : JSON.stringify(options.json),
      signal: giveUp.signal,
      cache: 'no-store',
      credentials: 'omit', // a desk's cookie in the same browser must not sign for the phone page
    });
    text = await response.text();
  } catch (error) {
    throw new NoContact(giveUp.signal.aborted ? 'no answer in time' : 'the server could not be reached');
  } finally {
    clearTimeout(timer);
  }
  return judge(response.status, parsed(text), response.headers, { sent_ms, token });
}

/**
 * Send one piece of a photo, told on the way how far it got; given up when nothing moves for a while.
 * @param {string} path the upload's Location
 * @param {object} headers
 * @param {ArrayBuffer|Uint8Array} piece
 * @param {(sent_bytes: number) => void} onProgress
 * @param {number} [stall_ms] so long may nothing move
 * @returns {Promise<{status: number, headers: {get: (name: string) => string|null}}>}
 */
export function sendPiece(path, headers, piece, onProgress, stall_ms = 45000) {
  // fetch tells nothing while it sends, and a fixed time limit would either cut slow links or wait long on dead ones.
  return new Promise((resolve, reject) => {
    const token = tokenOf();
    const sent_ms = Date.now();
    const http = new XMLHttpRequest();
    let timer = null;
    const moved = () => {
      clearTimeout(timer);
      timer = setTimeout(() => http.abort(), stall_ms);
    };
    const failed = () => {
      clearTimeout(timer);
      reject(new NoContact('the connection was cut'));
    };
    http.open('PATCH', path);
    for (const [header, value] of Object.entries({ ...headers, Authorization: `Bearer ${token}` })) {
      http.setRequestHeader(header, value);
    }
    http.upload.onprogress = (event) => {
      moved();
      onProgress(event.loaded);
    };
    http.onerror = failed;
    http.onabort = failed;
    http.onload = () => {
      clearTimeout(timer);
      const found = { get: (name) => http.getResponseHeader(name) };
      try {
        resolve(judge(http.status, parsed(http.responseText), found, { sent_ms, token }));
      } catch (error) {
        reject(error);
      }
    };
    moved();
    http.send(piece);
  });
}

/** When the server last answered, in ms since 1970, whatever it said; null when it never did. */
export async function lastContact() {
  if (contact.at_ms === null) contact.at_ms = await getFact('last_contact_ms');
  return contact.at_ms;
}

/**
 * How far this phone's clock is from the server's, from the last answer's Date: exact to about a second.
 * @returns {number|null} ms to add to this phone's time to get the server's
 */
export function clockOffset() {
  return contact.offset_ms;
}

function judge(status, body, headers, { sent_ms, token }) {
  // A captive portal answers for the server; what it says is no contact.
  const isOurs = headers.get('X-Request-Id') !== null;
  if (!isOurs) throw new NoContact('something else answered in place of the server');
  noteContact(headers.get('Date'), sent_ms);
  if (status === 401 && token) onUnauthorized(token, slugOf(body || {}));
  if (status >= 400) throw new ApiProblem(status, body || {}, Number(headers.get('Retry-After')) || null);
  return { status, body, headers };
}

function noteContact(date, sent_ms) {
  const now_ms = Date.now();
  contact.at_ms = now_ms;
  if (date) contact.offset_ms = Math.round(Date.parse(date) + 500 - (sent_ms + now_ms) / 2);
  if (Math.abs(now_ms - noted_ms) > NOTED_EVERY_MS) {
    noted_ms = now_ms;
    putFact('last_contact_ms', now_ms).catch(() => {}); // a nicety; the store may be full
    tell('contact', { at_ms: now_ms });
  }
}

function parsed(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch (error) {
    return null;
  }
}
