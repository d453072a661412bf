/**
 * Visits on this phone: the package, the draft, and the chain of signed records.
 *
 * A record, the draft and the photo that belong together are written in one transaction with the chain's new end, so
 * that a phone that dies in between has all of them or none, and two tabs cannot fork the chain.
 * @module
 */
import { askToPersist, isTraining, read, tell, write } from './db.js';
import { localInstant, sha256Hex, uuid7 } from './keys.js';
import { accountId, seal, sealBytes, signText, unseal, unsealIfWhole } from './session.js';

const TRIES = 8;
/** Kinds with which a phone ends its part of a visit; only corrections come after. */
const LAST = ['finish', 'close', 'abort'];

/** The visit has ended on this phone; what is wrong is corrected, not continued. */
export class VisitEnded extends Error {}

/**
 * @typedef {object} RecordHere a record as it lies on this phone
 * @property {string} id
 * @property {number} seq
 * @property {string} kind
 * @property {string} sha256
 * @property {string} made_at
 * @property {object} body
 * @property {'waiting'|'delivered'|'conflict'|'refused'|'outside'|'damaged'} state
 * @property {object|null} receipt the server's answer: `log_index` is the receipt number
 */

/** When the nonce came, on the clock that only runs while this page lives; by visit. */
const nonceTimes = new Map();
let askedToPersist = false;

/**
 * Begin a visit with an opened package, or find again the one that began. Its first record says how it was opened,
 * and is written together with the visit.
 * @param {object} pack the package: visit_id, village, sites, postings, nonce …
 * @param {{how: 'online'|'key', fix: import('./positions.js').Fix|null, nonce_ms: number|null}} opening
 * @returns {Promise<string>} the visit's id
 */
export async function begin(pack, { how, fix, nonce_ms }) {
  const account_id = accountId();
  const key = [account_id, pack.visit_id];
  if (await read('visits', (tx) => tx.store.get(key))) return pack.visit_id;
  if (nonce_ms !== null) nonceTimes.set(pack.visit_id, nonce_ms);
  const fresh = {
    account_id,
    visit_id: pack.visit_id,
    assignment_id: pack.assignment_id,
    seq: 0,
    last_sha256: null,
    ended: null,
    opened_ms: Date.now(),
    package_box: await seal(pack, `visit/${pack.visit_id}`),
    draft_box: null,
  };
  const { row } = await makeRecord(fresh, uuid7(), 'open', { how, fix });
  await write(['visits', 'records'], async (tx) => {
    if (await tx.objectStore('visits').get(key)) return; // another tab was quicker
    await tx.objectStore('visits').put({ ...fresh, seq: row.seq, last_sha256: row.sha256 });
    await tx.objectStore('records').put(row);
  });
  saved(pack.visit_id);
  return pack.visit_id;
}

/**
 * The visits of the unlocked account on this phone, newest first.
 * @returns {Promise<Array<{visit_id: string, assignment_id: string, package: object|null, ended: string|null, drafting: boolean}>>}
 *   package: null when it is damaged
 */
export async function list() {
  const account_id = accountId();
  const rows = await read('visits', (tx) => tx.store.getAll(IDBKeyRange.bound([account_id], [account_id, []])));
  const found = await Promise.all(
    rows.map(async (row) => ({
      visit_id: row.visit_id,
      assignment_id: row.assignment_id,
      opened_ms: row.opened_ms,
      package: await unsealIfWhole(row.package_box, `visit/${row.visit_id}`),
      ended: row.ended,
      drafting: row.draft_box !== null,
    })),
  );
  return found.sort((one, other) => other.opened_ms - one.opened_ms);
}

/**
 * Everything of one visit.
 * @param {string} visitId
 * @returns {Promise<{visit_id: string, assignment_id: string, package: object, draft: object|null,
 *   draft_damaged: boolean, ended: string|null, records: RecordHere[], photos: object[]}>} photos: see `photos.js`,
 *   without their bytes; a damaged record is of the kind `damaged`; raises `Damaged` when the package is
 */
export async function load(visitId) {
  const row = await visitRow(visitId);
  const [records, photos] = await read(['records', 'photos'], (tx) =>
    Promise.all([
      tx.objectStore('records').index('visit').getAll(chainOf(row)),
      tx.objectStore('photos').index('visit').getAll([row.account_id, visitId]),
    ]),
  );
  const draft = row.draft_box && (await unsealIfWhole(row.draft_box, `draft/${visitId}`));
  return {
    visit_id: visitId,
    assignment_id: row.assignment_id,
    package: await unseal(row.package_box, `visit/${visitId}`),
    draft,
    draft_damaged: row.draft_box !== null && draft === null,
    ended: row.ended,
    records: await Promise.all(records.map(opened)),
    photos: photos.map(({ id, state, of_record, after_fixing = false, size_bytes, sent_bytes, receipt }) => ({
      id,
      state,
      of_record,
      after_fixing,
      size_bytes,
      sent_bytes,
      receipt,
    })),
  };
}

/**
 * Keep what is being written, also the step and the open field; null forgets it.
 * @param {string} visitId
 * @param {object|null} draft
 */
export async function saveDraft(visitId, draft) {
  const { account_id } = await visitRow(visitId);
  const draft_box = draft === null ? null : await seal(draft, `draft/${visitId}`);
  await write('visits', async (tx) => {
    const row = await tx.store.get([account_id, visitId]);
    await tx.store.put({ ...row, draft_box });
  });
}

/** Forget the name of a household that was asked, or of all: the package keeps their numbers. */
export async function forgetNames(visitId, number = null) {
  const { account_id, package_box: before } = await visitRow(visitId);
  const pack = await unseal(before, `visit/${visitId}`);
  const households = (pack.households || []).map((one) => (number === null || one.number === number ? { ...one, name: '' } : one));
  const package_box = await seal({ ...pack, households }, `visit/${visitId}`);
  await write('visits', async (tx) => {
    const row = await tx.store.get([account_id, visitId]);
    await tx.store.put({ ...row, package_box });
  });
}

/** Put a draft that does not open beside, where nothing is written over it; a new one can begin. */
export async function setDraftAside(visitId) {
  const { account_id } = await visitRow(visitId);
  await write('visits', async (tx) => {
    const row = await tx.store.get([account_id, visitId]);
    await tx.store.put({ ...row, draft_box: null, damaged_draft_box: row.draft_box });
  });
}

/**
 * Add a record: numbered, chained, signed, and on the disk when this returns.
 * @param {string} visitId
 * @param {string} kind
 * @param {object|((seq: number) => object)} body as the wire has it, or what makes it of the record's number
 * @param {{id?: string, draft?: object|null, photo?: {row: object, bytes: ArrayBuffer}}} [along] id: made beforehand
 *   by `uuid7()`, so that photos could name the record already; the rest is kept in the same transaction
 * @returns {Promise<{id: string, seq: number, kind: string, sha256: string, made_at: string}>}
 */
export async function add(visitId, kind, body, along = {}) {
  const id = along.id || uuid7();
  const extra = await sealedAlong(visitId, id, along);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const visit = await visitRow(visitId);
    if (visit.ended && kind !== 'correction') throw new VisitEnded('this phone has made its last record of the visit');
    const made = await makeRecord(visit, id, kind, body);
    if (await keep(visit, made, extra)) {
      saved(visitId);
      return { id, seq: made.row.seq, kind, sha256: made.row.sha256, made_at: made.content.made_at };
    }
  }
  throw new Error('another tab keeps adding to this visit');
}

/**
 * The phone's last record: with `close` it closes the visit, else it only says that this phone has finished.
 * @param {string} visitId
 * @param {null|{escorted: boolean, warned_beforehand: boolean, note: string}} close null: finish
 * @param {import('./positions.js').Fix|null} [fix] where that is, as far as the phone knows
 */
export function end(visitId, close, fix = null) {
  return add(visitId, close ? 'close' : 'finish', (seq) => ({ records: seq, fix, ...close }), { draft: null });
}

/** Break the visit off, with a reason. */
export function abort(visitId, reason, fix = null) {
  return add(visitId, 'abort', (seq) => ({ records: seq, fix, reason }), { draft: null });
}

/**
 * Correct a record: the whole body anew, beside the one that stands.
 * @param {string} visitId
 * @param {string} recordId
 * @param {string} reason
 * @param {object} body in the shape of the corrected record's kind
 */
export async function correct(visitId, recordId, reason, body) {
  const row = await read('records', (tx) => tx.store.get(recordId));
  if (!row || row.visit_id !== visitId) throw new Error('there is no such record in this visit');
  return add(visitId, 'correction', { of_record: recordId, of_sha256: row.sha256, reason, body });
}

/**
 * What the second inspector's phone scans off this one: which arrival it confirms.
 * @returns {Promise<string|null>} null before this phone has arrived
 */
export async function arrivalCode(visitId) {
  const { records } = await load(visitId);
  const arrival = records.find((record) => record.kind === 'arrive');
  return arrival ? `shidi:arrive:${visitId}:${arrival.id}:${arrival.sha256}` : null;
}

/**
 * Confirm the arrival of the first phone by its scanned code; needs no network.
 * @param {string} visitId
 * @param {string} scanned
 * @param {import('./positions.js').Fix|null} fix
 */
export async function confirm(visitId, scanned, fix) {
  const [scheme, what, visit, arrive_id, arrive_sha256] = scanned.trim().split(':');
  const right = scheme === 'shidi' && what === 'arrive' && visit === visitId && /^[0-9a-f]{64}$/.test(arrive_sha256);
  if (!right) throw new Error('this is not the code of an arrival of this visit');
  return add(visitId, 'confirm', { arrive_id, arrive_sha256, fix });
}

/** A record's row with its text opened. @returns {Promise<RecordHere>} */
export async function opened(row) {
  const box = await unsealIfWhole(row.box, `record/${row.id}`);
  const damaged = { kind: 'damaged', made_at: localInstant(row.made_ms), body: {} };
  const { kind, made_at, body } = box ? JSON.parse(box.text) : damaged;
  return { id: row.id, seq: row.seq, kind, sha256: row.sha256, made_at, body, state: row.state, receipt: row.receipt };
}

function saved(visit_id) {
  // Now there is something to lose, and a tap has just been made: browsers promise most readily then.
  if (!askedToPersist) askToPersist().catch(() => {});
  askedToPersist = true;
  tell('visit', { visit_id });
  if (!isTraining()) tell('outbox', { reason: 'saved' });
}

async function visitRow(visitId) {
  const row = await read('visits', (tx) => tx.store.get([accountId(), visitId]));
  if (!row) throw new Error(`this phone has no visit ${visitId}`);
  return row;
}

async function makeRecord(visit, id, kind, body) {
  const pack = await unseal(visit.package_box, `visit/${visit.visit_id}`);
  const seq = visit.seq + 1;
  const content = {
    id,
    visit_id: visit.visit_id,
    kind,
    seq,
    previous: visit.last_sha256,
    made_at: localInstant(),
    monotonic_ms: elapsedSince(nonceTimes.get(visit.visit_id)),
    nonce: pack.nonce || null,
    body: typeof body === 'function' ? body(seq) : body,
  };
  const text = JSON.stringify(content);
  const [sha256, signature] = await Promise.all([sha256Hex(text), signText(text)]);
  const box = await seal({ text, signature }, `record/${id}`);
  const { account_id, visit_id } = visit;
  const row = { id, account_id, visit_id, seq, sha256, size_bytes: text.length, made_ms: Date.now(), state: 'waiting', receipt: null, box };
  return { content, row };
}

/**
 * Only known while the page that got the nonce lives; a guess after a restart would be worth less than nothing. A clock
 * that ran backwards says nothing either, and a negative number would have the server refuse the record.
 */
function elapsedSince(nonce_ms) {
  const elapsed_ms = nonce_ms === undefined ? -1 : Math.round(performance.now() - nonce_ms);
  return elapsed_ms < 0 ? null : elapsed_ms;
}

/** Write record and chain end together; false when somebody else added a record meanwhile. */
function keep(visit, { content, row }, extra) {
  return write(['visits', 'records', 'photos', 'photo_bytes'], async (tx) => {
    const now = await tx.objectStore('visits').get([visit.account_id, visit.visit_id]);
    // The same end as ours: the store was lost after it had been written, and this is the second try.
    if (now.last_sha256 === row.sha256) return true;
    if (now.last_sha256 !== visit.last_sha256) return false;
    const end = { ...now, seq: row.seq, last_sha256: row.sha256, ...extra.draft };
    if (LAST.includes(content.kind)) end.ended = content.kind;
    const puts = [tx.objectStore('visits').put(end), tx.objectStore('records').put(row)];
    if (extra.photo) {
      puts.push(tx.objectStore('photos').put(extra.photo.row), tx.objectStore('photo_bytes').put(extra.photo.bytes));
    }
    await Promise.all(puts);
    return true;
  });
}

/** Everything is sealed before the transaction, which would end while WebCrypto works. */
async function sealedAlong(visitId, id, { draft, photo }) {
  const extra = { draft: {}, photo: null };
  if (draft !== undefined) {
    extra.draft = { draft_box: draft === null ? null : await seal(draft, `draft/${visitId}`) };
  }
  if (photo) {
    const { iv, sealed } = await sealBytes(photo.bytes, `photo/${id}`);
    extra.photo = { row: { ...photo.row, id }, bytes: { id, iv, sealed } };
  }
  return extra;
}

function chainOf({ account_id, visit_id }) {
  return IDBKeyRange.bound([account_id, visit_id, 0], [account_id, visit_id, Infinity]);
}
