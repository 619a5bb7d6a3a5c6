/** How does a conversation stay whole and alive? Reading, checking, sending, again and again. */

import { b64, type Bytes, equal, RESIDENT, unb64 } from "../wb1/bytes";
import { Chain, type Received } from "../wb1/chain";
import { type Content, makeEnvelope } from "../wb1/envelope";
import { importPrivate, type KeyPair } from "../wb1/keys";
import { acceptEarlier, checkSameKeys, type Manifest, memberOf } from "../wb1/manifest";
import { Refused } from "../wb1/refused";
import {
  checkWrapsets,
  type Epoch,
  makeWrapset,
  mayEncrypt,
  newEpochKey,
  openEpoch,
  startAudience,
} from "../wb1/wrapset";
import { type Asked, Away, call, Said } from "./api";
import { renew } from "./begin";
import { now, sleep } from "./page";
import { type Blobs, blobsOf, sealed } from "./photos";
import { type Item, keepBlob, type Saved, save } from "./session";
import { acceptGiven, readTeam, remember } from "./team";
import type { Answer, KeysAnswer, Watcher } from "./told";
import { isUnkept, Uploads } from "./uploads";

const WAIT_SECONDS = 25;
const LONGEST_PAUSE = 15;
const MOST_TRIES = 6;
const RETRY_MS = 2_000;

export class Talk {
  readonly conv: Bytes;
  chain: Chain;
  answer: Answer | null = null;
  manifests: Manifest[] = [];
  protected current: Manifest | null = null;
  protected epochs = new Map<number, Epoch>();
  protected readonly keys = new Map<number, Bytes>();
  protected kem: KeyPair | null = null;
  protected sig: KeyPair | null = null;
  private mine = { n: 0, hash: "" };
  private reads = 0;
  /** Reads up to this number began before the last message was taken. */
  private early = 0;
  private isSending = false;
  private sealing = 0;
  private readonly uploads = new Uploads(this);
  private retry = 0;
  isOver = false;
  private isDistrusted = false;
  private readonly stopper = new AbortController();
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    readonly saved: Saved,
    private readonly pin: string,
    protected readonly watcher: Watcher,
  ) {
    this.conv = unb64(saved.conv, 16);
    this.chain = new Chain({
      conv: this.conv,
      signerOf: (by) => this.signerOf(by),
      keyOf: (e) => this.keys.get(e) ?? (this.epochs.has(e) ? null : undefined),
    });
  }

  /** As whom this side writes. */
  get me(): Bytes {
    return RESIDENT;
  }

  /** Where the pictures are. */
  get blobs(): Blobs {
    return blobsOf(this.saved.token);
  }

  /** Ask the server something about this conversation. */
  protected ask<T>(method: string, what: string, asked: Asked = {}): Promise<T> {
    return call<T>(method, `/api/c/${what}`, { token: this.saved.token, ...asked });
  }

  /** The keys of this side. */
  protected async unlock(): Promise<void> {
    const { kem, sig, jwkKem, jwkSig } = this.saved;
    this.kem = await importPrivate("kem", unb64(jwkKem), unb64(kem));
    this.sig = await importPrivate("sig", unb64(jwkSig), unb64(sig));
  }

  /** Remember what changed. */
  protected keep(): void {
    save(this.saved);
  }

  /** Read what is next, as soon as there is something. */
  protected async next(): Promise<void> {
    await this.read(this.answer ? WAIT_SECONDS : 0);
  }

  /** What else the keys of a conversation tell; checked before anything is believed. */
  protected learn(_given: KeysAnswer): void {}

  /** The name of a member, from the signed lists only. */
  nameOf(id: Bytes): string {
    return this.find(id)?.name ?? "";
  }

  private find(id: Bytes): ReturnType<typeof memberOf> {
    const known = this.current ? [this.current, ...this.manifests] : this.manifests;
    return known.map((one) => memberOf(one, id)).find((one) => one);
  }

  private signerOf(by: Bytes): Bytes | undefined {
    return equal(by, RESIDENT) ? unb64(this.saved.sig) : this.find(by)?.sig;
  }

  /** Read and send until the page goes. */
  async run(): Promise<void> {
    await this.unlock();
    this.uploads.recall();
    this.watcher.outbox(this.saved.outbox);
    let pause = 1;
    while (!this.isOver) {
      try {
        await this.next();
        this.watcher.line(true);
        pause = 1;
        void this.flush();
      } catch (error) {
        if (!(await this.survives(error))) return;
        await Promise.race([sleep(pause * 1000), cameOnline()]);
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
    }
  }

  stop(): void {
    this.isOver = true;
    this.stopper.abort();
  }

  /** What may pass by itself is waited for; what cannot is told. */
  protected async survives(error: unknown): Promise<boolean> {
    if (this.isOver) return false;
    if (error instanceof Refused) {
      this.isDistrusted = true;
      const team = ["pin", "cert", "manifest"].includes(error.code);
      this.watcher.trouble(team ? "team" : "ghost");
      return false;
    }
    if (error instanceof Said && error.status === 401) return this.renewed();
    if (error instanceof Said && error.retryAfter) await sleep(error.retryAfter * 1000);
    this.watcher.line(!(error instanceof Away) && !(error instanceof Said && error.status >= 500));
    return true;
  }

  protected async renewed(): Promise<boolean> {
    try {
      const team = await readTeam(this.pin, this.saved.manifest);
      await renew(this.saved, team.salt);
      return true;
    } catch (error) {
      if (error instanceof Said && error.status === 404) {
        this.stop();
        this.watcher.trouble("gone");
        return false;
      }
      return true;
    }
  }

  protected async read(wait: number): Promise<void> {
    const version = this.answer ? `&version=${this.answer.version}` : "";
    const what = `messages?after=${this.chain.lastSeq}&wait=${wait}${version}`;
    const asked = { seconds: wait + 20, signal: this.stopper.signal };
    this.reads += 1;
    const number = this.reads;
    const answer = await this.ask<Answer>("GET", what, asked);
    await this.inTurn(() => this.absorb(answer, number));
  }

  /** One answer at a time: two of them at once would check the same message twice. */
  protected inTurn<T>(task: () => Promise<T>): Promise<T> {
    const next = this.turn.then(task, task);
    this.turn = next.catch(() => undefined);
    return next;
  }

  private async absorb(answer: Answer, number: number): Promise<void> {
    const newest = Math.max(0, ...answer.messages.map((row) => Number(row.e) || 0));
    const isOther = answer.manifest_version !== this.current?.version;
    if (isOther || newest > this.epochs.size) await this.loadKeys();
    const rows = answer.messages.map(({ seq, at, ...envelope }) => {
      return { seq: Number(seq), at: Number(at), envelope };
    });
    const fresh = await this.chain.takeAll(rows);
    const isAll = this.chain.lastSeq >= answer.last_seq;
    const changed = isAll ? this.chain.settle() : [];
    this.arrived(fresh, isAll && number > this.early);
    this.answer = answer;
    this.watcher.rows([...fresh, ...changed]);
    this.watcher.status(answer);
  }

  /** Own messages that came back are sent; one that was taken and does not come back is cut. */
  private arrived(fresh: Received[], isAllNow: boolean): void {
    const last = this.chain.last(this.me);
    if (last.n >= this.mine.n) this.mine = { n: last.n, hash: b64(last.hash) };
    else if (isAllNow) this.watcher.trouble("cut");
    const hashes = new Set(fresh.map((row) => row.hash));
    this.drop((item) => item.hash !== undefined && hashes.has(item.hash));
  }

  private drop(isDone: (item: Item) => boolean): void {
    const left = this.saved.outbox.filter((item) => !isDone(item));
    if (left.length === this.saved.outbox.length) return;
    this.saved.outbox = left;
    this.changed();
  }

  /** What waits to be sent, in order. */
  get items(): Item[] {
    return this.saved.outbox;
  }

  /** Something about what waits is different now: remember it, and show it. */
  changed(): void {
    this.keep();
    this.watcher.outbox(this.saved.outbox);
  }

  /** Fetch and check the keys of every epoch; Refused when anything does not hold. */
  protected async loadKeys(): Promise<void> {
    const given = await this.ask<KeysAnswer>("GET", "keys");
    this.learn(given);
    const current = await acceptGiven(given, this.pin, this.saved.manifest).catch((error) => {
      throw error instanceof Refused ? new Refused("manifest", error.code) : error;
    });
    const pin = unb64(this.pin, 32);
    const earlier: Manifest[] = [];
    for (const { manifest, cert } of given.earlier) {
      earlier.push(await acceptEarlier({ root_sig: given.root_sig, manifest, cert }, pin));
    }
    const all = [current, ...earlier];
    checkSameKeys([...all, ...this.manifests]);
    const [residentKem, residentSig] = [unb64(this.saved.kem), unb64(this.saved.sig)];
    const known = { conv: this.conv, residentKem, residentSig, manifests: all };
    this.epochs = await checkWrapsets(given.wrapsets, known);
    for (const [e, epoch] of this.epochs) {
      const ck = this.kem && (await openEpoch(epoch, this.conv, this.me, this.kem));
      if (ck) this.keys.set(e, ck);
    }
    this.current = current;
    this.manifests = all;
    this.saved.manifest = remember(current);
    this.keep();
  }

  /** Put something in the queue; it is sent now, or as soon as that works. */
  send(content: Content, photo: Pick<Item, "photo"> = {}): void {
    const id = `${now()}-${this.saved.outbox.length}-${Math.floor(performance.now())}`;
    this.saved.outbox.push({ id, content, ...photo });
    this.changed();
    void this.flush();
  }

  /** Put a photo in the queue; words do not wait for it. Raises Refused when it is none. */
  async sendPhoto(file: File): Promise<void> {
    this.sealing += 1;
    try {
      const { body, blob } = await sealed(file, this.conv);
      this.send(body, { photo: keepBlob(body.blob, blob) });
    } finally {
      this.sealing -= 1;
    }
  }

  /** Would a photo be lost if this page went now? */
  get isUnkept(): boolean {
    return !this.isOver && (this.sealing > 0 || isUnkept(this.saved.outbox));
  }

  /** Again, after the server refused it. */
  again(id: string): void {
    const item = this.saved.outbox.find((one) => one.id === id);
    if (!item) return;
    unseal(item);
    item.isRefused = false;
    void this.flush();
  }

  remove(id: string): void {
    this.drop((item) => item.id === id);
    this.uploads.sweep();
  }

  private async flush(): Promise<void> {
    if (!this.answer || this.isDistrusted) return;
    void this.uploads.run().then(() => this.post(), (error: unknown) => this.later(error));
    await this.post();
  }

  /** Try again in a moment: once, however many things failed. */
  private async later(error: unknown): Promise<void> {
    if (!(await this.survives(error)) || this.retry) return;
    this.retry = window.setTimeout(() => {
      this.retry = 0;
      void this.flush();
    }, RETRY_MS);
  }

  private async post(): Promise<void> {
    if (this.isSending) return;
    this.isSending = true;
    try {
      for (;;) {
        const item = this.saved.outbox.find((one) => !one.isRefused && !one.photo);
        if (!item || this.isOver) break;
        await this.deliver(item);
      }
    } catch (error) {
      await this.later(error);
    } finally {
      this.isSending = false;
    }
  }

  /** Send one item with the same bytes until it is taken; seal it anew only when it must be. */
  private async deliver(item: Item): Promise<void> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      if (!item.envelope) await this.inTurn(() => this.sealItem(item));
      const json = { envelope: item.envelope, ...(item.wrapset ? { wrapset: item.wrapset } : {}) };
      try {
        await this.ask("POST", "messages", { json });
        this.mine = { n: Number(item.envelope?.n), hash: item.hash ?? "" };
        this.early = this.reads;
        this.drop((one) => one.id === item.id);
        return;
      } catch (error) {
        if (!(error instanceof Said)) throw error;
        if (error.status === 429 || error.status >= 500 || error.status === 401) throw error;
        if (!(await this.mend(item, error))) break;
      }
    }
    if (!this.saved.outbox.includes(item)) return;
    item.isRefused = true;
    this.changed();
  }

  /** Another tab, another team or another epoch was first: read, and seal again. */
  private async mend(item: Item, error: Said): Promise<boolean> {
    const isOurs = ["chain", "epoch", "manifest", "wrapset", "closed"].includes(error.code);
    // Closed although a new epoch came along: closed for good.
    if (!isOurs || (error.code === "closed" && item.wrapset)) return false;
    if (error.code !== "chain") await this.inTurn(() => this.loadKeys());
    await this.read(0);
    if (!this.saved.outbox.includes(item)) return false;
    unseal(item);
    this.mine = { n: 0, hash: "" };
    return true;
  }

  private async sealItem(item: Item): Promise<void> {
    if (!this.sig || !this.current) throw new Refused("keys");
    const last = this.chain.last(this.me);
    const before = last.n >= this.mine.n ? { n: last.n, hash: b64(last.hash) } : this.mine;
    const { e, ck, wrapset } = await this.epochToUse();
    const plan = { conv: this.conv, e, by: this.me, ck, n: before.n + 1 };
    const body = { ...item.content, at: now(), seen: this.chain.seen(this.me) };
    const prev = unb64(before.hash, 32);
    const made = await makeEnvelope({ ...plan, prev }, this.sig.privateKey, body);
    item.envelope = made.json;
    item.hash = b64(made.hash);
    if (wrapset) item.wrapset = wrapset;
    this.keep();
  }

  /** The newest epoch, or the next one when it is closed, unsound, or not for this team. */
  private async epochToUse(): Promise<{ e: number; ck: Bytes; wrapset?: object }> {
    const newest = this.epochs.get(this.epochs.size);
    const manifest = this.current;
    if (!newest || !manifest || !this.sig) throw new Refused("keys");
    const held = this.keys.get(newest.e);
    if (held && this.answer?.state !== "closed" && mayEncrypt(newest, manifest)) {
      return { e: newest.e, ck: held };
    }
    const e = newest.e + 1;
    const ck = newEpochKey();
    const audience = startAudience(manifest, unb64(this.saved.kem));
    const plan = { conv: this.conv, e, by: this.me, ck, manifestHash: manifest.hash, audience };
    return { e, ck, wrapset: await makeWrapset(plan, this.sig.privateKey) };
  }
}

function unseal(item: Item): void {
  delete item.envelope;
  delete item.wrapset;
  delete item.hash;
}

function cameOnline(): Promise<void> {
  return new Promise((done) => addEventListener("online", () => done(), { once: true }));
}
