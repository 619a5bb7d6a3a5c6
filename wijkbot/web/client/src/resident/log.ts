/** What does the conversation look like? One line per message, text only ever as text. */

import { type Bytes, equal, RESIDENT, unb64 } from "../wb1/bytes";
import type { Received } from "../wb1/chain";
import type { EventName, PhotoBody } from "../wb1/envelope";
import { button, clock, make, part, say } from "./page";
import { type Blobs, pictureOf } from "./photos";
import type { Item } from "./session";

const EVENT_TEXTS: Record<EventName, string> = {
  assigned: "ev_assigned",
  handed_over: "ev_handed",
  released: "ev_released",
  closed: "ev_closed",
  recovered: "ev_recovered",
};

/** Whose side of a conversation is shown. */
export interface Shown {
  readonly conv: Bytes;
  readonly me: Bytes;
  readonly blobs: Blobs;
  nameOf(id: Bytes): string;
  again(id: string): void;
  remove(id: string): void;
}

export class Log {
  private readonly lines = new Map<number, HTMLElement>();

  constructor(private readonly talk: Shown) {
    part("log").replaceChildren();
    part("outbox").replaceChildren();
  }

  /** Show new messages, and show again those about which more is known now. */
  rows(rows: Received[]): void {
    const isAtEnd = part("composer").getBoundingClientRect().bottom < innerHeight + 160;
    for (const row of rows) {
      const line = this.line(row);
      const old = this.lines.get(row.seq);
      if (old) old.replaceWith(line);
      else part("log").append(line);
      this.lines.set(row.seq, line);
    }
    if (rows.length && isAtEnd) this.toEnd();
  }

  toEnd(): void {
    part("composer").scrollIntoView({ block: "end" });
  }

  private line(row: Received): HTMLElement {
    if (row.problem) return fixed(say(`bad_${row.problem}`), "bad");
    const body = row.body;
    if (!body || body.k === "unknown") return fixed(say("not_shown"));
    if (body.k === "event") return this.event(row, body.t, body.who);
    const isMine = equal(row.by, this.talk.me);
    const line = make("div", isMine ? "msg mine" : "msg theirs");
    const who = isMine ? say("you") : this.talk.nameOf(row.by);
    const head = make("p", "who");
    const name = make("b", "", who);
    name.dir = "auto";
    head.append(name, " ", make("span", "", clock(row.at)));
    line.append(head);
    if (body.k === "photo") line.append(this.photo(body));
    if (body.t) line.append(words(body.t));
    return line;
  }

  private event(row: Received, name: EventName, who: string | undefined): HTMLElement {
    if (equal(row.by, RESIDENT)) return fixed(say("not_shown"));
    const about = who && name !== "closed" ? unb64(who) : row.by;
    return fixed(say(EVENT_TEXTS[name], { name: this.talk.nameOf(about) || say("a_worker") }));
  }

  private photo(body: PhotoBody): HTMLElement {
    const holder = make("div", "photo");
    const fetching = pictureOf(body, this.talk.conv, this.talk.blobs);
    fetching.then(
      (address) => {
        const picture = document.createElement("img");
        picture.alt = say("photo");
        picture.src = address;
        holder.replaceChildren(picture);
      },
      () => holder.replaceChildren(make("p", "quiet", say("photo_bad"))),
    );
    return holder;
  }

  /** What has not been taken by the server yet. */
  outbox(items: Item[]): void {
    const lines = items.map((item) => {
      const isStuck = item.isRefused || item.isLost;
      const line = make("div", isStuck ? "msg mine failed" : "msg mine unsent");
      line.append(words(item.content.k === "text" ? item.content.t : say("photo")));
      line.append(make("p", "quiet", say(standing(item))));
      if (isStuck && !item.isLost) {
        line.append(button(say("again"), () => this.talk.again(item.id)), " ");
      }
      if (isStuck) line.append(button(say("remove"), () => this.talk.remove(item.id)));
      return line;
    });
    part("outbox").replaceChildren(...lines);
    if (lines.length) this.toEnd();
  }
}

/** What is said about something that is not sent: above all that it can still be lost. */
function standing(item: Item): string {
  if (item.isLost) return "photo_lost";
  if (item.isRefused) return "failed";
  return item.photo === "held" ? "photo_stay" : "sending";
}

function words(text: string): HTMLElement {
  const made = make("p", "words", text);
  made.dir = "auto";
  return made;
}

function fixed(text: string, className = ""): HTMLElement {
  const line = make("p", `fixed ${className}`.trim(), text);
  if (className) line.setAttribute("role", "alert");
  return line;
}
