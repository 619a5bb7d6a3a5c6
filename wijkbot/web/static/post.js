// How does somebody copy or share a card with one press? The page works without this too.
"use strict";

const textOf = (id) => document.getElementById(id);

function tell(id, what) {
  const heard = document.querySelector(`[data-heard="${id}"]`);
  if (heard) heard.textContent = heard.dataset[what];
}

async function copy(id) {
  try {
    await navigator.clipboard.writeText(textOf(id).value);
    tell(id, "copied");
  } catch {
    textOf(id).select();
    tell(id, document.execCommand("copy") ? "copied" : "failed");
  }
}

async function pictureOf(address) {
  const answer = await fetch(address);
  if (!answer.ok) return [];
  const bytes = await answer.blob();
  const ending = bytes.type === "image/png" ? "png" : "jpg";
  return [new File([bytes], `picture.${ending}`, { type: bytes.type })];
}

async function share(id, address) {
  try {
    const files = address ? await pictureOf(address) : [];
    const text = textOf(id).value;
    const whole = { text, files };
    await navigator.share(files.length && navigator.canShare?.(whole) ? whole : { text });
  } catch (error) {
    if (error.name !== "AbortError") tell(id, "failed");
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button.dataset.copy));
}
if (navigator.share) {
  for (const button of document.querySelectorAll("[data-share]")) {
    button.hidden = false;
    button.addEventListener("click", () => share(button.dataset.share, button.dataset.picture));
  }
}
