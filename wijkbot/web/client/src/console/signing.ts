/** How is the next list of the team signed? From the list before it, never from what is shown. */

import { b64, unb64 } from "../wb1/bytes";
import { makeManifest, type Manifest, type Member } from "../wb1/manifest";
import { Refused } from "../wb1/refused";
import { now } from "../resident/page";
import type { Account, Desk, TeamAnswer } from "./desk";
import { post } from "./line";
import { listedRole } from "./roles";
import { LIST_DAYS } from "./root";

const DAY = 86_400;

export function accountOf(team: TeamAnswer, member: Member): Account | undefined {
  return team.accounts.find((one) => one.member === b64(member.id) && one.state === "active");
}

/** How an account would stand on the list; undefined for who talks with nobody. */
export function asMember(account: Account, name = account.name): Member | undefined {
  const role = listedRole(account.roles);
  if (!role) return undefined;
  const keys = { kem: unb64(account.kem, 65), sig: unb64(account.sig, 65) };
  return { id: unb64(account.member, 16), name, role, ...keys };
}

/** Who stays: with the keys of the list; whoever has no account any more falls off. */
export function staying(list: Manifest, team: TeamAnswer): Member[] {
  return list.members.flatMap((member) => {
    const account = accountOf(team, member);
    const role = account && listedRole(account.roles);
    const sameKeys = account?.kem === b64(member.kem) && account.sig === b64(member.sig);
    return role && sameKeys ? [{ ...member, role }] : [];
  });
}

/** Sign and send the next version with these members. Raises Said, Away, Refused. */
export async function signList(desk: Desk, members: Member[]): Promise<void> {
  const list = desk.list;
  if (!list) throw new Refused("manifest");
  const issued = now();
  const plan = {
    org: list.org,
    team: list.team,
    version: list.version + 1,
    issued,
    expires: issued + LIST_DAYS * DAY,
    prevHash: list.hash,
    recoveryKem: list.recoveryKem,
    members,
  };
  const manifest = await makeManifest(plan, desk.id, desk.keys.sig.privateKey);
  await post("manifest", { manifest });
}
