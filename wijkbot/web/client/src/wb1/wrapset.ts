/** How does the key of an epoch reach those who may read it, and nobody else? Section 5. */

import { type Bytes, b64, compare, equal, lp, random, RECOVERY, RESIDENT } from "./bytes";
import { unwrap, wrap } from "./hpke";
import { hkdf, type KeyPair, sha256, sign, verify } from "./keys";
import { type Manifest, memberOf, readersOf } from "./manifest";
import { Refused } from "./refused";
import * as shape from "./shape";

/** Of somebody else's wrap only `to` and `digest` may be left. */
export interface Recipient {
  to: Bytes;
  digest: Bytes;
  kem?: Bytes;
  enc?: Bytes;
  ct?: Bytes;
}

export interface Wrapset {
  e: number;
  by: Bytes;
  commit: Bytes;
  manifestHash: Bytes;
  recipients: Recipient[];
  signature: Bytes;
  signed: Bytes;
  hash: Bytes;
}

/** To whom, and under which key. */
export interface Addressee {
  id: Bytes;
  kem: Bytes;
}

/** Everything that is checked once per epoch. */
export interface Epoch {
  e: number;
  commit: Bytes;
  wrapsets: Wrapset[];
  recipients: Bytes[];
  /** Its start names exactly the readers, the recovery key and the resident. */
  isWhole: boolean;
}

export const newEpochKey = (): Bytes => random(32);

export async function commitOf(ck: Bytes, conv: Bytes, e: number): Promise<Bytes> {
  return hkdf(ck, lp("wb1/commit", conv, e));
}

type Head = Pick<Wrapset, "e" | "by" | "commit" | "manifestHash">;

function signedWrapset(conv: Bytes, head: Head, recipients: Recipient[]): Bytes {
  const pairs = recipients.flatMap((one) => [one.to, one.digest]);
  return lp("wb1/wrapset", conv, head.e, head.by, head.commit, head.manifestHash, ...pairs);
}

function wrapInfo(conv: Bytes, head: Head, to: Bytes, kem: Bytes): Bytes {
  return lp("wb1/wrap", conv, head.e, to, kem, head.by, head.commit);
}

/** The whole audience of a new epoch. */
export function startAudience(manifest: Manifest, residentKem: Bytes): Addressee[] {
  const fixed = [
    { id: RESIDENT, kem: residentKem },
    { id: RECOVERY, kem: manifest.recoveryKem },
  ];
  return [...readersOf(manifest), ...fixed].map(({ id, kem }) => ({ id, kem }));
}

export interface WrapsetPlan {
  conv: Bytes;
  e: number;
  by: Bytes;
  ck: Bytes;
  manifestHash: Bytes;
  audience: Addressee[];
}

/** A wrapset as JSON, signed by who makes it. */
export async function makeWrapset(plan: WrapsetPlan, key: CryptoKey): Promise<object> {
  const commit = await commitOf(plan.ck, plan.conv, plan.e);
  const head = { e: plan.e, by: plan.by, commit, manifestHash: plan.manifestHash };
  const recipients: Required<Recipient>[] = [];
  for (const { id, kem } of [...plan.audience].sort((a, b) => compare(a.id, b.id))) {
    const { enc, ct } = await wrap(kem, wrapInfo(plan.conv, head, id, kem), plan.ck);
    recipients.push({ to: id, kem, enc, ct, digest: await sha256(lp(kem, enc, ct)) });
  }
  const signature = await sign(key, signedWrapset(plan.conv, head, recipients));
  return {
    e: plan.e,
    by: b64(plan.by),
    commit: b64(commit),
    manifest_hash: b64(plan.manifestHash),
    recipients: recipients.map(({ to, kem, enc, ct }) => {
      return { to: b64(to), kem: b64(kem), enc: b64(enc), ct: b64(ct) };
    }),
    signature: b64(signature),
  };
}

async function readRecipient(value: unknown): Promise<Recipient> {
  if (typeof value === "object" && value !== null && "digest" in value) {
    const found = shape.fields(value, ["to", "digest"]);
    return { to: shape.id(found.to), digest: shape.hash(found.digest) };
  }
  const found = shape.fields(value, ["to", "kem", "enc", "ct"]);
  const [kem, enc] = [shape.key(found.kem), shape.key(found.enc)];
  const ct = shape.bytes(found.ct, 48);
  return { to: shape.id(found.to), kem, enc, ct, digest: await sha256(lp(kem, enc, ct)) };
}

export async function readWrapset(value: unknown, conv: Bytes): Promise<Wrapset> {
  const names = ["e", "by", "commit", "manifest_hash", "recipients", "signature"];
  const found = shape.fields(value, names);
  const recipients = await Promise.all(shape.list(found.recipients, 600).map(readRecipient));
  const head = {
    e: shape.whole(found.e, 1),
    by: shape.id(found.by),
    commit: shape.hash(found.commit),
    manifestHash: shape.hash(found.manifest_hash),
  };
  recipients.forEach((one, at) => {
    const before = recipients[at - 1];
    if (before && compare(before.to, one.to) >= 0) throw new Refused("wrapset", "order");
  });
  const signed = signedWrapset(conv, head, recipients);
  const signature = shape.signature(found.signature);
  return { ...head, recipients, signature, signed, hash: await sha256(signed) };
}

/** The resident's public keys and every manifest that was accepted for this conversation. */
export interface Known {
  conv: Bytes;
  residentKem: Bytes;
  residentSig: Bytes;
  manifests: Manifest[];
}

async function checkOne(wrapset: Wrapset, known: Known): Promise<void> {
  const manifest = known.manifests.find((one) => equal(one.hash, wrapset.manifestHash));
  if (!manifest) throw new Refused("manifest", "unknown");
  const signer = equal(wrapset.by, RESIDENT)
    ? known.residentSig
    : known.manifests.map((one) => memberOf(one, wrapset.by)).find((one) => one)?.sig;
  if (!signer) throw new Refused("stranger");
  await verify(signer, wrapset.signed, wrapset.signature);
  for (const one of wrapset.recipients) {
    const kem = kemOf(one.to, manifest, known.residentKem);
    if (!kem) throw new Refused("ghost");
    if (one.kem && !equal(one.kem, kem)) throw new Refused("wrapset", "key");
  }
}

function kemOf(to: Bytes, manifest: Manifest, residentKem: Bytes): Bytes | undefined {
  if (equal(to, RESIDENT)) return residentKem;
  if (equal(to, RECOVERY)) return manifest.recoveryKem;
  return memberOf(manifest, to)?.kem;
}

function isWhole(start: Wrapset, manifests: Manifest[]): boolean {
  const manifest = manifests.find((one) => equal(one.hash, start.manifestHash));
  if (!manifest) return false;
  const wanted = [...readersOf(manifest).map((one) => one.id), RESIDENT, RECOVERY];
  wanted.sort(compare);
  const named = start.recipients.map((one) => one.to);
  return named.length === wanted.length && named.every((id, at) => equal(id, wanted[at] ?? NONE));
}

const NONE: Bytes = new Uint8Array(0);

/** Checks every wrapset (rules 1 to 4); gives the epochs by number, or Refused. */
export async function checkWrapsets(values: unknown, known: Known): Promise<Map<number, Epoch>> {
  const epochs = new Map<number, Epoch>();
  for (const value of shape.list(values)) {
    const wrapset = await readWrapset(value, known.conv);
    await checkOne(wrapset, known);
    const epoch = epochs.get(wrapset.e);
    if (!epoch) {
      if (wrapset.e !== epochs.size + 1) throw new Refused("epoch", "gap");
      if (wrapset.e === 1 && !equal(wrapset.by, RESIDENT)) throw new Refused("epoch", "first");
      epochs.set(wrapset.e, {
        e: wrapset.e,
        commit: wrapset.commit,
        wrapsets: [wrapset],
        recipients: wrapset.recipients.map((one) => one.to),
        isWhole: isWhole(wrapset, known.manifests),
      });
      continue;
    }
    if (!equal(epoch.commit, wrapset.commit)) throw new Refused("commit", "two keys");
    epoch.wrapsets.push(wrapset);
    epoch.recipients.push(...wrapset.recipients.map((one) => one.to));
  }
  return epochs;
}

/** The key of an epoch, from the first wrap that is for `me`; undefined when there is none. */
export async function openEpoch(
  epoch: Epoch,
  conv: Bytes,
  me: Bytes,
  pair: KeyPair,
): Promise<Bytes | undefined> {
  for (const wrapset of epoch.wrapsets) {
    const mine = wrapset.recipients.find((one) => equal(one.to, me) && one.enc && one.ct);
    if (mine?.enc && mine.ct && mine.kem && equal(mine.kem, pair.publicKey)) {
      return openWrap(wrapset, conv, { to: me, enc: mine.enc, ct: mine.ct }, pair);
    }
  }
  return undefined;
}

/** The key behind one wrap; refused when its commit is another than the signed one. */
export async function openWrap(
  wrapset: Wrapset,
  conv: Bytes,
  mine: { to: Bytes; enc: Bytes; ct: Bytes },
  pair: KeyPair,
): Promise<Bytes> {
  const info = wrapInfo(conv, wrapset, mine.to, pair.publicKey);
  const ck = await unwrap(pair, info, mine);
  const commit = await commitOf(ck, conv, wrapset.e);
  if (!equal(commit, wrapset.commit)) throw new Refused("commit");
  return ck;
}

/** May something new be sealed in this epoch, or must the next one be started first? */
export function mayEncrypt(epoch: Epoch, current: Manifest): boolean {
  const fixed = (id: Bytes): boolean => equal(id, RESIDENT) || equal(id, RECOVERY);
  return epoch.isWhole && epoch.recipients.every((id) => fixed(id) || memberOf(current, id));
}
