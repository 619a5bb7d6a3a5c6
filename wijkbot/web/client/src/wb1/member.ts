/** What does a worker's password open, and what of it is sent? Section 3: only `login`. */

import { argon2idAsync } from "@noble/hashes/argon2.js";

import { type Bytes, lp, utf8 } from "./bytes";
import { hkdf } from "./keys";

const COST = { t: 3, m: 64 * 1024, p: 1, dkLen: 32 };

export interface MemberKeys {
  kek: Bytes;
  login: Bytes;
}

/** Takes one to several seconds, and lets the page breathe meanwhile; `share` goes from 0 to 1. */
export async function memberKeys(
  password: string,
  salt: Bytes,
  onProgress: (share: number) => void = () => undefined,
): Promise<MemberKeys> {
  const how = { ...COST, onProgress };
  const master = new Uint8Array(await argon2idAsync(utf8(password.normalize("NFC")), salt, how));
  return { kek: await hkdf(master, lp("wb1/kek")), login: await hkdf(master, lp("wb1/login")) };
}
