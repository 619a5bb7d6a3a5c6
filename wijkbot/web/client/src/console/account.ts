/** What can somebody change about their own account? Password and passkeys; each asks who it is. */

import { openBundle, sealJwks } from "../wb1/bundle";
import { b64, random, unb64 } from "../wb1/bytes";
import { Refused } from "../wb1/refused";
import { button, make, part, say, show } from "../resident/page";
import { digits, wipe } from "./door";
import { type Desk, type Me, ownerOf } from "./desk";
import { fingerprint } from "./fingerprint";
import { ask, get, post, why } from "./line";
import { hasPasskeys, makePasskey, type Making } from "./passkey";
import { derive, strength, wrongWith } from "./password";
import { rolesText } from "./roles";
import { inFours, onSubmit, typed } from "./views";

/** What somebody showed of themselves: the key of their bundle, and what is sent. */
interface Proof {
  kek: Uint8Array<ArrayBuffer>;
  sent: { login: string; code: string };
}

export class AccountView {
  private me: Me;

  constructor(
    desk: Desk,
    private readonly rekeyed: (kek: Proof["kek"]) => Promise<void>,
  ) {
    this.me = desk.me;
    part("password-new").oninput = () => {
      part("password-strength").textContent = strength(typed("password-new"));
    };
    onSubmit("password-form", () => this.changePassword(), failed);
    part("app-change").onclick = () => void this.changeApp().catch(failed);
    onSubmit("app-form", () => this.takeApp(), (error) => {
      said(why(error, { login: "invite_code" }));
    });
    show("passkey-add", hasPasskeys());
    part("passkey-add").onclick = () => void this.addPasskey().catch(failed);
  }

  async begin(): Promise<void> {
    said("");
    show("app-form", false);
    this.me = await get<Me>("me");
    const who = { name: this.me.name, roles: rolesText(this.me.roles) };
    part("account-who").textContent = say("you_are", who);
    part("account-number").textContent = await fingerprint(this.me);
    this.showPasskeys();
    // For who keeps passwords: it asks whose this one is.
    for (const one of document.querySelectorAll<HTMLInputElement>("input.username")) {
      one.value = this.me.name;
    }
  }

  private showPasskeys(): void {
    const lines = this.me.passkeys.map((id, at) => {
      const name = say("passkey", { n: at + 1 });
      const line = make("li", "", name);
      const press = button(say("remove"), () => void this.removePasskey(id).catch(failed));
      press.setAttribute("aria-label", `${say("remove")}: ${name}`);
      line.append(" ", press);
      return line;
    });
    part("passkeys").replaceChildren(...lines);
  }

  /** The same keys, closed with the new password: no conversation is lost. */
  private async changePassword(): Promise<void> {
    const wrong = wrongWith(typed("password-new"), typed("password-again"));
    said(wrong);
    if (wrong) return;
    const proof = await this.prove();
    if (!proof) return;
    const owner = ownerOf(this.me);
    const { jwks } = await openBundle(proof.kek, owner, this.me.bundle);
    const salt = random(16);
    const fresh = await derive(typed("password-new"), salt);
    await post("password", {
      ...proof.sent,
      new_login: b64(fresh.login),
      new_salt: b64(salt),
      bundle: await sealJwks(fresh.kek, owner, jwks),
    });
    wipe("password-new", "password-again");
    part("password-strength").textContent = "";
    await this.rekeyed(fresh.kek);
    await this.begin();
    said(say("password_done"));
  }

  /** The old app counts until a code of the new one was right. */
  private async changeApp(): Promise<void> {
    const proof = await this.prove();
    if (!proof) return;
    const fresh = await post<{ totp_secret: string; totp_uri: string }>("totp", proof.sent);
    part<HTMLAnchorElement>("app-link").href = fresh.totp_uri;
    part("app-secret").textContent = inFours(fresh.totp_secret);
    show("app-form", true);
    part("app-code").focus();
  }

  private async takeApp(): Promise<void> {
    await post("totp", { new_code: digits("app-code") });
    wipe("app-code");
    part("app-secret").textContent = "";
    part("app-link").removeAttribute("href");
    await this.begin();
    said(say("app_done"));
  }

  private async addPasskey(): Promise<void> {
    const proof = await this.prove();
    if (!proof) return;
    const { options } = await post<{ options: Making }>("passkeys/options", proof.sent);
    await post("passkeys", { passkey: await makePasskey(options) });
    await this.begin();
    said(say("passkey_done"));
  }

  private async removePasskey(id: string): Promise<void> {
    const proof = await this.prove();
    if (!proof) return;
    await ask("DELETE", `passkeys/${id}`, { json: proof.sent });
    await this.begin();
    said(say("done"));
  }

  /** Password and code once more; null when somebody goes back. Raises Refused on another one. */
  private async prove(): Promise<Proof | null> {
    const dialog = part<HTMLDialogElement>("prove");
    wipe("prove-password", "prove-code");
    dialog.returnValue = "";
    dialog.showModal();
    part("prove-not").onclick = () => dialog.close("");
    part<HTMLFormElement>("prove-form").onsubmit = (event) => {
      event.preventDefault();
      dialog.close("yes");
    };
    const isShown = await new Promise<boolean>((done) => {
      dialog.onclose = () => done(dialog.returnValue === "yes");
    });
    const [password, code] = [typed("prove-password"), digits("prove-code")];
    wipe("prove-password", "prove-code");
    if (!isShown) return null;
    const { kek, login } = await derive(password, unb64(this.me.salt, 16));
    await openBundle(kek, ownerOf(this.me), this.me.bundle);
    return { kek, sent: { login: b64(login), code } };
  }
}

function said(text: string): void {
  part("account-said").textContent = text;
}

function failed(error: unknown): void {
  const isKeys = error instanceof Refused && error.code === "keys";
  said(isKeys ? say("no_passkey") : why(error, { open: "password_wrong" }));
}
