/** Is the conversation whole? Each message is checked in order; what fails keeps its place. */

import { type Bytes, b64, equal, NO_HASH } from "./bytes";
import { type Body, type Envelope, openEnvelope, readEnvelope, type Seen } from "./envelope";
import { verify } from "./keys";

/** `locked`: no key of this epoch reached us; nothing is said about the message itself. */
export type Problem = "forged" | "gap" | "fork" | "cut" | "locked";

export interface Received {
  seq: number;
  /** The minute of arrival that the server gave, in seconds. */
  at: number;
  by: Bytes;
  n: number;
  e: number;
  /** Its hash in base64url; empty when it could not be read at all. */
  hash: string;
  body: Body | null;
  problem: Problem | null;
}

/** Where the keys come from: asked anew for each message, because epochs are added. */
export interface Keyring {
  conv: Bytes;
  signerOf(by: Bytes): Bytes | undefined;
  /** null: the epoch exists, and no wrap of it is ours; undefined: there is no such epoch. */
  keyOf(e: number): Bytes | null | undefined;
}

const NOBODY: Bytes = new Uint8Array(0);

interface Last {
  n: number;
  hash: Bytes;
}

export class Chain {
  private readonly lasts = new Map<string, Last>();
  private readonly hashes = new Map<string, string>();
  private readonly owed = new Map<string, { hash: string; row: Received }>();
  readonly received: Received[] = [];

  constructor(private readonly keyring: Keyring) {}

  /** The last message of a sender that fitted; of nobody: 0 and zeros. */
  last(by: Bytes): { n: number; hash: Bytes } {
    return this.lasts.get(b64(by)) ?? { n: 0, hash: NO_HASH };
  }

  /** What this reader has seen of the others, for the next message of `me`. */
  seen(me: Bytes): Seen {
    const seen: Seen = {};
    for (const [by, { n, hash }] of this.lasts) if (by !== b64(me)) seen[by] = [n, b64(hash)];
    return seen;
  }

  /** The newest `seq` that was taken. */
  get lastSeq(): number {
    return this.received.at(-1)?.seq ?? 0;
  }

  /** Take the messages of one answer in order, then say what should have been there: `cut`. */
  async takeAll(rows: { seq: number; at: number; envelope: unknown }[]): Promise<Received[]> {
    const fresh: Received[] = [];
    for (const row of [...rows].sort((a, b) => a.seq - b.seq)) {
      if (row.seq > this.lastSeq) fresh.push(await this.take(row.seq, row.at, row.envelope));
    }
    return fresh;
  }

  private async take(seq: number, at: number, value: unknown): Promise<Received> {
    const nobody = { by: NOBODY, n: 0, e: 0, hash: "" };
    const row: Received = { seq, at, ...nobody, body: null, problem: "forged" };
    this.received.push(row);
    let envelope: Envelope;
    try {
      envelope = await readEnvelope(value, this.keyring.conv);
    } catch {
      return row;
    }
    row.by = envelope.by;
    row.n = envelope.n;
    row.e = envelope.e;
    row.hash = b64(envelope.hash);
    await this.openInto(row, envelope);
    return row;
  }

  private async openInto(row: Received, one: Envelope): Promise<void> {
    const signer = this.keyring.signerOf(one.by);
    const ck = this.keyring.keyOf(one.e);
    if (!signer) return;
    try {
      await verify(signer, one.signed, one.signature);
    } catch {
      return;
    }
    // Its number and its predecessor are signed: it keeps its place, whether it opens or not.
    const place = this.place(one);
    if (ck === null) row.problem = place ?? "locked";
    if (!ck) return;
    try {
      row.body = await openEnvelope(one, this.keyring.conv, ck, signer);
    } catch {
      return;
    }
    row.problem = place ?? (this.contradicts(row.body.seen) ? "fork" : null);
    this.owe(row);
  }

  /** Where it stands among the messages of its sender. */
  private place(one: Envelope): Problem | null {
    const by = b64(one.by);
    const last = this.last(one.by);
    if (one.n <= last.n) return "fork";
    const fits = one.n === last.n + 1 && equal(one.prev, last.hash);
    this.lasts.set(by, { n: one.n, hash: one.hash });
    this.hashes.set(`${by} ${one.n}`, b64(one.hash));
    this.pay(`${by} ${one.n}`, b64(one.hash));
    return fits ? null : "gap";
  }

  private pay(name: string, hash: string): void {
    const owed = this.owed.get(name);
    this.owed.delete(name);
    if (owed && owed.hash !== hash) owed.row.problem = "fork";
  }

  private contradicts(seen: Seen): boolean {
    return Object.entries(seen).some(([by, [n, hash]]) => {
      const known = this.hashes.get(`${by} ${n}`);
      return known !== undefined && known !== hash;
    });
  }

  private owe(row: Received): void {
    for (const [by, [n, hash]] of Object.entries(row.body?.seen ?? {})) {
      if (!this.hashes.has(`${by} ${n}`)) this.owed.set(`${by} ${n}`, { hash, row });
    }
  }

  /**
   * Call when the server has given all it has. Messages that somebody has seen and that are not
   * there make the message that names them `cut`. Returns the rows that changed.
   */
  settle(): Received[] {
    const changed: Received[] = [];
    for (const { row } of this.owed.values()) {
      if (row.problem === null) {
        row.problem = "cut";
        changed.push(row);
      }
    }
    this.owed.clear();
    return changed;
  }
}
