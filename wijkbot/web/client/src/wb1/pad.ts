/** How is the length of a text hidden? It fills one of a few sizes, and only one way is right. */

import { type Bytes, concat, u32 } from "./bytes";
import { Refused } from "./refused";

const SMALL = [256, 1024, 4096];
const STEP = 4096;

function sizeFor(length: number): number {
  return SMALL.find((size) => length + 4 <= size) ?? Math.ceil((length + 4) / STEP) * STEP;
}

export function pad(bytes: Bytes): Bytes {
  const rest = sizeFor(bytes.length) - 4 - bytes.length;
  return concat(u32(bytes.length), bytes, new Uint8Array(rest));
}

export function unpad(padded: Bytes): Bytes {
  return unfill(padded, sizeFor);
}

/** The same with another rule for the size: photos use steps of 65,536. */
export function unfill(padded: Bytes, size: (length: number) => number): Bytes {
  if (padded.length < 4) throw new Refused("pad", "short");
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0);
  if (length + 4 > padded.length) throw new Refused("pad", "length");
  if (size(length) !== padded.length) throw new Refused("pad", "size");
  if (padded.subarray(length + 4).some((byte) => byte !== 0)) throw new Refused("pad", "tail");
  return padded.slice(4, length + 4);
}
