/** How does a secret reach one holder of a key? HPKE base mode, RFC 9180, on P-256. */

import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from "@hpke/core";

import type { Bytes } from "./bytes";
import { checkPublic, type KeyPair } from "./keys";
import { Refused } from "./refused";

/** The one suite of wb1. */
export const SUITE = new CipherSuite({
  kem: new DhkemP256HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});
const CURVE = { name: "ECDH", namedCurve: "P-256" };

export interface Wrapped {
  enc: Bytes;
  ct: Bytes;
}

async function publicKeyOf(point: Bytes): Promise<CryptoKey> {
  checkPublic(point);
  return crypto.subtle.importKey("raw", point, CURVE, true, []);
}

export async function wrap(to: Bytes, info: Bytes, secret: Bytes): Promise<Wrapped> {
  const recipientPublicKey = await publicKeyOf(to);
  const sender = await SUITE.createSenderContext({ recipientPublicKey, info });
  const ct = new Uint8Array(await sender.seal(secret));
  return { enc: new Uint8Array(sender.enc), ct };
}

export async function unwrap(pair: KeyPair, info: Bytes, wrapped: Wrapped): Promise<Bytes> {
  checkPublic(wrapped.enc);
  const publicKey = await publicKeyOf(pair.publicKey);
  try {
    const recipient = await SUITE.createRecipientContext({
      recipientKey: { privateKey: pair.privateKey, publicKey },
      enc: wrapped.enc,
      info,
    });
    return new Uint8Array(await recipient.open(wrapped.ct));
  } catch {
    throw new Refused("open", "wrap");
  }
}
