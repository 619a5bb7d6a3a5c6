/** How does a worker send a card to somebody who gave them a code? Code, card, and the exact text. */

import { b64, random } from "../wb1/bytes";
import { Said } from "../resident/api";
import { make, part, say, show } from "../resident/page";
import { languageName } from "./cards";
import { get, post, why } from "./line";
import { onSubmit, typed } from "./views";

interface Card {
  id: string;
  titles: Record<string, string>;
  texts: Record<string, string>;
}

interface CardsAnswer {
  areas: { id: string; name: string }[];
  area: string;
  languages: string[];
  cards: Card[];
}

const WRONG: Record<string, string> = {
  card: "card_wrong",
  item: "card_gone",
  area: "card_area",
  refused: "card_refused",
};

export class InfoCards {
  private answer: CardsAnswer | null = null;
  /** Of this one press: whoever presses twice sends once. */
  private id = b64(random(16));

  constructor() {
    onSubmit("card-form", () => this.send(), (error) => void this.failed(error));
    part("card-code").oninput = () => this.changed();
    part("card-area").onchange = () => void this.read(typed("card-area")).catch(said);
    part("card-language").onchange = () => this.list();
    part("card-find").oninput = () => this.list();
    part("card-item").onchange = () => this.preview();
  }

  /** Somebody comes in: nothing of the last resident is left. */
  async begin(): Promise<void> {
    for (const id of ["card-code", "card-find"]) part<HTMLInputElement>(id).value = "";
    part("card-said").textContent = "";
    await this.read(this.answer?.area ?? null);
    part("card-code").focus();
  }

  private async read(area: string | null): Promise<void> {
    const path = area === null ? "cards" : `cards?area=${encodeURIComponent(area)}`;
    const answer = await get<CardsAnswer>(path);
    this.answer = answer;
    const areas = answer.areas.map((one) => option(one.id, one.name));
    part("card-area").replaceChildren(...areas);
    part<HTMLSelectElement>("card-area").value = answer.area;
    show("card-area-part", areas.length > 1);
    const select = part<HTMLSelectElement>("card-language");
    const chosen = select.value || document.documentElement.lang;
    select.replaceChildren(...answer.languages.map((one) => option(one, languageName(one))));
    if (answer.languages.includes(chosen)) select.value = chosen;
    this.list();
  }

  /** Those in which every word of the search stands, in the title or in the text. */
  private list(): void {
    const language = typed("card-language");
    const words = plain(typed("card-find")).split(/\s+/).filter(Boolean);
    const found = (this.answer?.cards ?? []).filter((one) => {
      const text = plain(`${titleOf(one, language)} ${one.texts[language] ?? ""}`);
      return language in one.texts && words.every((word) => text.includes(word));
    });
    found.sort((a, b) => titleOf(a, language).localeCompare(titleOf(b, language), language));
    const select = part<HTMLSelectElement>("card-item");
    const chosen = select.value;
    const options = found.map((one) => option(one.id, titleOf(one, language)));
    if (found.length > 1) options.unshift(option("", say("card_choose")));
    select.replaceChildren(...options);
    if (found.some((one) => one.id === chosen)) select.value = chosen;
    select.disabled = found.length === 0;
    part("card-found").textContent = say(found.length ? "cards_found" : "cards_none", {
      n: found.length,
    });
    this.preview();
  }

  private get chosen(): Card | undefined {
    return this.answer?.cards.find((one) => one.id === typed("card-item"));
  }

  private preview(): void {
    const language = typed("card-language");
    const text = part("card-text");
    text.textContent = this.chosen?.texts[language] ?? "";
    text.lang = language;
    show("card-preview", Boolean(this.chosen));
    part<HTMLButtonElement>("card-send").disabled = !this.chosen;
    this.changed();
  }

  private changed(): void {
    this.id = b64(random(16));
    part("card-said").textContent = "";
  }

  private async send(): Promise<void> {
    const card = this.chosen;
    if (!card || !this.answer) return;
    const language = typed("card-language");
    const code = typed("card-code").replace(/\D/g, "");
    const json = { id: this.id, code, item: card.id, language, area: this.answer.area };
    await post("cards", json);
    this.changed();
    part("card-said").textContent = say("card_sent", { title: titleOf(card, language) });
  }

  /** A card that is gone or reads otherwise by now is shown as it is. */
  private async failed(error: unknown): Promise<void> {
    if (error instanceof Said && error.code === "item") {
      await this.read(this.answer?.area ?? null).catch(() => undefined);
    }
    said(error);
  }
}

function said(error: unknown): void {
  part("card-said").textContent = why(error, WRONG);
}

const titleOf = (card: Card, language: string): string => card.titles[language] ?? card.id;

/** As people type it: no capitals, no accents. */
function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

function option(value: string, text: string): HTMLElement {
  const made = make("option", "", text) as HTMLOptionElement;
  made.value = value;
  return made;
}
