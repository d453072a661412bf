/**
 * The training: an invented village in a store of its own. Nothing of it is ever sent, and nothing of it stays.
 * @module
 */
import { closeDb, isTraining, putFact, tell, useStore } from './db.js';
import { uuid7 } from './keys.js';
import { lock, enterTraining, start } from './session.js';
import { begin } from './visits.js';

const STORE = 'shidi-field-training';
const NAME = '练习';

/** Whether the training is on; the screens then say so on every page. */
export { isTraining };

/**
 * Begin the training with a fresh visit to a village that does not exist.
 * @param {{items?: object, questions?: object}} [sheets] the real sheets, if the phone has them
 * @returns {Promise<string>} the visit's id
 */
export async function startTraining(sheets = {}) {
  if (isTraining()) await closeDb({ remove: true });
  await useStore(STORE);
  await closeDb({ remove: true });
  for (const [name, sheet] of Object.entries(sheets)) if (sheet) await putFact(`sheet/${name}`, { etag: null, body: sheet });
  await enterTraining({ id: uuid7(), login: 'training', name: NAME, role: 'inspector', division_prefix: '000000', device_id: null });
  const visitId = await begin(inventedPackage(), { how: 'online', fix: null, nonce_ms: performance.now() });
  tell('session', { reason: 'training' });
  return visitId;
}

/** End the training and take up the real work where it was. */
export async function leaveTraining() {
  if (!isTraining()) return;
  await lock();
  await closeDb({ remove: true });
  await useStore(null);
  await start();
  tell('session', { reason: 'training-ended' });
}

function inventedPackage() {
  const member = { account_id: uuid7(), name: NAME };
  const person = (name, kind, unit) => ({ id: uuid7(), name, kind, sending_unit: unit });
  return {
    assignment_id: uuid7(),
    visit_id: uuid7(),
    village: { code: '000000000000', name: '练习村', town_name: '练习乡' },
    announced: false,
    sites: [{ id: uuid7(), name: '练习村部', kind: 'office', lon_deg: 119.5, lat_deg: 27.4, radius_m: 100, quality: 'surveyed' }],
    outline: {
      rings: [[[119.49, 27.39], [119.51, 27.39], [119.512, 27.405], [119.5, 27.412], [119.488, 27.404], [119.49, 27.39]]],
      quality: 'sketch',
    },
    postings: [person('甲某', '第一书记', '练习单位一'), person('乙某', '队员', '练习单位二')],
    team: [member],
    items_version: 'training',
    nonce: null,
    expires_utc: new Date(Date.now() + 24 * 3600 * 1000).toISOString(),
  };
}
