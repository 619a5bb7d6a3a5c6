/** What do seven words open? Word lists, typing, and the keys behind a code. Section 4. */

import { type Bytes, concat, lp, random } from "./bytes";
import { hkdf, pbkdf2, sha256 } from "./keys";
import { Refused } from "./refused";

export const WORDS = 2048;
export const CODE_WORDS = 7;
export const ROOT_WORDS = 12;
export const CODE_KDF = "pbkdf2-sha256-600000";
const ITERATIONS = 600_000;
const LIGATURES: Record<string, string> = { œ: "oe", æ: "ae", ß: "ss" };

/** Small letters a to z only; `Œuf` and `oeuf` are the same. */
export function normalise(word: string): string {
  const lower = word.toLowerCase().replace(/[œæß]/g, (letter) => LIGATURES[letter] ?? "");
  return lower.normalize("NFKD").replace(/[^a-z]/g, "");
}

/** A list of 2,048 words, each known by its first four letters. */
export class WordList {
  private readonly numbers = new Map<string, number>();

  constructor(readonly words: string[]) {
    words.forEach((word, at) => this.numbers.set(normalise(word).slice(0, 4), at));
    if (words.length !== WORDS || this.numbers.size !== WORDS) throw new Refused("code", "list");
  }

  /** The list of a file: one word a line. */
  static of(file: string): WordList {
    return new WordList(file.split("\n").map((line) => line.trim()).filter(Boolean));
  }

  word(index: number): string {
    return this.words[index] ?? "";
  }

  find(typed: string): number | undefined {
    return this.numbers.get(normalise(typed).slice(0, 4));
  }

  /** The numbers of what was typed or pasted; refused when it is not `count` known words. */
  read(typed: string, count = CODE_WORDS): number[] {
    const found = pieces(typed).map((word) => this.find(word));
    const known = found.filter((index) => index !== undefined);
    if (known.length !== count || found.length !== count) throw new Refused("code", "words");
    return known;
  }

  /** Does a text carry the code, or five of its words in a row? */
  isIn(indices: number[], message: string): boolean {
    const found = pieces(message).map((word) => this.find(word) ?? -1);
    const run = Math.min(5, indices.length);
    for (let from = 0; from + run <= indices.length; from += 1) {
      const part = indices.slice(from, from + run);
      for (let at = 0; at + run <= found.length; at += 1) {
        if (part.every((index, i) => index === found[at + i])) return true;
      }
    }
    return false;
  }
}

function pieces(typed: string): string[] {
  return typed.split(/[\s\d.,;:/_\-\u2010-\u2015]+/u).filter((word) => normalise(word) !== "");
}

/** So many numbers of words, drawn uniformly: 65,536 is a multiple of 2,048. */
export function draw(count = CODE_WORDS): number[] {
  const bytes = new DataView(random(count * 2).buffer);
  return Array.from({ length: count }, (_, at) => bytes.getUint16(at * 2) % WORDS);
}

export function indicesBytes(indices: number[]): Bytes {
  const pairs = indices.map((index) => {
    if (!Number.isInteger(index) || index < 0 || index >= WORDS) throw new Refused("code", "number");
    return new Uint8Array([index >> 8, index & 0xff]);
  });
  return concat(...pairs);
}

/** What a code gives; `kek` never leaves the browser, `locator` and `auth` only on return. */
export interface CodeKeys {
  locator: Bytes;
  auth: Bytes;
  kek: Bytes;
  locatorHash: Bytes;
  authHash: Bytes;
}

export async function rootOf(indices: number[], siteSalt: Bytes): Promise<Bytes> {
  if (indices.length !== CODE_WORDS) throw new Refused("code", "count");
  return pbkdf2(indicesBytes(indices), lp("wb1/code", siteSalt), ITERATIONS);
}

export async function codeKeys(indices: number[], siteSalt: Bytes): Promise<CodeKeys> {
  const root = await rootOf(indices, siteSalt);
  const [locator, auth, kek] = await Promise.all([
    hkdf(root, lp("wb1/locator"), 16),
    hkdf(root, lp("wb1/auth")),
    hkdf(root, lp("wb1/kek")),
  ]);
  const locatorHash = await sha256(lp("wb1/loc", locator));
  return { locator, auth, kek, locatorHash, authHash: await sha256(auth) };
}

/** The key of the sealed root, from twelve words. */
export async function rootKek(indices: number[], org: Bytes): Promise<Bytes> {
  if (indices.length !== ROOT_WORDS) throw new Refused("code", "count");
  const root = await pbkdf2(indicesBytes(indices), lp("wb1/root", org), ITERATIONS);
  return hkdf(root, lp("wb1/kek"));
}
