/**
 * The self-test before a phone goes out: what of the browser works, and what to do about what does not.
 * @module
 */
import { NoContact, clockOffset, request } from './api.js';
import { askToPersist, getFact, putFact, storageState } from './db.js';
import { newSigningKey, publicJwk, sign, verifies } from './keys.js';
import { inAppBrowser } from './shell.js';

const CLOCK_TOLERANCE_MS = 120000;
const LOCATION_PATIENCE_MS = 60000;

/**
 * Try everything a visit needs.
 * @param {(row: {name: string, ok: boolean|null, what_to_do: string}) => void} [onRow] told of each as it is known
 * @returns {Promise<Array<{name: string, ok: boolean|null, what_to_do: string}>>} ok null: works, but not as well as it
 *   could; `name` and `what_to_do` are keys of words, what_to_do is empty where all is well
 */
export async function selfTest(onRow = () => {}) {
  const rows = [];
  for (const [name, test] of TESTS) {
    let said = 'failed';
    try {
      said = await test();
    } catch (error) {
      said = 'failed';
    }
    // A test says true, or why not; a reason that begins with a tilde is a weakness, no fault.
    const ok = said === true ? true : said.startsWith('~') ? null : false;
    const row = { name, ok, what_to_do: ok ? '' : `${name}.${said.replace('~', '')}` };
    rows.push(row);
    onRow(row);
  }
  return rows;
}

const TESTS = [
  ['browser', () => (inAppBrowser() ? 'in_app' : true)],
  ['secure_context', () => (window.isSecureContext && crypto.subtle ? true : 'insecure')],
  ['service_worker', serviceWorker],
  ['store', store],
  ['keys', signing],
  ['persistent', async () => ((await askToPersist()) ? true : '~not_promised')],
  ['free_space', freeSpace],
  ['installed', installed],
  ['location', location_],
  ['camera', camera],
  ['server', server],
];

async function serviceWorker() {
  if (!navigator.serviceWorker) return 'unsupported';
  const registration = await navigator.serviceWorker.getRegistration('/field/');
  return registration && registration.active ? true : 'inactive';
}

/** Writes and reads as much as a photo, because small values can go where photos do not. */
async function store() {
  const bytes = crypto.getRandomValues(new Uint8Array(65536));
  await putFact('self_test', bytes.buffer);
  const back = await getFact('self_test');
  await putFact('self_test', null);
  const same = back && back.byteLength === bytes.length && new Uint8Array(back).every((byte, at) => byte === bytes[at]);
  return same ? true : 'failed';
}

async function signing() {
  const pair = await newSigningKey();
  const signature = await sign(pair.privateKey, 'self-test');
  return (await verifies(await publicJwk(pair.publicKey), 'self-test', signature)) ? true : 'failed';
}

async function freeSpace() {
  const { free_bytes, low } = await storageState();
  if (free_bytes === null) return '~unknown';
  return low ? 'low' : true;
}

/** On an iPhone only a page on the home screen keeps what it stored for more than seven idle days. */
function installed() {
  const standalone = matchMedia('(display-mode: standalone)').matches || navigator.standalone === true;
  if (standalone) return true;
  return /iPhone|iPad/.test(navigator.userAgent) ? 'ios' : '~not_installed';
}

function location_() {
  if (!navigator.geolocation) return 'unsupported';
  return new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      () => resolve(true),
      // Indoors no fix may come for minutes: allowed, but slow, is no fault of the phone.
      (error) => resolve(error.code === 1 ? 'denied' : '~slow'),
      { enableHighAccuracy: true, maximumAge: 600000, timeout: LOCATION_PATIENCE_MS },
    );
  });
}

/** Photos come through the system's camera and need no permission; scanning a code in the page does. */
async function camera() {
  if (!navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) return '~no_scanning';
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    stream.getTracks().forEach((track) => track.stop());
    return true;
  } catch (error) {
    return '~no_scanning';
  }
}

/** A phone without a network passes; a clock that is far off is said, since the records carry its time. */
async function server() {
  try {
    await request('GET', '/me');
  } catch (error) {
    if (error instanceof NoContact) return '~unreachable';
  }
  return Math.abs(clockOffset() || 0) > CLOCK_TOLERANCE_MS ? '~clock' : true;
}
