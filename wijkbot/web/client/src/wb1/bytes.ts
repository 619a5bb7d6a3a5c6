/** How do values become bytes, and bytes text? Section 1 of docs/wb1.md. */

import { Refused } from "./refused";

export type Bytes = Uint8Array<ArrayBuffer>;
/** A text is UTF-8, a number 8 bytes big-endian, an id its 16 bytes. */
export type Part = Bytes | string | number;

const ENCODER = new TextEncoder();
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES = new Map([...LETTERS].map((letter, value) => [letter, value]));

export const ID_BYTES = 16;
export const RESIDENT: Bytes = new Uint8Array(ID_BYTES);
export const RECOVERY: Bytes = new Uint8Array(ID_BYTES).fill(0xff);
export const NO_HASH: Bytes = new Uint8Array(32);

export function utf8(text: string): Bytes {
  return ENCODER.encode(text) as Bytes;
}

/** The text of UTF-8 bytes; bytes that are no UTF-8 are refused. */
export function text(bytes: Bytes): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refused("shape", "not UTF-8");
  }
}

export function concat(...parts: Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function u32(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

export function u64(value: number): Bytes {
  if (!Number.isSafeInteger(value) || value < 0) throw new Refused("shape", "number");
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** Each part behind its own length: no two lists of parts give the same bytes. */
export function lp(...parts: Part[]): Bytes {
  const pieces: Bytes[] = [];
  for (const part of parts) {
    const bytes = typeof part === "string" ? utf8(part) : typeof part === "number" ? u64(part) : part;
    pieces.push(u32(bytes.length), bytes);
  }
  return concat(...pieces);
}

/** The parts of `lp` again; exactly `count` of them, with nothing behind. */
export function unlp(bytes: Bytes, count: number): Bytes[] {
  const parts: Bytes[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (parts.length < count) {
    if (at + 4 > bytes.length) throw new Refused("shape", "parts");
    const end = at + 4 + view.getUint32(at);
    if (end > bytes.length) throw new Refused("shape", "parts");
    parts.push(bytes.slice(at + 4, end));
    at = end;
  }
  if (at !== bytes.length) throw new Refused("shape", "parts");
  return parts;
}

export function b64(bytes: Bytes): string {
  let made = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b, c] = [bytes[i] ?? 0, bytes[i + 1], bytes[i + 2]];
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    made += LETTERS.charAt(bits >> 18) + LETTERS.charAt((bits >> 12) & 63);
    if (b !== undefined) made += LETTERS.charAt((bits >> 6) & 63);
    if (c !== undefined) made += LETTERS.charAt(bits & 63);
  }
  return made;
}

/** The bytes of base64url without padding; anything else, and unused bits, are refused. */
export function unb64(value: unknown, length?: number): Bytes {
  if (typeof value !== "string" || value.length % 4 === 1) throw new Refused("shape", "base64url");
  const bytes = new Uint8Array(Math.floor((value.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const letter of value) {
    const six = VALUES.get(letter);
    if (six === undefined) throw new Refused("shape", "base64url");
    bits = ((bits << 6) | six) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = (bits >> held) & 0xff;
    }
  }
  if (bits & ((1 << held) - 1)) throw new Refused("shape", "base64url");
  if (length !== undefined && bytes.length !== length) throw new Refused("shape", "length");
  return bytes;
}

export function equal(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i += 1) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** Which of two comes first, byte by byte: below zero, zero, above zero. */
export function compare(a: Bytes, b: Bytes): number {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference) return difference;
  }
  return a.length - b.length;
}

/** So many fresh random bytes of the browser. */
export function random(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}
