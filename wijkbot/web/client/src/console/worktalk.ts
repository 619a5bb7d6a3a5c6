/** How does a worker's side of a conversation differ from the resident's? Keys, paths, patience. */

import type { Asked } from "../resident/api";
import { callBytes, Said } from "../resident/api";
import { sleep } from "../resident/page";
import type { Blobs } from "../resident/photos";
import { Talk } from "../resident/talk";
import type { KeysAnswer, Watcher } from "../resident/told";
import { b64, type Bytes, equal, RESIDENT, unb64 } from "../wb1/bytes";
import type { Content } from "../wb1/envelope";
import { type Manifest, readersOf } from "../wb1/manifest";
import { Refused } from "../wb1/refused";
import { type Addressee, makeWrapset } from "../wb1/wrapset";
import { say } from "../resident/page";
import type { Desk } from "./desk";
import { ask, shownWord } from "./line";
import type { Live } from "./live";
import { Shelf } from "./shelf";

const LOOK_MS = 60_000;
const SENT_SECONDS = 30;

export class WorkTalk extends Talk {
  /** What is being written; kept with the outbox. */
  draft = "";
  private readonly shelf: Shelf;
  private wake: () => void = () => undefined;
  private isHinted = false;
  private readonly deaf: () => void;

  constructor(
    private readonly desk: Desk,
    conv: string,
    live: Live,
    watcher: Watcher,
  ) {
    const keys = { kem: "", sig: "", jwkKem: "", jwkSig: "", token: "" };
    const code = { indices: [], list: "", hasWritten: true };
    const saved = { conv, ...keys, ...code, manifest: desk.remembered, create: null, outbox: [] };
    super(saved, desk.pin, watcher);
    this.shelf = new Shelf(() => desk.keys.shelf, conv);
    this.deaf = live.listen((hint) => {
      const isOurs = hint.kind === "conversation" && (hint.conv === conv || hint.conv === "");
      if (isOurs || hint.kind === "team" || hint.kind === "queue") this.hint();
    });
  }

  override get me(): Bytes {
    return this.desk.id;
  }

  override get blobs(): Blobs {
    return {
      put: (id, bytes) => this.ask("PUT", `blobs/${id}`, { bytes, seconds: 120 }),
      get: (id, most) => callBytes(`/api/w/${this.path(`blobs/${id}`)}`, { csrf: shownWord() }, most),
    };
  }

  /** Who writes: the resident, or a name of the signed list; never what the server calls them. */
  override nameOf(id: Bytes): string {
    if (equal(id, RESIDENT)) return say("resident");
    return super.nameOf(id) || say("stranger");
  }

  get list(): Manifest | null {
    return this.current;
  }

  private path(what: string): string {
    return `conversations/${this.saved.conv}/${what}`;
  }

  override ask<T>(method: string, what: string, asked: Asked = {}): Promise<T> {
    return ask<T>(method, this.path(what), asked);
  }

  protected override async unlock(): Promise<void> {
    ({ kem: this.kem, sig: this.sig } = this.desk.keys);
    const kept = await this.shelf.read();
    this.draft = kept.draft;
    this.saved.outbox = kept.outbox;
  }

  protected override keep(): void {
    const { manifest } = this.saved;
    if (manifest && manifest.version > (this.desk.remembered?.version ?? 0)) {
      this.desk.remembered = manifest;
    }
    this.shelf.write({ draft: this.draft, outbox: this.saved.outbox });
  }

  write(draft: string): void {
    this.draft = draft;
    this.keep();
  }

  private hint(): void {
    this.isHinted = true;
    this.wake();
  }

  protected override async next(): Promise<void> {
    if (this.answer && !this.isHinted && !this.isOver) {
      const woken = new Promise<void>((done) => {
        this.wake = done;
      });
      await Promise.race([woken, sleep(LOOK_MS)]);
    }
    this.isHinted = false;
    if (!this.isOver) await this.read(0);
    else throw new Refused("keys", "over");
  }

  override stop(): void {
    super.stop();
    this.deaf();
    this.wake();
  }

  /** The resident's two keys are what the first answer said, for as long as this is open. */
  protected override learn(given: KeysAnswer): void {
    const [kem, sig] = [unb64(given.resident?.kem, 65), unb64(given.resident?.sig, 65)];
    const isOther = this.saved.kem !== "" && this.saved.kem + this.saved.sig !== b64(kem) + b64(sig);
    if (isOther) throw new Refused("keys", "another resident");
    this.saved.manifest = this.desk.remembered;
    this.saved.kem = b64(kem);
    this.saved.sig = b64(sig);
  }

  protected override async survives(error: unknown): Promise<boolean> {
    if (!this.isOver && error instanceof Said && error.status === 404) {
      this.stop();
      this.watcher.trouble("gone");
      return false;
    }
    return super.survives(error);
  }

  /** The session ended: the page asks for it, this tab does not. */
  protected override async renewed(): Promise<boolean> {
    this.stop();
    return false;
  }

  /** Write something and wait until it is stored; false when it could not be in time. */
  async sayNow(content: Content): Promise<boolean> {
    this.send(content);
    for (let waited = 0; waited < SENT_SECONDS * 10 && this.saved.outbox.length; waited += 1) {
      if (this.saved.outbox.some((item) => item.isRefused)) return false;
      await sleep(100);
    }
    return this.saved.outbox.length === 0;
  }

  /** For each epoch that this member can open, its key for these. Raises Refused. */
  async wrapsetsFor(audience: Addressee[]): Promise<object[]> {
    const list = this.current;
    if (!list || !this.sig) throw new Refused("keys");
    const made: object[] = [];
    for (const [e, ck] of [...this.keys].sort(([a], [b]) => a - b)) {
      const plan = { conv: this.conv, e, by: this.me, ck, manifestHash: list.hash, audience };
      made.push(await makeWrapset(plan, this.sig.privateKey));
    }
    return made;
  }

  /** Do a step with the version as it is now, told anew what it is when it was another one. */
  async step(what: string, parts: () => Promise<object> = async () => ({})): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      try {
        const json = { version: this.answer?.version ?? 0, ...(await parts()) };
        await this.ask("POST", what, { json });
        this.hint();
        return;
      } catch (error) {
        const isOld = error instanceof Said && ["version", "manifest"].includes(error.code);
        if (!isOld || tries >= 1) throw error;
        await this.inTurn(() => this.loadKeys());
        await this.read(0);
      }
    }
  }

  readers(): Addressee[] {
    return this.current ? readersOf(this.current).map(({ id, kem }) => ({ id, kem })) : [];
  }

  /** The key of an epoch that this member holds; for drafts. */
  keyOf(e: number): Bytes | undefined {
    return this.keys.get(e);
  }

  get newest(): number {
    return this.epochs.size;
  }
}
