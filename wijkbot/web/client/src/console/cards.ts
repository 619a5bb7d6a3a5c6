/** How does a conversation stand in a list? Without a word of what is said in it. */

import { button, make, now, say } from "../resident/page";

export interface Waiting {
  conv: string;
  since: number;
  lang: string;
  returning: boolean;
  version: number;
  was_mine: boolean;
}

export interface Mine {
  conv: string;
  state: "waiting" | "assigned" | "closed";
  version: number;
  last_at: number;
  last_seq: number;
  unread_after: number;
  lang: string;
  pending_to: string | null;
}

export interface Other {
  conv: string;
  version: number;
  last_at: number;
  lang: string;
  assigned_to: string | null;
  pending_to: string | null;
}

export interface QueueAnswer {
  waiting: Waiting[];
  mine: Mine[];
  offered: Other[];
  beside: Mine[];
  others: Other[];
}

/** What a button on a card does; its name for who listens says on which card it is. */
export interface Press {
  text: string;
  long: string;
  act: () => void;
  className?: string;
}

export function waits(since: number): string {
  const minutes = Math.max(0, Math.floor((now() - since) / 60));
  return minutes < 120 ? say("since", { n: minutes }) : say("since_hours", { n: Math.floor(minutes / 60) });
}

/** The language by its name in the language of the page. */
export function languageName(code: string): string {
  try {
    const names = new Intl.DisplayNames([document.documentElement.lang], { type: "language" });
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}

export function card(head: string, marks: string[], presses: Press[], isOpen = false): HTMLElement {
  const line = make("li", isOpen ? "card-line is-open" : "card-line");
  const about = make("p", "card-about");
  const title = make("b", "", head);
  title.dir = "auto";
  about.append(title);
  for (const mark of marks.filter(Boolean)) about.append(" ", make("span", "mark", mark));
  line.append(about);
  const row = make("div", "row");
  for (const { text, long, act, className = "" } of presses) {
    const made = button(text, act, className);
    made.setAttribute("aria-label", say(long, { about: [head, ...marks].filter(Boolean).join(", ") }));
    row.append(made);
  }
  line.append(row);
  return line;
}

/** Put the lines in a list, or say that there are none; who had a button in hand keeps it. */
export function fill(list: HTMLElement, lines: HTMLElement[], none = ""): void {
  const held = document.activeElement;
  const label = held && list.contains(held) ? held.getAttribute("aria-label") : null;
  const empty = none ? [make("li", "quiet", none)] : [];
  list.replaceChildren(...(lines.length ? lines : empty));
  if (label === null) return;
  const again = [...list.querySelectorAll("button")].find((one) => one.getAttribute("aria-label") === label);
  again?.focus();
}
