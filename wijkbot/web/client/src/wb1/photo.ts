/** How does a picture travel? Sealed, padded, without anything of the original file. Section 7. */

import { type Bytes, concat, equal, lp, random, u32 } from "./bytes";
import { open, seal, sha256 } from "./keys";
import { unfill } from "./pad";
import { Refused } from "./refused";

export const LONGEST_SIDE = 1600;
export const BLOB_LIMIT = 2 * 1024 * 1024;
const STEP = 65_536;

export interface SealedPhoto {
  key: Bytes;
  blob: Bytes;
  hash: Bytes;
}

function filled(length: number): number {
  return Math.ceil((length + 4) / STEP) * STEP;
}

export async function sealPhoto(conv: Bytes, id: Bytes, jpeg: Bytes): Promise<SealedPhoto> {
  checkMagic(jpeg);
  const rest = new Uint8Array(filled(jpeg.length) - 4 - jpeg.length);
  const key = random(32);
  const clear = concat(u32(jpeg.length), jpeg, rest);
  const { iv, ct } = await seal(key, lp("wb1/blob", conv, id), clear);
  const blob = concat(iv, ct);
  if (blob.length > BLOB_LIMIT) throw new Refused("size", "photo");
  return { key, blob, hash: await sha256(blob) };
}

/** The JPEG of a blob; decode it only after `checkPixels`. */
export async function openPhoto(
  conv: Bytes,
  id: Bytes,
  sealed: SealedPhoto,
): Promise<Bytes> {
  const { key, blob, hash } = sealed;
  if (blob.length > BLOB_LIMIT || blob.length < 28) throw new Refused("size", "photo");
  if (!equal(await sha256(blob), hash)) throw new Refused("photo", "hash");
  const box = { iv: blob.slice(0, 12), ct: blob.slice(12) };
  const jpeg = unfill(await open(key, lp("wb1/blob", conv, id), box), filled);
  checkMagic(jpeg);
  return jpeg;
}

function checkMagic(jpeg: Bytes): void {
  if (jpeg[0] !== 0xff || jpeg[1] !== 0xd8 || jpeg[2] !== 0xff) throw new Refused("photo", "kind");
}

/** At most 1,600 pixels a side, as its own header says: look before decoding, it may be a bomb. */
export function checkPixels(jpeg: Bytes): void {
  const size = sizeOf(jpeg);
  if (!size || Math.max(...size) > LONGEST_SIDE || Math.min(...size) < 1) {
    throw new Refused("photo", "pixels");
  }
}

/** Width and height of the first frame header; null when there is none. */
function sizeOf(jpeg: Bytes): [number, number] | null {
  const view = new DataView(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength);
  let at = 2;
  while (at + 9 < jpeg.length) {
    if (jpeg[at] !== 0xff) return null;
    const marker = jpeg[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (isFrame(marker)) return [view.getUint16(at + 7), view.getUint16(at + 5)];
    if (marker === 0xda || marker === 0xd9) return null;
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

function isFrame(marker: number): boolean {
  const others = [0xc4, 0xc8, 0xcc];
  return marker >= 0xc0 && marker <= 0xcf && !others.includes(marker);
}

/** Without what a browser writes beside the picture itself: profiles, comments, Exif. */
export function bare(jpeg: Bytes): Bytes {
  checkMagic(jpeg);
  const view = new DataView(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength);
  const kept = [jpeg.slice(0, 2)];
  let at = 2;
  while (at + 4 <= jpeg.length && jpeg[at] === 0xff && jpeg[at + 1] !== 0xda) {
    const end = at + 2 + view.getUint16(at + 2);
    const marker = jpeg[at + 1] ?? 0;
    const isBeside = (marker >= 0xe1 && marker <= 0xef) || marker === 0xfe;
    if (!isBeside) kept.push(jpeg.slice(at, end));
    at = end;
  }
  return concat(...kept, jpeg.slice(at));
}
