/** How are private keys kept by a server that may not have them? */

import { type Bytes, b64, lp, unlp } from "./bytes";
import { CODE_KDF } from "./code";
import { importPrivate, type KeyPair, type NewPair, open, seal } from "./keys";
import { Refused } from "./refused";
import * as shape from "./shape";

export const MEMBER_KDF = "argon2id-64m-3";
export type BundleRole = "resident" | "member" | "root";
const ALLOWED: Record<BundleRole, string> = {
  resident: CODE_KDF,
  member: MEMBER_KDF,
  root: CODE_KDF,
};

/** Whose bundle it is: the public keys are bound in, so that no other pair can be put there. */
export interface Owner {
  role: BundleRole;
  id: Bytes;
  kem: Bytes;
  sig: Bytes;
}

export interface SealedJson {
  iv: string;
  ct: string;
}

export interface OpenedBundle {
  kem: KeyPair;
  sig: KeyPair;
  /** The private halves as bytes: only for sealing them again. */
  jwks: { kem: Bytes; sig: Bytes };
}

/** The one way of deriving that a role has; a server cannot ask for a weaker one. */
export function checkKdf(role: BundleRole, name: unknown): void {
  if (name !== ALLOWED[role]) throw new Refused("kdf");
}

function aadOf(owner: Owner): Bytes {
  return lp("wb1/bundle", owner.role, owner.id, owner.kem, owner.sig);
}

export async function sealJwks(
  kek: Bytes,
  owner: Owner,
  jwks: { kem: Bytes; sig: Bytes },
): Promise<SealedJson> {
  const { iv, ct } = await seal(kek, aadOf(owner), lp(jwks.kem, jwks.sig));
  return { iv: b64(iv), ct: b64(ct) };
}

export async function sealBundle(
  kek: Bytes,
  role: BundleRole,
  id: Bytes,
  kem: NewPair,
  sig: NewPair,
): Promise<SealedJson> {
  const owner = { role, id, kem: kem.publicKey, sig: sig.publicKey };
  return sealJwks(kek, owner, { kem: kem.jwk, sig: sig.jwk });
}

export async function openBundle(kek: Bytes, owner: Owner, sealed: unknown): Promise<OpenedBundle> {
  const found = shape.fields(sealed, ["iv", "ct"]);
  const box = { iv: shape.bytes(found.iv, 12), ct: shape.bytes(found.ct) };
  const [kem, sig] = unlp(await open(kek, aadOf(owner), box), 2);
  if (!kem || !sig) throw new Refused("shape", "bundle");
  return {
    kem: await importPrivate("kem", kem, owner.kem),
    sig: await importPrivate("sig", sig, owner.sig),
    jwks: { kem, sig },
  };
}
