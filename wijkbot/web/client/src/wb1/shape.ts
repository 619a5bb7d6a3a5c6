/** Does a piece of JSON have exactly the fields it should have? */

import { type Bytes, ID_BYTES, unb64 } from "./bytes";
import { Refused } from "./refused";

export type Fields = Record<string, unknown>;

/** The object; another type, a missing field or an unknown one is refused. */
export function fields(value: unknown, needed: string[], may: string[] = []): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Refused("shape", "object");
  }
  const found = value as Fields;
  for (const name of needed) if (!Object.hasOwn(found, name)) throw new Refused("shape", name);
  for (const name of Object.keys(found)) {
    if (!needed.includes(name) && !may.includes(name)) throw new Refused("shape", "unknown field");
  }
  return found;
}

export function list(value: unknown, most = 10_000): unknown[] {
  if (!Array.isArray(value) || value.length > most) throw new Refused("shape", "list");
  return value;
}

export function whole(value: unknown, least = 0): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least) {
    throw new Refused("shape", "number");
  }
  return value;
}

export function string(value: unknown): string {
  if (typeof value !== "string") throw new Refused("shape", "text");
  return value;
}

export function id(value: unknown): Bytes {
  return unb64(value, ID_BYTES);
}

export const hash = (value: unknown): Bytes => unb64(value, 32);
export const key = (value: unknown): Bytes => unb64(value, 65);
export const signature = (value: unknown): Bytes => unb64(value, 64);
export const bytes = (value: unknown, length?: number): Bytes => unb64(value, length);
