/**
 * The way round by cable or stick: what is unsent as one file that only the server opens, and its receipt back.
 * @module
 */
import { exportKeys } from './assignments.js';
import { read, tell, write } from './db.js';
import { base64url, bytesOf, closeBox, exportKey, localInstant, verifies } from './keys.js';
import { standing } from './sending.js';
import { Damaged, current, unsealBytes, unsealIfWhole } from './session.js';

const FORMAT = 'phone-export/1';
/** WebCrypto seals in one go and in memory, so a file holds so much and the next one the rest. */
const MOST_PHOTO_BYTES = 48e6;

/** This phone never fetched the server's key; without it nobody could open the file. */
export class NoExportKey extends Error {}

/** The file is no receipt of our server, or not for this phone. */
export class BadReceipt extends Error {}

/**
 * What is unsent of the unlocked account in one sealed file: all records, and as many photos as one file takes.
 * @returns {Promise<{file: Blob, name: string, records: number, photos: number, photos_left: number}|null>} null:
 *   nothing is unsent; photos_left: for a further file, once the receipt of this one is here
 */
export async function exportUnsent() {
  const server = await exportKeys();
  if (!server) throw new NoExportKey('the server\'s key was never fetched');
  const account = current();
  const { records, photos: all } = await whole(await unsent(account.id));
  if (!records.length && !all.length) return null;
  const photos = firstPhotos(all);
  const visits = [...new Set([...records, ...photos].map((row) => row.visit_id))].map((visit_id) => ({
    visit_id,
    records: records.filter((row) => row.visit_id === visit_id),
    photos: photos.filter((row) => row.visit_id === visit_id),
  }));
  const manifest = {
    account_id: account.id,
    device_id: account.device_id,
    made_at: localInstant(),
    visits: await Promise.all(
      visits.map(async (visit) => ({
        visit_id: visit.visit_id,
        records: visit.records.map(({ box }) => ({ record: box.text, signature: box.signature })),
        photos: visit.photos.map(({ sha256, size_bytes }) => ({ sha256, size_bytes })),
      })),
    ),
  };
  const plain = await container(manifest, visits.flatMap((visit) => visit.photos));
  const { key, head } = await exportKey(server);
  const { iv, sealed } = await closeBox(key, plain, head.kid);
  const parts = [JSON.stringify({ shidi: FORMAT, ...head, iv: base64url(iv), ciphertext: '' }).slice(0, -2)];
  // In slices of a multiple of three bytes, whose base64 can be set end to end; one text of all would be three copies.
  const slice_bytes = 3 * 65536;
  for (let at = 0; at < sealed.byteLength; at += slice_bytes) parts.push(base64url(sealed.slice(at, at + slice_bytes)));
  parts.push('"}');
  const name = `shidi-${account.login}-${localInstant().slice(0, 16).replace(/[:T]/g, '')}.shidi`;
  const file = new Blob(parts, { type: 'application/octet-stream' });
  return { file, name, records: records.length, photos: photos.length, photos_left: all.length - photos.length };
}

/** As many as fit into one file, oldest first; one always does. */
function firstPhotos(all) {
  let size_bytes = 0;
  return all
    .sort((one, other) => one.made_ms - other.made_ms)
    .filter((photo, at) => {
      size_bytes += photo.size_bytes;
      return at === 0 || size_bytes <= MOST_PHOTO_BYTES;
    });
}

/**
 * Take a receipt file that the desk gave back, and mark what it names as delivered.
 * @param {File} file
 * @returns {Promise<{records: number, photos: number, refused: number}>} how many it settled
 */
export async function loadReceipt(file) {
  const server = await exportKeys();
  if (!server) throw new NoExportKey('the server\'s key was never fetched');
  const text = await checkedText(file, server);
  const receipts = JSON.parse(text);
  const account = current();
  if (receipts.device_id !== account.device_id) throw new BadReceipt('this receipt is for another phone');
  const counts = { records: 0, photos: 0, refused: 0 };
  for (const result of receipts.results) await settleVisit(account.id, result, receipts.at_utc, counts);
  tell('outbox');
  return counts;
}

async function checkedText(file, { receipt_key, receipt_kid }) {
  let parsed;
  try {
    parsed = JSON.parse(await file.text());
  } catch (error) {
    throw new BadReceipt('this file is no receipt');
  }
  const { receipts, signature, kid } = parsed || {};
  if (kid !== undefined && kid !== receipt_kid) throw new BadReceipt('this receipt is signed with a key this phone does not know');
  const isSigned = typeof receipts === 'string' && typeof signature === 'string';
  if (!isSigned || !(await verifies(receipt_key, receipts, signature).catch(() => false))) {
    throw new BadReceipt('this receipt is not signed by our server');
  }
  return receipts;
}

async function settleVisit(account_id, result, at_utc, counts) {
  const said = new Map(result.records.map((one) => [one.id, one]));
  const photosSaid = new Map(result.photos.map((one) => [one.sha256, one]));
  await write(['records', 'photos'], async (tx) => {
    const range = IDBKeyRange.bound([account_id, result.visit_id, 0], [account_id, result.visit_id, Infinity]);
    for (const row of await tx.objectStore('records').index('visit').getAll(range)) {
      const receipt = said.get(row.id);
      if (!receipt || row.state === 'delivered') continue;
      const state = standing(receipt, row);
      counts[state === 'delivered' ? 'records' : 'refused'] += 1;
      await tx.objectStore('records').put({ ...row, state, receipt });
    }
    for (const row of await tx.objectStore('photos').index('visit').getAll([account_id, result.visit_id])) {
      const receipt = photosSaid.get(row.sha256);
      if (!receipt || receipt.outcome !== 'arrived' || row.state === 'delivered') continue;
      counts.photos += 1;
      const kept = { ...receipt, at_ms: Date.parse(at_utc) };
      await tx.objectStore('photos').put({ ...row, state: 'delivered', sent_bytes: row.size_bytes, receipt: kept });
    }
  });
}

function unsent(account_id) {
  return read(['records', 'photos'], async (tx) => {
    const rows = (store, state) => tx.objectStore(store).index('state').getAll([account_id, state]);
    const [waiting, photos, uploading] = await Promise.all([
      rows('records', 'waiting'),
      rows('photos', 'waiting'),
      rows('photos', 'uploading'),
    ]);
    // The server takes bytes only of photos a record announces, so the record goes along even when it was delivered.
    const announcing = await Promise.all([...photos, ...uploading].map((photo) => tx.objectStore('records').get(photo.id)));
    const records = new Map([...waiting, ...announcing].filter(Boolean).map((row) => [row.id, row]));
    const inOrder = [...records.values()].sort((one, other) => one.seq - other.seq);
    return { records: inOrder, photos: [...photos, ...uploading] };
  });
}

/** What opens, the records with their texts; what is damaged stays here and must not keep the rest from the office. */
async function whole({ records, photos }) {
  const boxes = await Promise.all(records.map((row) => unsealIfWhole(row.box, `record/${row.id}`)));
  const opening = records.map((row, at) => ({ ...row, box: boxes[at] })).filter(({ box }) => box);
  const good = [];
  for (const photo of photos) if (await bytesOfPhoto(photo)) good.push(photo);
  return { records: opening, photos: good };
}

/** One photo's bytes, or null when they do not open. */
async function bytesOfPhoto(photo) {
  const row = await read('photo_bytes', (tx) => tx.store.get(photo.id));
  try {
    return new Uint8Array(await unsealBytes(row, `photo/${photo.id}`));
  } catch (error) {
    if (error instanceof Damaged) return null;
    throw error;
  }
}

/** Length, manifest, and the photos' bytes one after the other; photos are opened one at a time into their place. */
async function container(manifest, photos) {
  const head = bytesOf(JSON.stringify(manifest));
  const size_bytes = photos.reduce((sum, photo) => sum + photo.size_bytes, 4 + head.length);
  const plain = new Uint8Array(size_bytes);
  new DataView(plain.buffer).setUint32(0, head.length);
  plain.set(head, 4);
  let at = 4 + head.length;
  for (const photo of photos) {
    plain.set(await bytesOfPhoto(photo), at);
    at += photo.size_bytes;
  }
  return plain;
}
