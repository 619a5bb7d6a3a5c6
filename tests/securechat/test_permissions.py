"""May every role do exactly what the table says, at every address there is?"""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import WebSocket
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route

from tests.securechat.office import FOUNDER, Office, Tab, found, join
from wijkbot.storage.staff import ROLES
from wijkbot.web.secure import permissions
from wijkbot.web.secure.permissions import TABLE, Line, is_guarded, read_table, table

pytestmark = pytest.mark.storage

HERE = "AAAAAAAAAAAAAAAAAAAAAA"
"""An id that nothing has: a role that may, is told so; one that may not, learns nothing."""


def _erased(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def served(office: Office) -> Iterator[tuple[str, str]]:
    """Every method and path that the application answers, as it is written."""
    for route in office.app.router.routes:
        assert not (isinstance(route, Mount) and is_guarded(route.path)), route
        if isinstance(route, APIRoute | Route) and is_guarded(route.path):
            for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, _erased(route.path)


def _lines() -> list[Line]:
    return list(table().lines)


def _address(line: Line) -> str:
    return re.sub(r"\{[^}]*\}", HERE, line.path)


async def test_every_address_of_the_team_has_a_line_and_every_line_an_address(
    office: Office,
) -> None:
    lines = {(line.method, _erased(line.path)) for line in _lines()}
    routes = set(served(office))
    assert routes - lines == set(), "write who may do this in wijkbot/web/permissions.yaml"
    assert {one for one in lines - routes if one[1].startswith("/api/")} == set()


async def test_an_address_without_a_line_is_not_there_whoever_asks(office: Office) -> None:
    async def everything() -> str:
        return "secret"

    office.app.add_api_route("/api/w/forgotten", everything, methods=["GET", "POST"])
    async with office.tab() as tab:
        await found(office, tab)
        for method in ("GET", "POST"):
            answer = await tab.ask(method, "forgotten", {} if method == "POST" else None)
            assert 404 == answer.status_code
            assert "secret" not in answer.text


def test_every_role_says_yes_or_no_to_every_permission() -> None:
    read = table()
    assert set(ROLES) == set(read.roles)
    assert 1 == len({frozenset(cells) for cells in read.roles.values()})
    used = {line.permission for line in read.lines} - {permissions.PUBLIC}
    known = set(next(iter(read.roles.values())))
    assert known - used == {"conversation.others"}, "asked for inside the conversations"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    hours.write: no\n", ""),
        ("root: no", "root: perhaps"),
        ("/api/w/me: self", "/api/w/me: own"),
    ],
)
def test_a_table_with_a_hole_is_refused(before: str, after: str) -> None:
    text = TABLE.read_text(encoding="utf-8")
    assert before in text
    with pytest.raises(ValueError, match=r"say yes or no|no role has"):
        read_table(text.replace(before, after, 1))


async def _asked(tab: Tab, line: Line) -> httpx.Response:
    return await tab.ask(line.method, _address(line), None if line.method == "GET" else {})


async def _somebody(office: Office, founder: Tab, tab: Tab, role: str) -> None:
    """Come in as somebody with that one role."""
    await found(office, founder)
    await join(office, tab, role.title(), role)


@pytest.mark.parametrize("role", ROLES)
async def test_every_role_at_every_address(office: Office, role: str) -> None:
    cells = table().roles[role]
    async with office.tab() as founder, office.tab("192.0.2.9") as tab:
        await _somebody(office, founder, tab, role)
        before = await office.rows()
        refused = 0
        for line in _lines():
            if line.is_public or cells[line.permission]:
                continue
            answer = await _asked(tab, line)
            wanted = (404, "unknown") if line.hidden else (403, "forbidden")
            shown = (answer.status_code, answer.json()["error"])
            assert wanted == shown, f"{role} at {line.method} {line.path}"
            refused += 1
        assert refused == sum(
            not line.is_public and not cells[line.permission] for line in _lines()
        )
        assert before == await office.rows(), "and nothing has changed"


@pytest.mark.parametrize("role", ROLES)
async def test_what_a_role_may_do_is_not_refused(office: Office, role: str) -> None:
    cells = table().roles[role]
    async with office.tab() as founder, office.tab("192.0.2.9") as tab:
        await _somebody(office, founder, tab, role)
        for line in _lines():
            is_long = line.path.endswith(("/events", "/logout"))
            if line.is_public or not cells[line.permission] or is_long:
                continue
            answer = await _asked(tab, line)
            if answer.status_code < 300 and not answer.content:
                continue
            code = answer.json().get("error", "") if answer.status_code >= 400 else ""
            assert code not in {"forbidden", "csrf", "origin", "session"}, line.path
            assert 500 != answer.status_code, line.path


async def test_without_a_session_every_address_answers_401(office: Office) -> None:
    async with office.tab() as tab:
        for line in _lines():
            if not line.is_public:
                answer = await _asked(tab, line)
                assert (401, "session") == (answer.status_code, answer.json()["error"]), line.path


async def test_two_roles_give_what_either_gives(office: Office) -> None:
    async with office.tab() as tab:
        await found(office, tab)
        told = await tab.get("me")
        assert list(FOUNDER) == told["roles"]
        assert {"root", "team.sign"} <= set(told["permissions"])
        roles = table().roles
        assert not roles["admin"]["team.sign"]
        assert not roles["coordinator"]["root"]


async def test_a_websocket_of_the_team_is_closed_before_it_opens(office: Office) -> None:
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()

    office.app.add_api_websocket_route("/api/w/live", talk)
    scope = {"type": "websocket", "path": "/api/w/live", "headers": [], "query_string": b""}
    await office.app(scope, receive, send)  # type: ignore[arg-type]
    assert ["websocket.close"] == [message["type"] for message in sent]
