/** What does the server tell about a conversation, and who hears what became of it? */

import type { Received } from "../wb1/chain";
import type { Given } from "../wb1/manifest";
import type { Item } from "./session";
import type { Presence } from "./team";

export interface Answer {
  state: "waiting" | "assigned" | "closed";
  assigned_to: string | null;
  version: number;
  manifest_version: number;
  presence: Presence;
  purge_at: number | null;
  ahead: number;
  messages: Record<string, unknown>[];
  last_seq: number;
}

export interface KeysAnswer extends Given {
  wrapsets: unknown;
  resident?: { kem: string; sig: string };
  earlier: { manifest: unknown; cert: unknown }[];
}

/** `ghost`: the keys do not hold, nothing is sent; `gone`: deleted; `team`: no valid team. */
export type Trouble = "ghost" | "team" | "gone" | "cut";

/** Who is told when something changes. */
export interface Watcher {
  rows(fresh: Received[]): void;
  status(answer: Answer): void;
  line(isUp: boolean): void;
  outbox(items: Item[]): void;
  trouble(kind: Trouble): void;
}
