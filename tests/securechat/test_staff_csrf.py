"""Does nothing change when a request does not come from a page of ours?"""

from __future__ import annotations

import re

import pytest

from tests.securechat.office import FOUNDER, Office, found, join
from wijkbot.web.secure.permissions import table

pytestmark = pytest.mark.storage

_ID = "AAAAAAAAAAAAAAAAAAAAAA"
FORGED = [
    {"x_wb_csrf": ""},
    {"x_wb_csrf": "A" * 43},
    {"origin": ""},
    {"origin": "https://evil.example"},
    {"origin": "https://chat.example.evil.example"},
    {"origin": "http://chat.example"},
    {"origin": "https://chat.example:8443"},
    {"origin": "null"},
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
    {"sec_fetch_site": "none"},
]


@pytest.mark.parametrize("forged", FORGED, ids=lambda one: "-".join(map(str, *one.items())))
async def test_53_no_state_changing_address_believes_a_foreign_page(
    office: Office, forged: dict[str, str]
) -> None:
    async with office.tab() as tab, office.tab() as theirs:
        await found(office, tab)
        bo = await join(office, theirs, "Bo", "worker", "trainee")
        before, tried = await office.rows(), 0
        for line in table().lines:
            is_forged_session = "x_wb_csrf" in forged
            if line.method == "GET" or (line.is_public and is_forged_session):
                continue
            path = line.path.replace("accounts/{id}", f"accounts/{bo.account}")
            answer = await tab.ask(line.method, re.sub(r"\{[^}]*\}", _ID, path), {}, **forged)
            wanted = "csrf" if is_forged_session else "origin"
            assert (403, wanted) == (answer.status_code, answer.json()["error"]), line.path
            tried += 1
        assert tried > 20
        assert before == await office.rows()


async def test_53_revoke_from_a_foreign_page_revokes_nobody_and_from_ours_it_does(
    office: Office,
) -> None:
    async with office.tab() as tab, office.tab() as theirs:
        await found(office, tab)
        bo = await join(office, theirs, "Bo", "worker")
        for forged in FORGED:
            answer = await tab.post(f"accounts/{bo.account}/revoke", **forged)
            assert 403 == answer.status_code
        await theirs.get("me")
        assert 204 == (await tab.post(f"accounts/{bo.account}/revoke")).status_code


async def test_53_word_of_another_session_is_not_believed(office: Office) -> None:
    async with office.tab() as tab, office.tab() as theirs:
        await found(office, tab)
        await join(office, theirs, "Bo", *FOUNDER)
        answer = await tab.post(
            "presence", {"available": True}, x_wb_csrf=theirs.headers["X-WB-CSRF"]
        )
        assert "csrf" == answer.json()["error"]


async def test_get_and_head_change_nothing(office: Office) -> None:
    async with office.tab() as tab:
        await found(office, tab)
        before = await office.rows()
        for line in table().lines:
            if line.method == "GET" and not line.path.endswith("/events"):
                for method in ("GET", "HEAD"):
                    answer = await tab.ask(method, re.sub(r"\{[^}]*\}", _ID, line.path))
                    assert answer.status_code < 500, line.path
        assert before == await office.rows()
