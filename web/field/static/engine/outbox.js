/**
 * What waits, what is on its way and what the server has said it has; and when the next attempt is made.
 *
 * "Delivered" means a receipt with our hash, nothing less. How things are sent is in `sending.js`, loaded when needed.
 * @module
 */
import { ApiProblem, NoContact, clockOffset, lastContact } from './api.js';
import { changes, isTraining, markUnsent, read, storageState, tell, write } from './db.js';
import { Locked, accountsHere, current, needsSignIn, unsealIfWhole } from './session.js';

const FIRST_WAIT_MS = 5000;
const LONGEST_WAIT_MS = 15 * 60 * 1000;
const LOCK = 'shidi-outbox';
const LEASE_MS = 20000;
const SYNC_TAG = 'shidi-outbox';

const me = Math.random().toString(36).slice(2);
const state = { sending: false, next_ms: null, failures: 0, trouble: null, timer: null, running: null, again: false, woken: false };

/**
 * Begin to send by itself: now, and whenever there is reason to think that it could work. Call it once at the start.
 */
export function listen() {
  const wake = () => {
    state.woken = true;
    state.failures = 0;
    sync();
  };
  addEventListener('online', wake);
  addEventListener('pageshow', wake);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && wake());
  changes.addEventListener('outbox', (event) => {
    if (event.detail && event.detail.reason === 'saved' && !event.detail.elsewhere) sync();
  });
  changes.addEventListener('session', (event) => {
    if (event.detail && event.detail.reason === 'signed-in') wake();
  });
  if (navigator.serviceWorker) {
    navigator.serviceWorker.addEventListener('message', (event) => {
      if (event.data && event.data.type === 'sync') wake();
    });
  }
  wake();
}

/**
 * Send what waits, also what is saved while others are on their way; returns when that is done or did not work.
 * @returns {Promise<void>} what went wrong is in `view()`, with the next attempt
 */
export function sync() {
  state.again = true;
  if (!state.running) {
    state.running = rounds().finally(() => {
      state.running = null;
      if (state.again) sync(); // asked for while the last round ended
    });
  }
  return state.running;
}

async function rounds() {
  while (state.again) {
    state.again = false;
    state.woken = false;
    await run();
    // After a failure what was saved meanwhile waits like the rest; a network that came meanwhile is tried at once.
    if (state.next_ms !== null) state.again = state.woken;
  }
}

/** Put what was refused, conflicted or did not open into the queue once more, because a person wants it; then send. */
export async function sendAgain() {
  const account_id = current().id;
  await write(['records', 'photos'], async (tx) => {
    for (const store of ['records', 'photos']) {
      for (const found of ['refused', 'conflict', 'damaged']) {
        const rows = await tx.objectStore(store).index('state').getAll([account_id, found]);
        await Promise.all(rows.map((row) => tx.objectStore(store).put({ ...row, state: 'waiting' })));
      }
    }
  });
  tell('outbox');
  return sync();
}

/**
 * Everything the outbox screen shows.
 * @returns {Promise<{sending: boolean, needs_sign_in: boolean, next_ms: number|null, trouble: null|{kind: string, detail: string},
 *   last_contact_ms: number|null, clock_offset_ms: number|null, storage: object, waiting: {records: number, photos: number, bytes: number},
 *   attention: number, damaged: number, outside: number, delivered: {records: number, photos: number}, oldest_unsent_ms: number|null, visits: object[], others: object[]}>}
 *   trouble.kind: `no-contact`, `sign-in`, a problem's slug, or `phone`; attention: refused and conflicting ones;
 *   damaged: what did not open when it was to be sent, and stays here;
 *   outside: photos beyond the caps, which the server keeps outside of the visit;
 *   others: accounts of this phone whose work only they can send
 */
export async function view() {
  const account = current();
  const [storage, last_contact_ms, here] = await Promise.all([storageState(), lastContact(), accountsHere()]);
  const visits = account ? await visitsOf(account.id) : [];
  const records = visits.flatMap((visit) => visit.records);
  const photos = visits.flatMap((visit) => visit.photos);
  const unsent = [...records, ...photos].filter((one) => one.state === 'waiting' || one.state === 'uploading');
  const count = (rows, ...states) => rows.filter((row) => states.includes(row.state)).length;
  return {
    sending: state.sending,
    needs_sign_in: needsSignIn(),
    next_ms: state.next_ms,
    trouble: state.trouble,
    last_contact_ms,
    clock_offset_ms: clockOffset(),
    storage,
    waiting: {
      records: count(records, 'waiting'),
      photos: count(photos, 'waiting', 'uploading'),
      bytes: unsent.reduce((sum, one) => sum + one.size_bytes - (one.sent_bytes || 0), 0),
    },
    attention: count([...records, ...photos], 'refused', 'conflict'),
    damaged: count([...records, ...photos], 'damaged'),
    outside: count(records, 'outside'),
    delivered: { records: count(records, 'delivered'), photos: count(photos, 'delivered') },
    oldest_unsent_ms: unsent.reduce((oldest, one) => (oldest === null ? one.made_ms : Math.min(oldest, one.made_ms)), null),
    visits,
    others: here.filter((one) => one.unsent > 0 && (!account || one.id !== account.id)),
  };
}

async function run() {
  clearTimeout(state.timer);
  state.next_ms = null;
  if (isTraining() || !current()) return;
  if (needsSignIn()) {
    state.trouble = { kind: 'sign-in', detail: '' };
    await settle();
    return;
  }
  const got = await alone(async () => {
    state.sending = true;
    tell('outbox');
    const awake = await stayAwake();
    try {
      const { sendAll } = await import('./sending.js');
      await sendAll(current().id);
      state.trouble = null;
      state.failures = 0;
    } catch (error) {
      await fail(error);
    } finally {
      state.sending = false;
      if (awake) awake.release().catch(() => {});
    }
  });
  // Another tab sends. It may be closed at any moment, so this one looks again later.
  if (!got) later(FIRST_WAIT_MS * 6);
  await settle();
}

async function fail(error) {
  if (error instanceof Locked) return; // whoever unlocks it starts again
  if (error instanceof ApiProblem && error.status === 401) {
    state.trouble = { kind: 'sign-in', detail: '' };
    return;
  }
  const kind = error instanceof NoContact ? 'no-contact' : error instanceof ApiProblem ? error.slug || String(error.status) : 'phone';
  state.trouble = { kind, detail: error.message };
  state.failures += 1;
  const wait_ms = Math.min(FIRST_WAIT_MS * 2 ** (state.failures - 1), LONGEST_WAIT_MS);
  const told_ms = (error.retry_after_s || 0) * 1000;
  // Jitter, so that forty phones that lost the same mast do not come back in the same second.
  later(Math.max(told_ms, wait_ms * (0.75 + Math.random() / 2)));
  await registerSync();
}

function later(wait_ms) {
  state.next_ms = Date.now() + wait_ms;
  state.timer = setTimeout(() => sync(), wait_ms);
}

/** After each attempt: note outside of the store what is unsent, and let the screens look. */
async function settle() {
  const here = await accountsHere();
  markUnsent(here.reduce((sum, one) => sum + one.unsent, 0));
  tell('outbox');
}

/** Run `work` in one tab only; false when another has it. */
async function alone(work) {
  if (navigator.locks) {
    return navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
      if (lock) await work();
      return lock !== null;
    });
  }
  if (!(await lease())) return false;
  const renewal = setInterval(lease, LEASE_MS / 4);
  try {
    await work();
  } finally {
    clearInterval(renewal);
    await write('facts', (tx) => tx.store.delete('lease'));
  }
  return true;
}

/** Take or renew the lease that stands in for a lock where the browser has none (Safari before 15.4). */
function lease() {
  return write('facts', async (tx) => {
    const row = await tx.store.get('lease');
    if (row && row.value.holder !== me && row.value.until_ms > Date.now()) return false;
    await tx.store.put({ key: 'lease', value: { holder: me, until_ms: Date.now() + LEASE_MS } });
    return true;
  });
}

async function stayAwake() {
  if (!navigator.wakeLock || document.visibilityState !== 'visible') return null;
  try {
    return await navigator.wakeLock.request('screen');
  } catch (error) {
    return null; // a battery saver may say no
  }
}

async function registerSync() {
  if (!('SyncManager' in window) || !navigator.serviceWorker) return;
  try {
    const registration = await navigator.serviceWorker.getRegistration();
    if (registration && registration.sync) await registration.sync.register(SYNC_TAG);
  } catch (error) {
    // Not allowed here; the timer and the other occasions remain.
  }
}

async function visitsOf(account_id) {
  const range = IDBKeyRange.bound([account_id], [account_id, []]);
  const [rows, records, photos] = await read(['visits', 'records', 'photos'], (tx) =>
    Promise.all([
      tx.objectStore('visits').getAll(range),
      tx.objectStore('records').index('visit').getAll(range),
      tx.objectStore('photos').index('visit').getAll(range),
    ]),
  );
  const found = await Promise.all(
    rows.map(async (row) => {
      const pack = await unsealIfWhole(row.package_box, `visit/${row.visit_id}`);
      const own = (one) => one.visit_id === row.visit_id;
      const mine = { records: records.filter(own).map(shownRecord), photos: photos.filter(own).map(shownPhoto) };
      return { visit_id: row.visit_id, village: pack && pack.village, opened_ms: row.opened_ms, ...mine, ...standing(row, mine) };
    }),
  );
  return found.sort((one, other) => other.opened_ms - one.opened_ms);
}

function shownRecord({ id, seq, state, receipt, size_bytes, made_ms }) {
  return { id, seq, state, receipt, size_bytes, made_ms };
}

function shownPhoto({ id, of_record, state, receipt, size_bytes, sent_bytes, made_ms, bytes_deleted_ms = null }) {
  const percent = state === 'delivered' ? 100 : Math.floor((100 * sent_bytes) / size_bytes);
  return { id, of_record, state, receipt, size_bytes, sent_bytes, made_ms, percent, bytes_deleted_ms };
}

/** One word for a visit: draft, waiting, uploading, attention or delivered; and how much of its bytes is over. */
function standing(row, { records, photos }) {
  const all = [...records, ...photos];
  const has = (...states) => all.some((one) => states.includes(one.state));
  const total = photos.reduce((sum, photo) => sum + photo.size_bytes, 0);
  const sent = photos.reduce((sum, photo) => sum + (photo.state === 'delivered' ? photo.size_bytes : photo.sent_bytes), 0);
  const percent = total ? Math.floor((100 * sent) / total) : 0;
  if (has('refused', 'conflict', 'damaged')) return { state: 'attention', percent };
  if (has('uploading') && state.sending) return { state: 'uploading', percent };
  if (has('waiting', 'uploading')) return { state: 'waiting', percent };
  if (!row.ended) return { state: 'draft', percent };
  return { state: 'delivered', percent: 100 };
}
