/** How does the console ask the server? With the session's cookie, and a word only we can know. */

import { type Asked, Away, call, Said } from "../resident/api";
import { say } from "../resident/page";
import { Refused } from "../wb1/refused";

type OnOver = () => void;

let csrf = "";
let onOver: OnOver = () => undefined;

/** What is done when the server knows no session any more. */
export function whenOver(act: OnOver): void {
  onOver = act;
}

/** The word of the session, for those who ask by another way. */
export function shownWord(): string {
  return csrf;
}

/** The JSON of an address below /api/w. Raises Said or Away. */
export async function ask<T>(method: string, path: string, asked: Asked = {}): Promise<T> {
  try {
    const answer = await call<T>(method, `/api/w/${path}`, { ...asked, csrf });
    const fresh = (answer as { csrf?: unknown } | null)?.csrf;
    if (typeof fresh === "string") csrf = fresh;
    return answer;
  } catch (error) {
    if (error instanceof Said && error.status === 401 && error.code === "session") onOver();
    throw error;
  }
}

export const get = <T>(path: string): Promise<T> => ask<T>("GET", path);
export const post = <T>(path: string, json: unknown = {}): Promise<T> => {
  return ask<T>("POST", path, { json });
};

const SAID: Record<string, string> = {
  login: "login_wrong",
  slow: "slow",
  version: "faster",
  last: "last_admin",
  forbidden: "forbidden",
  code: "invite_code",
  taken: "invite_taken",
  root: "root_there",
};

/** What went wrong, in words for whoever works here. */
export function why(error: unknown, other: Record<string, string> = {}): string {
  if (error instanceof Away) return say("no_line");
  if (error instanceof Said) return say(other[error.code] ?? SAID[error.code] ?? "try_later");
  if (error instanceof Refused) return say(other[error.code] ?? "no_team");
  throw error;
}
