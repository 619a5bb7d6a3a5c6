/** How does a photo reach the server, whatever happens on the way? Sealed once, and put until it is there. */

import type { PhotoBody } from "../wb1/envelope";
import { Said } from "./api";
import type { Blobs } from "./photos";
import { type Item, keepOnlyBlobs, keptBlob } from "./session";

/** A server that asks for more patience than this has said no for today. */
const LONGEST_WAIT_SECONDS = 60;

/** What uploads need of the conversation that they belong to. */
export interface Sender {
  readonly items: Item[];
  readonly blobs: Blobs;
  readonly isOver: boolean;
  /** Something about the items changed: remember it, and show it. */
  changed(): void;
}

const isWaiting = (item: Item): boolean => Boolean(item.photo && !item.isRefused && !item.isLost);

/** Is there a photo that goes when this page goes? */
export function isUnkept(items: Item[]): boolean {
  return items.some((item) => item.photo === "held" && !item.isLost);
}

export class Uploads {
  private isBusy = false;

  constructor(private readonly sender: Sender) {}

  /** After a reload: which photos are still there, and which went with the page. */
  recall(): void {
    this.sweep();
    for (const item of this.sender.items) if (item.photo && !keptBlob(idOf(item))) item.isLost = true;
  }

  /** Let go of photos that nobody waits for any more. */
  sweep(): void {
    keepOnlyBlobs(this.sender.items.filter((item) => item.photo).map(idOf));
  }

  /** Upload what waits, one by one. Raises Said or Away when the rest must be tried again. */
  async run(): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      for (;;) {
        const item = this.sender.items.find(isWaiting);
        if (!item || this.sender.isOver) break;
        await this.put(item);
        this.sender.changed();
        this.sweep();
      }
    } finally {
      this.isBusy = false;
    }
  }

  private async put(item: Item): Promise<void> {
    const blob = keptBlob(idOf(item));
    if (!blob) {
      item.isLost = true;
      return;
    }
    try {
      await this.sender.blobs.put(idOf(item), blob);
      delete item.photo;
    } catch (error) {
      if (mayPass(error)) throw error;
      item.isRefused = true;
    }
  }
}

const idOf = (item: Item): string => (item.content as PhotoBody).blob;

function mayPass(error: unknown): boolean {
  if (!(error instanceof Said)) return true;
  if (error.status === 429) return error.retryAfter <= LONGEST_WAIT_SECONDS;
  return error.status === 401 || error.status >= 500;
}
