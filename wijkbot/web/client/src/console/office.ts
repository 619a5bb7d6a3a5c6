/** What else belongs to a team? Invitations, opening hours, certificates, and who did what. */

import { unb64 } from "../wb1/bytes";
import { makeCert } from "../wb1/manifest";
import { button, dayAndTime, make, now, type PageData, part, say, show } from "../resident/page";
import { fill } from "./cards";
import type { Account, Desk, TeamAnswer } from "./desk";
import { fingerprint } from "./fingerprint";
import { ask, get, post, why } from "./line";
import { chosenRoles, roleBoxes } from "./rolebox";
import { rolesText } from "./roles";
import { CERT_DAYS, openRoot } from "./root";
import { hideLink, showLink } from "./team";
import { onSubmit, typed } from "./views";

const DAY = 86_400;
const WEEK = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

interface Hours {
  day: string;
  from: string;
  to: string;
}

interface AuditLine {
  id: number;
  account: number | null;
  action: string;
  about: number | null;
  item: string;
  at: number;
}

export class Office {
  private hours: Hours[] = [];
  private lastLine: number | null = null;
  private accounts: Account[] = [];

  constructor(
    private readonly desk: Desk,
    private readonly page: PageData,
  ) {
    show("invite-part", desk.may("team.invite"));
    show("hours-part", desk.may("hours.read"));
    show("audit-part", desk.may("audit.read"));
    show("hours-form", desk.may("hours.write"));
    part("new-roles").replaceChildren(roleBoxes(["worker"], desk.me.roles.includes("admin"), "new"));
    onSubmit("new-invite", () => this.invite(), failed);
    part("hours-day").replaceChildren(...WEEK.map((day) => option(day, dayName(day))));
    onSubmit("hours-form", () => this.addHours(), failed);
    onSubmit("cert-form", () => this.certify(), failed);
    part("cert-who").onchange = () => void this.showCode();
    part("audit-part").ontoggle = () => {
      if (part<HTMLDetailsElement>("audit-part").open) void this.audit(true);
    };
    part("audit-more").onclick = () => void this.audit(false);
  }

  async begin(): Promise<void> {
    hideLink();
    if (!this.desk.may("hours.read")) return;
    this.hours = (await get<{ hours: Hours[] }>("hours")).hours;
    this.showHours();
  }

  /** The team was read again. */
  team(team: TeamAnswer): void {
    this.accounts = team.accounts;
    const lines = team.invites.map((one) => {
      const when = dayAndTime(one.expires);
      return make("li", "", say("invited", { name: one.name, roles: rolesText(one.roles), when }));
    });
    part("invites").replaceChildren(...lines);
    this.showCoordinators(team);
  }

  private async invite(): Promise<void> {
    hideLink();
    const roles = chosenRoles(part("new-roles"));
    const json = { name: typed("new-name").trim(), roles };
    const { link } = await post<{ link: string }>("invites", json);
    part<HTMLInputElement>("new-name").value = "";
    showLink(link);
  }

  private showHours(): void {
    const mayWrite = this.desk.may("hours.write");
    const lines = this.hours.map((one, at) => {
      const text = say("hours_line", { ...one, day: dayName(one.day) });
      const line = make("li", "", text);
      if (!mayWrite) return line;
      const press = button(say("remove"), () => {
        this.putHours(this.hours.filter((_, i) => i !== at)).catch(failed);
      });
      press.setAttribute("aria-label", `${say("remove")}: ${text}`);
      line.append(" ", press);
      return line;
    });
    fill(part("hours"), lines, say("no_hours"));
  }

  private async addHours(): Promise<void> {
    const one = { day: typed("hours-day"), from: typed("hours-from"), to: typed("hours-to") };
    const all = [...this.hours, one];
    all.sort((a, b) => WEEK.indexOf(a.day) - WEEK.indexOf(b.day) || a.from.localeCompare(b.from));
    await this.putHours(all);
  }

  private async putHours(hours: Hours[]): Promise<void> {
    await ask("PUT", "hours", { json: { hours } });
    this.hours = hours;
    this.showHours();
    said(say("done"));
  }

  private showCoordinators(team: TeamAnswer): void {
    const others = team.accounts.filter((one) => {
      return one.state === "active" && one.roles.includes("coordinator");
    });
    show("cert-part", Boolean(team.sealed_root && this.desk.list) && others.length > 0);
    const select = part<HTMLSelectElement>("cert-who");
    const chosen = select.value;
    select.replaceChildren(...others.map((one) => option(String(one.account), one.name)));
    if (others.some((one) => String(one.account) === chosen)) select.value = chosen;
    void this.showCode();
  }

  private get coordinator(): Account | undefined {
    return this.accounts.find((one) => String(one.account) === typed("cert-who"));
  }

  private async showCode(): Promise<void> {
    const one = this.coordinator;
    part("cert-code").textContent = one ? await fingerprint(one) : "";
  }

  private async certify(): Promise<void> {
    const { team, list } = this.desk;
    const one = this.coordinator;
    if (!team || !list || !one) return;
    const root = await openRoot(typed("cert-words"), team, list.org, this.page);
    const [id, sig] = [unb64(one.member, 16), unb64(one.sig, 65)];
    const over = now() + CERT_DAYS * DAY;
    await post("certs", { cert: await makeCert(list.org, id, sig, over, root.sig.privateKey) });
    part<HTMLTextAreaElement>("cert-words").value = "";
    said(say("cert_done", { name: one.name }));
  }

  private async audit(isFresh: boolean): Promise<void> {
    const before = !isFresh && this.lastLine ? `?before=${this.lastLine}` : "";
    try {
      const { lines } = await get<{ lines: AuditLine[] }>(`audit${before}`);
      const made = lines.map((one) => make("li", "", this.auditText(one)));
      if (isFresh) part("audit").replaceChildren(...made);
      else part("audit").append(...made);
      this.lastLine = lines.at(-1)?.id ?? this.lastLine;
      show("audit-more", lines.length === 100);
    } catch (error) {
      failed(error);
    }
  }

  private auditText(one: AuditLine): string {
    const who = one.account === null ? say("operator") : this.name(one.account);
    const about = one.about === null ? "" : ` ${say("about_who", { name: this.name(one.about) })}`;
    const what = say(`audit_${one.action}`, { item: one.item }) + about;
    return say("audit_line", { when: dayAndTime(one.at), who, what });
  }

  private name(account: number): string {
    return this.accounts.find((one) => one.account === account)?.name ?? String(account);
  }
}

function said(text: string): void {
  part("team-said").textContent = text;
}

function failed(error: unknown): void {
  said(why(error, { code: "words_wrong", unknown: "try_later" }));
}

function option(value: string, text: string): HTMLElement {
  const made = make("option", "", text) as HTMLOptionElement;
  made.value = value;
  return made;
}

/** Monday and so on, in the language of the page: 5 January 1970 was a Monday. */
function dayName(day: string): string {
  const moment = new Date(Date.UTC(1970, 0, 5 + WEEK.indexOf(day)));
  const { lang } = document.documentElement;
  return moment.toLocaleDateString(lang, { weekday: "long", timeZone: "UTC" });
}

