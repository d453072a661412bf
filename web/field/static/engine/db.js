/**
 * The phone's own store: one IndexedDB, reopened when the system closed it, written with strict durability.
 *
 * Photos lie in a store of their own, one row each, as ArrayBuffers: WebKit loses Blobs in private windows, and a
 * list of rows must never load the bytes of all photos. Nobody else opens a transaction.
 * @module
 */
import { openDB, deleteDB } from '../../vendor/idb.js';

/** Under so many free bytes a visit should not begin: twelve photos and their copies need room. */
export const LEAST_FREE_BYTES = 200e6;

/** The phone has no room for what was to be saved; nothing of it was. */
export class StorageFull extends Error {}

/** Screens listen here; `tell` speaks, also to the other tabs of this page. */
export const changes = new EventTarget();

const REAL = 'shidi-field';
const MARKER = 'shidi_kept';
const ONE_YEAR_S = 365 * 24 * 3600;
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(REAL);
let name = REAL;
let connection = null;

/**
 * Let everybody who listens know that something changed.
 * @param {string} what `session`, `assignments`, `visit`, `outbox`, `position`, `contact`, `shell`
 * @param {object} [detail] what exactly, e.g. `{visit_id}`
 */
export function tell(what, detail) {
  changes.dispatchEvent(new CustomEvent(what, { detail }));
  if (channel && what !== 'position') channel.postMessage({ name, what, detail });
}
if (channel) {
  channel.onmessage = ({ data }) => {
    if (data.name === name) changes.dispatchEvent(new CustomEvent(data.what, { detail: { ...data.detail, elsewhere: true } }));
  };
}

/** The name of the store in use: the real one, or the one of the training. */
export function storeName() {
  return name;
}

/** Whether the training's store is in use; then nothing is ever sent. */
export function isTraining() {
  return name !== REAL;
}

/**
 * Use another store from here on; the training does, so that nothing invented comes near real work.
 * @param {string|null} other its name, null for the real one
 */
export async function useStore(other) {
  await closeDb();
  name = other || REAL;
}

/**
 * Close the connection; the next read or write opens it again.
 * @param {{remove?: boolean}} [options] remove: also delete the store, which only the training's allows
 */
export async function closeDb(options = {}) {
  const open = connection;
  connection = null;
  if (open) (await open).close();
  if (options.remove && isTraining()) await deleteDB(name);
}

/**
 * Read, in one transaction.
 * @param {string|string[]} stores names of the stores
 * @param {(tx: any) => Promise<any>} work awaits nothing but requests of this transaction
 * @returns {Promise<any>} what `work` returns
 */
export function read(stores, work) {
  return attempt(stores, 'readonly', work);
}

/**
 * Write, in one transaction: when this returns, all of it is on the disk; when it throws, nothing is.
 * `work` may run twice, when the system closed the store under it, so it must be safe to repeat.
 * @param {string|string[]} stores names of the stores
 * @param {(tx: any) => Promise<any>} work awaits nothing but requests of this transaction
 * @returns {Promise<any>} what `work` returns
 */
export function write(stores, work) {
  return attempt(stores, 'readwrite', work);
}

/**
 * One value of the small store for single facts.
 * @param {string} key
 */
export async function getFact(key) {
  const row = await read('facts', (tx) => tx.objectStore('facts').get(key));
  return row === undefined ? null : row.value;
}

/** Keep one value of the small store for single facts. */
export function putFact(key, value) {
  return write('facts', (tx) => tx.objectStore('facts').put({ key, value }));
}

/**
 * Whether what this phone kept is gone: the mark outside the store is there, the one inside is not.
 * Call it once at the start; it sets both marks.
 * @returns {Promise<null|{since: string, unsent: number}>} since when there was something, and how much was unsent
 */
export async function wiped() {
  if (isTraining()) return null;
  const outside = readMark();
  const inside = await getFact('mark');
  if (!inside) {
    const since = new Date().toISOString();
    await putFact('mark', { since });
    writeMark({ since, unsent: 0 });
    return outside;
  }
  if (!outside) writeMark({ since: inside.since, unsent: 0 });
  return null;
}

/** Note outside of the store how much is unsent, so that a loss can be told with its size. */
export function markUnsent(unsent) {
  const mark = readMark();
  if (mark && !isTraining()) writeMark({ since: mark.since, unsent });
}

/**
 * Ask the browser not to delete this store; best from a tap, at the first save.
 * @returns {Promise<boolean>} whether it promised
 */
export async function askToPersist() {
  const storage = navigator.storage;
  if (!storage || !storage.persist) return false;
  return (await storage.persisted()) || storage.persist();
}

/**
 * How safe and how full the store is.
 * @returns {Promise<{persisted: boolean, free_bytes: number|null, low: boolean}>} free_bytes is null where it is not told
 */
export async function storageState() {
  const storage = navigator.storage;
  if (!storage || !storage.estimate) return { persisted: false, free_bytes: null, low: false };
  const { quota = 0, usage = 0 } = await storage.estimate();
  const free_bytes = quota ? Math.max(quota - usage, 0) : null;
  return { persisted: await storage.persisted(), free_bytes, low: free_bytes !== null && free_bytes < LEAST_FREE_BYTES };
}

async function attempt(stores, mode, work) {
  try {
    return await transact(await open(), stores, mode, work);
  } catch (error) {
    if (!isLost(error)) throw named(error);
    // Phones close a store under memory pressure, also in the middle of a transaction. Once more, on a new connection.
    connection = null;
    try {
      return await transact(await open(), stores, mode, work);
    } catch (again) {
      throw named(again);
    }
  }
}

async function transact(db, stores, mode, work) {
  const tx = db.transaction(stores, mode, { durability: 'strict' });
  tx.done.catch(() => {}); // told once, below
  try {
    const result = await work(tx);
    await tx.done;
    return result;
  } catch (error) {
    try {
      tx.abort();
    } catch (over) {
      // It has ended already.
    }
    throw tx.error || error;
  }
}

function isLost(error) {
  const lost = ['InvalidStateError', 'UnknownError', 'TransactionInactiveError'];
  return lost.includes(error.name) || (error.name === 'AbortError' && /clos|lost/i.test(error.message));
}

function named(error) {
  return error && error.name === 'QuotaExceededError' ? new StorageFull('there is no room left on this phone') : error;
}

function open() {
  if (!connection) {
    const opening = openDB(name, 1, {
      upgrade: makeStores,
      blocking: () => closeDb(),
      terminated: () => {
        if (connection === opening) connection = null;
      },
    });
    connection = opening;
    opening.catch(() => {
      if (connection === opening) connection = null;
    });
  }
  return connection;
}

function makeStores(db) {
  db.createObjectStore('facts', { keyPath: 'key' });
  db.createObjectStore('accounts', { keyPath: 'id' });
  db.createObjectStore('assignments', { keyPath: ['account_id', 'id'] });
  db.createObjectStore('visits', { keyPath: ['account_id', 'visit_id'] });
  const records = db.createObjectStore('records', { keyPath: 'id' });
  records.createIndex('visit', ['account_id', 'visit_id', 'seq'], { unique: true });
  records.createIndex('state', ['account_id', 'state']);
  const photos = db.createObjectStore('photos', { keyPath: 'id' });
  photos.createIndex('visit', ['account_id', 'visit_id']);
  photos.createIndex('state', ['account_id', 'state']);
  db.createObjectStore('photo_bytes', { keyPath: 'id' });
}

/** The mark is kept twice: a browser that clears the store for want of room leaves these two alone. */
function readMark() {
  const cookie = document.cookie.split('; ').find((pair) => pair.startsWith(`${MARKER}=`));
  let text = cookie ? decodeURIComponent(cookie.slice(MARKER.length + 1)) : null;
  try {
    text = localStorage.getItem(MARKER) || text;
    const mark = JSON.parse(text);
    return mark && typeof mark.since === 'string' ? mark : null;
  } catch (error) {
    return null;
  }
}

function writeMark(mark) {
  const text = JSON.stringify(mark);
  document.cookie = `${MARKER}=${encodeURIComponent(text)}; path=/field/; max-age=${ONE_YEAR_S}; samesite=strict`;
  try {
    localStorage.setItem(MARKER, text);
  } catch (error) {
    // Some browsers forbid it in private windows; the cookie is enough.
  }
}
