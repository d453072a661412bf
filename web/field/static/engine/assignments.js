/**
 * Assignments: fetched while there is a network, opened on the spot with or without one.
 * @module
 */
import { ApiProblem, clockOffset, request } from './api.js';
import { getFact, putFact, read, tell, write } from './db.js';
import { localInstant, openSealed } from './keys.js';
import { position } from './positions.js';
import { accountId, mustStillBe, seal, unseal, unsealIfWhole } from './session.js';
import { begin } from './visits.js';

const LISTED_AFTER_EXPIRY_MS = 60 * 24 * 3600 * 1000;

/**
 * @typedef {object} Assignment
 * @property {string} id
 * @property {string|null} visit_id known once opened here or released
 * @property {object|null} village
 * @property {boolean} announced
 * @property {Array<{account_id: string, name: string}>} team
 * @property {string} release_utc
 * @property {string} expires_utc
 * @property {boolean} downloaded the sealed package lies on this phone: a key opens it without a network
 * @property {boolean} opened_here a visit of this phone has begun
 * @property {boolean} damaged only id, visit_id and these three are known; it is whole again when it was fetched anew
 */

/**
 * Ask the server for the assignments and everything a visit needs, and keep it.
 * @returns {Promise<Assignment[]>} raises what `request` raises; what came before stays
 */
export async function refresh() {
  const found = await fetchAll();
  const account_id = accountId();
  const rows = await read('assignments', (tx) => tx.objectStore('assignments').getAll(within(account_id)));
  const known = new Map(rows.map((row) => [row.id, row]));
  for (const one of found) {
    const before = known.get(one.id);
    const box = await seal(one, `assignment/${one.id}`);
    const row = { account_id, id: one.id, box, package_box: before ? before.package_box : null };
    if (!row.package_box && Date.parse(one.expires_utc) > Date.now()) row.package_box = await download(one.id);
    known.delete(one.id);
    mustStillBe(account_id);
    await write('assignments', (tx) => tx.objectStore('assignments').put(row));
  }
  // What the server no longer names was taken back; a visit that began stays a visit.
  await write('assignments', (tx) => Promise.all([...known.keys()].map((id) => tx.store.delete([account_id, id]))));
  await keepRoute(found);
  await keepSheets();
  tell('assignments');
  return list();
}

/** The assignments as last fetched, newest first. @returns {Promise<Assignment[]>} */
export async function list() {
  const account_id = accountId();
  const [rows, visits] = await read(['assignments', 'visits'], (tx) =>
    Promise.all([
      tx.objectStore('assignments').getAll(within(account_id)),
      tx.objectStore('visits').getAll(within(account_id)),
    ]),
  );
  const begun = new Map(visits.map((visit) => [visit.assignment_id, visit.visit_id]));
  const found = await Promise.all(
    rows.map(async (row) => {
      const whole = await unsealIfWhole(row.box, `assignment/${row.id}`);
      const one = whole || { id: row.id, visit_id: null };
      const visit_id = begun.get(row.id) || one.visit_id;
      const here = { downloaded: row.package_box !== null, opened_here: begun.has(row.id), damaged: !whole };
      return { ...one, visit_id, ...here };
    }),
  );
  return found.sort((one, other) => (one.assigned_utc < other.assigned_utc ? 1 : -1));
}

/**
 * Open a released assignment over the network.
 * @param {string} id
 * @returns {Promise<string>} the visit's id; `ApiProblem` with slug `assignment-sealed` before the release
 */
export async function openOnline(id) {
  const { body } = await request('POST', `/assignments/${id}/opening`, { json: { device_utc: localInstant() } });
  const nonce_ms = performance.now();
  // Without its questions a visit can still be made; with them it is better to wait a moment.
  await keepQuestions(body.question_set).catch(() => {});
  return begin(body, { how: 'online', fix: position().best, nonce_ms });
}

/**
 * Open a downloaded assignment with the key of its slip; needs no network.
 * @param {string} id
 * @param {string} code typed or scanned
 * @returns {Promise<string>} the visit's id; `BadCode` for a slip of the pen, `WrongKey` for another assignment's code
 */
export async function openWithKey(id, code) {
  const row = await read('assignments', (tx) => tx.objectStore('assignments').get([accountId(), id]));
  if (!row || !row.package_box) throw new Error('this assignment was not downloaded');
  const answer = await unseal(row.package_box, `package/${id}`);
  const opened = await openSealed(answer.sealed, code, id);
  return begin({ ...opened, nonce: answer.nonce }, { how: 'key', fix: position().best, nonce_ms: null });
}

/** The 29 items as last fetched. @returns {Promise<null|{version: string, items: object[]}>} */
export function items() {
  return sheet('items');
}

/**
 * A question set: the one a package names, or the newest as last fetched.
 * @param {string} [version] `question_set` of the package
 * @returns {Promise<null|object>}
 */
export async function questions(version) {
  return (version && (await sheet(`questions/${version}`))) || sheet('questions');
}

/** Records a reviewer returned and nobody corrected since, as last fetched. @returns {Promise<object[]>} */
export async function returns() {
  const row = await getFact(`returns/${accountId()}`);
  return (row && (await unsealIfWhole(row, 'returns'))) || [];
}

/**
 * The order in which the server would visit the villages of today, as last fetched: by assignment, without any name.
 * @returns {Promise<Array<{assignment_id: string, arrive_utc: string, metres: number|null, minutes: number, late: boolean}>>}
 */
export async function route() {
  const row = await getFact(`route/${accountId()}`);
  const kept = row && (await unsealIfWhole(row, 'route'));
  return kept && kept.day === localInstant().slice(0, 10) ? kept.stops : [];
}

/** The server's keys for exports and receipts, as last fetched. @returns {Promise<null|object>} */
export function exportKeys() {
  return sheet('export_keys');
}

/** The server's time, as far as this phone knows. */
export function serverNow() {
  return Date.now() + (clockOffset() || 0);
}

async function fetchAll() {
  const found = [];
  let path = '/assignments';
  while (path) {
    const { body } = await request('GET', path);
    found.push(...body.items);
    const last = body.items[body.items.length - 1];
    // Newest first: what lies long behind was settled, and a phone need not carry years of it.
    path = last && Date.parse(last.expires_utc) > Date.now() - LISTED_AFTER_EXPIRY_MS ? body.next : null;
  }
  return found;
}

async function download(id) {
  const answer = await asked('POST', `/assignments/${id}/package`, { json: { device_utc: localInstant() } });
  return answer && seal(answer.body, `package/${id}`);
}

/** Keep today's order where there are two villages or more to go to; what is still sealed is no part of it. */
async function keepRoute(found) {
  const now_ms = serverNow();
  const due = found.filter((one) => one.village && !one.withdrawn_utc && Date.parse(one.release_utc) <= now_ms && Date.parse(one.expires_utc) > now_ms);
  const answer = due.length > 1 ? await asked('POST', '/day-route', { json: {} }) : null;
  const stops = answer ? answer.body.stops.map(({ village, late, ...stop }) => ({ ...stop, late: late > 0 })) : [];
  await putFact(`route/${accountId()}`, await seal({ day: localInstant().slice(0, 10), stops }, 'route'));
}

/** The sheets every visit needs; each is kept as it came last, and sets of questions also under their version. */
async function keepSheets() {
  await keepSheet('items', '/items');
  await keepSheet('export_keys', '/phone-exports/key');
  const newest = await keepSheet('questions', '/questions');
  if (newest) await putFact(`sheet/questions/${newest.version}`, { etag: null, body: newest });
  const returned = await asked('GET', '/returns');
  if (returned) await putFact(`returns/${accountId()}`, await seal(returned.body.items, 'returns'));
}

/** Fetch the set a visit was given, unless it lies here. */
async function keepQuestions(version) {
  if (version && !(await sheet(`questions/${version}`))) {
    await keepSheet(`questions/${version}`, `/questions?version=${encodeURIComponent(version)}`);
  }
}

/** Fetch a sheet unless it is still the one that lies here; the fresh one, or null when nothing new came. */
async function keepSheet(name, path) {
  const before = await getFact(`sheet/${name}`);
  const headers = before && before.etag ? { 'If-None-Match': before.etag } : {};
  const answer = await asked('GET', path, { headers });
  if (!answer || answer.status === 304) return null;
  await putFact(`sheet/${name}`, { etag: answer.headers.get('ETag'), body: answer.body });
  return answer.body;
}

async function sheet(name) {
  const kept = await getFact(`sheet/${name}`);
  return kept && kept.body;
}

/** The answer, or null when the server refuses: one sheet that is missing must not cost the others. */
async function asked(method, path, options) {
  try {
    return await request(method, path, options);
  } catch (error) {
    if (error instanceof ApiProblem && error.status !== 401) return null;
    throw error;
  }
}

function within(account_id) {
  return IDBKeyRange.bound([account_id], [account_id, []]);
}
