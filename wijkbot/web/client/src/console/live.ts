/** How does the console hear at once that something changed? And how when that line breaks? */

import { sleep } from "../resident/page";

export type Hint = { kind: "queue" } | { kind: "team" } | { kind: "conversation"; conv: string };
type Heard = (hint: Hint) => void;
/** What the tab with the line tells the others; null: the line stands. */
type Told = Hint | null;

const POLL_MS = 5_000;
const AGAIN_MS = 15_000;
const PATIENCE_MS = 12_000;

/**
 * Hints of the server; while there are none to be had, hints to look at everything. One tab of a
 * browser holds the line for all: a browser has six lines to a server, and each tab needs some.
 */
export class Live {
  private source: EventSource | null = null;
  private isOver = false;
  private standsAt = 0;
  private letGo: () => void = () => undefined;
  private readonly listeners = new Set<Heard>();
  private readonly channel = new BroadcastChannel("werk-live");

  start(): void {
    this.channel.onmessage = ({ data }: MessageEvent<Told>) => this.hear(data);
    void navigator.locks.request("werk-live", () => {
      if (!this.isOver) this.connect();
      return new Promise<void>((done) => {
        if (this.isOver) done();
        this.letGo = done;
      });
    });
    void this.poll();
  }

  stop(): void {
    this.isOver = true;
    this.source?.close();
    this.channel.close();
    this.letGo();
  }

  /** Be told, until the returned function is called. */
  listen(heard: Heard): () => void {
    this.listeners.add(heard);
    return () => this.listeners.delete(heard);
  }

  private hear(told: Told): void {
    const wasDown = this.isDown;
    this.standsAt = performance.now();
    if (told) for (const heard of [...this.listeners]) heard(told);
    // What happened while nobody listened is not told again.
    else if (wasDown) this.lookAtAll();
  }

  private get isDown(): boolean {
    return performance.now() - this.standsAt > PATIENCE_MS || this.standsAt === 0;
  }

  private tell(told: Told): void {
    if (this.isOver) return;
    this.channel.postMessage(told);
    this.hear(told);
  }

  private lookAtAll(): void {
    const all: Hint[] = [{ kind: "queue" }, { kind: "team" }, { kind: "conversation", conv: "" }];
    for (const hint of all) for (const heard of [...this.listeners]) heard(hint);
  }

  private connect(): void {
    if (this.isOver) return;
    const source = new EventSource("/api/w/events");
    this.source = source;
    source.onopen = () => {
      this.standsAt = 0;
      this.tell(null);
    };
    source.onerror = () => {
      this.standsAt = 0;
      if (source.readyState !== EventSource.CLOSED) return;
      void sleep(AGAIN_MS).then(() => this.connect());
    };
    source.addEventListener("queue", () => this.tell({ kind: "queue" }));
    source.addEventListener("team", () => this.tell({ kind: "team" }));
    source.addEventListener("conversation", (event: MessageEvent<string>) => {
      const told = JSON.parse(event.data) as { conv?: unknown };
      this.tell({ kind: "conversation", conv: String(told.conv ?? "") });
    });
  }

  private async poll(): Promise<void> {
    while (!this.isOver) {
      await sleep(POLL_MS);
      if (this.isOver) return;
      if (this.source?.readyState === EventSource.OPEN) this.tell(null);
      else if (this.isDown) this.lookAtAll();
    }
  }
}
