/**
 * Photos: the camera's own bytes, hashed at the shutter, announced by a record, kept until they may go.
 * @module
 */
import { read } from './db.js';
import { localInstant, sha256Hex } from './keys.js';
import { fixesAround } from './positions.js';
import { accountId, seal, unsealBytes, unsealIfWhole } from './session.js';
import { add, load } from './visits.js';

export const MOST_OF_A_PROBLEM = 6;
export const MOST_OF_A_VISIT = 12;
const PREVIEW_PX = 320;

/** The visit or the problem has as many photos as it may; `most` says how many that is. */
export class PhotoCap extends Error {
  constructor(most) {
    super(`no more than ${most} photos`);
    this.most = most;
  }
}

/**
 * Keep a photo and the record that announces it; both are on the disk when this returns.
 * @param {string} visitId
 * @param {File} file as the camera or the gallery gave it
 * @param {{source: 'camera'|'gallery', ofRecord?: string|null, afterFixing?: boolean, draft?: object}} how afterFixing:
 *   it shows what a problem's place looks like after it was put right; draft: saved with it
 * @returns {Promise<{id: string, seq: number, sha256: string, size_bytes: number, preview: string|null}>}
 */
export async function take(visitId, file, { source, ofRecord = null, afterFixing = false, draft }) {
  const taken_ms = Date.now();
  const { photos } = await load(visitId);
  if (photos.length >= MOST_OF_A_VISIT) throw new PhotoCap(MOST_OF_A_VISIT);
  if (ofRecord && photos.filter((one) => one.of_record === ofRecord).length >= MOST_OF_A_PROBLEM) {
    throw new PhotoCap(MOST_OF_A_PROBLEM);
  }
  const bytes = await file.arrayBuffer();
  const [sha256, preview] = await Promise.all([sha256Hex(bytes), smallCopy(file)]);
  const body = {
    sha256,
    size_bytes: bytes.byteLength,
    media_type: mediaType(file, bytes),
    taken_at: localInstant(taken_ms),
    source,
    fixes: fixesAround(taken_ms),
    of_record: ofRecord,
    after_fixing: afterFixing,
    // A photo that is older than the visit comes from elsewhere; the camera's own is a second old.
    file_modified_at: file.lastModified ? localInstant(file.lastModified) : null,
  };
  const row = {
    account_id: accountId(),
    visit_id: visitId,
    of_record: ofRecord,
    after_fixing: afterFixing,
    sha256,
    size_bytes: bytes.byteLength,
    sent_bytes: 0,
    location: null,
    state: 'waiting',
    receipt: null,
    made_ms: taken_ms,
    preview_box: preview && (await seal(preview, `preview/${sha256}`)),
  };
  const made = await add(visitId, 'photo', body, { draft, photo: { row, bytes } });
  return { id: made.id, seq: made.seq, sha256, size_bytes: bytes.byteLength, preview };
}

/** The small copy for the screen, as a data URL; null where the browser could not read the photo (HEIC). */
export async function preview(photoId) {
  const row = await read('photos', (tx) => tx.store.get(photoId));
  return row && row.preview_box ? unsealIfWhole(row.preview_box, `preview/${row.sha256}`) : null;
}

/** The photo's own bytes; null once they were deleted here, after receipt and seven days. */
export async function bytesOf(photoId) {
  const row = await read('photo_bytes', (tx) => tx.store.get(photoId));
  return row ? unsealBytes(row, `photo/${photoId}`) : null;
}

/** Kinds by the first bytes, where the browser does not say: Android gives files without a type. */
function mediaType(file, bytes) {
  if (/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/.test(file.type)) return file.type;
  const head = new Uint8Array(bytes.slice(0, 12));
  if (head[0] === 0xff && head[1] === 0xd8) return 'image/jpeg';
  if (head[0] === 0x89 && head[1] === 0x50) return 'image/png';
  if (String.fromCharCode(...head.subarray(4, 8)) === 'ftyp') return 'image/heic';
  return 'application/octet-stream';
}

function smallCopy(file) {
  return new Promise((resolve) => {
    const url = URL.createObjectURL(file);
    const image = new Image();
    const done = (copy) => {
      URL.revokeObjectURL(url);
      resolve(copy);
    };
    image.onerror = () => done(null);
    image.onload = () => {
      const scale = Math.min(1, PREVIEW_PX / Math.max(image.naturalWidth, image.naturalHeight));
      const canvas = document.createElement('canvas');
      canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
      canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
      canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
      done(canvas.toDataURL('image/jpeg', 0.6));
    };
    image.src = url;
  });
}
