/** Which part of the page is shown, and who hears of it? One at a time. */

import { part, say, show } from "../resident/page";

export type View = "none" | "login" | "unlock" | "invite" | "talks" | "cards" | "team" | "account";
const VIEWS: View[] = ["none", "login", "unlock", "invite", "talks", "cards", "team", "account"];
/** Those that the navigation leads to. */
export const ROOMS: View[] = ["talks", "cards", "team", "account"];

export function view(wanted: View): void {
  for (const one of VIEWS) show(`view-${one}`, one === wanted);
  show("nav", ROOMS.includes(wanted));
  for (const link of document.querySelectorAll<HTMLAnchorElement>("#nav a")) {
    if (link.hash === `#${wanted}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  tell("");
  part("door-said").textContent = "";
}

/** One line for everybody, also for who listens. */
export function tell(text: string): void {
  part("told").textContent = text;
}

/** A question with yes and no; `code` is a number to compare. */
export function sure(text: string, code = ""): Promise<boolean> {
  const dialog = part<HTMLDialogElement>("sure");
  part("sure-text").textContent = text;
  part("sure-code").textContent = code;
  show("sure-code", code !== "");
  part("sure-yes").onclick = () => dialog.close("yes");
  part("sure-no").onclick = () => dialog.close("");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((done) => {
    dialog.onclose = () => done(dialog.returnValue === "yes");
  });
}

/** A form that is busy while its work runs, and says what went wrong. */
export function onSubmit(id: string, work: () => Promise<void>, failed: (e: unknown) => void): void {
  const form = part<HTMLFormElement>(id);
  form.onsubmit = (event) => {
    event.preventDefault();
    const buttons = [...form.querySelectorAll("button")];
    for (const one of buttons) one.disabled = true;
    work()
      .catch(failed)
      .finally(() => {
        for (const one of buttons) one.disabled = false;
      });
  };
}

export const typed = (id: string): string => part<HTMLInputElement>(id).value;

/** The bar of slow work; gone again at the end. */
export function progress(share: number): void {
  const bar = part<HTMLProgressElement>("busy");
  bar.hidden = share >= 1;
  bar.value = share;
  if (share < 1) part("door-said").textContent = say("busy");
  else if (part("door-said").textContent === say("busy")) part("door-said").textContent = "";
}

/** Twelve or sixteen letters in groups of four are easier to compare. */
export function inFours(text: string): string {
  return text.replace(/(.{4})(?=.)/g, "$1 ");
}
