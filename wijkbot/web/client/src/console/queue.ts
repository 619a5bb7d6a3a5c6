/** Who waits, what is mine, what did a colleague offer me? Always as it is now. */

import { unb64 } from "../wb1/bytes";
import { Away, Said } from "../resident/api";
import { clock, dayAndTime, now, part, say, show } from "../resident/page";
import {
  card,
  fill,
  languageName,
  type Mine,
  type Other,
  type Press,
  type QueueAnswer,
  type Waiting,
  waits,
} from "./cards";
import type { Desk } from "./desk";
import { get, post, why } from "./line";
import type { Live } from "./live";
import { tell } from "./views";

const AGE_MS = 30_000;
/** In a busy hour hints come many times a second; nobody reads a list that fast. */
const PAUSE_MS = 1_000;

/** What is to be done with a conversation: open it, freshly claimed or taken over or not. */
export type Opening = "claimed" | "accepted" | "";
type Open = (conv: string, how: Opening, lang: string) => void;

export class Queue {
  private answer: QueueAnswer | null = null;
  private isReading = false;
  private isStale = false;
  private isPlanned = false;
  private readAt = -PAUSE_MS;
  openConv = "";

  constructor(
    private readonly desk: Desk,
    live: Live,
    private readonly open: Open,
  ) {
    live.listen((hint) => {
      if (hint.kind === "team") void this.readTeam();
      else this.plan();
    });
    setInterval(() => this.show(), AGE_MS);
    const box = part<HTMLInputElement>("available");
    show("available", desk.may("conversation.answer"));
    box.closest<HTMLElement>(".switch")?.toggleAttribute("hidden", !desk.may("conversation.answer"));
    box.onchange = () => void this.present(box);
  }

  async begin(): Promise<void> {
    await this.readTeam();
    const own = this.desk.team?.accounts.find((one) => one.account === this.desk.me.account);
    part<HTMLInputElement>("available").checked = own?.available ?? false;
    await this.read();
  }

  private async present(box: HTMLInputElement): Promise<void> {
    try {
      await post("presence", { available: box.checked });
    } catch (error) {
      box.checked = !box.checked;
      tell(why(error));
    }
  }

  private async readTeam(): Promise<void> {
    try {
      await this.desk.readTeam();
    } catch (error) {
      if (!(error instanceof Said || error instanceof Away)) throw error;
      return;
    }
    const isOff = this.desk.list === null;
    show("no-list", isOff);
    part("no-list").textContent = isOff ? say("no_team") : "";
    const talks = this.desk.me.roles.some((one) => ["coordinator", "worker", "trainee"].includes(one));
    show("not-listed", !isOff && talks && !this.desk.isListed);
    this.show();
  }

  /** Read at once, or when the last time is a second ago. */
  private plan(): void {
    if (this.isPlanned) return;
    this.isPlanned = true;
    const wait = this.readAt + PAUSE_MS - performance.now();
    setTimeout(
      () => {
        this.isPlanned = false;
        void this.read();
      },
      Math.max(0, wait),
    );
  }

  /** One question at a time; a hint meanwhile asks once more. */
  async read(): Promise<void> {
    this.isStale = true;
    if (this.isReading) return;
    this.isReading = true;
    try {
      while (this.isStale) {
        this.isStale = false;
        this.answer = await get<QueueAnswer>("queue");
        show("offline", false);
        this.show();
      }
    } catch (error) {
      if (error instanceof Away) show("offline", true);
    } finally {
      this.isReading = false;
      this.readAt = performance.now();
    }
  }

  private show(): void {
    const all = this.answer;
    if (!all) return;
    const may = this.desk.may("conversation.answer");
    part("nav-count").textContent = all.waiting.length ? String(all.waiting.length) : "";
    fill(part("waiting"), all.waiting.map((one) => this.waiting(one, may)), say("none_waiting"));
    fill(part("mine"), [...all.mine].reverse().sort(openFirst).map((one) => this.own(one)), say("none_mine"));
    fill(part("offered"), all.offered.map((one) => this.offer(one)));
    fill(part("beside"), all.beside.map((one) => this.own(one)));
    const asked = new Set(all.offered.map((one) => one.conv));
    const others = all.others.filter((one) => !asked.has(one.conv));
    fill(part("others"), others.map((one) => this.other(one)));
    show("offered-part", all.offered.length > 0);
    show("beside-part", all.beside.length > 0);
    show("others-part", others.length > 0);
  }

  private waiting(one: Waiting, may: boolean): HTMLElement {
    const marks = [waits(one.since), say(one.returning ? "returning" : "new")];
    if (one.was_mine) marks.push(say("was_mine"));
    const act = (): void => void this.claim(one);
    const press = { text: say("claim"), long: "claim_long", act, className: "main" };
    return card(languageName(one.lang), marks, may ? [press] : []);
  }

  private own(one: Mine): HTMLElement {
    const marks = [say("last_at", { when: moment(one.last_at) })];
    if (one.state === "closed") marks.push(say("state_closed"));
    else if (one.last_seq > one.unread_after && one.conv !== this.openConv) marks.unshift(say("unread"));
    if (one.pending_to) marks.push(say("pending", { name: this.name(one.pending_to) }));
    return card(languageName(one.lang), marks, [this.opener(one)], one.conv === this.openConv);
  }

  private other(one: Other): HTMLElement {
    return card(languageName(one.lang), this.marks(one), [this.opener(one)], one.conv === this.openConv);
  }

  private offer(one: Other): HTMLElement {
    const take = (): void => void this.answerOffer(one, "accept");
    const not = (): void => void this.answerOffer(one, "decline");
    return card(languageName(one.lang), this.marks(one), [
      { text: say("accept"), long: "accept_long", act: take, className: "main" },
      { text: say("decline"), long: "decline_long", act: not },
    ]);
  }

  private opener(one: Mine | Other): Press {
    const act = (): void => this.open(one.conv, "", one.lang);
    return { text: say("open"), long: "open_long", act };
  }

  private marks(one: Other): string[] {
    const name = one.assigned_to ? this.name(one.assigned_to) : "";
    return [say("from_at", { name, when: moment(one.last_at) })];
  }

  private name(id: string): string {
    return this.desk.nameOf(unb64(id, 16)) || say("stranger");
  }

  private async claim(one: Waiting): Promise<void> {
    try {
      await this.take(one);
      this.open(one.conv, "claimed", one.lang);
    } catch (error) {
      tell(why(error, { unknown: "faster" }));
    }
    await this.read();
  }

  /** The list on the page may be a second old: who still waits, but changed meanwhile, is taken. */
  private async take(one: Waiting): Promise<void> {
    try {
      await post(`conversations/${one.conv}/claim`, { version: one.version });
    } catch (error) {
      if (!(error instanceof Said) || error.code !== "version") throw error;
      const { waiting } = await get<QueueAnswer>("queue");
      const changed = waiting.find((two) => two.conv === one.conv);
      if (!changed || changed.version === one.version) throw error;
      await post(`conversations/${one.conv}/claim`, { version: changed.version });
    }
  }

  private async answerOffer(one: Other, what: "accept" | "decline"): Promise<void> {
    try {
      await post(`conversations/${one.conv}/${what}`, { version: one.version });
      if (what === "accept") this.open(one.conv, "accepted", one.lang);
      else tell(say("declined"));
    } catch (error) {
      tell(why(error, { unknown: "faster" }));
    }
    await this.read();
  }
}

function openFirst(a: Mine, b: Mine): number {
  return Number(a.state === "closed") - Number(b.state === "closed") || b.last_at - a.last_at;
}

function moment(seconds: number): string {
  return now() - seconds < 43_200 ? clock(seconds) : dayAndTime(seconds);
}

