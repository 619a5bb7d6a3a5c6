"""Do the points about arriving hold for the whole house, as residents of a real room see it?"""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select

from tests.adapters.matrix.conftest import PASSWORD
from tests.adapters.matrix.resident import Resident
from tests.adapters.matrix.synapse import LocalSynapse
from tests.end_to_end.test_matrix import NewResident, _account, _channel, _name, _said
from tests.living import SATURDAY, LivingBot, living_bot
from wijkbot.storage import chats
from wijkbot.storage.chats import Chat
from wijkbot.storage.tables import outbox
from wijkbot_matrix import unopened

QUESTION = "waar kan ik printen?"
ANSWER = "bibliotheek"
SHUT = "openen."


async def _groups(living: LivingBot) -> list[Chat]:
    return await living.bot.house.database.read(chats.groups)


async def _answered(anna: Resident, room: str, user: str, last: str) -> str:
    """Ask, and return the answer's id: all that came before it is there by then."""
    await anna.send(room, f"@{_name(user)} {QUESTION}")
    found = await anna.wait_message(room, user, ANSWER, after=last)
    return str(found["event_id"])


async def _told(anna: Resident, room: str, user: str) -> list[dict[str, Any]]:
    return [one for one in await _said(anna, room, user) if SHUT in (one["body"] or "")]


@pytest.mark.parametrize("is_group", [False, True], ids=["direct", "group"])
async def test_point_19_message_that_cannot_be_opened_is_told_once_a_day(
    homeserver: LocalSynapse,
    new_resident: NewResident,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_group: bool,
) -> None:
    """Its device is lost, and once more a day later; for two messages there is one line a day."""
    monkeypatch.setattr(unopened, "PATIENCE_SECONDS", 1.0)
    anna, user, folder = await new_resident("anna"), _account(homeserver), tmp_path / "bot"
    channel = _channel(homeserver, user)
    channel["buurt"]["store"] = str(tmp_path / "store")
    async with living_bot(folder, channel):
        if is_group:
            room = await anna.create_room("Onze straat", user, encrypted=True)
        else:
            room = await anna.create_dm(user)
        await anna.wait_joined(room, user)
        last = await _answered(anna, room, user, "")
    rows: list[tuple[str, str]] = []
    days = ((1, 1),) if is_group else ((1, 1), (30, 2))
    for hours, expected in days:
        for number in range(2):
            await anna.send(room, f"ik wil iets vragen {hours} {number}")
        shutil.rmtree(tmp_path / "store")
        async with living_bot(folder, channel, at=SATURDAY + timedelta(hours=hours)) as living:
            shown = await anna.wait_message(room, user, SHUT, after=last)
            assert shown["encrypted"]
            assert "112" in shown["body"]
            assert "m.relates_to" not in shown["content"]
            last = await _answered(anna, room, user, last)
            # both were due a second after the start, long before this answer of a later sync
            await asyncio.sleep(1.5)
            last = await _answered(anna, room, user, last)
            assert expected == len(await _told(anna, room, user))
            rows = await living.bot.house.database.read(_rows)
    assert [("T70", "service")] * len(days) == rows


def _rows(conn: Any) -> list[tuple[str, str]]:
    wanted = select(outbox.c.item_id, outbox.c.purpose).where(outbox.c.item_id == "T70")
    return [(item, purpose) for item, purpose in conn.execute(wanted)]


async def test_point_10_group_that_moves_keeps_what_was_agreed(
    homeserver: LocalSynapse, new_resident: NewResident, tmp_path: Path
) -> None:
    """One group before and after, as silent as it was; the newcomer's hello is not said again."""
    anna, user = await new_resident("anna"), _account(homeserver)
    async with living_bot(tmp_path, _channel(homeserver, user)) as living:
        room = await anna.create_room("Onze straat", user, version="10")
        await anna.wait_message(room, user, "computer")
        await anna.send(room, f"@{_name(user)} /stil 7d")
        await anna.wait_message(room, user, "ik ben stil tot")
        (before,) = await _groups(living)
        fresh = await anna.do("upgrade", room=room, version="12")
        await anna.do("invite", room=fresh, user=user)
        await anna.wait_joined(fresh, user)
        await _answered(anna, fresh, user, "")
        (after,) = await _groups(living)
        assert before.silent_until is not None
        assert (before.id, before.silent_until) == (after.id, after.silent_until)
        assert before.address_hmac != after.address_hmac
        assert [ANSWER in one["body"] for one in await _said(anna, fresh, user)] == [True]


@pytest.mark.parametrize("how", ["kick", "ban"])
async def test_point_09_group_that_sends_the_bot_away_is_none_of_its_groups(
    homeserver: LocalSynapse, new_resident: NewResident, tmp_path: Path, how: str
) -> None:
    """It is not announced to any more; taken back after a kick the bot greets and answers."""
    anna, user = await new_resident("anna"), _account(homeserver)
    async with living_bot(tmp_path, _channel(homeserver, user)) as living:
        room = await anna.create_room("Onze straat", user, encrypted=True)
        hello = await anna.wait_message(room, user, "computer")
        assert 1 == len(await _groups(living))
        await anna.do(how, room=room, user=user)
        async with asyncio.timeout(20):
            while await _groups(living):
                await asyncio.sleep(0.05)
        if how == "ban":
            token = homeserver.login(anna.user_id, PASSWORD)
            path = f"/rooms/{quote(room)}/unban"
            homeserver.call("POST", path, token, {"user_id": user})
        await anna.do("invite", room=room, user=user)
        await anna.wait_message(room, user, "computer", after=hello["event_id"])
        await _answered(anna, room, user, hello["event_id"])
        assert 1 == len(await _groups(living))
