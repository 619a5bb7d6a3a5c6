/** What can be done with a conversation besides talking? Hand over, give back, end, let look on. */

import { b64, equal, unb64 } from "../wb1/bytes";
import { type Member, readersOf } from "../wb1/manifest";
import type { EventName } from "../wb1/envelope";
import { make, part, say, show } from "../resident/page";
import type { Answer } from "../resident/told";
import type { QueueAnswer } from "./cards";
import type { Desk } from "./desk";
import { get, why } from "./line";
import { sure } from "./views";
import type { WorkTalk } from "./worktalk";

export class Steps {
  /** The colleague who was asked to take over; empty without one. */
  pending = "";
  private version = -1;
  private isMine = false;

  constructor(
    private readonly talk: WorkTalk,
    private readonly desk: Desk,
    private readonly said: (text: string) => void,
  ) {}

  arm(): void {
    part("step-offer").onclick = () => this.run(() => this.offer());
    part("step-withdraw").onclick = () => this.run(() => this.talk.step("withdraw"));
    part("step-guest").onclick = () => this.run(() => this.letLookOn());
    part("step-guest-stop").onclick = () => this.run(() => this.stopLookingOn());
    part("step-release").onclick = () => this.run(() => this.release());
    part("step-close").onclick = () => this.run(() => this.close(false));
    part("step-abusive").onclick = () => this.run(() => this.close(true));
  }

  private run(act: () => Promise<void>): void {
    this.said("");
    act().catch((error: unknown) => this.said(why(error)));
  }

  show(answer: Answer, isMine: boolean, isTroubled: boolean): void {
    const stepsIn = this.desk.may("conversation.others");
    this.isMine = isMine;
    const isOpen = answer.state === "assigned" && !isTroubled;
    show("steps", isOpen && (isMine || stepsIn));
    show("step-release", isMine);
    this.choices("offer-to", this.colleagues(answer));
    const guests = (this.talk.list?.members ?? []).filter((one) => one.role === "trainee");
    this.choices("guest-to", guests);
    show("guest-part", isMine && guests.length > 0);
    if (answer.version !== this.version) {
      this.version = answer.version;
      void this.readPending(answer);
    }
    this.showPending();
  }

  private showPending(): void {
    // Who steps in for a colleague holds no key to give.
    const canAsk = this.isMine && part<HTMLSelectElement>("offer-to").options.length > 0;
    show("offer-part", canAsk || this.pending !== "");
    show("step-offer", this.pending === "");
    show("step-withdraw", this.pending !== "");
  }

  private colleagues(answer: Answer): Member[] {
    const list = this.talk.list;
    if (!list) return [];
    return readersOf(list).filter((one) => b64(one.id) !== answer.assigned_to);
  }

  private choices(id: string, members: Member[]): void {
    const select = part<HTMLSelectElement>(id);
    const chosen = select.value;
    const options = members.map((one) => {
      const option = make("option", "", one.name) as HTMLOptionElement;
      option.value = b64(one.id);
      return option;
    });
    select.replaceChildren(...options);
    if (members.some((one) => b64(one.id) === chosen)) select.value = chosen;
  }

  /** Who was asked stands in the lists, not in the conversation. */
  private async readPending(answer: Answer): Promise<void> {
    try {
      const all = await get<QueueAnswer>("queue");
      const here = [...all.mine, ...all.others].find((one) => one.conv === this.talk.saved.conv);
      const to = here?.pending_to;
      this.pending = to ? this.talk.nameOf(unb64(to, 16)) : "";
    } catch {
      this.version = -1;
      return;
    }
    if (answer.state !== "assigned") return;
    this.showPending();
    if (this.pending) part("status").textContent = say("talk_pending", { name: this.pending });
    else if (answer.assigned_to === this.desk.me.member) part("status").textContent = say("talk_mine");
  }

  private chosen(id: string): Member {
    const wanted = unb64(part<HTMLSelectElement>(id).value, 16);
    const found = this.talk.list?.members.find((one) => equal(one.id, wanted));
    if (!found) throw new Error("nobody was chosen");
    return found;
  }

  private async offer(): Promise<void> {
    const to = this.chosen("offer-to");
    if (!(await sure(say("sure_offer", { name: to.name })))) return;
    await this.giveKeys("offer", to);
  }

  private async letLookOn(): Promise<void> {
    await this.giveKeys("guests", this.chosen("guest-to"));
    this.said(say("done"));
  }

  private async stopLookingOn(): Promise<void> {
    await this.talk.ask("DELETE", `guests/${b64(this.chosen("guest-to").id)}`);
    this.said(say("done"));
  }

  /** To this one member, under the key that the newest list has for them. */
  private async giveKeys(what: string, to: Member): Promise<void> {
    await this.talk.step(what, async () => {
      const now = this.talk.list?.members.find((one) => equal(one.id, to.id)) ?? to;
      const wrapsets = await this.talk.wrapsetsFor([{ id: now.id, kem: now.kem }]);
      return { to: b64(to.id), wrapsets };
    });
  }

  private async release(): Promise<void> {
    if (!(await sure(say("sure_release")))) return;
    if (!(await this.announce("released"))) return;
    await this.talk.step("release", async () => {
      return { wrapsets: await this.talk.wrapsetsFor(this.talk.readers()) };
    });
  }

  private async close(abusive: boolean): Promise<void> {
    if (!(await sure(say(abusive ? "sure_abusive" : "sure_close")))) return;
    const isMine = this.talk.answer?.assigned_to === this.desk.me.member;
    if (isMine && !(await this.announce("closed"))) return;
    await this.talk.step("close", async () => ({ abusive }));
  }

  /** The resident reads it, signed, before it happens: afterwards nothing can be written. */
  private async announce(t: EventName): Promise<boolean> {
    const isStored = await this.talk.sayNow({ k: "event", t, who: this.desk.me.member });
    if (!isStored) this.said(say("try_later"));
    return isStored;
  }
}
