"""Does the chat work when one party serves the page and another one has the server?"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from tests.living import free_port
from tests.securechat.browser.visit import TOGETHER, Place, Visit
from tests.securechat.crew import a_crew
from tests.securechat.meddling import served
from wijkbot.app.pin import read_pin
from wijkbot.web.outside.expected import Expected, expected
from wijkbot.web.outside.export import TargetTaken, Wanted, export
from wijkbot.web.outside.fetching import browserlike
from wijkbot.web.outside.header_rules import wrong_headers
from wijkbot.web.outside.verify import Looking, verify

pytestmark = TOGETHER

HEADER = re.compile(r'^ +add_header ([A-Za-z-]+) "([^"]*)" always;$', re.MULTILINE)
KINDS = {"html": "text/html", "js": "text/javascript", "css": "text/css",
         "svg": "image/svg+xml", "txt": "text/plain"}  # fmt: skip


def static_host(folder: Path) -> Starlette:
    """A web server that does what the exported nginx.conf tells it, and nothing of ours."""
    headers = dict(HEADER.findall((folder / "nginx.conf").read_text()))

    async def give(request: Request) -> Response:
        path = request.url.path
        name = "c/index.html" if path == "/c" else path.strip("/")
        file = folder / name / "index.html" if (folder / name).is_dir() else folder / name
        if not path.startswith(("/c", "/static/c/")) or not file.is_file():
            return Response("", 404, headers)
        kind = KINDS[file.suffix[1:]]
        return Response(file.read_bytes(), 200, headers, media_type=kind)

    app = Starlette()
    app.add_route("/{rest:path}", give, ["GET", "HEAD"])
    return app


@dataclass
class Split:
    """Two servers: ``place`` has the chat, ``origin`` has the exported page."""

    place: Place
    origin: str
    right: Expected
    folder: Path

    async def visit(self, origin: str = "") -> Visit:
        """Somebody opens the page where it is served."""
        page = await (await self.place.context()).new_page()
        visit = await self.place.follow(page, go=False)
        visit.base_url = origin or self.origin
        await visit.open("")
        return visit


@asynccontextmanager
async def a_split(browser: Browser, folder: Path) -> AsyncIterator[Split]:
    """The chat on one port, its page on another."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    async with AsyncExitStack() as stack:
        crew = await stack.enter_async_context(
            a_crew(folder / "bot", "Anna", "Ben", static_origin=origin)
        )
        house, home = crew.living.bot.house, crew.living.folder
        chat = house.settings.secure_chat
        assert chat is not None
        right = expected(read_pin(home) or "", crew.living.base_url, chat.exit_url)
        target = folder / "page"
        assert export(house, Wanted(home, origin, right, "1"), target) > 15
        await stack.enter_async_context(served(static_host(target), port))
        yield Split(Place(browser, crew), origin, right, target)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def halves(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Split]:
    async with a_split(browser, tmp_path_factory.mktemp("split")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def split(halves: Split) -> AsyncIterator[Split]:
    """Both servers; afterwards every tab is closed."""
    yield halves
    await halves.place.close()
    halves.place.contexts.clear()


async def test_m3_a_talk_over_two_servers_breaks_no_rule(split: Split) -> None:
    visit = await split.visit()
    await visit.begin("Mijn huur is te hoog.")
    await visit.skip_words()
    ben = split.place.crew.people[1]
    seen = await split.place.claim(ben, visit)
    await ben.say(seen, "Dag, ik lees met je mee.", split.place.crew.now)
    await visit.sees("Dag, ik lees met je mee.")
    await visit.page.reload()
    await visit.sees("Dag, ik lees met je mee.")
    assert [] == visit.said, "no rule was broken"
    api = split.place.base_url
    asked = {(method, url.startswith(f"{api}/api/c/")) for method, url in visit.asked}
    assert asked == {("GET", False), ("GET", True), ("POST", True)}
    others = [url for _, url in visit.asked if not url.startswith((api, split.origin))]
    assert [] == others


async def test_m3_leaving_tells_the_server_of_the_chat(split: Split) -> None:
    visit = await split.visit()
    await expect(visit.part("first")).to_be_visible()
    await visit.page.route("https://**", lambda route: route.fulfill(body="weather"))
    await visit.page.keyboard.press("Shift")
    await visit.page.keyboard.press("Shift")
    await visit.page.keyboard.press("Shift")
    await visit.page.wait_for_url("https://**")
    assert [f"{split.place.base_url}/api/c/exit"] == visit.posts()


async def test_m3_the_same_page_at_another_origin_may_not_ask(split: Split) -> None:
    """Somebody copies the page and serves it elsewhere: the browser keeps it away."""
    async with served(static_host(split.folder)) as copied:
        visit = await split.visit(copied)
        await expect(visit.part("no-chat")).to_be_visible()
        await expect(visit.part("first")).to_be_hidden()
    assert [] == visit.posts()
    assert any("CORS" in one for one in visit.said), visit.said


async def test_m3_preflight_says_what_the_page_may_do(split: Split) -> None:
    wishes = {
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    url = f"{split.place.base_url}/api/c/blobs/AAAA"
    async with httpx.AsyncClient() as client:

        async def ask(**more: str) -> httpx.Response:
            headers = {"Origin": split.origin, **wishes, **more}
            return await client.options(url, headers=headers)

        yes = await ask()
        assert 204 == yes.status_code
        assert split.origin == yes.headers["access-control-allow-origin"]
        assert "access-control-allow-credentials" not in yes.headers
        assert "PUT" in yes.headers["access-control-allow-methods"].split(", ")
        assert "Origin" in yes.headers["vary"]
        assert [] == wrong_headers(yes.headers)
        for more in ({"Access-Control-Request-Method": "PATCH"},
                     {"Access-Control-Request-Headers": "x-wb-csrf"}):  # fmt: skip
            assert 403 == (await ask(**more)).status_code
        for origin in ("https://elsewhere.example", "null", f"{split.origin}0"):
            no = await ask(Origin=origin)
            assert 405 == no.status_code
            assert "access-control-allow-origin" not in no.headers
        team = f"{split.place.base_url}/api/w/me"
        own = await client.get(team, headers={"Origin": split.origin})
        assert "access-control-allow-origin" not in own.headers, "what the team asks is not shared"


async def test_m3_the_server_of_the_chat_sends_residents_to_the_page(split: Split) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{split.place.base_url}/c?lang=fr")
    assert 307 == answer.status_code
    assert f"{split.origin}/c/fr/" == answer.headers["location"]
    settings = split.place.crew.living.bot.house.settings
    assert f"{split.origin}/c" == settings.secure_link()


async def test_m3_verify_web_looks_at_both_servers(split: Split) -> None:
    async def problems(right: Expected) -> list[str]:
        async with browserlike() as client:
            looking = Looking(client, right, split.place.crew.now, lambda _: None)
            checks = [one async for one in verify(looking, f"{split.origin}/c")]
        return [f"{one.what}: {told}" for one in checks for told in one.problems]

    assert [] == await problems(split.right)
    found = await problems(expected(split.right.pin))
    assert any("the chat is at 'http" in one for one in found), "an unknown server of the chat"


async def test_m3_export_again_replaces_and_spares_what_is_not_its_own(split: Split) -> None:
    house = split.place.crew.living.bot.house
    wanted = Wanted(split.place.crew.living.folder, split.origin, split.right, "2")
    sums = split.folder / "SHA256SUMS"
    sums.write_text(sums.read_text() + "00  static/c/page-old.js\n00  ../kept\n")
    (split.folder / "static/c/page-old.js").write_text("old")
    (split.folder.parent / "kept").write_text("kept")
    export(house, wanted, split.folder)
    assert not (split.folder / "static/c/page-old.js").exists()
    assert (split.folder.parent / "kept").exists()
    assert [] == list(split.folder.rglob("*.part"))
    taken = split.folder.parent / "taken"
    taken.mkdir()
    (taken / "photo.jpg").write_text("x")
    with pytest.raises(TargetTaken):
        export(house, wanted, taken)
