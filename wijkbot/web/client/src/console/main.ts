/** What does the console do first? It looks whether it may do anything, then who is there. */

import "./console.css";

import { pageData, part, say, show } from "../resident/page";
import { AccountView } from "./account";
import { Conversation } from "./conversation";
import { type Desk, type Me, shelfKey } from "./desk";
import { askLogin, askUnlock, whoIsIn } from "./door";
import { lockWhenIdle } from "./idle";
import { InfoCards } from "./infocards";
import { openInvite } from "./invite";
import { get, post, whenOver, why } from "./line";
import { Live } from "./live";
import { Office } from "./office";
import { type Opening, Queue } from "./queue";
import { TeamView } from "./team";
import { ROOMS, sure, type View, view } from "./views";

const PAGE = pageData();
const REASON = "werk-why";
const MAY: Partial<Record<View, string>> = {
  talks: "conversation.follow",
  cards: "cards.send",
  team: "team.read",
  account: "self",
};

function isAble(): boolean {
  const needed = [window.crypto?.subtle?.deriveBits, window.HTMLDialogElement, window.EventSource];
  return isSecureContext && needed.every(Boolean) && PAGE.texts !== undefined;
}

/** Every key is let go of by loading the page anew. */
function lock(reason: "idle" | "over"): void {
  try {
    sessionStorage.setItem(REASON, reason);
  } catch {
    // Then it says nothing of why.
  }
  location.replace(`/werk${location.search}`);
}

function reason(): string {
  try {
    const found = sessionStorage.getItem(REASON) ?? "";
    sessionStorage.removeItem(REASON);
    return found;
  } catch {
    return "";
  }
}

async function leave(): Promise<void> {
  try {
    await post("logout");
  } finally {
    location.replace(`/werk${location.search}`);
  }
}

class Console {
  private readonly live = new Live();
  private readonly queue: Queue;
  private readonly team: TeamView;
  private readonly office: Office;
  private readonly account: AccountView;
  private readonly cards = new InfoCards();
  private open: Conversation | null = null;

  constructor(private readonly desk: Desk) {
    this.queue = new Queue(desk, this.live, (conv, how, lang) => void this.show(conv, how, lang));
    this.office = new Office(desk, PAGE);
    this.team = new TeamView(desk, this.live, (team) => this.office.team(team));
    this.account = new AccountView(desk, async (kek) => {
      desk.keys.shelf = await shelfKey(kek);
    });
  }

  async begin(): Promise<void> {
    whenOver(() => lock("over"));
    lockWhenIdle(() => void get<Me>("me").catch(() => undefined), () => lock("idle"));
    for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-may]")) {
      link.hidden = !this.desk.may(link.dataset.may ?? "");
    }
    part("leave").onclick = () => void this.logout();
    addEventListener("hashchange", () => void this.go());
    addEventListener("beforeunload", (event) => {
      if (this.open?.hasUnsent) event.preventDefault();
    });
    if (this.desk.may("conversation.follow")) {
      this.live.start();
      void this.queue.begin();
    }
    await this.go();
  }

  private async logout(): Promise<void> {
    if (this.open?.hasUnsent && !(await sure(say("sure_unsent")))) return;
    this.closeTalk();
    this.live.stop();
    await leave();
  }

  private get wanted(): View {
    const name = location.hash.slice(1) as View;
    const may = (one: View): boolean => this.desk.may(MAY[one] ?? "");
    if (ROOMS.includes(name) && may(name)) return name;
    return ROOMS.find(may) ?? "account";
  }

  private async go(): Promise<void> {
    const wanted = this.wanted;
    view(wanted);
    part("main").focus({ preventScroll: true });
    scrollTo(0, 0);
    try {
      if (wanted === "team") await Promise.all([this.team.read(), this.office.begin()]);
      if (wanted === "cards") await this.cards.begin();
      if (wanted === "account") await this.account.begin();
    } catch (error) {
      part("told").textContent = why(error);
    }
  }

  private async show(conv: string, how: Opening, lang: string): Promise<void> {
    if (this.open?.isOf(conv)) return;
    this.open?.end();
    this.queue.openConv = conv;
    const opened = new Conversation({
      desk: this.desk,
      live: this.live,
      conv,
      how,
      lang,
      leave: () => this.closeTalk(),
    });
    this.open = opened;
    void this.queue.read();
    await opened.begin();
  }

  private closeTalk(): void {
    this.open?.end();
    this.open = null;
    this.queue.openConv = "";
    void this.queue.read();
  }
}

async function start(): Promise<void> {
  const inside = (desk: Desk): void => void new Console(desk).begin();
  if (location.pathname === "/werk/uitnodiging") return openInvite(PAGE, inside);
  const why = reason();
  const me = await whoIsIn().catch(() => null);
  if (me && why !== "over") askUnlock(PAGE, me, inside, () => void leave());
  else askLogin(PAGE, why, inside);
  if (me && why) {
    part("login-why").textContent = "";
    part("door-said").textContent = say(why);
  }
}

// Another language, and the same room or invitation.
for (const link of document.querySelectorAll<HTMLAnchorElement>("#languages a")) {
  link.addEventListener("click", () => {
    link.hash = location.hash;
  });
}
show("view-none", true);
if (isAble()) void start();
