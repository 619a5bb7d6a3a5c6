"""Does the page send nothing when it cannot be sure, and run nothing that is not its own?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect
from sqlalchemy import Connection, select

from tests.securechat.browser.visit import TOGETHER, Place, Visit
from tests.securechat.client.encoding import b64
from tests.securechat.client.member import make_worker
from wijkbot.storage.columns import metadata

pytestmark = TOGETHER

OLD_ENGINES = {
    "no subtle crypto": "Object.defineProperty(Crypto.prototype, 'subtle', {value: undefined})",
    "no deriveBits": "SubtleCrypto.prototype.deriveBits = undefined",
    "no dialogs": "window.HTMLDialogElement = undefined",
    "no tab channel": "window.BroadcastChannel = undefined",
    "not a secure context": "Object.defineProperty(window, 'isSecureContext', {value: false})",
}


async def _only_numbers(visit: Visit) -> None:
    """What is left: the numbers, and no way to type anything that could be sent."""
    await expect(
        visit.page.get_by_role("heading", name="De chat werkt hier nu niet")
    ).to_be_visible()
    for number in ("112", "1813", "106"):
        await expect(visit.page.get_by_role("link", name=number).first).to_be_visible()
    await expect(visit.page.get_by_role("textbox")).to_have_count(0)
    await visit.page.wait_for_timeout(500)
    await expect(visit.page.get_by_role("textbox")).to_have_count(0)
    assert [] == visit.posts()


async def test_20_without_working_crypto_there_are_numbers_and_no_post(place: Place) -> None:
    for script in OLD_ENGINES.values():
        context = await place.context()
        await context.add_init_script(script)
        await _only_numbers(await place.visit(context))


async def test_20_without_script_there_are_numbers_and_no_post(place: Place) -> None:
    await _only_numbers(await place.visit(await place.context(java_script_enabled=False)))


async def test_20_over_plain_http_there_are_numbers_and_no_post(place: Place) -> None:
    """The browser itself says whether the origin is safe: http on another name is not."""
    context = await place.context()
    page = await context.new_page()

    async def answer(route: Route) -> None:
        path = route.request.url.partition("buurt.example")[2]
        await route.fulfill(response=await context.request.get(f"{place.base_url}{path}"))

    await page.route("http://buurt.example/**", answer)
    visit = await place.follow(page, go=False)
    visit.base_url = "http://buurt.example"
    await visit.open()
    assert not await page.evaluate("isSecureContext")
    await _only_numbers(visit)


def _broken(config: dict[str, Any], how: str, now: int) -> dict[str, Any]:
    """The config of a server that lies."""
    team: dict[str, Any] = json.loads(json.dumps(config))
    manifest = team["manifest"]
    if how == "a ghost in the team":
        ghost = make_worker("Ghost").listed("worker")
        row = {"id": b64(ghost.id), "name": "Ghost", "role": "worker"}
        manifest["members"].append({**row, "kem": b64(ghost.kem), "sig": b64(ghost.sig)})
        manifest["members"].sort(key=lambda one: one["id"])
    elif how == "a worker left out":
        manifest["members"] = manifest["members"][:1]
    elif how == "another name":
        manifest["members"][0]["name"] = "Iemand anders"
    elif how == "over":
        manifest["expires"] = now - 1
    elif how == "another root":
        team["root_sig"] = b64(make_worker("x").sig.public)
    elif how == "another recovery key":
        manifest["recovery_kem"] = b64(make_worker("x").kem.public)
    return team


@pytest.mark.parametrize(
    "how",
    ["a ghost in the team", "a worker left out", "another name", "over", "another root",
     "another recovery key"],
)  # fmt: skip
async def test_20_with_a_team_that_does_not_hold_there_are_numbers_and_no_post(
    place: Place, how: str
) -> None:
    context = await place.context()
    page = await context.new_page()

    async def lie(route: Route) -> None:
        true = await route.fetch()
        await route.fulfill(json=_broken(await true.json(), how, place.crew.now))

    await page.route("**/api/c/config", lie)
    await _only_numbers(await place.follow(page))


async def test_20_without_a_team_there_are_numbers_and_no_post(place: Place) -> None:
    pin = place.crew.living.folder / "organisation-root.pin"
    kept = pin.read_text()
    pin.unlink()
    await _only_numbers(await place.visit())
    pin.write_text(kept)


async def test_38_a_team_that_changes_under_way_stops_the_page(place: Place) -> None:
    """Between two messages somebody puts a ghost on the list: nothing more is sent."""
    visit = await place.visit()
    await visit.begin()
    await visit.skip_words()

    async def lie(route: Route) -> None:
        true = await route.fetch()
        told = _broken(await true.json(), "a ghost in the team", place.crew.now)
        told["manifest"]["version"] += 1
        await route.fulfill(json=told)

    await visit.page.route("**/api/c/keys", lie)
    await visit.page.reload()
    await expect(visit.part("trouble")).to_contain_text("niet nagaan wie dit zou lezen")
    await expect(visit.page.get_by_label("Je bericht")).to_be_hidden()
    await expect(visit.page.get_by_role("link", name="112").first).to_be_visible()


async def test_22_looking_and_previews_make_no_row(place: Place) -> None:
    before = await _rows(place)
    context = await place.context()
    bots = ("WhatsApp/2.23.20.0", "TelegramBot (like TwitterBot)", "Mozilla/5.0 (Macintosh)")
    for agent in bots:
        for path in ("/c", "/c?lang=fr", "/api/c/config"):
            for ask in (context.request.get, context.request.head):
                headers = {"User-Agent": agent, "Purpose": "prefetch", "Sec-Purpose": "prefetch"}
                answer = await ask(f"{place.base_url}{path}", headers=headers)
                assert answer.ok, (path, answer.status)
                assert "set-cookie" not in answer.headers
    visit = await place.visit()
    await expect(visit.part("first")).to_be_visible()
    await visit.page.reload()
    assert [] == visit.posts()
    assert before == await _rows(place)


async def _rows(place: Place) -> dict[str, int]:
    """How many rows each table of the secure chat has."""
    tables = [table for name, table in metadata.tables.items() if name.startswith("sc_")]
    assert len(tables) >= 5

    def count(conn: Connection) -> dict[str, int]:
        return {table.name: len(conn.execute(select(table)).all()) for table in tables}

    return await place.crew.living.bot.house.database.read(count)


TRY = """
async ([what]) => {
  const ran = [];
  window.ran = (name) => ran.push(name);
  const named = {
    inline: () => {
      const script = document.createElement('script');
      script.append("window.ran('inline')");
      document.body.append(script);
    },
    handler: () => {
      document.body.setAttribute('onclick', "window.ran('handler')");
      document.body.click();
    },
    eval: () => window['ev' + 'al']("window.ran('eval')"),
    function: () => new window.Function("window.ran('function')")(),
    html: () => { document.body.innerHTML = '<img src=x onerror="window.ran(1)">'; },
    policy: () => window.trustedTypes.createPolicy('mine', {createHTML: (text) => text}),
    script_url: () => { document.createElement('script').src = '/static/front.js'; },
    style: () => {
      const style = document.createElement('style');
      style.textContent = 'body { color: rgb(1, 2, 3) !important }';
      document.head.append(style);
      if (getComputedStyle(document.body).color === 'rgb(1, 2, 3)') window.ran('style');
    },
    picture: () => new Promise((done) => {
      const image = new Image();
      image.onload = () => { window.ran('picture'); done(); };
      image.onerror = done;
      image.src = 'https://elsewhere.example/a.png';
    }),
    fetch: () => fetch('https://elsewhere.example/').then(() => window.ran('fetch')),
    frame: () => {
      const frame = document.createElement('iframe');
      frame.src = '/c';
      document.body.append(frame);
    },
    base: () => {
      const base = document.createElement('base');
      base.href = 'https://elsewhere.example/';
      document.head.append(base);
      if (document.baseURI.includes('elsewhere')) window.ran('base');
    },
  };
  // From a timer: what the debugger itself evaluates may do more than a page.
  await new Promise((done) => setTimeout(async () => {
    try { await named[what](); } catch (error) { }
    setTimeout(done, 100);
  }));
  return ran;
}
"""


async def test_51_nothing_foreign_runs_and_a_whole_talk_breaks_no_rule(place: Place) -> None:
    visit = await place.visit()
    await visit.begin()
    await visit.skip_words()
    ben = place.crew.people[1]
    seen = await place.claim(ben, visit)
    await ben.say(seen, "Dag.", place.crew.now)
    await visit.sees("Dag.")
    await visit.page.reload()
    await visit.sees("Dag.")
    assert [] == visit.said, "no rule was broken by the page itself"
    assert [] == [url for _, url in visit.asked if not url.startswith(place.base_url)]
    for what in ("inline", "handler", "eval", "function", "html", "policy", "script_url", "style",
                 "picture", "fetch", "frame", "base"):  # fmt: skip
        assert [] == await visit.page.evaluate(TRY, [what]), what
        assert visit.said, f"{what} was not refused"
        visit.said.clear()
    assert "elsewhere" not in " ".join(frame.url for frame in visit.page.frames)


async def test_57_a_changed_byte_of_the_script_does_not_run(place: Place) -> None:
    context = await place.context()
    page: Page = await context.new_page()

    async def change(route: Route) -> None:
        true = await route.fetch()
        await route.fulfill(response=true, body=(await true.body()).replace(b"wb1/", b"wb2/", 1))

    await page.route("**/static/c/page-*.js", change)
    visit = await place.follow(page)
    await _only_numbers(visit)
    assert [(m, u) for m, u in visit.asked if "/api/" in u] == []


async def test_57_a_changed_word_list_is_not_used(place: Place) -> None:
    context = await place.context()
    page = await context.new_page()

    async def change(route: Route) -> None:
        true = await route.fetch()
        await route.fulfill(response=true, body=(await true.body()).replace(b"a", b"e", 1))

    await page.route("**/static/c/words-*.txt", change)
    visit = await place.follow(page)
    await page.get_by_label("Wat wil je vragen of vertellen?").fill("dag")
    await page.get_by_role("button", name="Start de chat").click()
    await expect(visit.part("start-said")).to_contain_text("Dat lukte niet")
    assert [] == visit.posts()


async def test_06_what_is_wrong_keeps_its_place_and_has_a_reason(place: Place) -> None:
    """A server that changes one message and leaves out another is seen through, line by line."""
    visit = await place.visit()
    await visit.begin("een")
    await visit.skip_words()
    ben = place.crew.people[1]
    seen = await place.claim(ben, visit)
    for text in ("twee", "drie", "vier", "vijf"):
        await ben.say(seen, text, place.crew.now)
    await visit.sees("vijf")

    async def lie(route: Route) -> None:
        true = await route.fetch()
        told = await true.json()
        if true.ok:
            for row in told["messages"]:
                if row["seq"] == 2:
                    row["ct"] = ("A" if row["ct"][0] != "A" else "B") + row["ct"][1:]
            told["messages"] = [row for row in told["messages"] if row["seq"] not in {1, 4}]
        await route.fulfill(response=true, json=told)

    await visit.page.route("**/api/c/messages?**", lie)
    await visit.page.reload()
    fixed = visit.part("log").locator(".fixed")
    await expect(fixed).to_have_count(3, timeout=20_000)
    assert [
        "Hier stond een bericht dat niet echt is. We tonen het niet.",
        "Voor dit bericht ontbreekt er een.",
        "Voor dit bericht ontbreekt er een.",
    ] == await fixed.all_inner_texts()
    assert {"alert"} == set(
        await fixed.evaluate_all("(all) => all.map((one) => one.getAttribute('role'))")
    )


async def test_06_a_message_that_others_saw_and_that_is_not_there_is_told(place: Place) -> None:
    visit = await place.visit()
    await visit.begin("een")
    await visit.skip_words()
    ben = place.crew.people[1]
    seen = await place.claim(ben, visit)
    await visit.say("twee")
    await visit.sees("twee")
    await ben.read(seen)
    await ben.say(seen, "ik las allebei", place.crew.now)
    await visit.sees("ik las allebei")

    async def cut(route: Route) -> None:
        true = await route.fetch()
        told = await true.json()
        if true.ok:
            told["messages"] = [row for row in told["messages"] if row["seq"] != 2]
        await route.fulfill(response=true, json=told)

    await visit.page.route("**/api/c/messages?**", cut)
    await visit.page.reload()
    line = visit.part("log").get_by_text("Een bericht dat gelezen is, staat hier niet meer.")
    await expect(line).to_have_count(1, timeout=20_000)
