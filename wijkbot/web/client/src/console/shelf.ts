/** Where does unfinished work stay when the page is loaded again? In this tab, and sealed. */

import type { Item } from "../resident/session";
import { b64, type Bytes, lp, text, unb64, utf8 } from "../wb1/bytes";
import { open, seal } from "../wb1/keys";

/** Of one conversation: what is being written, and what was not sent yet. */
export interface Unfinished {
  draft: string;
  outbox: Item[];
}

const NAME = "werk ";

export class Shelf {
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly key: () => Bytes,
    private readonly conv: string,
  ) {}

  private get name(): string {
    return NAME + this.conv;
  }

  async read(): Promise<Unfinished> {
    try {
      const found = sessionStorage.getItem(this.name);
      if (!found) return { draft: "", outbox: [] };
      const [iv, ct] = found.split(".");
      const clear = await open(this.key(), lp(this.name), { iv: unb64(iv), ct: unb64(ct) });
      return JSON.parse(text(clear)) as Unfinished;
    } catch {
      return { draft: "", outbox: [] };
    }
  }

  /** In the order of the calls: sealing takes a moment. */
  write(kept: Unfinished): void {
    const clear = utf8(JSON.stringify(kept));
    const isEmpty = !kept.draft && kept.outbox.length === 0;
    this.turn = this.turn.then(async () => {
      try {
        if (isEmpty) return sessionStorage.removeItem(this.name);
        const { iv, ct } = await seal(this.key(), lp(this.name), clear);
        sessionStorage.setItem(this.name, `${b64(iv)}.${b64(ct)}`);
      } catch {
        // Without storage it is kept as long as the page.
      }
    });
  }
}
