/** How does somebody join? A link, a password, new keys, an authenticator; the first makes the root. */

import { MEMBER_KDF, sealBundle } from "../wb1/bundle";
import { b64, type Bytes, random, unb64 } from "../wb1/bytes";
import { type KeyPair, makePair, type NewPair } from "../wb1/keys";
import type { MemberKeys } from "../wb1/member";
import { Said } from "../resident/api";
import { type PageData, part, say, show } from "../resident/page";
import { digits } from "./door";
import { Desk, type Me, shelfKey } from "./desk";
import { get, post, why } from "./line";
import { derive, strength, wrongWith } from "./password";
import { foundRoot, type Founding, showRoot } from "./root";
import { rolesText } from "./roles";
import { inFours, onSubmit, typed, view } from "./views";

interface Look {
  organisation: string;
  org: string;
  name: string;
  roles: string[];
  makes_root: boolean;
  totp_secret: string;
  totp_uri: string;
}

/** Everything made in this browser before it is sent. */
interface Joining {
  name: string;
  login: string;
  salt: Bytes;
  keys: MemberKeys;
  member: Bytes;
  kem: NewPair;
  sig: NewPair;
  founding: Founding | null;
}

export async function openInvite(page: PageData, inside: (desk: Desk) => void): Promise<void> {
  view("invite");
  const token = location.hash.slice(1);
  try {
    const look = await post<Look>("invite/look", { token });
    new Invitation(page, token, look, inside).begin();
  } catch (error) {
    const isGone = error instanceof Said && error.status === 404;
    part("invite-who").textContent = isGone || !token ? say("invite_gone") : why(error);
  }
}

class Invitation {
  /** Made once: whoever must choose another login name has the words on paper already. */
  private made: Pick<Joining, "member" | "kem" | "sig" | "founding"> | null = null;

  constructor(
    private readonly page: PageData,
    private readonly token: string,
    private readonly look: Look,
    private readonly inside: (desk: Desk) => void,
  ) {}

  begin(): void {
    const { name, organisation, roles } = this.look;
    const who = { name, organisation, roles: rolesText(roles) };
    part("invite-who").textContent = say("invite_hello", who);
    part<HTMLInputElement>("invite-name").value = name;
    part("invite-password").oninput = () => {
      part("invite-strength").textContent = strength(typed("invite-password"));
    };
    onSubmit("invite-form", () => this.prepare(), this.failed);
    this.step("invite-form");
    part("invite-login").focus();
  }

  private step(shown: "invite-form" | "root" | "totp"): void {
    for (const one of ["invite-form", "root", "totp"]) show(one, one === shown);
    // To load the page in another language would throw away what was made here.
    show("languages", shown === "invite-form");
    part("door-said").textContent = "";
  }

  private readonly failed = (error: unknown): void => {
    if (error instanceof Said && error.code === "taken") this.step("invite-form");
    part("door-said").textContent = why(error, { unknown: "invite_gone" });
  };

  private async prepare(): Promise<void> {
    const password = typed("invite-password");
    const wrong = wrongWith(password, typed("invite-again"));
    part("door-said").textContent = wrong;
    if (wrong) return;
    const salt = random(16);
    const [name, login] = [typed("invite-name").trim(), typed("invite-login").trim()];
    const keys = await derive(password, salt);
    this.made ??= await this.make(name);
    this.askCode({ name, login, salt, keys, ...this.made });
  }

  private async make(name: string): Promise<Pick<Joining, "member" | "kem" | "sig" | "founding">> {
    const pairs = { kem: await makePair("kem"), sig: await makePair("sig") };
    const { kem, sig } = pairs;
    const member = random(16);
    if (!this.look.makes_root) return { member, ...pairs, founding: null };
    const founder = { id: member, name, role: "coordinator" as const };
    const listed = { ...founder, kem: kem.publicKey, sig: sig.publicKey };
    const org = unb64(this.look.org, 16);
    const founding = await foundRoot(org, listed, sig.privateKey, this.page);
    // The name stands in the first list, and that is signed now.
    part<HTMLInputElement>("invite-name").readOnly = true;
    this.step("root");
    await showRoot(founding.words);
    return { member, ...pairs, founding };
  }

  private askCode(joining: Joining): void {
    this.step("totp");
    part<HTMLAnchorElement>("totp-link").href = this.look.totp_uri;
    part("totp-secret").textContent = inFours(this.look.totp_secret);
    part("totp-code").focus();
    onSubmit("totp", () => this.accept(joining), this.failed);
  }

  private async accept(joining: Joining): Promise<void> {
    const { keys, member, kem, sig, founding } = joining;
    const json = {
      token: this.token,
      name: joining.name,
      login_name: joining.login,
      salt: b64(joining.salt),
      kdf: MEMBER_KDF,
      login: b64(keys.login),
      code: digits("totp-code"),
      member: b64(member),
      kem: b64(kem.publicKey),
      sig: b64(sig.publicKey),
      bundle: await sealBundle(keys.kek, "member", member, kem, sig),
    };
    await post("invite/accept", founding ? { ...json, root: founding.json } : json);
    // The link has done its work; nobody shall find it in the address.
    show("languages", true);
    history.replaceState(null, "", `/werk?lang=${this.page.lang}`);
    const me = await get<Me>("me");
    const pair = (one: NewPair): KeyPair => ({ publicKey: one.publicKey, privateKey: one.privateKey });
    const shelf = await shelfKey(keys.kek);
    const pin = founding?.pin ?? this.page.pin;
    this.inside(new Desk(me, { kem: pair(kem), sig: pair(sig), shelf }, pin));
  }
}
