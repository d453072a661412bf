/**
 * Who uses this phone: sign-in, unlock without a network, lock, sign-out, and the boxes their work lies in.
 *
 * Each account has a data key and a signing key of its own on each phone. Both lie here closed under a key made from
 * the passphrase; while the account is unlocked they lie open beside, as keys that scripts can use but not read out.
 * docs/decisions says what that protects and what it does not.
 * @module
 */
import { ApiProblem, NoContact, request, useToken } from './api.js';
import { changes, isTraining, read, tell, write } from './db.js';
import * as keys from './keys.js';

/** So long may nobody use the page before it locks itself. */
export const LOCKS_AFTER_MS = 72 * 3600 * 1000;
const TOUCHED_EVERY_MS = 60 * 1000;
const HERE = 'shidi.here';

/** Sign-out has to wait: something of this account has not been received yet. `unsent` says how much. */
export class UnsentWork extends Error {
  constructor(unsent) {
    super('something has not been sent yet');
    this.unsent = unsent;
  }
}

/** Wrong login or passphrase, said by the server or, without a network, by this phone. */
export class WrongPassphrase extends Error {}

/** The server knows a newer passphrase than this phone: the one before is needed once, to open what lies here. */
export class OldPassphraseNeeded extends Error {}

/** Something that lies on this phone does not open any more: its memory is at fault. */
export class Damaged extends Error {}

/** Nobody is signed in, or the page is locked. */
export class Locked extends Error {}

/**
 * @typedef {object} Account
 * @property {string} id
 * @property {string} login
 * @property {string} name
 * @property {string} role
 * @property {string} division_prefix
 * @property {string|null} device_id as the server knows this phone; null before the first answer
 */

/** @type {null|{account: Account, data: CryptoKey, signing: CryptoKey, token: string|null, expires_utc: string|null}} */
let open = null;
let refused = false;
let touched_ms = 0;

useToken(
  () => (open ? open.token : null),
  (token, slug) => {
    if (!open || open.token !== token) return;
    refused = true;
    // A phone that was reported lost closes itself: what lies here needs the passphrase again.
    if (slug === 'device-revoked') lock();
    tell('session', { reason: 'sign-in-again' });
  },
);
changes.addEventListener('session', (event) => {
  if (!event.detail || !event.detail.elsewhere) return;
  // Another tab signed in or locked: take it up, and let the screens of this tab look again once that is done.
  start().then(() => changes.dispatchEvent(new CustomEvent('session', { detail: { reason: 'taken-up' } })));
});

/**
 * Take up the account that was unlocked when the page was last here. Call it once at the start.
 * @returns {Promise<Account|null>} null: nobody, or locked; then show the accounts of this phone
 */
export async function start() {
  // In one transaction: each takes a slow phone some milliseconds before it can show anything.
  const { unlocked, row } = await read(['facts', 'accounts'], async (tx) => {
    const fact = await tx.objectStore('facts').get('unlocked');
    const account = fact && (await tx.objectStore('accounts').get(fact.value.account_id));
    return { unlocked: fact ? fact.value : null, row: account };
  });
  if (unlocked && Date.now() - unlocked.used_ms > LOCKS_AFTER_MS) {
    await lock();
    return null;
  }
  await enter(unlocked, row);
  if (unlocked) touched_ms = unlocked.used_ms;
  return current();
}

/**
 * Whether somebody was unlocked when the page was last here. A guess for the first moment, before the store answers:
 * nothing is shown of anybody because of it.
 */
export function wasUnlocked() {
  try {
    return localStorage.getItem(HERE) !== null;
  } catch (error) {
    return false;
  }
}

/** The account that is unlocked, or null. @returns {Account|null} */
export function current() {
  return open ? open.account : null;
}

/** Whether the server must see the passphrase again before anything can be sent; nothing is lost meanwhile. */
export function needsSignIn() {
  return open !== null && !isTraining() && (refused || !open.token || Date.parse(open.expires_utc) <= Date.now());
}

/**
 * The accounts of this phone, with how much of each is unsent; that much everybody who holds the phone may know.
 * @returns {Promise<Array<{id: string, login: string, name: string, unsent: number, unlocked: boolean}>>}
 */
export async function accountsHere() {
  return read(['accounts', 'records', 'photos'], async (tx) => {
    const rows = await tx.objectStore('accounts').getAll();
    const counts = await Promise.all(rows.map((row) => countUnsent(tx, row.id)));
    return rows.map(({ id, account }, at) => ({
      id,
      login: account.login,
      name: account.name,
      unsent: counts[at],
      unlocked: open !== null && open.account.id === id,
    }));
  });
}

/**
 * Sign in. The server is asked; without a network an account this phone knows is unlocked by its passphrase.
 * @param {string} login
 * @param {string} passphrase
 * @param {{previous?: string, code?: string, invitation?: string}} [options] previous: the passphrase before, after
 *   `OldPassphraseNeeded`; code: of the second factor; invitation: from the square code that lets a new phone in
 * @returns {Promise<{account: Account, online: boolean}>} online false: unlocked here, the server did not answer
 */
export async function signIn(login, passphrase, options = {}) {
  const rows = await read('accounts', (tx) => tx.objectStore('accounts').getAll());
  const known = rows.find((row) => row.account.login.toLowerCase() === login.trim().toLowerCase()) || null;
  const kept = known && (await unlock(known, passphrase, options.previous));
  // Signing keys are made before the server is asked, because it registers the phone as it lets the person in.
  const held = kept || (known ? null : await newKeys());
  let answer;
  try {
    answer = await askServer(login, passphrase, held ? held.public_key : known.public_key, options);
  } catch (error) {
    if (!(error instanceof NoContact) || !kept || !kept.is_current) throw error;
    await admit(known, kept, kept);
    return { account: current(), online: false };
  }
  const account = { ...answer.account, device_id: answer.device_id };
  if (known && known.id !== account.id) return signInAnew(login, passphrase, options);
  if (held) {
    const row = kept && kept.is_current ? { ...known, account } : await closedRow(account, passphrase, held);
    await admit(row, held, answer);
  } else {
    await renew(known, answer);
  }
  return { account: current(), online: true };
}

/** Close the page for this account; the passphrase opens it again, also without a network. Others may sign in. */
export async function lock() {
  open = null;
  refused = false;
  noteHere();
  await write('facts', (tx) => tx.objectStore('facts').delete('unlocked'));
  tell('session', { reason: 'locked' });
}

/** End the sign-in, here and at the server; raises `UnsentWork` while anything has not been received. */
export async function signOut() {
  const { account } = opened();
  const unsent = await read(['records', 'photos'], (tx) => countUnsent(tx, account.id));
  if (unsent) throw new UnsentWork(unsent);
  try {
    await request('DELETE', '/sessions/current');
  } catch (error) {
    // Without an answer the server's side ends by its own date; here the token is forgotten either way.
    if (!(error instanceof NoContact || error instanceof ApiProblem)) throw error;
  }
  await write('accounts', async (tx) => {
    const row = await tx.store.get(account.id);
    await tx.store.put({ ...row, token_box: null });
  });
  await lock();
}

/** Say that the page is being used, so that it does not lock itself. */
export async function touch() {
  // By the minute is exact enough for three days, and spares a slow phone a write at each screen.
  if (!open || Math.abs(Date.now() - touched_ms) < TOUCHED_EVERY_MS) return;
  const account_id = open.account.id;
  touched_ms = Date.now();
  await write('facts', async (tx) => {
    const fact = await tx.store.get('unlocked');
    const mine = fact && fact.value.account_id === account_id;
    if (mine) await tx.store.put({ key: 'unlocked', value: { ...fact.value, used_ms: touched_ms } });
  });
}

/** The id of the unlocked account; raises `Locked`. */
export function accountId() {
  return opened().account.id;
}

/** Raise `Locked` unless this account is still the unlocked one; long work asks before each step that others see. */
export function mustStillBe(account_id) {
  if (accountId() !== account_id) throw new Locked('somebody else has signed in');
}

/** The signature of the unlocked account on this phone over a text. */
export function signText(text) {
  return keys.sign(opened().signing, text);
}

/**
 * A value in the account's box; only the same account opens it, and only for the same purpose.
 * @param {any} value what JSON can hold
 * @param {string} about e.g. the id of the row
 */
export async function seal(value, about) {
  return sealBytes(keys.bytesOf(JSON.stringify(value)), about);
}

/** The value of a box made by `seal`; raises `Damaged`. */
export async function unseal(box, about) {
  return JSON.parse(new TextDecoder().decode(await unsealBytes(box, about)));
}

/** The value of a box made by `seal`, or null for a damaged one: in a list it must not cost the others. */
export async function unsealIfWhole(box, about) {
  try {
    return await unseal(box, about);
  } catch (error) {
    if (error instanceof Damaged) return null;
    throw error;
  }
}

/** Bytes in the account's box. */
export function sealBytes(bytes, about) {
  const { account, data } = opened();
  return keys.closeBox(data, bytes, `${account.id}/${about}`);
}

/** The bytes of a box made by `sealBytes`; raises `Damaged`. @returns {Promise<ArrayBuffer>} */
export async function unsealBytes(box, about) {
  const { account, data } = opened();
  try {
    return await keys.openBox(data, box, `${account.id}/${about}`);
  } catch (error) {
    throw new Damaged(`${about} does not open any more`);
  }
}

/**
 * Let an invented person work in the training's store; there is no passphrase and no server.
 * @param {Account} account
 */
export async function enterTraining(account) {
  const made = await newKeys();
  const row = await closedRow(account, 'training', made);
  await admit(row, made, { token: null, expires_utc: null });
}

function opened() {
  if (!open) throw new Locked('please sign in');
  return open;
}

async function askServer(login, passphrase, public_key, { code, invitation } = {}) {
  const device = { label: deviceLabel(), public_key, ...(invitation && { invitation }) };
  const json = { login: login.trim(), passphrase, device, ...(code && { code }) };
  try {
    const { body } = await request('POST', '/sessions', { json, anonymous: true });
    return body;
  } catch (error) {
    if (error instanceof ApiProblem && error.slug === 'sign-in-refused') throw new WrongPassphrase('login or passphrase is wrong');
    throw error;
  }
}

function deviceLabel() {
  const found = /\(([^)]*)\)/.exec(navigator.userAgent);
  return (found ? found[1] : navigator.userAgent).slice(0, 120);
}

async function newKeys() {
  const pair = await keys.newSigningKey();
  return {
    raw_data: keys.random(32),
    raw_signing: await crypto.subtle.exportKey('pkcs8', pair.privateKey),
    public_key: await keys.publicJwk(pair.publicKey),
  };
}

/** What a passphrase opens of an account, `is_current` when it was the first of the two; null when neither does. */
async function unlock(row, passphrase, previous) {
  for (const candidate of [passphrase, previous]) {
    if (candidate === undefined) continue;
    const wrapping = await keys.keyOfPassphrase(candidate, row.salt, row.rounds);
    try {
      const raw_data = new Uint8Array(await keys.openBox(wrapping, row.data_box, `${row.id}/data`));
      const data = await keys.aesKey(raw_data);
      const raw_signing = await keys.openBox(data, row.signing_box, `${row.id}/signing`);
      const session = await openToken(row, data);
      return { raw_data, raw_signing, public_key: row.public_key, ...session, is_current: candidate === passphrase };
    } catch (error) {
      if (!(error instanceof keys.WrongKey)) throw error;
    }
  }
  return null;
}

/** The login went over to another account: what lies here stays closed, and the newcomer gets keys of their own. */
async function signInAnew(login, passphrase, options) {
  const held = await newKeys();
  const answer = await askServer(login, passphrase, held.public_key, options);
  const account = { ...answer.account, device_id: answer.device_id };
  await admit(await closedRow(account, passphrase, held), held, answer);
  return { account: current(), online: true };
}

/**
 * A new sign-in with a passphrase that does not open what lies here. While the account is unlocked its work can go on
 * and be sent; what closes it stays the passphrase before.
 */
async function renew(row, { token, expires_utc }) {
  if (!open || open.account.id !== row.id) {
    throw new OldPassphraseNeeded('what lies on this phone was closed with the passphrase before');
  }
  const token_box = await closeToken(row.id, open.data, token, expires_utc);
  await write('accounts', (tx) => tx.store.put({ ...row, token_box }));
  await start();
  tell('session', { reason: 'signed-in' });
}

async function closeToken(id, data, token, expires_utc) {
  return token ? keys.closeBox(data, keys.bytesOf(JSON.stringify({ token, expires_utc })), `${id}/token`) : null;
}

async function openToken(row, data) {
  const none = { token: null, expires_utc: null };
  if (!row.token_box) return none;
  try {
    return JSON.parse(new TextDecoder().decode(await keys.openBox(data, row.token_box, `${row.id}/token`)));
  } catch (error) {
    return none; // damaged: one has to sign in again, and everything else opens
  }
}

async function closedRow(account, passphrase, held) {
  const salt = keys.random(16);
  const wrapping = await keys.keyOfPassphrase(passphrase, salt);
  const data = await keys.aesKey(held.raw_data);
  return {
    id: account.id,
    account,
    salt,
    rounds: keys.ROUNDS,
    public_key: held.public_key,
    data_box: await keys.closeBox(wrapping, held.raw_data, `${account.id}/data`),
    signing_box: await keys.closeBox(data, held.raw_signing, `${account.id}/signing`),
    token_box: null,
  };
}

/** Keep the row, and let the account work here. */
async function admit(row, held, { token, expires_utc }) {
  const data = await keys.aesKey(held.raw_data);
  const signing = await keys.signingKey(held.raw_signing);
  const token_box = await closeToken(row.id, data, token, expires_utc);
  const unlocked = { account_id: row.id, data, signing, used_ms: Date.now() };
  await write(['accounts', 'facts'], (tx) =>
    Promise.all([
      tx.objectStore('accounts').put({ ...row, token_box }),
      tx.objectStore('facts').put({ key: 'unlocked', value: unlocked }),
    ]),
  );
  touched_ms = unlocked.used_ms;
  await enter(unlocked, { ...row, token_box });
  tell('session', { reason: 'signed-in' });
}

async function enter(unlocked, row) {
  const session = row && (await openToken(row, unlocked.data));
  if (row && (!open || open.token !== session.token)) refused = false;
  open = row ? { account: row.account, data: unlocked.data, signing: unlocked.signing, ...session } : null;
  noteHere();
}

function noteHere() {
  try {
    if (open) localStorage.setItem(HERE, '1');
    else localStorage.removeItem(HERE);
  } catch (error) {
    // Private windows of some browsers; the start then takes a moment longer.
  }
}

/** How many records and photos of an account the server has not said it has. */
async function countUnsent(tx, account_id) {
  const [waiting, photos, sending] = await Promise.all([
    tx.objectStore('records').index('state').count([account_id, 'waiting']),
    tx.objectStore('photos').index('state').count([account_id, 'waiting']),
    tx.objectStore('photos').index('state').count([account_id, 'uploading']),
  ]);
  return waiting + photos + sending;
}
