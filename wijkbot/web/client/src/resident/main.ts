/** What does the page of the chat do first? It looks whether it may do anything at all. */

import "./resident.css";

import { isOpenElsewhere } from "./alone";
import { Away, Said } from "./api";
import { comeBack, create, prepare } from "./begin";
import { openChat, stopTalk } from "./chat";
import { armExit, coverWhenHidden, onExit } from "./exit";
import { dayAndTime, pageData, part, say, show } from "./page";
import { forget, load, readDraft, type Saved, save, writeDraft } from "./session";
import { readTeam, type Team } from "./team";
import { readings, wordList } from "./words";

const PAGE = pageData();
const VIEWS = ["loading", "start", "return", "talk", "locked"];
const LOOK_MS = 60_000;
let looking = 0;
const IN_APP = /\b(FBAN|FBAV|FB_IAB|Instagram|Line|WhatsApp|MicroMessenger|Snapchat)\b/;

type View = "loading" | "start" | "return" | "talk" | "locked" | "numbers";

function view(name: View): void {
  for (const one of VIEWS) show(one, one === name);
  show("no-chat", name === "numbers");
  document.documentElement.dataset.view = name;
}

/** Everything the chat needs of the browser; without it there are only the numbers. */
function canTalk(): boolean {
  return (
    isSecureContext &&
    typeof crypto?.subtle?.deriveBits === "function" &&
    typeof BroadcastChannel === "function" &&
    typeof AbortSignal.timeout === "function" &&
    typeof HTMLDialogElement === "function" &&
    typeof Object.hasOwn === "function" &&
    PAGE.pin !== "" &&
    Boolean(PAGE.words[PAGE.list])
  );
}

async function begin(): Promise<void> {
  armExit(PAGE.exit);
  onExit(stopTalk);
  coverWhenHidden();
  if (!canTalk()) return;
  view("loading");
  const saved = load();
  if (saved && (await isOpenElsewhere(saved.conv))) {
    forget();
    lock("elsewhere");
  } else if (saved && cameBackByButton()) {
    lock("covered");
  } else if (saved) {
    await resume(saved);
  } else {
    await start();
  }
}

function cameBackByButton(): boolean {
  const [entry] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return entry?.type === "back_forward";
}

/** Nothing of the conversation is on the page until somebody asks for it. */
function lock(why: "elsewhere" | "covered"): void {
  stopTalk();
  for (const id of ["log", "outbox", "words"]) part(id).replaceChildren();
  part<HTMLTextAreaElement>("message").value = "";
  part("locked-text").textContent = say(why);
  show("locked-open", why === "covered");
  part("locked-open").onclick = () => {
    const saved = load();
    void (saved ? resume(saved) : start());
  };
  part("locked-away").onclick = () => {
    forget();
    void start();
  };
  view("locked");
}

/** The page of before the conversation: who is here now, and the first message. */
async function start(said = ""): Promise<void> {
  let team: Team;
  try {
    team = await readTeam(PAGE.pin, null);
  } catch (error) {
    view("numbers");
    if (error instanceof Away || (error instanceof Said && error.status !== 503)) {
      show("retry", true);
      part("retry").onclick = () => void start(said);
    }
    return;
  }
  part("start-said").textContent = said;
  showPresence(team);
  lookAgain();
  show("in-app", IN_APP.test(navigator.userAgent));
  const first = part<HTMLTextAreaElement>("first");
  first.value = readDraft();
  first.oninput = () => writeDraft(first.value);
  part("start-form").onsubmit = (event) => {
    event.preventDefault();
    void startTalk(team, first.value.trim());
  };
  part("have-words").onclick = () => askWords();
  view("start");
}

function showPresence(team: Team): void {
  part("presence").textContent = presenceText(team);
  show("start-form", !team.config.is_full);
}

/** Who is here changes while somebody thinks about the first words. */
function lookAgain(): void {
  clearTimeout(looking);
  looking = window.setTimeout(() => {
    if (document.documentElement.dataset.view !== "start") return;
    const team = document.hidden ? Promise.reject(new Away()) : readTeam(PAGE.pin, null);
    void team.then(showPresence, () => undefined).then(lookAgain);
  }, LOOK_MS);
}

function presenceText({ config }: Team): string {
  if (config.is_full) return say("full");
  if (config.presence === "closed" && config.opens_at) {
    return say("presence_closed_until", { when: dayAndTime(config.opens_at) });
  }
  return say(`presence_${config.presence}`);
}

async function startTalk(team: Team, text: string): Promise<void> {
  const go = part<HTMLButtonElement>("go");
  if (!text || go.disabled) return;
  if ([...text].length > 4_000) {
    part("start-said").textContent = say("too_long");
    return;
  }
  go.disabled = true;
  part("start-said").textContent = say("starting");
  try {
    await wordList(PAGE, PAGE.list);
    const saved = await prepare(team, PAGE, text);
    save(saved);
    await create(saved, PAGE, text);
    part("start-said").textContent = "";
    await enter(saved);
  } catch (error) {
    notStarted(error);
  } finally {
    go.disabled = false;
  }
}

/** Lost on the way: kept, and tried again. Refused: said, and the text is still there. */
function notStarted(error: unknown): void {
  const saved = load();
  if (saved?.create && (error instanceof Away || (error instanceof Said && error.status >= 500))) {
    const isFull = error instanceof Said && error.code === "full";
    part("start-said").textContent = say(isFull ? "full" : "no_line");
    if (!isFull) {
      setTimeout(() => void resume(saved), 3_000);
      return;
    }
  } else {
    part("start-said").textContent = say("try_later");
  }
  forget();
  writeDraft(part<HTMLTextAreaElement>("first").value);
  view("start");
}

/** Go on with what this tab remembers. */
async function resume(saved: Saved): Promise<void> {
  if (!saved.create) return enter(saved);
  const text = readDraft();
  part<HTMLTextAreaElement>("first").value = text;
  part("start-said").textContent = say("starting");
  view("start");
  try {
    await create(saved, PAGE, text);
    await enter(saved);
  } catch (error) {
    notStarted(error);
  }
}

async function enter(saved: Saved): Promise<void> {
  if (part<HTMLTextAreaElement>("first").value) {
    writeDraft("");
    part<HTMLTextAreaElement>("first").value = "";
  }
  show("trouble", false);
  show("composer", true);
  part("status").textContent = say("starting");
  view("talk");
  await openChat(saved, PAGE, (said) => void start(said));
}

function askWords(): void {
  view("return");
  const typed = part<HTMLTextAreaElement>("typed");
  typed.value = "";
  typed.focus();
  part("return-said").textContent = "";
  part("return-form").onsubmit = (event) => {
    event.preventDefault();
    void openWith(typed.value);
  };
  part("return-not").onclick = () => void start();
}

async function openWith(typed: string): Promise<void> {
  const said = part("return-said");
  said.textContent = say("starting");
  try {
    const possible = await readings(PAGE, typed);
    if (possible.length === 0) {
      said.textContent = say("code_count");
      return;
    }
    const team = await readTeam(PAGE.pin, null);
    for (const { list, indices } of possible) {
      const saved = await found(team, indices, list);
      if (!saved) continue;
      part<HTMLTextAreaElement>("typed").value = "";
      save(saved);
      await enter(saved);
      return;
    }
    said.textContent = say("code_wrong");
  } catch {
    said.textContent = say("try_later");
  }
}

/** The conversation behind a code, or null when the server knows none. */
async function found(team: Team, indices: number[], list: string): Promise<Saved | null> {
  try {
    return await comeBack(team, indices, list);
  } catch (error) {
    if (error instanceof Said && error.status === 404) return null;
    throw error;
  }
}

// A page from the memory of the browser (Back) shows nothing of what it held.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  if (load()) lock("covered");
  else location.reload();
});

void begin();
