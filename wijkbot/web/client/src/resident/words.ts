/** Where do the words come from, and how are they practised? */

import { normalise, WordList } from "../wb1/code";
import { Away } from "./api";
import { make, type PageData, part, say, show } from "./page";

const LISTS = new Map<string, WordList>();

/** The word list of a language, fetched once and only when it is needed. Raises Away. */
export async function wordList(page: PageData, language: string): Promise<WordList> {
  const known = LISTS.get(language);
  if (known) return known;
  const file = page.words[language];
  if (!file) throw new Away();
  let text: string;
  try {
    const options: RequestInit = { integrity: file.integrity, credentials: "omit" };
    const answer = await fetch(file.href, options);
    if (!answer.ok) throw new Away();
    text = await answer.text();
  } catch {
    throw new Away();
  }
  const list = WordList.of(text);
  LISTS.set(language, list);
  return list;
}

/** Every list in which all typed words stand: that of the page first. Raises Away. */
export async function readings(
  page: PageData,
  typed: string,
): Promise<{ list: string; indices: number[] }[]> {
  const languages = Object.keys(page.words).filter((language) => language !== page.list);
  const found: { list: string; indices: number[] }[] = [];
  for (const list of [page.list, ...languages]) {
    const words = await wordList(page, list);
    try {
      found.push({ list, indices: words.read(typed) });
    } catch {
      // Not of this list.
    }
  }
  return found;
}

/** The panel with the seven words: shown, copied, practised, or skipped. */
export class CodePanel {
  private asked: number[] = [];

  constructor(
    private readonly words: string[],
    private readonly onWritten: () => void,
  ) {
    part("words").replaceChildren(...words.map((word) => make("li", "", word)));
    part("words-copy").onclick = () => void this.copy();
    part("words-written").onclick = () => this.ask();
    part("words-hide").onclick = () => this.close();
    part("practice-skip").onclick = () => this.close();
    part<HTMLFormElement>("practice").onsubmit = (event) => {
      event.preventDefault();
      this.check();
    };
    show("words-shown", true);
    show("practice", false);
    part("words-said").textContent = "";
    show("code", true);
  }

  private async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.words.join(" "));
      part("words-said").textContent = say("copied");
    } catch {
      part("words-said").textContent = say("try_later");
    }
  }

  /** Two words, of which the place is drawn anew each time. */
  private ask(): void {
    const first = crypto.getRandomValues(new Uint8Array(1))[0] ?? 0;
    this.asked = [first % 3, 3 + (first % 4)];
    this.asked.forEach((at, i) => {
      part(`practice-label-${i}`).textContent = say("practise_ask", { n: at + 1 });
      part<HTMLInputElement>(`practice-${i}`).value = "";
    });
    part("words-said").textContent = "";
    show("words-shown", false);
    show("practice", true);
    part("practice-0").focus();
  }

  private check(): void {
    const isRight = this.asked.every((at, i) => {
      const typed = part<HTMLInputElement>(`practice-${i}`).value;
      return isSameWord(typed, this.words[at] ?? "");
    });
    if (isRight) this.close(say("practise_right"));
    else part("words-said").textContent = say("practise_wrong");
  }

  private close(said = ""): void {
    this.onWritten();
    show("code", false);
    part("words").replaceChildren();
    part("status-extra").textContent = said;
    part("message").focus();
  }
}

function isSameWord(typed: string, word: string): boolean {
  const start = normalise(typed).slice(0, 4);
  return start !== "" && start === normalise(word).slice(0, 4);
}
