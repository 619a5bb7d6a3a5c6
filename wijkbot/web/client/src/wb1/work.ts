/** How does a browser show that it is in earnest? It counts until a hash begins with zeros. */

import { sha256 as digest } from "@noble/hashes/sha2.js";

import { type Bytes, concat, lp, u32, u64 } from "./bytes";

const BREATH = 4_000;

function zeroBits(hash: Uint8Array): number {
  let bits = 0;
  for (const byte of hash) {
    if (byte !== 0) return bits + Math.clz32(byte) - 24;
    bits += 8;
  }
  return bits;
}

export function isEnough(challenge: string, conv: Bytes, nonce: number, bits: number): boolean {
  return zeroBits(digest(lp("wb1/pow", challenge, conv, nonce))) >= bits;
}

/** The first number that is enough; gives the page a turn now and then. */
export async function work(challenge: string, conv: Bytes, bits: number): Promise<number> {
  const head = concat(lp("wb1/pow", challenge, conv), u32(8));
  for (let nonce = 0; ; nonce += 1) {
    if (zeroBits(digest(concat(head, u64(nonce)))) >= bits) return nonce;
    if (nonce % BREATH === BREATH - 1) await new Promise((resolve) => setTimeout(resolve));
  }
}
