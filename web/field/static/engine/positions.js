/**
 * Where the phone is: every fix of the browser is kept while somebody watches, the best is told, none is changed.
 * @module
 */
import { changes, tell } from './db.js';
import { localInstant } from './keys.js';

const MOST_FIXES_KEPT = 600;
const MOST_FIXES_OF_A_PHOTO = 8;
const MOST_FIXES_OF_AN_ARRIVAL = 60;
const DEG = Math.PI / 180;
// WGS 84: half the great axis, and the square of the first eccentricity.
const A_M = 6378137;
const E2 = 0.00669437999014;

/**
 * @typedef {object} Fix a position as it goes into a record
 * @property {number} lon_deg
 * @property {number} lat_deg
 * @property {'wgs84'} datum what the W3C interface promises; the server doubts it where it must
 * @property {'declared'} datum_how
 * @property {number|null} accuracy_m radius at 68 %
 * @property {number|null} altitude_m
 * @property {string} fixed_at the browser's time of the fix, which may be of a kept one
 * @property {'geolocation'} source
 */

const state = { watch: null, since_ms: null, error: null, denied: false };
/** @type {Array<{fix: Fix, at_ms: number, got_ms: number}>} the time of the fix, and when the browser gave it */
const kept = [];

/** Start to watch; harmless when it runs already. Without a time limit: a cold start can take minutes. */
export function watch() {
  if (state.watch !== null) return;
  state.since_ms = Date.now();
  state.error = null;
  if (!navigator.geolocation) {
    state.error = 'unavailable';
    return;
  }
  state.watch = navigator.geolocation.watchPosition(take, fail, { enableHighAccuracy: true, maximumAge: 0 });
}

/**
 * The best fix as soon as there is one, for what is recorded by one tap; null when none comes in this time.
 * @param {number} patience_ms
 * @returns {Promise<Fix|null>}
 */
export function soon(patience_ms) {
  watch();
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      changes.removeEventListener('position', look);
      done(position().best);
    };
    const look = () => (position().best || state.error) && end();
    const timer = setTimeout(end, patience_ms);
    changes.addEventListener('position', look);
    look();
  });
}

/** Stop to watch; what was kept stays until `forget`. */
export function stop() {
  if (state.watch !== null) navigator.geolocation.clearWatch(state.watch);
  state.watch = null;
  state.since_ms = null;
}

/** Forget all fixes, when a visit has ended. */
export function forget() {
  kept.length = 0;
}

/**
 * What is known now.
 * @returns {{watching: boolean, elapsed_ms: number, fixes: number, last: Fix|null, best: Fix|null,
 *   error: null|'denied'|'unavailable', denied: boolean}} best: the most accurate of the last two minutes
 */
export function position() {
  const recent = kept.filter((one) => Date.now() - one.at_ms < 120000);
  const best = recent.reduce((found, one) => (found && radius(found.fix) <= radius(one.fix) ? found : one), null);
  return {
    watching: state.watch !== null,
    elapsed_ms: state.since_ms === null ? 0 : Date.now() - state.since_ms,
    fixes: kept.length,
    last: kept.length ? kept[kept.length - 1].fix : null,
    best: best && best.fix,
    error: state.error,
    denied: state.denied,
  };
}

/**
 * The fixes nearest in time to an instant, in their order, for the record of a photo.
 * @param {number} at_ms
 * @returns {Fix[]} at most eight
 */
export function fixesAround(at_ms) {
  return [...kept]
    .sort((one, other) => Math.abs(one.at_ms - at_ms) - Math.abs(other.at_ms - at_ms))
    .slice(0, MOST_FIXES_OF_A_PHOTO)
    .sort((one, other) => one.at_ms - other.at_ms)
    .map((one) => one.fix);
}

/**
 * What the search that is under way brought, for the record of the arrival; of very many some, the first and the last
 * among them.
 * @returns {Fix[]} in their order
 */
export function found() {
  const all = kept.filter((one) => state.since_ms !== null && one.got_ms >= state.since_ms).map((one) => one.fix);
  const last = MOST_FIXES_OF_AN_ARRIVAL - 1;
  if (all.length <= last + 1) return all;
  return Array.from({ length: last + 1 }, (_, at) => all[Math.round((at * (all.length - 1)) / last)]);
}

/**
 * Distance and bearing on the ellipsoid from the radii of curvature at the middle latitude: within 0.1 % of the
 * geodesic up to 50 km below 60 degrees, and far below any fix's accuracy where a visit begins.
 * @param {{lon_deg: number, lat_deg: number}} from
 * @param {{lon_deg: number, lat_deg: number}} to
 * @returns {{distance_m: number, bearing_deg: number}} bearing from north, clockwise, 0 to 360
 */
export function toward(from, to) {
  const middle = ((from.lat_deg + to.lat_deg) / 2) * DEG;
  const w = 1 - E2 * Math.sin(middle) ** 2;
  const east_m = (to.lon_deg - from.lon_deg) * DEG * (A_M / Math.sqrt(w)) * Math.cos(middle);
  const north_m = (to.lat_deg - from.lat_deg) * DEG * ((A_M * (1 - E2)) / w ** 1.5);
  return {
    distance_m: Math.hypot(east_m, north_m),
    bearing_deg: (Math.atan2(east_m, north_m) / DEG + 360) % 360,
  };
}

function take({ coords, timestamp }) {
  const known = (value) => (Number.isFinite(value) ? value : null);
  const fix = {
    lon_deg: coords.longitude,
    lat_deg: coords.latitude,
    datum: 'wgs84',
    datum_how: 'declared',
    accuracy_m: known(coords.accuracy),
    altitude_m: known(coords.altitude),
    fixed_at: localInstant(timestamp),
    source: 'geolocation',
  };
  state.error = null;
  state.denied = false;
  kept.push({ fix, at_ms: timestamp, got_ms: Date.now() });
  // A visit lasts an hour or two; what is older than the newest six hundred is of no photo any more.
  if (kept.length > MOST_FIXES_KEPT) kept.shift();
  tell('position');
}

function fail(error) {
  state.denied = error.code === 1;
  state.error = state.denied ? 'denied' : 'unavailable';
  if (state.denied) stop();
  tell('position');
}

function radius(fix) {
  return fix.accuracy_m === null ? Infinity : fix.accuracy_m;
}
