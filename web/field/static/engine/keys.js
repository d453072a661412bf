/**
 * Hashes, signatures, ids and sealed boxes, all by the browser's own WebCrypto. Pure: nothing here is stored.
 * @module
 */

/** PBKDF2 rounds for a key from a passphrase; on a slow phone about two seconds, at sign-in and unlock only. */
export const ROUNDS = 600000;

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CHECK = CROCKFORD + '*~$=U';
const P256 = { name: 'ECDSA', namedCurve: 'P-256' };
const ES256 = { name: 'ECDSA', hash: 'SHA-256' };
const GCM = 'AES-GCM';
const utf8 = new TextEncoder();

/** The code is not one: too short, a wrong symbol, or its check symbol does not fit. */
export class BadCode extends Error {}

/** The box does not open with this key: a wrong code or passphrase, or bytes that were changed. */
export class WrongKey extends Error {}

/** The UTF-8 bytes of a text. */
export function bytesOf(text) {
  return utf8.encode(text);
}

/** Bytes as base64url without padding. */
export function base64url(bytes) {
  const view = new Uint8Array(bytes);
  let binary = '';
  // In slices, since a call takes only so many arguments.
  for (let at = 0; at < view.length; at += 8192) binary += String.fromCharCode(...view.subarray(at, at + 8192));
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

/** The bytes of a base64url text. */
export function fromBase64url(text) {
  const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(binary, (symbol) => symbol.charCodeAt(0));
}

/** Bytes as lower-case hexadecimal. */
export function hex(bytes) {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * The SHA-256 of bytes, or of the UTF-8 bytes of a text.
 * @param {string|ArrayBuffer|Uint8Array} content
 * @returns {Promise<string>} 64 hexadecimal digits
 */
export async function sha256Hex(content) {
  return hex(await crypto.subtle.digest('SHA-256', typeof content === 'string' ? bytesOf(content) : content));
}

/** A new id that sorts by time (RFC 9562, version 7); `crypto.randomUUID` is newer than our oldest browsers. */
export function uuid7(at_ms = Date.now()) {
  const bytes = random(16);
  for (let place = 5, rest = at_ms; place >= 0; place -= 1, rest = Math.floor(rest / 256)) bytes[place] = rest % 256;
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** So many bytes nobody can guess. */
export function random(size_bytes) {
  return crypto.getRandomValues(new Uint8Array(size_bytes));
}

/** An instant with this phone's offset, as records carry it: `2026-05-12T09:30:00.123+08:00`. */
export function localInstant(at_ms = Date.now()) {
  const offset_min = -new Date(at_ms).getTimezoneOffset();
  const two = (number) => String(Math.floor(number)).padStart(2, '0');
  const local = new Date(at_ms + offset_min * 60000).toISOString().slice(0, -1);
  const away_min = Math.abs(offset_min);
  return `${local}${offset_min < 0 ? '-' : '+'}${two(away_min / 60)}:${two(away_min % 60)}`;
}

// ---- This phone's signature ----

/** A new signing key; it can be exported once, to be wrapped, see `session.js`. */
export function newSigningKey() {
  return crypto.subtle.generateKey(P256, true, ['sign', 'verify']);
}

/** A signing key from its exported bytes; it cannot be taken out again. */
export function signingKey(pkcs8) {
  return crypto.subtle.importKey('pkcs8', pkcs8, P256, false, ['sign']);
}

/** The public half as the server registers it. */
export async function publicJwk(key) {
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', key);
  return { kty, crv, x, y };
}

/** The signature of a text: ES256, raw r||s, base64url. */
export async function sign(key, text) {
  return base64url(await crypto.subtle.sign(ES256, key, bytesOf(text)));
}

/** Whether a signature over a text is by the holder of this public key. */
export async function verifies(jwk, text, signature) {
  const key = await crypto.subtle.importKey('jwk', jwk, P256, false, ['verify']);
  return crypto.subtle.verify(ES256, key, fromBase64url(signature), bytesOf(text));
}

// ---- Boxes at rest ----

/** A key made from a passphrase (PBKDF2-SHA256), to wrap other keys with. */
export async function keyOfPassphrase(passphrase, salt, rounds = ROUNDS) {
  // The same passphrase can be typed as different code points; one form of it makes the key.
  const secret = await crypto.subtle.importKey('raw', bytesOf(passphrase.normalize('NFC')), 'PBKDF2', false, ['deriveKey']);
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds };
  return crypto.subtle.deriveKey(how, secret, { name: GCM, length: 256 }, false, ['encrypt', 'decrypt']);
}

/** A new AES key's 32 bytes as a key that cannot be taken out again. */
export function aesKey(raw) {
  return crypto.subtle.importKey('raw', raw, GCM, false, ['encrypt', 'decrypt']);
}

/**
 * Close bytes in a box.
 * @param {CryptoKey} key
 * @param {ArrayBuffer|Uint8Array} bytes
 * @param {string} about what the box is for; it opens for nothing else
 * @returns {Promise<{iv: Uint8Array, sealed: ArrayBuffer}>}
 */
export async function closeBox(key, bytes, about) {
  const iv = random(12);
  return { iv, sealed: await crypto.subtle.encrypt({ name: GCM, iv, additionalData: bytesOf(about) }, key, bytes) };
}

/**
 * The bytes of a box; raises `WrongKey` when it does not open.
 * @returns {Promise<ArrayBuffer>}
 */
export async function openBox(key, box, about) {
  try {
    return await crypto.subtle.decrypt({ name: GCM, iv: box.iv, additionalData: bytesOf(about) }, key, box.sealed);
  } catch (error) {
    throw new WrongKey('this does not open here');
  }
}

// ---- Sealed assignments ----

/**
 * The 16 bytes of an opening code as it was typed or scanned; lower case, spaces, dashes and the usual slips
 * (O for 0, I and L for 1) are taken. Raises `BadCode`, also when the check symbol does not fit.
 * @param {string} text `XXXXX-XXXXX-…`: 26 symbols and the check symbol, or a scanned `shidi:key:<id>:<code>`
 */
export function readCode(text) {
  const symbols = text.split(':').pop().toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  if (symbols.length !== 27) throw new BadCode('the code has 27 symbols');
  let number = 0n;
  for (const symbol of symbols.slice(0, 26)) {
    const value = CROCKFORD.indexOf(symbol);
    if (value < 0) throw new BadCode(`${symbol} is no symbol of a code`);
    number = number * 32n + BigInt(value);
  }
  if (CHECK[Number(number % 37n)] !== symbols[26]) throw new BadCode('one symbol of the code is wrong');
  const digits = number.toString(16).padStart(32, '0');
  if (digits.length > 32) throw new BadCode('one symbol of the code is wrong');
  return Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));
}

/**
 * The package of a sealed assignment; raises `WrongKey` when the code is of another one.
 * @param {{alg: string, salt: string, iv: string, ciphertext: string}} sealed as the server gave it
 * @param {string} code the typed or scanned code
 * @param {string} assignmentId
 */
export async function openSealed(sealed, code, assignmentId) {
  if (sealed.alg !== 'HKDF-SHA256/A256GCM') throw new WrongKey(`${sealed.alg} is not known here`);
  const key = await hkdf(readCode(code), fromBase64url(sealed.salt), 'shidi sealed package');
  const box = { iv: fromBase64url(sealed.iv), sealed: fromBase64url(sealed.ciphertext) };
  return JSON.parse(new TextDecoder().decode(await openBox(key, box, assignmentId)));
}

/**
 * The key of an export file, and what the file says so that only the server can work it out again.
 * @param {{kid: string, public_key: object}} server its key, fetched beforehand
 * @returns {Promise<{key: CryptoKey, head: {kid: string, epk: object, salt: string}}>}
 */
export async function exportKey(server) {
  const ecdh = { name: 'ECDH', namedCurve: 'P-256' };
  const theirs = await crypto.subtle.importKey('jwk', server.public_key, ecdh, false, []);
  const ours = await crypto.subtle.generateKey(ecdh, true, ['deriveBits']);
  const shared = await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, ours.privateKey, 256);
  const salt = random(16);
  const key = await hkdf(shared, salt, 'shidi phone export');
  return { key, head: { kid: server.kid, epk: await publicJwk(ours.publicKey), salt: base64url(salt) } };
}

async function hkdf(secret, salt, info) {
  const material = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
  const how = { name: 'HKDF', hash: 'SHA-256', salt, info: bytesOf(info) };
  return crypto.subtle.deriveKey(how, material, { name: GCM, length: 256 }, false, ['encrypt', 'decrypt']);
}
