/** How does a worker talk with a resident on the page? Log, composer, steps, drafts. */

import { equal, unb64 } from "../wb1/bytes";
import { Refused } from "../wb1/refused";
import type { Received } from "../wb1/chain";
import { Log } from "../resident/log";
import { dayAndTime, part, say, show } from "../resident/page";
import { upload } from "../resident/photos";
import type { Answer, Trouble } from "../resident/told";
import type { Desk } from "./desk";
import { Drafts } from "./drafts";
import { why } from "./line";
import type { Live } from "./live";
import type { Opening } from "./queue";
import { Ready } from "./ready";
import { Steps } from "./steps";
import { WorkTalk } from "./worktalk";

const TEXT_LIMIT = 4_000;

export interface ConversationPlan {
  desk: Desk;
  live: Live;
  conv: string;
  /** Whether it was just claimed or taken over here. */
  how: Opening;
  /** The language of the resident. */
  lang: string;
  leave: () => void;
}

export class Conversation {
  readonly talk: WorkTalk;
  private readonly log: Log;
  private readonly steps: Steps;
  private readonly drafts: Drafts;
  private readonly ready: Ready;
  private readonly desk: Desk;
  private isTroubled = false;
  private hasGreeted: boolean;

  constructor(private readonly plan: ConversationPlan) {
    const { desk, conv, live } = plan;
    this.desk = desk;
    this.hasGreeted = plan.how === "";
    this.talk = new WorkTalk(desk, conv, live, {
      rows: (rows) => this.rows(rows),
      status: (answer) => this.status(answer),
      line: (isUp) => show("offline", !isUp),
      outbox: (items) => this.log.outbox(items),
      trouble: (kind) => this.trouble(kind),
    });
    this.log = new Log(this.talk);
    this.steps = new Steps(this.talk, desk, (text) => this.said(text));
    this.ready = new Ready(plan.lang, (text) => this.use(text), (text) => this.said(text));
    this.drafts = new Drafts(this.talk, desk, (text) => this.use(text));
  }

  async begin(): Promise<void> {
    for (const id of ["trouble", "composer", "ready", "steps"]) show(id, false);
    part<HTMLDetailsElement>("steps").open = false;
    part("status").textContent = say("busy");
    this.said("");
    this.arm();
    show("talk", true);
    part("view-talks").classList.add("has-talk");
    part("talk-title").focus();
    await this.talk.run();
  }

  end(): void {
    this.talk.stop();
    this.drafts.stop();
    show("talk", false);
    part("view-talks").classList.remove("has-talk");
    part<HTMLTextAreaElement>("message").value = "";
    part("log").replaceChildren();
    part("outbox").replaceChildren();
  }

  private arm(): void {
    const message = part<HTMLTextAreaElement>("message");
    message.value = "";
    message.oninput = () => this.talk.write(message.value);
    part("composer").onsubmit = (event) => {
      event.preventDefault();
      void this.sendText();
    };
    const file = part<HTMLInputElement>("photo");
    file.onchange = () => void this.sendPhoto(file);
    part("talk-back").onclick = () => this.plan.leave();
    this.steps.arm();
    this.ready.arm();
  }

  private said(text: string): void {
    part("composer-said").textContent = text;
  }

  private use(text: string): void {
    const message = part<HTMLTextAreaElement>("message");
    message.value = message.value ? `${message.value}\n${text}` : text;
    this.talk.write(message.value);
    message.focus();
  }

  private get isMine(): boolean {
    return this.talk.answer?.assigned_to === this.desk.me.member;
  }

  private get isBeside(): boolean {
    return this.desk.me.roles.includes("trainee") && !this.desk.may("conversation.answer");
  }

  private async sendText(): Promise<void> {
    const message = part<HTMLTextAreaElement>("message");
    const text = message.value.trim();
    this.said("");
    if (!text) return;
    if ([...text].length > TEXT_LIMIT) return this.said(say("too_long"));
    if (this.isBeside) {
      try {
        await this.drafts.show(text);
        message.value = "";
        this.talk.write("");
        this.said(say("draft_sent"));
      } catch (error) {
        this.said(why(error));
      }
      return;
    }
    message.value = "";
    this.talk.write("");
    this.talk.send({ k: "text", t: text });
    message.focus();
  }

  private async sendPhoto(input: HTMLInputElement): Promise<void> {
    const file = input.files?.[0];
    if (!file) return;
    this.said(say("sending"));
    try {
      this.talk.send(await upload(file, this.talk.conv, this.talk.blobs));
      this.said("");
    } catch (error) {
      this.said(say(error instanceof Refused ? "photo_cannot" : "try_later"));
    }
    input.value = "";
  }

  private rows(rows: Received[]): void {
    this.log.rows(rows);
    if (rows.some((row) => row.problem === "cut")) this.trouble("cut");
  }

  private status(answer: Answer): void {
    const message = part<HTMLTextAreaElement>("message");
    const isFirst = part("composer").hidden && part("steps").hidden && !message.value;
    if (isFirst && this.talk.draft) message.value = this.talk.draft;
    const canWrite = answer.state === "assigned" && (this.isMine || this.isBeside) && !this.isTroubled;
    show("composer", canWrite);
    show("ready", canWrite);
    show("photo-part", !this.isBeside);
    part("send").textContent = say(this.isBeside ? "draft_send" : "send");
    part("message-label").textContent = say(this.isBeside ? "draft_own" : "message");
    part("status").textContent = this.standing(answer);
    this.steps.show(answer, this.isMine, this.isTroubled);
    void this.drafts.read(answer.state === "assigned");
    this.greet(answer);
  }

  private standing(answer: Answer): string {
    if (answer.state === "waiting") return say("talk_waiting");
    if (answer.state === "closed") {
      return say("talk_closed", { when: answer.purge_at ? dayAndTime(answer.purge_at) : "" });
    }
    const pending = this.steps.pending;
    if (this.isMine) return pending ? say("talk_pending", { name: pending }) : say("talk_mine");
    if (this.isBeside) return say("talk_beside");
    const who = unb64(answer.assigned_to, 16);
    return say("talk_with", { name: this.talk.nameOf(who) });
  }

  /** The resident hears, signed, who reads from now on. */
  private greet(answer: Answer): void {
    if (this.hasGreeted || !this.isMine || answer.state !== "assigned" || this.isTroubled) return;
    this.hasGreeted = true;
    const t = this.plan.how === "accepted" ? "handed_over" : "assigned";
    this.talk.send({ k: "event", t, who: this.desk.me.member });
  }

  private trouble(kind: Trouble): void {
    show("trouble", kind !== "gone");
    if (kind !== "gone") part("trouble").textContent = say(`trouble_${kind}`);
    if (kind === "cut") return;
    this.isTroubled = true;
    for (const id of ["composer", "ready", "steps"]) show(id, false);
    if (kind === "gone") part("status").textContent = say("talk_gone");
    else part("status").textContent = "";
  }

  /** Is there something that nobody has yet? */
  get hasUnsent(): boolean {
    return this.talk.saved.outbox.length > 0;
  }

  isOf(conv: string): boolean {
    return equal(this.talk.conv, unb64(conv, 16));
  }
}
