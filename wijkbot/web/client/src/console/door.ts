/** How does somebody come in? Password and code, or only the password when still logged in. */

import { b64 } from "../wb1/bytes";
import type { MemberKeys } from "../wb1/member";
import { Refused } from "../wb1/refused";
import { Said } from "../resident/api";
import { type PageData, part, say, show } from "../resident/page";
import { type Desk, type Me, openDesk } from "./desk";
import { get, post, why } from "./line";
import { hasPasskeys, showPasskey } from "./passkey";
import { derive, deriveFor } from "./password";
import { onSubmit, typed, view } from "./views";
import { unb64 } from "../wb1/bytes";

type Inside = (desk: Desk) => void;

/** Who is still logged in; null without a session. Raises Away. */
export async function whoIsIn(): Promise<Me | null> {
  try {
    return await get<Me>("me");
  } catch (error) {
    if (error instanceof Said && error.status === 401) return null;
    throw error;
  }
}

function failed(error: unknown): void {
  const isKeys = error instanceof Refused && error.code === "keys";
  part("door-said").textContent = isKeys ? say("no_passkey") : why(error, { open: "password_wrong" });
}

/** The form for name, password and code; `reason` is why it is asked. */
export function askLogin(page: PageData, reason: string, inside: Inside): void {
  view("login");
  part("login-why").textContent = reason && say(reason);
  show("login-why", reason !== "");
  show("login-passkey", hasPasskeys());
  const enter = async (second: (name: string, keys: MemberKeys) => Promise<object>): Promise<void> => {
    part("door-said").textContent = "";
    const name = typed("login-name").trim();
    const keys = await deriveFor(name, typed("login-password"));
    const proof = await second(name, keys);
    const path = "passkey" in proof ? "passkey/login" : "login";
    await post(path, { name, login: b64(keys.login), ...proof });
    const me = await get<Me>("me");
    wipe("login-password", "login-code");
    inside(await openDesk(me, keys.kek, page.pin));
  };
  onSubmit("login-form", () => enter(async () => ({ code: digits("login-code") })), failed);
  part("login-passkey").onclick = () => {
    enter(async (name, keys) => ({ passkey: await showPasskey(name, keys) })).catch(failed);
  };
  part(typed("login-name") ? "login-password" : "login-name").focus();
}

/** Still logged in, but the keys are gone: the password opens them. */
export function askUnlock(page: PageData, me: Me, inside: Inside, leave: () => void): void {
  view("unlock");
  part<HTMLInputElement>("unlock-name").value = me.name;
  part("unlock-leave").onclick = leave;
  const open = async (): Promise<void> => {
    part("door-said").textContent = "";
    const { kek } = await derive(typed("unlock-password"), unb64(me.salt, 16));
    const desk = await openDesk(me, kek, page.pin);
    wipe("unlock-password");
    inside(desk);
  };
  onSubmit("unlock-form", open, failed);
  part("unlock-password").focus();
}

export const digits = (id: string): string => typed(id).replace(/\s/g, "");

export function wipe(...ids: string[]): void {
  for (const id of ids) part<HTMLInputElement>(id).value = "";
}
