// Shows new messages without reloading. Without this script the page works by its forms.
"use strict";

const body = document.body;
const list = document.getElementById("lines");
const pane = list.parentElement;
let last = Number(list.lastElementChild ? list.lastElementChild.dataset.number : 0);
let seen = Number(body.dataset.last);
let revision = Number(body.dataset.revision);

function field(name, value) {
  const input = document.createElement("input");
  input.type = "hidden";
  input.name = name;
  input.value = value;
  return input;
}

function choiceElement(choice) {
  if (choice.url) {
    const link = document.createElement("a");
    link.className = "choice";
    link.href = choice.url;
    link.rel = "noreferrer";
    link.textContent = choice.title;
    return link;
  }
  const form = document.createElement("form");
  form.method = "post";
  form.action = "choose";
  form.append(
    field("as", body.dataset.me),
    field("chat", body.dataset.chat),
    field("lang", body.dataset.lang),
    field("title", choice.title),
  );
  const button = document.createElement("button");
  button.className = "choice";
  button.name = "choice";
  button.value = choice.id;
  button.textContent = choice.title;
  form.append(button);
  return form;
}

function paragraph(kind, text) {
  const made = document.createElement("p");
  made.className = kind;
  made.textContent = text;
  return made;
}

function tagElement(text) {
  const tag = document.createElement("span");
  tag.className = "tag";
  tag.textContent = text;
  return tag;
}

function photoElement(line) {
  const photo = document.createElement("img");
  photo.className = "photo";
  photo.src = "photo/" + line.number;
  photo.alt = line.photo.alt;
  photo.width = line.photo.width;
  photo.height = line.photo.height;
  return photo;
}

function fileElement(line) {
  const shown = paragraph("file", "");
  const link = document.createElement("a");
  link.href = "file/" + line.number;
  link.download = line.file.name;
  link.textContent = line.file.name;
  shown.append(link);
  return shown;
}

function draw(line) {
  const item = document.createElement("li");
  item.className = "line" + (line.mine ? " mine" : line.bot ? " bot" : "");
  item.dataset.number = line.number;
  if (!line.mine) {
    const who = paragraph("who", line.name);
    if (line.bot) who.append(" ", tagElement(body.dataset.computer));
    if (line.pinned) who.append(" ", tagElement(body.dataset.pinned));
    if (line.silent) who.append(" ", tagElement(body.dataset.silent));
    item.append(who);
  }
  if (line.photo) item.append(photoElement(line));
  const words = paragraph("words", "");
  // the server escaped every word of it and added only links
  words.innerHTML = line.html;
  item.append(words);
  if (line.file) item.append(fileElement(line));
  if (line.choices.length) {
    const choices = document.createElement("div");
    choices.className = "choices";
    choices.append(...line.choices.map(choiceElement));
    item.append(choices);
  }
  item.append(paragraph("at", line.at));
  list.append(item);
}

async function follow() {
  for (;;) {
    try {
      const query = new URLSearchParams({ as: body.dataset.me, chat: body.dataset.chat, after: seen, revision });
      const answer = await fetch("lines?" + query);
      if (!answer.ok) throw new Error("not ready");
      const news = await answer.json();
      seen = news.last;
      revision = news.revision;
      if (news.all) {
        list.replaceChildren();
        last = 0;
      }
      for (const line of news.lines) {
        if (line.number <= last) continue;
        last = line.number;
        draw(line);
      }
      if (news.lines.length) {
        document.getElementById("empty").hidden = true;
        pane.scrollTop = pane.scrollHeight;
      }
    } catch {
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const target = form.getAttribute("action");
  if (target !== "say" && target !== "choose") return;
  event.preventDefault();
  const data = new FormData(form, event.submitter);
  if (target === "say" && !String(data.get("text")).trim()) return;
  await fetch(target, { method: "POST", body: data, headers: { accept: "application/json" } });
  if (target === "say") {
    const input = document.getElementById("text");
    input.value = "";
    input.focus();
  }
});

document.getElementById("as").addEventListener("change", (event) => event.target.form.requestSubmit());
pane.scrollTop = pane.scrollHeight;
follow();
