/** What does this tab remember? Only its own session storage, which dies with the tab. */

import type { Content } from "../wb1/envelope";

/** Something to send: sealed once, and sent as often as it takes with the same bytes. */
export interface Item {
  id: string;
  content: Content;
  envelope?: Record<string, unknown>;
  wrapset?: object;
  hash?: string;
  isRefused?: boolean;
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

export function forget(): void {
  try {
    sessionStorage.clear();
  } catch {
    // Nothing was kept.
  }
}
