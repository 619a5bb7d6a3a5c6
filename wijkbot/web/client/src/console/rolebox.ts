/** How are roles chosen? One box for each that the server knows. */

import { make, pageData } from "../resident/page";
import { roleText } from "./roles";

const ROLES = (pageData() as unknown as { roles?: string[] }).roles ?? [];

/** `mayAdmin`: whether the role of administrator may be given. `prefix` keeps ids apart. */
export function roleBoxes(chosen: string[], mayAdmin: boolean, prefix: string): HTMLElement {
  const holder = make("div", "checks");
  for (const role of ROLES) {
    if (role === "admin" && !mayAdmin) continue;
    const box = document.createElement("input");
    box.type = "checkbox";
    box.value = role;
    box.id = `${prefix}-${role}`;
    box.checked = chosen.includes(role);
    const label = document.createElement("label");
    label.append(box, ` ${roleText(role)}`);
    holder.append(label);
  }
  return holder;
}

export function chosenRoles(holder: HTMLElement): string[] {
  return [...holder.querySelectorAll<HTMLInputElement>("input:checked")].map((box) => box.value);
}
