/** What does this tab remember? Only its own session storage, which dies with the tab. */

import { b64, type Bytes, unb64 } from "../wb1/bytes";
import type { Content } from "../wb1/envelope";

/** Something to send: sealed once, and sent as often as it takes with the same bytes. */
export interface Item {
  id: string;
  content: Content;
  envelope?: Record<string, unknown>;
  wrapset?: object;
  hash?: string;
  isRefused?: boolean;
  /** A photo that the server does not have yet: kept in the tab, or held by this page alone. */
  photo?: "kept" | "held";
  /** That photo went with the page that held it. */
  isLost?: boolean;
}

/** A conversation in this tab. Bytes are base64url. */
export interface Saved {
  conv: string;
  kem: string;
  sig: string;
  jwkKem: string;
  jwkSig: string;
  token: string;
  /** The code by number, and of which list: shown again, and never sent along. */
  indices: number[];
  list: string;
  hasWritten: boolean;
  manifest: { version: number; hash: string } | null;
  /** The request that makes the conversation, until the server has said yes. */
  create: Record<string, unknown> | null;
  outbox: Item[];
}

const TALK = "wb1";
const DRAFT = "wb1-draft";
const PHOTO = "wb1-photo ";
/** Letters that photos may take of the five million that a tab has; the rest is for words. */
const PHOTO_ROOM = 4_000_000;
const held = new Map<string, Bytes>();

export function load(): Saved | null {
  try {
    const found = sessionStorage.getItem(TALK);
    return found ? (JSON.parse(found) as Saved) : null;
  } catch {
    return null;
  }
}

export function save(saved: Saved): void {
  try {
    sessionStorage.setItem(TALK, JSON.stringify(saved));
  } catch {
    // A tab without storage still talks; it only forgets on reload.
  }
}

export function readDraft(): string {
  try {
    return sessionStorage.getItem(DRAFT) ?? "";
  } catch {
    return "";
  }
}

export function writeDraft(text: string): void {
  try {
    if (text) sessionStorage.setItem(DRAFT, text);
    else sessionStorage.removeItem(DRAFT);
  } catch {
    // As above.
  }
}

function photosKept(): string[] {
  return Object.keys(sessionStorage).filter((name) => name.startsWith(PHOTO));
}

/** Keep a sealed photo until the server has it; "held" when the tab has no room for it. */
export function keepBlob(id: string, blob: Bytes): "kept" | "held" {
  const text = b64(blob);
  try {
    const lengths = photosKept().map((name) => sessionStorage.getItem(name)?.length ?? 0);
    const taken = lengths.reduce((sum, length) => sum + length, 0);
    if (taken + text.length <= PHOTO_ROOM) {
      sessionStorage.setItem(PHOTO + id, text);
      return "kept";
    }
  } catch {
    // No room after all, or no storage.
  }
  held.set(id, blob);
  return "held";
}

/** The sealed photo with this id, when it is still there. */
export function keptBlob(id: string): Bytes | null {
  try {
    const found = sessionStorage.getItem(PHOTO + id);
    return found ? unb64(found) : (held.get(id) ?? null);
  } catch {
    return held.get(id) ?? null;
  }
}

/** Let go of all sealed photos but these. */
export function keepOnlyBlobs(ids: string[]): void {
  for (const id of [...held.keys()]) if (!ids.includes(id)) held.delete(id);
  try {
    for (const name of photosKept()) {
      if (!ids.includes(name.slice(PHOTO.length))) sessionStorage.removeItem(name);
    }
  } catch {
    // Nothing was kept.
  }
}

export function forget(): void {
  held.clear();
  try {
    sessionStorage.clear();
  } catch {
    // Nothing was kept.
  }
}
