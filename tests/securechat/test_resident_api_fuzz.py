"""Does anything that can be sent make the server stumble? It is refused by name, every time."""

from __future__ import annotations

import asyncio
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.securechat.room import Browser, Chat, Resident, running_chat, somewhere
from tests.securechat.test_worker_conversations import path
from wijkbot.app.secure_limits import Limits
from wijkbot.web.secure.answers import STATUS

JUNK: Any = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=60),
    st.sampled_from(["\ud800", "A" * 100, "AA==", "", "\x00", "__proto__"]),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    found = [here] if here else []
    rows: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        rows = list(value.items())
    elif isinstance(value, list):
        rows = list(enumerate(value))
    for name, inner in rows:
        found += places(inner, (*here, name))
    return found


def changed(row: Any, where: tuple[Any, ...], junk: Any, *, gone: bool) -> Any:
    """The same, with something else in one place, or nothing."""
    made = copy.deepcopy(row)
    inner = made
    for name in where[:-1]:
        inner = inner[name]
    if gone:
        del inner[where[-1]]
    else:
        inner[where[-1]] = junk
    return made


@pytest.mark.timeout(300)
def test_60_nothing_that_is_sent_makes_the_server_stumble(
    secure_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Limits, "ask", _no_limit)  # it is about what is sent, not how often
    copied = tmp_path / "wijkbot.db"
    copied.write_bytes(secure_sqlite.read_bytes())
    with asyncio.Runner() as runner:
        opened = running_chat(f"sqlite:///{copied}", tmp_path)
        chat = runner.run(opened.__aenter__())
        resident = runner.run(chat.resident())
        console = runner.run(chat.console(chat.team.worker))
        asked = _requests(chat, resident, console)

        @settings(max_examples=400, suppress_health_check=list(HealthCheck))
        @given(st.data())
        def send(data: st.DataObject) -> None:
            asker, method, where, row = data.draw(st.sampled_from(asked))
            at = data.draw(st.sampled_from(places(row)))
            sent = changed(row, at, data.draw(JUNK), gone=data.draw(st.booleans()))
            runner.run(_check(chat, asker, method, where, sent))

        send()
        runner.run(opened.__aexit__(None, None, None))


def _no_limit(*_asked: Any) -> None:
    """There is always a turn."""


def _requests(
    chat: Chat, resident: Resident, console: Browser
) -> list[tuple[Browser, str, str, Any]]:
    beginning = Resident().beginning(chat.manifest)
    tab = chat.tab(resident)
    other = Resident(conv=resident.conv, keys=resident.keys, key=resident.key)
    sealed = beginning["envelope"]
    draft = {"draft": beginning["conv"], "e": 1, "iv": sealed["iv"], "ct": sealed["ct"]}
    passing = {"version": 1, "to": beginning["conv"], "wrapsets": [beginning["wrapset"]]}
    code = {name: beginning[name] for name in ("locator_hash", "auth_hash", "kdf", "bundle")}
    return [
        (tab, "POST", "/api/c/conversations", {**beginning, "pow": {"challenge": "", "nonce": 1}}),
        (tab, "POST", "/api/c/return", {"locator": beginning["conv"], "auth": code["auth_hash"]}),
        (tab, "POST", "/api/c/messages", {
            "envelope": resident.envelope(), "wrapset": other.epoch(chat.manifest),
        }),
        (tab, "POST", "/api/c/code", code),
        (console, "POST", path(resident, "claim"), {"version": 1}),
        (console, "POST", path(resident, "offer"), passing),
        (console, "POST", path(resident, "guests"), passing),
        (console, "POST", path(resident, "release"), {
            "version": 1, "wrapsets": [beginning["wrapset"]],
        }),
        (console, "POST", path(resident, "close"), {"version": 1, "abusive": False}),
        (console, "POST", path(resident, "messages"), {"envelope": sealed}),
        (console, "PUT", path(resident, "drafts"), draft),
    ]  # fmt: skip


async def _check(chat: Chat, asker: Browser, method: str, where: str, sent: Any) -> None:
    headers = {"Content-Type": "application/json", **somewhere()}
    answer = await asker.ask(method, where, content=json.dumps(sent), headers=headers)
    assert answer.status_code < 500, (where, sent, answer.text)
    if not answer.is_success:
        assert answer.json()["error"] in STATUS, answer.text
    for query in ("after=-1", "after=x", "wait=1e9", "version=%00", "after=" + "9" * 40):
        told = await asker.ask("GET", f"/api/c/messages?{query}")
        assert told.status_code in {401, 422}
