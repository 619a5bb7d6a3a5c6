/** How does a ready text get into a message? Chosen, put in the field, and only sent by hand. */

import { make, part, say, show } from "../resident/page";
import { get, why } from "./line";

interface ReadyText {
  id: string;
  title: string;
  text: string;
  kind: "ready" | "boundary";
}

export class Ready {
  private texts: ReadyText[] | null = null;

  constructor(
    private readonly lang: string,
    private readonly use: (text: string) => void,
    private readonly said: (text: string) => void,
  ) {}

  arm(): void {
    const holder = part<HTMLDetailsElement>("ready");
    holder.open = false;
    part("ready-text").replaceChildren();
    holder.ontoggle = () => {
      if (holder.open && !this.texts) this.read().catch((error: unknown) => this.said(why(error)));
    };
    part("ready-use").onclick = () => this.put();
  }

  private async read(): Promise<void> {
    const path = `texts?lang=${encodeURIComponent(this.lang)}`;
    this.texts = (await get<{ texts: ReadyText[] }>(path)).texts;
    const groups = (["ready", "boundary"] as const).flatMap((kind) => this.group(kind));
    part("ready-text").replaceChildren(...groups);
    show("ready-use", this.texts.length > 0);
    if (this.texts.length === 0) this.said(say("ready_none"));
  }

  private group(kind: ReadyText["kind"]): HTMLElement[] {
    const found = (this.texts ?? []).filter((one) => one.kind === kind);
    if (found.length === 0) return [];
    const group = document.createElement("optgroup");
    group.label = say(`ready_${kind}`);
    for (const { id, title } of found) {
      const option = make("option", "", title) as HTMLOptionElement;
      option.value = id;
      group.append(option);
    }
    return [group];
  }

  private put(): void {
    const chosen = part<HTMLSelectElement>("ready-text").value;
    const found = this.texts?.find((one) => one.id === chosen);
    if (!found) return;
    this.use(found.text);
    part<HTMLDetailsElement>("ready").open = false;
  }
}
