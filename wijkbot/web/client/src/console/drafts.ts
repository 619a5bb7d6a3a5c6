/** How does a trainee propose a message, and how does the worker take it over? Sealed as all else. */

import { random, unb64 } from "../wb1/bytes";
import { openDraft, sealDraft } from "../wb1/envelope";
import { Refused } from "../wb1/refused";
import { button, make, now, part, say } from "../resident/page";
import type { Desk } from "./desk";
import type { WorkTalk } from "./worktalk";

interface DraftJson {
  author: string;
  draft: string;
  e: number;
  iv: string;
  ct: string;
}

export class Drafts {
  private isOver = false;

  constructor(
    private readonly talk: WorkTalk,
    private readonly desk: Desk,
    private readonly use: (text: string) => void,
  ) {}

  stop(): void {
    this.isOver = true;
    part("drafts").replaceChildren();
  }

  /** Read the drafts, and show those that open. */
  async read(isOpen: boolean): Promise<void> {
    const lines: HTMLElement[] = [];
    try {
      const { drafts } = isOpen
        ? await this.talk.ask<{ drafts: DraftJson[] }>("GET", "drafts")
        : { drafts: [] };
      for (const one of drafts) lines.push(await this.line(one));
    } catch {
      return;
    }
    if (!this.isOver) part("drafts").replaceChildren(...lines);
  }

  /** Replace the own draft. Raises Said, Away, Refused. */
  async show(text: string): Promise<void> {
    const [e, ck] = [this.talk.newest, this.talk.keyOf(this.talk.newest)];
    if (!ck) throw new Refused("keys");
    const plan = { conv: this.talk.conv, e, author: this.talk.me, draft: random(16), ck };
    await this.talk.ask("PUT", "drafts", { json: await sealDraft(plan, text, now()) });
  }

  private async line(one: DraftJson): Promise<HTMLElement> {
    const author = unb64(one.author, 16);
    const isOwn = one.author === this.desk.me.member;
    const box = make("div", "msg mine draft");
    const head = say("draft_by", { name: this.talk.nameOf(author) });
    box.append(make("p", "who", isOwn ? say("draft_own") : head));
    const text = await this.opened(one);
    const words = make("p", "words", text ?? say("bad_forged"));
    words.dir = "auto";
    box.append(words);
    const row = make("div", "row");
    if (text !== null && !isOwn) row.append(button(say("draft_use"), () => this.take(text), "main"));
    row.append(button(say("draft_drop"), () => void this.drop()));
    box.append(row);
    return box;
  }

  private async opened(one: DraftJson): Promise<string | null> {
    const ck = this.talk.keyOf(one.e);
    if (!ck) return null;
    const [author, draft] = [unb64(one.author, 16), unb64(one.draft, 16)];
    try {
      const plan = { conv: this.talk.conv, e: one.e, author, draft, ck };
      const body = await openDraft(plan, one.iv, one.ct);
      return body.k === "text" ? body.t : null;
    } catch {
      return null;
    }
  }

  private take(text: string): void {
    this.use(text);
    void this.drop();
  }

  private async drop(): Promise<void> {
    // What cannot be thrown away now stays in sight.
    await this.talk.ask("DELETE", "drafts").catch(() => undefined);
    await this.read(true);
  }
}

