/** How does the page of a running conversation behave? Log, composer, status, menu. */

import { unb64 } from "../wb1/bytes";
import { Refused } from "../wb1/refused";
import { newCode } from "./begin";
import { Away, call, Said } from "./api";
import { claim } from "./alone";
import { Log } from "./log";
import { dayAndTime, type PageData, part, say, show } from "./page";
import { forget, type Item, readDraft, type Saved, save, writeDraft } from "./session";
import { Talk } from "./talk";
import { readTeam } from "./team";
import type { Answer, Trouble } from "./told";
import { CodePanel, wordList } from "./words";

const TEXT_LIMIT = 4_000;
let running: Talk | null = null;

/** Ask before a photo is lost; never when somebody leaves in a hurry, for then nothing runs. */
const askToStay = (event: BeforeUnloadEvent): void => {
  if (running?.isUnkept) event.preventDefault();
};

/** Stop reading and let go of every key. */
export function stopTalk(): void {
  running?.stop();
  running = null;
}

export async function openChat(saved: Saved, page: PageData, over: (text: string) => void): Promise<void> {
  claim(saved.conv);
  const chat = new Chat(saved, page, over);
  running = chat.talk;
  await chat.begin();
}

class Chat {
  readonly talk: Talk;
  private readonly log: Log;
  private hasTrouble = false;

  constructor(
    private readonly saved: Saved,
    private readonly page: PageData,
    private readonly over: (text: string) => void,
  ) {
    this.talk = new Talk(saved, page.pin, {
      rows: (rows) => this.log.rows(rows),
      status: (answer) => this.status(answer),
      line: (isUp) => show("offline", !isUp),
      outbox: (items) => this.outbox(items),
      trouble: (kind) => this.trouble(kind),
    });
    this.log = new Log(this.talk);
  }

  async begin(): Promise<void> {
    this.arm();
    const message = part<HTMLTextAreaElement>("message");
    message.value = readDraft();
    if (!this.saved.hasWritten) void this.showCode();
    await this.talk.run();
  }

  private arm(): void {
    const message = part<HTMLTextAreaElement>("message");
    message.oninput = () => writeDraft(message.value);
    part("composer").onsubmit = (event) => {
      event.preventDefault();
      void this.sendText();
    };
    const file = part<HTMLInputElement>("photo");
    file.onchange = () => void this.sendPhoto(file);
    part("menu-code").onclick = () => void this.showCode();
    part("menu-new").onclick = () => this.sure("sure_new", () => this.renewCode());
    part("menu-close").onclick = () => this.sure("sure_close", () => this.close());
    part("menu-delete").onclick = () => this.sure("sure_delete", () => this.delete());
  }

  private async sendText(): Promise<void> {
    const message = part<HTMLTextAreaElement>("message");
    const text = message.value.trim();
    part("composer-said").textContent = "";
    if (!text) return;
    if ([...text].length > TEXT_LIMIT) {
      part("composer-said").textContent = say("too_long");
      return;
    }
    if (await this.hasOwnCode(text)) {
      part("composer-said").textContent = say("own_code");
      return;
    }
    message.value = "";
    writeDraft("");
    this.talk.send({ k: "text", t: text });
    message.focus();
  }

  private async hasOwnCode(text: string): Promise<boolean> {
    if (text.split(/\s+/).length < 5 && text.length < 20) return false;
    const list = await wordList(this.page, this.saved.list).catch(() => null);
    return list?.isIn(this.saved.indices, text) ?? false;
  }

  private async sendPhoto(input: HTMLInputElement): Promise<void> {
    const file = input.files?.[0];
    if (!file) return;
    const said = part("composer-said");
    said.textContent = say("sending");
    addEventListener("beforeunload", askToStay);
    try {
      await this.talk.sendPhoto(file);
      said.textContent = "";
    } catch (error) {
      said.textContent = say(error instanceof Refused ? "photo_cannot" : "try_later");
    }
    input.value = "";
    this.guard();
  }

  private outbox(items: Item[]): void {
    this.log.outbox(items);
    this.guard();
  }

  /** Only while it is needed: with such a listener some browsers keep no page in their memory. */
  private guard(): void {
    if (this.talk.isUnkept) addEventListener("beforeunload", askToStay);
    else removeEventListener("beforeunload", askToStay);
  }

  private async showCode(): Promise<void> {
    try {
      const list = await wordList(this.page, this.saved.list);
      const words = this.saved.indices.map((index) => list.word(index));
      new CodePanel(words, () => {
        this.saved.hasWritten = true;
        save(this.saved);
      });
    } catch {
      part("composer-said").textContent = say("try_later");
    }
  }

  private async renewCode(): Promise<void> {
    const list = await wordList(this.page, this.page.list);
    const team = await readTeam(this.page.pin, this.saved.manifest);
    await newCode(this.saved, list, this.page.list, team);
    await this.showCode();
  }

  private async close(): Promise<void> {
    await call("POST", "/api/c/close", { token: this.saved.token });
  }

  private async delete(): Promise<void> {
    await call("DELETE", "/api/c/conversation", { token: this.saved.token });
    stopTalk();
    forget();
    this.over(say("gone"));
  }

  /** Ask once, inside the page, before something that cannot be undone. */
  private sure(question: string, act: () => Promise<void>): void {
    const dialog = part<HTMLDialogElement>("sure");
    part("sure-text").textContent = say(question);
    dialog.returnValue = "";
    part("sure-yes").onclick = () => dialog.close("yes");
    part("sure-no").onclick = () => dialog.close("no");
    dialog.onclose = () => {
      if (dialog.returnValue !== "yes") return;
      act().catch((error: unknown) => {
        const isGone = error instanceof Said && error.status === 401;
        part("composer-said").textContent = say(isGone ? "gone" : "try_later");
        if (error instanceof Away) show("offline", true);
      });
    };
    dialog.showModal();
  }

  private status(answer: Answer): void {
    part("status").textContent = this.statusText(answer);
    show("menu-close", answer.state !== "closed");
  }

  private statusText(answer: Answer): string {
    if (answer.state === "closed") {
      const when = answer.purge_at ? dayAndTime(answer.purge_at) : "";
      return when ? say("closed_until", { when }) : say("closed");
    }
    if (answer.state === "assigned") {
      const id = answer.assigned_to;
      const name = id ? this.talk.nameOf(unb64(id, 16)) : "";
      return say("with", { name: name || say("a_worker") });
    }
    if (answer.presence === "busy" && answer.ahead === 0) return say("wait_first");
    if (answer.presence === "busy") return say("wait_busy", { n: answer.ahead });
    return say(`wait_${answer.presence}`);
  }

  private trouble(kind: Trouble): void {
    if (kind === "gone") {
      forget();
      this.over(say("gone"));
      return;
    }
    if (this.hasTrouble) return;
    this.hasTrouble = true;
    part("trouble").textContent = say(`trouble_${kind}`);
    show("trouble", true);
    if (kind !== "cut") show("composer", false);
  }
}
