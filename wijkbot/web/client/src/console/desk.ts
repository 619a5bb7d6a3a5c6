/** Who is at work in this tab, with which keys, in which team? All of it only in memory. */

import { checkKdf, openBundle, type Owner, type SealedJson } from "../wb1/bundle";
import { b64, type Bytes, lp, unb64 } from "../wb1/bytes";
import { hkdf, type KeyPair } from "../wb1/keys";
import { type Manifest, memberOf } from "../wb1/manifest";
import { acceptGiven, remember, type RememberedJson } from "../resident/team";
import { get } from "./line";

/** What the server says about who came in. */
export interface Me {
  account: number;
  name: string;
  roles: string[];
  permissions: string[];
  member: string;
  kem: string;
  sig: string;
  bundle: SealedJson;
  salt: string;
  kdf: string;
  csrf: string;
  passkeys: string[];
}

export interface Account {
  account: number;
  name: string;
  roles: string[];
  member: string;
  kem: string;
  sig: string;
  state: "active" | "revoked";
  present: boolean;
  available: boolean;
}

export interface Invited {
  invite: number;
  name: string;
  roles: string[];
  account: number | null;
  expires: number;
}

export interface TeamAnswer {
  root_sig: string | null;
  manifest: unknown;
  cert: unknown;
  accounts: Account[];
  invites: Invited[];
  sealed_root?: SealedJson;
  recovery_kem?: string;
}

/** The private keys, which cannot be taken out of the browser again. */
export interface Keys {
  kem: KeyPair;
  sig: KeyPair;
  /** For what this tab keeps of unfinished work, sealed. */
  shelf: Bytes;
}

const LIST = "werk-list";

export class Desk {
  team: TeamAnswer | null = null;
  /** The list of the team, when it holds; null when there is none to believe. */
  list: Manifest | null = null;
  constructor(
    readonly me: Me,
    readonly keys: Keys,
    readonly pin: string,
  ) {}

  /** The newest list that this tab accepted: an older one is refused, also after a reload. */
  get remembered(): RememberedJson {
    try {
      return JSON.parse(sessionStorage.getItem(LIST) ?? "null") as RememberedJson;
    } catch {
      return null;
    }
  }

  set remembered(list: RememberedJson) {
    try {
      sessionStorage.setItem(LIST, JSON.stringify(list));
    } catch {
      // A tab without storage starts anew with each load.
    }
  }

  get id(): Bytes {
    return unb64(this.me.member, 16);
  }

  may(permission: string): boolean {
    return this.me.permissions.includes(permission);
  }

  /** Read the team again, and check its list. Raises Said, Away; a list that fails is null. */
  async readTeam(): Promise<TeamAnswer> {
    const team = await get<TeamAnswer>("team");
    this.team = team;
    try {
      const { root_sig, manifest, cert } = team;
      this.list = await acceptGiven({ root_sig, manifest, cert }, this.pin, this.remembered);
      this.remembered = remember(this.list);
    } catch {
      this.list = null;
    }
    return team;
  }

  /** The name of a member: from the signed list only. */
  nameOf(id: Bytes): string {
    return (this.list && memberOf(this.list, id)?.name) || "";
  }

  get isListed(): boolean {
    const found = this.list && memberOf(this.list, this.id);
    return Boolean(found && b64(found.kem) === this.me.kem && b64(found.sig) === this.me.sig);
  }
}

export function ownerOf(me: Pick<Me, "member" | "kem" | "sig">): Owner {
  const [id, kem, sig] = [unb64(me.member, 16), unb64(me.kem, 65), unb64(me.sig, 65)];
  return { role: "member", id, kem, sig };
}

/** The desk of who came in. Raises Refused when the password does not open the keys. */
export async function openDesk(me: Me, kek: Bytes, pin: string): Promise<Desk> {
  checkKdf("member", me.kdf);
  const { kem, sig } = await openBundle(kek, ownerOf(me), me.bundle);
  return new Desk(me, { kem, sig, shelf: await shelfKey(kek) }, pin);
}

export function shelfKey(kek: Bytes): Promise<Bytes> {
  return hkdf(kek, lp("werk/shelf"));
}
