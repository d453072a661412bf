/**
 * How things are sent: records in small batches, then photos in pieces (tus 1.0.0), each step kept as it succeeds.
 * Loaded by the outbox when it sends.
 * @module
 */
import { ApiProblem, NoContact, request, sendPiece } from './api.js';
import { read, tell, write } from './db.js';
import { localInstant, sha256Hex } from './keys.js';
import { Damaged, mustStillBe, unsealBytes, unsealIfWhole } from './session.js';

export const LARGEST_PIECE_BYTES = 256 * 1024;
export const SMALLEST_PIECE_BYTES = 16 * 1024;
const MOST_RECORDS = 200;
const LARGEST_BATCH_BYTES = 64 * 1024;
const SMALLEST_BATCH_BYTES = 2 * 1024;
const GROWS_AFTER_PIECES = 8;
const CUTS_WITHOUT_PROGRESS = 3;
const WRONG_HASHES = 3;
const KEPT_AFTER_RECEIPT_MS = 7 * 24 * 3600 * 1000;
const BEYOND_CAPS = ['photo_cap_visit', 'photo_cap_problem'];
const TUS = { 'Tus-Resumable': '1.0.0' };

/** What the link bears, learnt by trying; it survives the attempts but not the page. */
const link = { piece_bytes: LARGEST_PIECE_BYTES, batch_bytes: LARGEST_BATCH_BYTES, good_pieces: 0 };

/**
 * Send everything of an account that waits: all records first, then the photos they announce; then delete the bytes
 * of photos that were received seven days ago.
 * @param {string} account_id
 */
export async function sendAll(account_id) {
  await sendRecords(account_id);
  for (const photo of await waitingPhotos(account_id)) {
    const bytes = await ownBytes(photo);
    if (bytes) await sendPhoto(photo, bytes);
    else await kept({ ...photo, state: 'damaged' });
  }
  await tidy(account_id);
}

/** How large the next piece will be; halved by each cut, grown again slowly. */
export function pieceBytes() {
  return link.piece_bytes;
}

// ---- Records ----

async function sendRecords(account_id) {
  for (;;) {
    const rows = await read('records', (tx) => tx.store.index('state').getAll([account_id, 'waiting']));
    if (!rows.length) return;
    rows.sort((one, other) => (one.visit_id === other.visit_id ? one.seq - other.seq : one.visit_id < other.visit_id ? -1 : 1));
    const batch = await wholeOnes(firstBatch(rows));
    if (batch.length) await sendBatch(batch);
  }
}

/** The first records of one visit that fit into a batch; at least one. */
function firstBatch(rows) {
  const batch = [];
  let size_bytes = 0;
  for (const row of rows) {
    size_bytes += row.size_bytes;
    const fits = row.visit_id === rows[0].visit_id && size_bytes <= link.batch_bytes && batch.length < MOST_RECORDS;
    if (batch.length && !fits) break;
    batch.push(row);
  }
  return batch;
}

/** Each record with its text; what does not open stays on the phone, marked, and the others go on. */
async function wholeOnes(rows) {
  const boxes = await Promise.all(rows.map((row) => unsealIfWhole(row.box, `record/${row.id}`)));
  mustStillBe(rows[0].account_id);
  const damaged = rows.filter((row, at) => !boxes[at]);
  await write(['records', 'photos'], async (tx) => {
    for (const row of damaged) {
      await tx.objectStore('records').put({ ...row, state: 'damaged' });
      const photo = await tx.objectStore('photos').get(row.id);
      if (photo) await tx.objectStore('photos').put({ ...photo, state: 'damaged' });
    }
  });
  return rows.map((row, at) => ({ row, box: boxes[at] })).filter(({ box }) => box);
}

async function sendBatch(whole) {
  const batch = whole.map(({ row }) => row);
  const records = whole.map(({ box }) => ({ record: box.text, signature: box.signature }));
  mustStillBe(batch[0].account_id);
  try {
    const json = { device_utc: localInstant(), records };
    const { body } = await request('POST', `/visits/${batch[0].visit_id}/records`, { json });
    await settle(batch, body.results);
    link.batch_bytes = Math.min(link.batch_bytes * 2, LARGEST_BATCH_BYTES);
  } catch (error) {
    if (error instanceof NoContact) link.batch_bytes = Math.max(link.batch_bytes / 2, SMALLEST_BATCH_BYTES);
    if (!(error instanceof ApiProblem) || [401, 403, 429].includes(error.status) || error.status >= 500) throw error;
    if (Array.isArray(error.body.results)) {
      await settle(batch, error.body.results);
    } else if (batch.length > 1) {
      // One of them spoils the rest: each goes alone, and the one says so.
      for (const one of whole) await sendBatch([one]);
    } else {
      await settle(batch, [{ id: batch[0].id, outcome: 'refused', sha256: batch[0].sha256, reason: error.slug }]);
    }
  }
}

/** Keep what the server said of each record; what it did not name waits on. */
async function settle(batch, results) {
  const said = new Map(results.map((result) => [result.id, result]));
  const answered = batch.filter((row) => said.has(row.id));
  if (!answered.length) throw new NoContact('the server named none of the records');
  await write(['records', 'photos'], async (tx) => {
    for (const row of answered) {
      const receipt = said.get(row.id);
      const state = standing(receipt, row);
      await tx.objectStore('records').put({ ...row, state, receipt });
      const photo = ['delivered', 'outside'].includes(state) ? null : await tx.objectStore('photos').get(row.id);
      if (photo) await tx.objectStore('photos').put({ ...photo, state: 'refused', receipt });
    }
  });
  tell('outbox');
}

/**
 * How a record stands after this receipt. A photo beyond the caps stays outside of the visit, and nobody can change that
 * by sending it again; what was seen is kept all the same, so its bytes go to the server like any other's.
 */
export function standing({ outcome, sha256, reason }, row) {
  if (outcome === 'refused') return BEYOND_CAPS.includes(reason) ? 'outside' : 'refused';
  // A receipt for other bytes is a receipt for something else.
  const ours = sha256 === row.sha256 && ['accepted', 'same'].includes(outcome);
  return ours ? 'delivered' : 'conflict';
}

// ---- Photos ----

async function waitingPhotos(account_id) {
  return read(['photos', 'records'], async (tx) => {
    const found = await Promise.all(
      ['uploading', 'waiting'].map((state) => tx.objectStore('photos').index('state').getAll([account_id, state])),
    );
    const photos = [].concat(...found).sort((one, other) => one.made_ms - other.made_ms);
    const records = await Promise.all(photos.map((photo) => tx.objectStore('records').get(photo.id)));
    return photos.filter((photo, at) => records[at] && ['delivered', 'outside'].includes(records[at].state));
  });
}

async function sendPhoto(photo, bytes) {
  let row = { ...photo, state: 'uploading' };
  let cuts = 0;
  let wrong = 0;
  let offset = null;
  while (offset !== row.size_bytes) {
    mustStillBe(row.account_id);
    try {
      if (offset === null) {
        row = await located(row);
        offset = await offsetOf(row.location);
      }
      if (offset < row.size_bytes) offset = await sendNext(row, bytes, offset);
      cuts = 0;
      row = await kept({ ...row, sent_bytes: offset });
    } catch (error) {
      offset = null;
      if (error instanceof NoContact) {
        cuts += 1;
        link.piece_bytes = Math.max(link.piece_bytes / 2, SMALLEST_PIECE_BYTES);
        link.good_pieces = 0;
        if (cuts >= CUTS_WITHOUT_PROGRESS) throw error;
        await pause(300 * cuts);
      } else if (!(error instanceof ApiProblem)) {
        throw error;
      } else if (error.status === 460) {
        // The whole arrived with other bytes and begins anew. When ours are right, somebody in between changes them.
        wrong += 1;
        if (wrong >= WRONG_HASHES) throw error;
        row = await kept({ ...row, sent_bytes: 0 });
      } else if (error.status === 404 || error.status === 410) {
        if (row.location === null) return refuse(row, error);
        row = await kept({ ...row, location: null, sent_bytes: 0 });
      } else if (error.status === 423 || (error.status === 409 && error.slug === 'offset-mismatch')) {
        // The attempt before still holds it, or got further than we heard: the server is asked again.
        cuts += 1;
        if (cuts >= CUTS_WITHOUT_PROGRESS * 3) throw error;
        await pause(500 * cuts);
      } else if ([400, 409, 413, 415, 422].includes(error.status)) {
        return refuse(row, error);
      } else {
        throw error;
      }
    }
  }
  await kept({ ...row, state: 'delivered', sent_bytes: row.size_bytes, receipt: { outcome: 'arrived', sha256: row.sha256, at_ms: Date.now() } });
}

/** The bytes as hashed at the shutter, or null: a phone's memory can lie, and then this is found out here. */
async function ownBytes(photo) {
  const row = await read('photo_bytes', (tx) => tx.store.get(photo.id));
  try {
    const bytes = await unsealBytes(row, `photo/${photo.id}`);
    return (await sha256Hex(bytes)) === photo.sha256 ? bytes : null;
  } catch (error) {
    if (error instanceof Damaged) return null;
    throw error;
  }
}

/** The row with the place of its upload; the server gives the same place however often it is asked. */
async function located(row) {
  if (row.location) return row;
  const metadata = `visit_id ${btoa(row.visit_id)},sha256 ${btoa(row.sha256)}`;
  const headers = { ...TUS, 'Upload-Length': String(row.size_bytes), 'Upload-Metadata': metadata };
  const answer = await request('POST', '/uploads', { headers });
  return kept({ ...row, location: answer.headers.get('Location') });
}

async function offsetOf(location) {
  const { headers } = await request('HEAD', location, { headers: TUS });
  return Number(headers.get('Upload-Offset'));
}

async function sendNext(row, bytes, offset) {
  const piece = bytes.slice(offset, offset + link.piece_bytes);
  const headers = { ...TUS, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(offset) };
  const answer = await sendPiece(row.location, headers, piece, (sent_bytes) => {
    tell('outbox', { photo: row.id, percent: Math.floor((100 * (offset + sent_bytes)) / row.size_bytes) });
  });
  link.good_pieces += 1;
  if (link.good_pieces >= GROWS_AFTER_PIECES) {
    link.piece_bytes = Math.min(link.piece_bytes * 2, LARGEST_PIECE_BYTES);
    link.good_pieces = 0;
  }
  return Number(answer.headers.get('Upload-Offset'));
}

async function kept(row) {
  await write('photos', (tx) => tx.store.put(row));
  tell('outbox', { photo: row.id, percent: Math.floor((100 * row.sent_bytes) / row.size_bytes) });
  return row;
}

function refuse(row, error) {
  return kept({ ...row, state: 'refused', receipt: { outcome: 'refused', sha256: row.sha256, reason: error.slug || String(error.status) } });
}

/** Delete the bytes of photos that were received seven days ago; their rows and receipts stay. */
async function tidy(account_id) {
  const before_ms = Date.now() - KEPT_AFTER_RECEIPT_MS;
  await write(['photos', 'photo_bytes'], async (tx) => {
    const rows = await tx.objectStore('photos').index('state').getAll([account_id, 'delivered']);
    const old = rows.filter((row) => !row.bytes_deleted_ms && row.receipt.at_ms < before_ms);
    for (const row of old) {
      await tx.objectStore('photo_bytes').delete(row.id);
      await tx.objectStore('photos').put({ ...row, bytes_deleted_ms: Date.now() });
    }
  });
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
