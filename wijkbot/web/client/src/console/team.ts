/** Who is in the team, who is here, and who stands on the signed list? */

import { b64, unb64 } from "../wb1/bytes";
import { type Member, memberOf } from "../wb1/manifest";
import { button, dayAndTime, make, now, part, say, show } from "../resident/page";
import { fill } from "./cards";
import type { Account, Desk, TeamAnswer } from "./desk";
import { fingerprint } from "./fingerprint";
import { post, why } from "./line";
import type { Live } from "./live";
import { rolesText, roleText } from "./roles";
import { roleBoxes, chosenRoles } from "./rolebox";
import { asMember, signList, staying } from "./signing";
import { sure } from "./views";

const SOON = 14 * 86_400;
const LOOK_MS = 20_000;
const LIST_SAID = { manifest: "list_cert", signature: "list_cert", version: "list_faster" };

type Changed = (team: TeamAnswer) => void;

export class TeamView {
  constructor(
    private readonly desk: Desk,
    live: Live,
    private readonly changed: Changed,
  ) {
    live.listen((hint) => {
      if (hint.kind === "team" && this.isShown) void this.read(false);
    });
    setInterval(() => {
      if (this.isShown) void this.read(false);
    }, LOOK_MS);
    show("list-steps", desk.may("team.sign"));
    part("list-renew").onclick = () => this.run(() => this.sign(() => undefined));
  }

  private get isShown(): boolean {
    return !part("view-team").hidden;
  }

  /** Somebody chooses roles: a list drawn anew by itself would undo it. */
  private get isBusy(): boolean {
    return part("accounts").querySelector("details[open]") !== null;
  }

  async read(isAsked = true): Promise<void> {
    try {
      const team = await this.desk.readTeam();
      this.state();
      if (isAsked || !this.isBusy) fill(part("accounts"), team.accounts.map((one) => this.account(one)));
      this.changed(team);
    } catch (error) {
      part("team-said").textContent = why(error);
    }
  }

  private run(act: () => Promise<void>): void {
    part("team-said").textContent = "";
    act()
      .catch((error: unknown) => {
        part("team-said").textContent = why(error, LIST_SAID);
      })
      .finally(() => void this.read());
  }

  private state(): void {
    const list = this.desk.list;
    show("list-state", list !== null);
    show("team-trouble", list === null);
    part("team-trouble").textContent = list ? "" : say("no_team");
    if (!list) return;
    const name = this.desk.nameOf(list.by);
    const text = say("list_until", { version: list.version, name, when: dayAndTime(list.expires) });
    const isShort = list.expires - now() < SOON;
    part("list-state").textContent = isShort ? `${text} ${say("list_short")}` : text;
  }

  private account(one: Account): HTMLElement {
    const line = make("li", "card-line");
    const about = make("p", "card-about");
    const name = make("b", "", one.name);
    name.dir = "auto";
    about.append(name, " ", make("span", "mark", rolesText(one.roles)));
    for (const mark of this.marks(one)) about.append(" ", make("span", "mark", mark));
    line.append(about);
    if (one.state === "revoked") return line;
    const { first, more } = this.steps(one);
    if (first) line.append(rowOf([first]));
    const isAdmin = this.desk.may("team.roles");
    if (more.length === 0 && !isAdmin) return line;
    const change = make("details", "menu");
    change.append(make("summary", "", say("change", { name: one.name })));
    if (more.length) change.append(rowOf(more));
    if (isAdmin) change.append(this.roles(one, change as HTMLDetailsElement));
    line.append(change);
    return line;
  }

  private marks(one: Account): string[] {
    if (one.state === "revoked") return [say("revoked")];
    const here = one.available ? "available" : one.present ? "here" : "away";
    return [say(here), this.listed(one)].filter(Boolean);
  }

  /** By id and by keys: the server cannot put somebody else behind a name. */
  private listed(one: Account): string {
    const found = this.desk.list && memberOf(this.desk.list, unb64(one.member, 16));
    if (!found) return asMember(one) ? say("not_on_list") : "";
    const isSame = b64(found.kem) === one.kem && b64(found.sig) === one.sig;
    return isSame ? say("on_list", { role: roleText(found.role) }) : say("other_keys");
  }

  /** The one thing that waits to be done, and what seldom is. */
  private steps(one: Account): { first: HTMLElement | null; more: HTMLElement[] } {
    const { desk } = this;
    const isMe = one.account === desk.me.account;
    const found = desk.list && memberOf(desk.list, unb64(one.member, 16));
    const mayChange = !isMe && (!one.roles.includes("admin") || desk.me.roles.includes("admin"));
    const mayList = desk.may("team.sign") && desk.list !== null;
    const press = (text: string, act: () => Promise<void>, className = ""): HTMLElement => {
      const made = button(say(text), () => this.run(act), className);
      made.setAttribute("aria-label", `${say(text)}: ${one.name}`);
      return made;
    };
    const waits = mayList && !found && asMember(one);
    const more: HTMLElement[] = [];
    if (mayList && found && !isMe) more.push(press("list_drop", () => this.drop(one)));
    if (desk.may("team.invite") && mayChange) more.push(press("reinvite", () => this.again(one)));
    if (desk.may("team.revoke") && mayChange) {
      more.push(press("revoke", () => this.revoke(one), "danger"));
    }
    return { first: waits ? press("list_add", () => this.put(one), "main") : null, more };
  }

  private roles(one: Account, change: HTMLDetailsElement): HTMLElement {
    const form = document.createElement("form");
    const group = document.createElement("fieldset");
    const boxes = roleBoxes(one.roles, this.desk.me.roles.includes("admin"), `of-${one.account}`);
    group.append(make("legend", "", say("roles_of", { name: one.name })), boxes);
    form.append(group, make("button", "", say("change_roles")));
    form.onsubmit = (event) => {
      event.preventDefault();
      const roles = chosenRoles(boxes);
      change.open = false;
      this.run(() => post(`accounts/${one.account}/roles`, { roles }));
    };
    return form;
  }

  /** What stays of the list, changed by `edit`, signed as the next version. */
  private async sign(edit: (members: Member[]) => void, goes = ""): Promise<void> {
    const team = await this.desk.readTeam();
    const members = this.desk.list ? staying(this.desk.list, team) : [];
    if (!(await this.mayFall(members, goes))) return;
    edit(members);
    await signList(this.desk, members);
    part("team-said").textContent = say("list_done");
  }

  /** Whoever has no account with these keys any more cannot stay; that is not done in silence. */
  private async mayFall(staying: Member[], goes: string): Promise<boolean> {
    const ids = new Set(staying.map((one) => b64(one.id)));
    const falling = (this.desk.list?.members ?? []).filter((one) => {
      return !ids.has(b64(one.id)) && b64(one.id) !== goes;
    });
    if (falling.length === 0) return true;
    return sure(say("sure_fall", { names: falling.map((one) => one.name).join(", ") }));
  }

  private async put(one: Account): Promise<void> {
    const member = asMember(one);
    const isSame = await sure(say("sure_add", { name: one.name }), await fingerprint(one));
    // The keys that were compared are signed, whatever the server says after this.
    if (member && isSame) await this.sign((members) => members.push(member));
  }

  private async drop(one: Account): Promise<void> {
    if (!(await sure(say("sure_drop", { name: one.name })))) return;
    await this.sign((members) => {
      const at = members.findIndex((member) => b64(member.id) === one.member);
      if (at >= 0) members.splice(at, 1);
    }, one.member);
  }

  private async revoke(one: Account): Promise<void> {
    if (!(await sure(say("sure_revoke", { name: one.name })))) return;
    await post(`accounts/${one.account}/revoke`);
    const wasListed = this.desk.list && memberOf(this.desk.list, unb64(one.member, 16));
    if (wasListed && this.desk.may("team.sign")) await this.sign(() => undefined, one.member);
  }

  private async again(one: Account): Promise<void> {
    if (!(await sure(say("sure_reinvite", { name: one.name })))) return;
    const { link } = await post<{ link: string }>("invites", { account: one.account });
    showLink(link);
  }
}

function rowOf(buttons: HTMLElement[]): HTMLElement {
  const row = make("div", "row");
  row.append(...buttons);
  return row;
}

export function hideLink(): void {
  show("link-part", false);
  part<HTMLInputElement>("link").value = "";
}

/** A link is shown this once; it is gone when the page is left. */
export function showLink(link: string): void {
  const field = part<HTMLInputElement>("link");
  field.value = link;
  show("link-part", true);
  part("link-copy").onclick = () => {
    field.select();
    navigator.clipboard.writeText(link).then(
      () => {
        part("team-said").textContent = say("copied");
      },
      () => field.focus(),
    );
  };
  field.focus();
  field.select();
}
