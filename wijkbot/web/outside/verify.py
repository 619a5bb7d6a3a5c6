"""Does a server give exactly the page that this installation would give?

Everything is fetched as a browser fetches it, and laid beside the files on this disk. What the
server says about itself counts for nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

import httpx

from wijkbot.securechat.encoding import Refused, unb64
from wijkbot.securechat.manifest import accept, read_cert, read_manifest
from wijkbot.web.outside.elements import Unreadable, read_page, vocabulary
from wijkbot.web.outside.expected import Expected, File
from wijkbot.web.outside.fetching import Got, fetch, origin_of
from wijkbot.web.outside.header_rules import CHATTY, wrong_headers
from wijkbot.web.outside.page_rules import Check, checks_of, data_of, links_of
from wijkbot.web.secure.headers import SECURE_HEADERS

PAGE_LIMIT = 256 * 1024
CONFIG_LIMIT = 1024 * 1024
MOST_PAGES = 24
MOST_STEPS = 3
_OK, _NO_TEAM = 200, 503
_ELSEWHERE = "https://elsewhere.example"


@dataclass(frozen=True, slots=True)
class Looking:
    """Who asks, when (seconds since 1970), what is right, and who hears of each request."""

    client: httpx.AsyncClient
    right: Expected
    now: int
    on_fetch: Callable[[str], None]

    async def get(
        self, url: str, most: int, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> Got:
        """Fetch one thing."""
        self.on_fetch(url)
        return await fetch(self.client, url, most, method=method, headers=headers)


async def verify(looking: Looking, url: str) -> AsyncIterator[Check]:
    """Every check, in the order in which they are made."""
    first, checks = await _arrive(looking, url)
    for check in checks:
        yield check
    if first is None:
        return
    async for check in _pages(looking, first):
        yield check
    for file in looking.right.files:
        async for check in _file(looking, file, first.url):
            yield check
    async for check in _api(looking, first.url):
        yield check


async def _arrive(looking: Looking, url: str) -> tuple[Got | None, list[Check]]:
    """The page, after redirects within its own server (each is reported); None without one."""
    checks: list[Check] = []
    for _ in range(MOST_STEPS):
        got = await looking.get(url, PAGE_LIMIT)
        target = got.leads_to
        if got.trouble:
            return None, [*checks, Check(_path(url), "", (got.trouble,))]
        if not target:
            return got, checks
        if origin_of(target) != origin_of(url):
            told = f"it leads to another server: {target[:120]}; check that address by itself"
            return None, [*checks, Check(_path(url), "", (told,))]
        checks.append(Check(_path(url), f"redirects to {_path(target)}", is_note=True))
        url = target
    return None, [*checks, Check(_path(url), "", ("it redirects again and again",))]


async def _pages(looking: Looking, first: Got) -> AsyncIterator[Check]:
    """The page in each language that it leads to."""
    room = looking.right.room
    waiting = [first.url, *(urljoin(first.url, more) for more in room.more)]
    seen, languages = set(waiting), set()
    while waiting:
        url = waiting.pop(0)
        got = first if url == first.url else await looking.get(url, PAGE_LIMIT)
        for check in _answer(got, "text/html", looking.right):
            yield check
        if got.trouble or got.status != _OK:
            continue
        try:
            read = read_page(got.body, vocabulary(room.templates))
        except Unreadable as error:
            yield Check(_path(url), "", (str(error),))
            continue
        for check in checks_of(read, url, looking.right):
            yield replace(check, what=f"{_path(url)} {check.what}")
        languages.add(str((data_of(read)[0] or {}).get("lang")))
        new = [link for link in links_of(read, url, room) if link not in seen]
        seen.update(new)
        waiting += new
        if len(seen) > MOST_PAGES:
            yield Check(_path(url), "", (f"it leads to more than {MOST_PAGES} pages",))
            return
    missing = tuple(f"no page in {code}" for code in room.languages if code not in languages)
    yield Check("languages", f"all {len(room.languages)}", missing)


def _answer(got: Got, kind: str, right: Expected | None = None) -> list[Check]:
    """Was there an answer, of the right type, and with the right headers (of a page's part)?"""
    what = _path(got.url)
    if got.trouble or got.status != _OK:
        target = f" to {got.leads_to}" if got.leads_to else ""
        return [Check(what, "", (got.trouble or f"the answer is {got.status}{target}",))]
    connect, wanted = (right.asks, right.room.headers) if right else ((), SECURE_HEADERS)
    problems = wrong_headers(got.headers, connect, wanted)
    given = got.headers.get("content-type", "").lower().replace(" ", "")
    media, _, more = given.partition(";")
    media = media.replace("application/javascript", "text/javascript")  # an older name of it
    if media != kind or (kind == "text/html" and more != "charset=utf-8"):
        problems.append(f"Content-Type is {given!r}")
    checks = [Check(f"{what} headers", "all there, and valid", tuple(problems))]
    names = [name for name in CHATTY if name in got.headers]
    if names:
        told = f"it says more than it must: {', '.join(names)}"
        checks.append(Check(f"{what} headers", told, is_note=True))
    return checks


async def _file(looking: Looking, file: File, page: str) -> AsyncIterator[Check]:
    """A file is the same, byte for byte."""
    kinds = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
    kind = kinds.get(file.href.rpartition(".")[2], "text/plain")
    got = await looking.get(urljoin(page, file.href), len(file.content) + 1024)
    for check in _answer(got, kind, looking.right):
        yield check
    if got.trouble or got.status != _OK:
        return
    digest = hashlib.sha256(got.body).hexdigest()
    wrong = f"changed: {len(got.body)} bytes with SHA-256 {digest}, not the file of this release"
    is_same = got.body == file.content
    fine = f"the same, byte for byte ({len(got.body)} bytes)"
    yield Check(f"{file.href} content", fine, () if is_same else (wrong,))


async def _api(looking: Looking, page: str) -> AsyncIterator[Check]:
    """The server of the chat: its headers, whom it lets ask, and the team under the pin."""
    home = looking.right.api or origin_of(page)
    own = origin_of(page)
    got = await looking.get(f"{home}/api/c/config", CONFIG_LIMIT, headers={"Origin": own})
    if got.status == _NO_TEAM and not got.trouble:
        problems = tuple(wrong_headers(got.headers))
        yield Check("/api/c/config headers", "all there, and valid", problems)
        told = "there is no valid team now: residents see telephone numbers only"
        yield Check("/api/c/config", told, is_note=True)
    else:
        for check in _answer(got, "application/json"):
            yield check
        if got.status == _OK and not got.trouble:
            yield Check("/api/c/config team", "signed, under the pin", _team(got, looking))
    yield await _sharing(looking, home, own)


def _team(got: Got, looking: Looking) -> tuple[str, ...]:
    """The team that residents would write to, as the page checks it."""
    try:
        told = json.loads(got.body)
        root = unb64(told["root_sig"])
        if hashlib.sha256(root).hexdigest() != looking.right.pin:
            return ("the root is not the one of the pin",)
        manifest, cert = read_manifest(told["manifest"]), read_cert(told["cert"])
        accept(manifest, cert, root, looking.now)
    except Refused as refused:
        return (f"no page would accept this team: {refused.detail}",)
    except (ValueError, KeyError, TypeError, RecursionError):
        return ("the answer has another shape",)
    return ()


async def _sharing(looking: Looking, home: str, own: str) -> Check:
    """Pages of which origins may ask? Only the one that was looked at."""
    problems = []
    wishes = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    url = f"{home}/api/c/conversations"
    for origin in (own, _ELSEWHERE):
        headers = {"Origin": origin, **wishes}
        got = await looking.get(url, CONFIG_LIMIT, method="OPTIONS", headers=headers)
        allowed = got.headers.get("access-control-allow-origin", "")
        if got.trouble:
            problems.append(got.trouble)
        elif "access-control-allow-credentials" in got.headers:
            problems.append("it lets pages of others send cookies")
        elif origin == own and home != own and (allowed, got.status) != (own, 204):
            problems.append(f"the page at {own} may not ask: set [secure_chat] static_origin")
        elif origin == _ELSEWHERE and allowed:
            problems.append(f"pages of others may ask: {allowed}")
    return Check("/api/c sharing", "no other page may ask", tuple(problems))


def _path(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
