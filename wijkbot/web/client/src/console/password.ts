/** How does a password become keys, and which password is good enough? */

import { checkKdf } from "../wb1/bundle";
import { type Bytes, unb64 } from "../wb1/bytes";
import { type MemberKeys, memberKeys } from "../wb1/member";
import { say } from "../resident/page";
import { post } from "./line";
import { progress } from "./views";

const LEAST = 12;
const GOOD = 18;

/** Some seconds of work, with a bar. */
export async function derive(password: string, salt: Bytes): Promise<MemberKeys> {
  progress(0);
  try {
    return await memberKeys(password, salt, progress);
  } finally {
    progress(1);
  }
}

/** The keys of somebody who comes in; an unknown name takes as long. Raises Said, Away, Refused. */
export async function deriveFor(name: string, password: string): Promise<MemberKeys> {
  const { salt, kdf } = await post<{ salt: string; kdf: string }>("salt", { name });
  checkKdf("member", kdf);
  return derive(password, unb64(salt, 16));
}

/** What is said of a password while it is typed; length is all that counts. */
export function strength(password: string): string {
  const length = [...password].length;
  if (length === 0) return "";
  if (length < LEAST) return say("strength_0", { n: LEAST - length });
  return say(length < GOOD ? "strength_1" : "strength_2");
}

/** What is wrong with a new password; nothing when it may be used. */
export function wrongWith(password: string, again: string): string {
  if ([...password].length < LEAST) return say("password_short");
  return password === again ? "" : say("password_other");
}
