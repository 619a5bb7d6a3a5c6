/** How is one message sealed, signed and opened? Section 6 of docs/wb1.md. */

import { type Bytes, b64, lp, text, utf8 } from "./bytes";
import { hkdf, open, seal, sha256, sign, verify } from "./keys";
import { pad, unpad } from "./pad";
import { Refused } from "./refused";
import * as shape from "./shape";

const BODY_LIMIT = 16_384;
const TEXT_LIMIT = 4_000;

/** For each other sender: how far was read. Ids and hashes in base64url. */
export type Seen = Record<string, [number, string]>;

export interface TextBody {
  k: "text";
  t: string;
}
export interface PhotoBody {
  k: "photo";
  blob: string;
  key: string;
  hash: string;
  w: number;
  h: number;
  t?: string;
}
export type EventName = "assigned" | "handed_over" | "released" | "closed" | "recovered";
export interface EventBody {
  k: "event";
  t: EventName;
  who?: string;
}
/** Something of a later version: shown as "a message this page cannot show". */
export interface UnknownBody {
  k: "unknown";
}
export type Content = TextBody | PhotoBody | EventBody;
export type Body = (Content | UnknownBody) & { at: number; seen: Seen };

export interface Envelope {
  e: number;
  by: Bytes;
  n: number;
  prev: Bytes;
  iv: Bytes;
  ct: Bytes;
  signature: Bytes;
  aad: Bytes;
  signed: Bytes;
  hash: Bytes;
}

export interface EnvelopePlan {
  conv: Bytes;
  e: number;
  by: Bytes;
  n: number;
  prev: Bytes;
  ck: Bytes;
}

/** What goes over the line, and the hash that the next message names. */
export interface MadeEnvelope {
  json: Record<string, unknown>;
  hash: Bytes;
}

export async function messageKey(ck: Bytes, conv: Bytes, e: number, by: Bytes): Promise<Bytes> {
  return hkdf(ck, lp("wb1/k/msg", conv, e, by));
}

function aadOf(conv: Bytes, one: Pick<Envelope, "e" | "by" | "n" | "prev">): Bytes {
  return lp("wb1/msg", conv, one.e, one.by, one.n, one.prev);
}

async function signedOf(aad: Bytes, iv: Bytes, ct: Bytes): Promise<Bytes> {
  return lp("wb1/msgsig", aad, iv, await sha256(ct));
}

export async function makeEnvelope(
  plan: EnvelopePlan,
  key: CryptoKey,
  body: Content & { at: number; seen: Seen },
): Promise<MadeEnvelope> {
  const clear = utf8(JSON.stringify(body));
  if (clear.length > BODY_LIMIT) throw new Refused("size");
  if (body.k === "text" && !isText(body.t)) throw new Refused("size", "text");
  const secret = await messageKey(plan.ck, plan.conv, plan.e, plan.by);
  const aad = aadOf(plan.conv, plan);
  const { iv, ct } = await seal(secret, aad, pad(clear));
  const signed = await signedOf(aad, iv, ct);
  const { e, n } = plan;
  const head = { e, by: b64(plan.by), n, prev: b64(plan.prev), iv: b64(iv), ct: b64(ct) };
  return { json: { ...head, signature: b64(await sign(key, signed)) }, hash: await sha256(signed) };
}

export async function readEnvelope(value: unknown, conv: Bytes): Promise<Envelope> {
  const found = shape.fields(value, ["e", "by", "n", "prev", "iv", "ct", "signature"]);
  const head = {
    e: shape.whole(found.e, 1),
    by: shape.id(found.by),
    n: shape.whole(found.n, 1),
    prev: shape.hash(found.prev),
  };
  const [iv, ct] = [shape.bytes(found.iv, 12), shape.bytes(found.ct)];
  const aad = aadOf(conv, head);
  const signed = await signedOf(aad, iv, ct);
  const signature = shape.signature(found.signature);
  return { ...head, iv, ct, signature, aad, signed, hash: await sha256(signed) };
}

/** The body, after its signature; Refused when either fails. */
export async function openEnvelope(
  one: Envelope,
  conv: Bytes,
  ck: Bytes,
  signer: Bytes,
): Promise<Body> {
  await verify(signer, one.signed, one.signature);
  const secret = await messageKey(ck, conv, one.e, one.by);
  return readBody(unpad(await open(secret, one.aad, one)));
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && [...value].length <= TEXT_LIMIT;
}

/** The body of clear bytes. Whatever is not one of the known kinds is `unknown`. */
export function readBody(clear: Bytes): Body {
  if (clear.length > BODY_LIMIT) throw new Refused("size");
  let found: Record<string, unknown>;
  try {
    found = JSON.parse(text(clear)) as Record<string, unknown>;
  } catch {
    throw new Refused("shape", "body");
  }
  if (typeof found !== "object" || found === null) throw new Refused("shape", "body");
  const base = { at: shape.whole(found.at), seen: readSeen(found.seen) };
  return { ...(known(found) ?? { k: "unknown" }), ...base };
}

function readSeen(value: unknown): Seen {
  const seen: Seen = {};
  for (const [sender, pair] of Object.entries(shape.fields(value ?? {}, [], Object.keys(value ?? {})))) {
    const [n, hash] = shape.list(pair, 2);
    seen[b64(shape.id(sender))] = [shape.whole(n, 1), b64(shape.hash(hash))];
  }
  return seen;
}

const EVENTS: EventName[] = ["assigned", "handed_over", "released", "closed", "recovered"];

function known(found: Record<string, unknown>): Content | null {
  const { k, t } = found;
  if (k === "text") return isText(t) ? { k, t } : null;
  if (k === "event") {
    const name = EVENTS.find((one) => one === t);
    if (!name) return null;
    return typeof found.who === "string" ? { k, t: name, who: b64(shape.id(found.who)) } : { k, t: name };
  }
  return k === "photo" ? photoOf(found) : null;
}

function photoOf(found: Record<string, unknown>): PhotoBody | null {
  const blob = b64(shape.id(found.blob));
  const [key, hash] = [b64(shape.hash(found.key)), b64(shape.hash(found.hash))];
  const [w, h] = [shape.whole(found.w, 1), shape.whole(found.h, 1)];
  const photo: PhotoBody = { k: "photo", blob, key, hash, w, h };
  return isText(found.t) ? { ...photo, t: found.t } : photo;
}

export async function draftKey(ck: Bytes, conv: Bytes, e: number, author: Bytes): Promise<Bytes> {
  return hkdf(ck, lp("wb1/k/draft", conv, e, author));
}

export interface DraftPlan {
  conv: Bytes;
  e: number;
  author: Bytes;
  draft: Bytes;
  ck: Bytes;
}

function draftAad(plan: DraftPlan): Bytes {
  return lp("wb1/draft", plan.conv, plan.e, plan.author, plan.draft);
}

/** A trainee's draft: sealed for whoever reads the epoch, and no part of the conversation. */
export async function sealDraft(plan: DraftPlan, t: string, at: number): Promise<object> {
  const secret = await draftKey(plan.ck, plan.conv, plan.e, plan.author);
  const clear = utf8(JSON.stringify({ k: "text", t, at, seen: {} }));
  const { iv, ct } = await seal(secret, draftAad(plan), pad(clear));
  return { draft: b64(plan.draft), e: plan.e, iv: b64(iv), ct: b64(ct) };
}

export async function openDraft(plan: DraftPlan, iv: unknown, ct: unknown): Promise<Body> {
  const secret = await draftKey(plan.ck, plan.conv, plan.e, plan.author);
  const sealed = { iv: shape.bytes(iv, 12), ct: shape.bytes(ct) };
  return readBody(unpad(await open(secret, draftAad(plan), sealed)));
}

