/** How does somebody get away in an instant? By the red button, or Shift three times. */

import { forget } from "./session";
import { at, part, say } from "./page";

const TIMES = 3;
const WITHIN_MS = 5_000;

let forgetKeys: () => void = () => undefined;

/** What else must be dropped from memory when somebody leaves. */
export function onExit(drop: () => void): void {
  forgetKeys = drop;
}

/** Cover, wipe, go: nothing here waits for the network. */
export function leave(to: string): void {
  const cover = document.createElement("div");
  cover.className = "cover";
  document.body.append(cover);
  document.title = "…";
  forgetKeys();
  forget();
  document.body.replaceChildren(cover);
  try {
    void fetch(at("/api/c/exit"), { method: "POST", keepalive: true, credentials: "omit" }).catch(
      () => undefined,
    );
  } catch {
    // Gone is gone, whether the server hears of it or not.
  }
  location.replace(to);
}

export function armExit(to: string): void {
  part("exit").addEventListener("click", (event) => {
    event.preventDefault();
    leave(to);
  });
  let presses: number[] = [];
  addEventListener("keyup", (event) => {
    if (event.key !== "Shift") {
      presses = [];
      return;
    }
    const moment = performance.now();
    presses = [...presses.filter((at) => moment - at < WITHIN_MS), moment];
    if (presses.length >= TIMES) leave(to);
    else part("exit-heard").textContent = say("shift_more", { n: TIMES - presses.length });
  });
}

/** The picture of the page that an app switcher keeps shows nothing. */
export function coverWhenHidden(): void {
  document.addEventListener("visibilitychange", () => {
    document.documentElement.classList.toggle("covered", document.visibilityState === "hidden");
  });
}
