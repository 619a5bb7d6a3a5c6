/** Who belongs to the team, and who says so? Section 2 of docs/wb1.md. */

import { type Bytes, b64, compare, equal, lp, RECOVERY, RESIDENT, utf8 } from "./bytes";
import { checkPublic, sha256, sign, verify } from "./keys";
import { Refused } from "./refused";
import * as shape from "./shape";

export type Role = "coordinator" | "worker" | "trainee";
const ROLES: Role[] = ["coordinator", "worker", "trainee"];
const DAY = 86_400;
const LONGEST = 90 * DAY;

export interface Member {
  id: Bytes;
  name: string;
  role: Role;
  kem: Bytes;
  sig: Bytes;
}

export interface Cert {
  org: Bytes;
  member: Bytes;
  sig: Bytes;
  notAfter: number;
  signature: Bytes;
  signed: Bytes;
}

export interface ManifestText {
  org: Bytes;
  team: Bytes;
  version: number;
  issued: number;
  expires: number;
  prevHash: Bytes;
  recoveryKem: Bytes;
  members: Member[];
}

export interface Manifest extends ManifestText {
  by: Bytes;
  signature: Bytes;
  signed: Bytes;
  hash: Bytes;
}

/** What the server gives to prove the team. */
export interface Given {
  root_sig: unknown;
  manifest: unknown;
  cert: unknown;
}

function readMember(value: unknown): Member {
  const found = shape.fields(value, ["id", "name", "role", "kem", "sig"]);
  const role = ROLES.find((one) => one === found.role);
  const name = shape.string(found.name);
  const length = utf8(name).length;
  if (!role || length < 1 || length > 80) throw new Refused("shape", "member");
  const member = { id: shape.id(found.id), name, role };
  return { ...member, kem: shape.key(found.kem), sig: shape.key(found.sig) };
}

export function signedManifest(m: ManifestText): Bytes {
  const members = m.members.flatMap((one) => [one.id, one.name, one.role, one.kem, one.sig]);
  const head = [m.org, m.team, m.version, m.issued, m.expires, m.prevHash, m.recoveryKem];
  return lp("wb1/manifest", ...head, m.members.length, ...members);
}

export async function readManifest(value: unknown): Promise<Manifest> {
  const names = ["org", "team", "version", "issued", "expires", "prev_hash", "recovery_kem"];
  const found = shape.fields(value, [...names, "members", "by", "signature"]);
  const manifest = {
    org: shape.id(found.org),
    team: shape.id(found.team),
    version: shape.whole(found.version, 1),
    issued: shape.whole(found.issued),
    expires: shape.whole(found.expires),
    prevHash: shape.hash(found.prev_hash),
    recoveryKem: shape.key(found.recovery_kem),
    members: shape.list(found.members, 500).map(readMember),
    by: shape.id(found.by),
    signature: shape.signature(found.signature),
  };
  const signed = signedManifest(manifest);
  return { ...manifest, signed, hash: await sha256(signed) };
}

/** The bytes that a root signs for a coordinator. */
export function signedCert(org: Bytes, member: Bytes, sig: Bytes, notAfter: number): Bytes {
  return lp("wb1/cert", org, member, sig, "coordinator", notAfter);
}

export function readCert(value: unknown): Cert {
  const found = shape.fields(value, ["org", "member", "sig", "not_after", "signature"]);
  const [org, member] = [shape.id(found.org), shape.id(found.member)];
  const [sig, notAfter] = [shape.key(found.sig), shape.whole(found.not_after)];
  const signed = signedCert(org, member, sig, notAfter);
  return { org, member, sig, notAfter, signature: shape.signature(found.signature), signed };
}

export function memberOf(manifest: Manifest, id: Bytes): Member | undefined {
  return manifest.members.find((one) => equal(one.id, id));
}

/** Those who get a wrap of every new epoch. */
export function readersOf(manifest: Manifest): Member[] {
  return manifest.members.filter((one) => one.role !== "trainee");
}

/** Rules 1, 2 (`not_after` only with `now`), 3 and 5. */
async function checkChain(given: Given, pin: Bytes, now: number | null): Promise<Manifest> {
  const root = shape.key(given.root_sig);
  if (!equal(await sha256(root), pin)) throw new Refused("pin");
  const [manifest, cert] = [await readManifest(given.manifest), readCert(given.cert)];
  await verify(root, cert.signed, cert.signature);
  const signer = memberOf(manifest, cert.member);
  if (!equal(cert.member, manifest.by) || !equal(cert.org, manifest.org)) throw new Refused("cert");
  if (signer?.role !== "coordinator") throw new Refused("cert", "role");
  if (!equal(signer.sig, cert.sig)) throw new Refused("cert", "key");
  if (now !== null && now >= cert.notAfter) throw new Refused("cert", "over");
  await verify(cert.sig, manifest.signed, manifest.signature);
  checkMembers(manifest);
  return manifest;
}

function checkMembers(manifest: Manifest): void {
  checkPublic(manifest.recoveryKem);
  if (readersOf(manifest).length === 0) throw new Refused("manifest", "nobody");
  manifest.members.forEach((one, at) => {
    checkPublic(one.kem);
    checkPublic(one.sig);
    const before = manifest.members[at - 1];
    if (before && compare(before.id, one.id) >= 0) throw new Refused("manifest", "order");
    if (equal(one.id, RESIDENT) || equal(one.id, RECOVERY)) throw new Refused("manifest", "id");
  });
}

/** What this tab accepted last; kept with the tab, so that an older one is seen. */
export interface Remembered {
  version: number;
  hash: Bytes;
}

/** The current manifest, when all six rules hold; else Refused. Times in seconds. */
export async function acceptManifest(
  given: Given,
  pin: Bytes,
  now: number,
  before: Remembered | null,
): Promise<Manifest> {
  const manifest = await checkChain(given, pin, now);
  if (manifest.expires - manifest.issued > LONGEST) throw new Refused("manifest", "too long");
  if (now < manifest.issued - DAY || now >= manifest.expires) {
    throw new Refused("manifest", "time");
  }
  if (before && manifest.version < before.version) throw new Refused("manifest", "older");
  if (before && manifest.version === before.version && !equal(manifest.hash, before.hash)) {
    throw new Refused("manifest", "another");
  }
  return manifest;
}

/** An older manifest, for checking what was signed under it. */
export async function acceptEarlier(given: Given, pin: Bytes): Promise<Manifest> {
  return checkChain(given, pin, null);
}

/** The same id with other keys anywhere: everything is refused. */
export function checkSameKeys(manifests: Manifest[]): void {
  const known = new Map<string, string>();
  for (const one of manifests.flatMap((manifest) => manifest.members)) {
    const keys = b64(one.kem) + b64(one.sig);
    const before = known.get(b64(one.id));
    if (before !== undefined && before !== keys) throw new Refused("keys", "same id");
    known.set(b64(one.id), keys);
  }
}

/** A manifest as JSON, signed by a certified coordinator. Members are put in order. */
export async function makeManifest(
  plan: ManifestText,
  by: Bytes,
  key: CryptoKey,
): Promise<Record<string, unknown>> {
  const members = [...plan.members].sort((a, b) => compare(a.id, b.id));
  const signature = await sign(key, signedManifest({ ...plan, members }));
  return {
    org: b64(plan.org),
    team: b64(plan.team),
    version: plan.version,
    issued: plan.issued,
    expires: plan.expires,
    prev_hash: b64(plan.prevHash),
    recovery_kem: b64(plan.recoveryKem),
    members: members.map((m) => ({ ...m, id: b64(m.id), kem: b64(m.kem), sig: b64(m.sig) })),
    by: b64(by),
    signature: b64(signature),
  };
}

/** A certificate as JSON: `rootKey` is the private half of the root's signing pair. */
export async function makeCert(
  org: Bytes,
  member: Bytes,
  sig: Bytes,
  notAfter: number,
  rootKey: CryptoKey,
): Promise<Record<string, unknown>> {
  const signature = await sign(rootKey, signedCert(org, member, sig, notAfter));
  const head = { org: b64(org), member: b64(member), sig: b64(sig) };
  return { ...head, not_after: notAfter, signature: b64(signature) };
}
