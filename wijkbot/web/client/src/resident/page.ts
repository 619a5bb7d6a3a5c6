/** What did the server write into the page? Its data, its texts, its parts by id. */

export interface WordFile {
  href: string;
  integrity: string;
}

export interface PageData {
  lang: string;
  /** SHA-256 of the organisation's root key, base64url; empty while there is no team. */
  pin: string;
  exit: string;
  /** The origin of the server of the chat when that is another one than the page's; else empty. */
  api: string;
  /** The word list that new codes of this page are drawn from. */
  list: string;
  words: Record<string, WordFile>;
  texts: Record<string, string>;
}

export function pageData(): PageData {
  const holder = document.getElementById("chat");
  return JSON.parse(holder?.dataset.page ?? "{}") as PageData;
}

const DATA = pageData();

/** The full address of something below /api. */
export const at = (path: string): string => `${DATA.api ?? ""}${path}`;

/** A text of the page; `{n}`-like names are filled in. */
export function say(key: string, values: Record<string, string | number> = {}): string {
  const found = DATA.texts?.[key] ?? key;
  return found.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export function part<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found as T;
}

/** A new element with a text; text is only ever text. */
export function make(tag: string, className = "", text = ""): HTMLElement {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

export function button(text: string, press: () => void, className = ""): HTMLButtonElement {
  const made = make("button", className, text) as HTMLButtonElement;
  made.type = "button";
  made.addEventListener("click", press);
  return made;
}

export function show(id: string, isShown: boolean): void {
  part(id).hidden = !isShown;
}

export function clock(seconds: number): string {
  const moment = new Date(seconds * 1000);
  return moment.toLocaleTimeString(DATA.lang, { hour: "2-digit", minute: "2-digit" });
}

export function dayAndTime(seconds: number): string {
  const how = { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" };
  return new Date(seconds * 1000).toLocaleString(DATA.lang, how as Intl.DateTimeFormatOptions);
}

export const now = (): number => Math.floor(Date.now() / 1000);
export const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
