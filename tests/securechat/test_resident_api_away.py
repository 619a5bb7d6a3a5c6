"""What is told while the database is away? To come again, with every header, and no more."""

from __future__ import annotations

import pytest

from tests.securechat.room import Chat, Resident, somewhere
from tests.securechat.test_resident_api_headers import check

pytestmark = pytest.mark.storage


async def test_a_database_that_is_away_is_told_as_come_again(chat: Chat) -> None:
    console = await chat.console(chat.team.worker)
    resident = await chat.resident()
    row = Resident().beginning(chat.manifest)
    await chat.room.house.database.close()
    answers = [
        await chat.client.post("/api/c/conversations", json=row, headers=somewhere()),
        await chat.say(resident),
        await console.ask("GET", "/api/w/queue"),
        await console.ask("GET", "/api/w/me"),
    ]
    for answer in answers:
        assert answer.status_code == 503, answer.text
        assert answer.json()["error"] == "away"
        assert answer.headers["retry-after"] == "5"
        check(answer)
