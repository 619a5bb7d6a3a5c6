/** How are keys made, kept, used? Only through the browser's own cryptography. */

import { type Bytes, b64, concat, equal, random, text, unb64, utf8 } from "./bytes";
import { Refused } from "./refused";

export type Kind = "kem" | "sig";

/** A private key that cannot be exported, beside its public point of 65 bytes. */
export interface KeyPair {
  publicKey: Bytes;
  privateKey: CryptoKey;
}

/** A new pair, and its private half as JWK bytes: seal those, then let go of them. */
export interface NewPair extends KeyPair {
  jwk: Bytes;
}

export interface Sealed {
  iv: Bytes;
  ct: Bytes;
}

const CURVE = "P-256";
const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const ZERO_SALT = new Uint8Array(32);
const USAGES: Record<Kind, KeyUsage[]> = { kem: ["deriveBits"], sig: ["sign"] };
const NAMES: Record<Kind, string> = { kem: "ECDH", sig: "ECDSA" };

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

export async function hkdf(ikm: Bytes, info: Bytes, length = 32): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", ikm, "HKDF", false, ["deriveBits"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: ZERO_SALT, info };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, length * 8));
}

export async function pbkdf2(secret: Bytes, salt: Bytes, iterations: number): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 256));
}

/** A point on the curve, uncompressed; anything else is refused. */
export function checkPublic(point: Bytes): void {
  if (point.length !== 65 || point[0] !== 4) throw new Refused("point", "form");
  const [x, y] = [big(point.subarray(1, 33)), big(point.subarray(33))];
  if (x >= P || y >= P) throw new Refused("point", "range");
  const right = (x * x * x - 3n * x + B) % P;
  if ((y * y - right) % P !== 0n) throw new Refused("point", "curve");
}

function big(bytes: Bytes): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

export async function makePair(kind: Kind): Promise<NewPair> {
  const how = { name: NAMES[kind], namedCurve: CURVE };
  const usages: KeyUsage[] = kind === "kem" ? ["deriveBits"] : ["sign", "verify"];
  const made = (await crypto.subtle.generateKey(how, true, usages)) as CryptoKeyPair;
  const full = await crypto.subtle.exportKey("jwk", made.privateKey);
  const { kty, crv, x, y, d } = full;
  const jwk = utf8(JSON.stringify({ kty, crv, x, y, d }));
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", made.publicKey));
  return { ...(await importPrivate(kind, jwk, publicKey)), jwk };
}

/** The pair of a JWK, not exportable; refused when it does not belong to `publicKey`. */
export async function importPrivate(kind: Kind, jwk: Bytes, publicKey: Bytes): Promise<KeyPair> {
  checkPublic(publicKey);
  const { x, y, d } = parts(jwk);
  const point = concat(new Uint8Array([4]), unb64(x, 32), unb64(y, 32));
  if (!equal(point, publicKey)) throw new Refused("keys", "another public key");
  const clean = { kty: "EC", crv: CURVE, x: b64(unb64(x)), y: b64(unb64(y)), d: b64(unb64(d, 32)) };
  const how = { name: NAMES[kind], namedCurve: CURVE };
  try {
    const key = await crypto.subtle.importKey("jwk", clean, how, false, USAGES[kind]);
    return { publicKey, privateKey: key };
  } catch {
    throw new Refused("keys", "no private key");
  }
}

function parts(jwk: Bytes): JsonWebKey {
  let found: JsonWebKey;
  try {
    found = JSON.parse(text(jwk)) as JsonWebKey;
  } catch {
    throw new Refused("shape", "jwk");
  }
  if (found?.kty !== "EC" || found.crv !== CURVE) throw new Refused("shape", "jwk");
  return found;
}

export async function sign(key: CryptoKey, bytes: Bytes): Promise<Bytes> {
  const how = { name: "ECDSA", hash: "SHA-256" };
  return new Uint8Array(await crypto.subtle.sign(how, key, bytes));
}

/** Nothing, or Refused: a signature is never half right. */
export async function verify(publicKey: Bytes, bytes: Bytes, signature: Bytes): Promise<void> {
  checkPublic(publicKey);
  if (signature.length !== 64) throw new Refused("signature", "length");
  const how = { name: "ECDSA", namedCurve: CURVE };
  const key = await crypto.subtle.importKey("raw", publicKey, how, false, ["verify"]);
  const isRight = await crypto.subtle.verify(
    { name: "ECDSA", hash: "SHA-256" },
    key,
    signature,
    bytes,
  );
  if (!isRight) throw new Refused("signature");
}

export async function seal(secret: Bytes, aad: Bytes, clear: Bytes): Promise<Sealed> {
  const key = await crypto.subtle.importKey("raw", secret, "AES-GCM", false, ["encrypt"]);
  const iv = random(12);
  const how = { name: "AES-GCM", iv, additionalData: aad, tagLength: 128 };
  return { iv, ct: new Uint8Array(await crypto.subtle.encrypt(how, key, clear)) };
}

export async function open(secret: Bytes, aad: Bytes, sealed: Sealed): Promise<Bytes> {
  if (sealed.iv.length !== 12 || sealed.ct.length < 16) throw new Refused("open", "length");
  const key = await crypto.subtle.importKey("raw", secret, "AES-GCM", false, ["decrypt"]);
  const how = { name: "AES-GCM", iv: sealed.iv, additionalData: aad, tagLength: 128 };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(how, key, sealed.ct));
  } catch {
    throw new Refused("open");
  }
}
