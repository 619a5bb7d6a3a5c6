"""Are the points about what the bot says true of the whole house, on a real homeserver?"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import Connection, func, select

from tests.adapters.matrix.conftest import PASSWORD
from tests.adapters.matrix.resident import Resident
from tests.adapters.matrix.synapse import LocalSynapse
from tests.end_to_end.test_matrix import NewResident, _account, _channel, _name, _said
from tests.living import LivingBot, living_bot
from wijkbot.app.announce import announce, plan
from wijkbot.app.subscribers import lists
from wijkbot.settings import SettingsError
from wijkbot.storage import chats
from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import chat, limiter, opt_out, outbox
from wijkbot_matrix.crosssigning import KEPT_AS
from wijkbot_matrix.reactions import KEYS

pytestmark = pytest.mark.usefixtures("logging_in_earnest")

BOTH = pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
QUESTIONS, STREET = 30, 6


async def _until(check: Callable[[Connection], object], living: LivingBot, why: str) -> None:
    """Wait until the database says so."""
    for _ in range(400):
        if await living.bot.house.database.read(check):
            return
        await asyncio.sleep(0.05)
    pytest.fail(why)


def _count(conn: Connection, *where: Any) -> int:
    return conn.execute(select(func.count()).select_from(outbox).where(*where)).scalar_one()


async def _direct(living: LivingBot, resident: Resident, user: str, *, encrypted: bool) -> str:
    """A direct chat in which the bot listens."""
    room = await resident.create_dm(user, encrypted=encrypted)
    await resident.wait_joined(room, user)
    return room


# ── 1 ─────────────────────────────────────────────────────────────────────────────────────────
async def test_point_01_signing_keys_are_sealed_on_disk(
    homeserver: LocalSynapse, tmp_path: Path
) -> None:
    async with living_bot(tmp_path, _channel(homeserver, _account(homeserver))) as living:
        (port,) = living.bot.ports.values()
        kept = await port.kept(KEPT_AS)
    assert kept is not None
    assert len(kept) == 96
    seeds = [kept[at : at + 32] for at in (0, 32, 64)]
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"cross_signing" in written, "the right files were read"
    for seed in seeds:
        for form in (seed, base64.b64encode(seed).rstrip(b"="), seed.hex().encode()):
            assert form not in written


# ── 11 ────────────────────────────────────────────────────────────────────────────────────────
class Limits:
    """The homeserver's limit for one account, set by its administrator."""

    def __init__(self, homeserver: LocalSynapse) -> None:
        self._url = f"{homeserver.url}/_synapse/admin/v1/users"
        admin = homeserver.register(f"baas{id(self)}", PASSWORD, admin=True)
        self._headers = {"Authorization": f"Bearer {homeserver.login(admin, PASSWORD)}"}

    def limit(self, user: str, per_second: int, burst: int) -> None:
        where = f"{self._url}/{quote(user)}/override_ratelimit"
        body = {"messages_per_second": per_second, "burst_count": burst}
        httpx.post(where, headers=self._headers, json=body).raise_for_status()


class Neighbour:
    """A resident without an app of their own: only requests, so that there may be many."""

    def __init__(self, homeserver: LocalSynapse, name: str, bot: str) -> None:
        user = homeserver.register(f"{name}-{_name(bot)}", PASSWORD)
        self._homeserver, self._token = homeserver, homeserver.login(user, PASSWORD)
        body = {"is_direct": True, "invite": [bot], "preset": "trusted_private_chat"}
        self.room = str(homeserver.call("POST", "/createRoom", self._token, body)["room_id"])

    def asks(self, times: int) -> None:
        content = {"msgtype": "m.text", "body": "waar kan ik printen?"}
        for number in range(times):
            path = f"/rooms/{quote(self.room)}/send/m.room.message/{number}"
            self._homeserver.call("PUT", path, self._token, content)

    def answered_at(self, bot: str) -> list[int]:
        """When the homeserver took each answer."""
        path = f"/rooms/{quote(self.room)}/messages?dir=b&limit=100"
        found = self._homeserver.call("GET", path, self._token)["chunk"]
        mine = [one for one in found if one["sender"] == bot and one["type"] == "m.room.message"]
        assert all("bibliotheek" in one["content"]["body"] for one in mine)
        return [one["origin_server_ts"] for one in mine]


async def test_point_11_thirty_answers_arrive_under_a_limit_and_announcements_after_them(
    homeserver: LocalSynapse, new_resident: NewResident, tmp_path: Path
) -> None:
    """Synapse's own limit (a burst, then one by one), only quicker; nobody waits for it inside."""
    bert = await new_resident("bert")
    user = _account(homeserver)
    async with living_bot(tmp_path, _channel(homeserver, user)) as living:
        house, adapters = living.bot.house, dict(living.bot.adapters)
        group = await bert.create_room("Onze straat", user)
        await bert.wait_message(group, user, "computer")
        street = [Neighbour(homeserver, f"buur{number}", user) for number in range(STREET)]
        Limits(homeserver).limit(user, 1, 10)
        await asyncio.gather(*(asyncio.to_thread(one.asks, QUESTIONS // STREET) for one in street))
        await _until(_is_held, living, "the limit was never felt")
        made = await plan(house, adapters, "Z4", await house.database.read(chats.groups))
        assert (await announce(house, made, "news", "worker")).queued == 1

        # the sync and the engine go on: what comes in now is decided on before all is out
        await bert.send(group, f"@{_name(user)} waar kan ik printen?")
        await _until(lambda c: _count(c, _ANSWER) == QUESTIONS + 1, living, "the engine stalled")
        assert await house.database.read(lambda c: _count(c, _ANSWER, _WAITS)) > 2
        assert (await adapters["buurt"].health()).ok

        news = await bert.wait_message(group, user, made.previews[0].text, timeout_ms=55000)
        told = homeserver.call(
            "GET",
            f"/rooms/{quote(group)}/event/{quote(news['event_id'])}",
            homeserver.login(bert.user_id, PASSWORD),
        )["origin_server_ts"]
        await _until(lambda c: _count(c, _WAITS) == 0, living, "something never left")
        answers = [at for one in street for at in one.answered_at(user)]
        assert len(answers) == QUESTIONS
        # the very last ones may be in the pause of their own chat
        assert sum(at > told for at in answers) <= 2


def _is_held(conn: Connection) -> bool:
    """Did the homeserver tell the account to wait? Nothing else gives it a rate."""
    return conn.execute(select(limiter.c.account)).scalars().all() == ["buurt"]


_ANSWER, _WAITS = outbox.c.item_id == "F30", outbox.c.status != int(Status.SENT)


# ── 14 ────────────────────────────────────────────────────────────────────────────────────────
@BOTH
async def test_point_14_edit_is_not_asked_again_and_redaction_empties_the_draft(
    homeserver: LocalSynapse, new_resident: NewResident, tmp_path: Path, encrypted: bool
) -> None:
    """What somebody takes back is in no draft any more: its question is asked anew."""
    anna = await new_resident("anna")
    user = _account(homeserver)
    async with living_bot(tmp_path, _channel(homeserver, user)) as living:
        room = await _direct(living, anna, user, encrypted=encrypted)
        asked = await anna.send(room, "waar kan ik printen?")
        await anna.wait_message(room, user, "bibliotheek")
        await anna.send(room, "waar kan ik toch printen?", edit_of=asked)
        await _dialog(anna, room, user, ["wie kan mijn lamp ophangen?", "ja", "lamp of plank"])
        words = await anna.send(room, "een lamp in de keuken")
        await anna.wait_message(room, user, "In welk deel")
        await anna.do("redact", room=room, event=words)
        bodies: list[str] = []
        async with asyncio.timeout(20):
            while sum("Schrijf in één zin" in body for body in bodies) < 2:
                bodies = [one["body"] for one in await _said(anna, room, user)]
                await asyncio.sleep(0.05)
        assert sum("bibliotheek" in body for body in bodies) == 1, "an edit asks nothing"
        for said, expected in [
            ("een plank in de gang", "In welk deel"),
            ("Noord", "Wanneer?"),
            ("2", "Klopt dit?"),
        ]:
            last = (await _said(anna, room, user))[-1]["event_id"]
            await anna.send(room, said)
            await anna.wait_message(room, user, expected, after=last)
        shown = (await anna.wait_message(room, user, "Klopt dit?"))["body"]
        assert "een plank in de gang" in shown
        assert "keuken" not in shown


async def _dialog(resident: Resident, room: str, user: str, answers: list[str]) -> None:
    """Say each of these once the bot has answered what came before."""
    for said in answers:
        known = len(await _said(resident, room, user))
        await resident.send(room, said)
        async with asyncio.timeout(20):
            while len(await _said(resident, room, user)) == known:
                await asyncio.sleep(0.05)


# ── 15 ────────────────────────────────────────────────────────────────────────────────────────
@BOTH
async def test_point_15_choices_by_number_by_name_and_by_reaction(
    homeserver: LocalSynapse, new_resident: NewResident, tmp_path: Path, encrypted: bool
) -> None:
    """The menu has a door for who needs help, so nobody answers that with a reaction."""
    anna = await new_resident("anna")
    user = _account(homeserver)
    async with living_bot(tmp_path, _channel(homeserver, user)) as living:
        room = await _direct(living, anna, user, encrypted=encrypted)
        await anna.send(room, "menu")
        menu = await anna.wait_message(room, user, "4 Persoonlijke vraag")
        await anna.do("react", room=room, event=menu["event_id"], key=KEYS[3])
        await _dialog(anna, room, user, ["2", "ik zoek hulp", "1"])
        category = await anna.wait_message(room, user, "2 Lamp of plank")
        await anna.do("react", room=room, event=category["event_id"], key=KEYS[1])
        await anna.wait_message(room, user, "Schrijf in één zin")
        await _dialog(anna, room, user, ["een lamp", "Noord"])
        when = (await anna.wait_message(room, user, "Wanneer?"))["event_id"]
        seen: dict[str, Any] = {"room": room, "sender": user, "count": 4}
        assert await anna.do("wait_reactions", event=when, **seen) == list(KEYS[:4])
        second = await anna.do("react", room=room, event=when, key=KEYS[1])
        shown = await anna.wait_message(room, user, "Klopt dit?")
        assert "Lamp of plank: een lamp. Buurt: Noord. Wanneer: Volgende week." in shown["body"]
        await anna.do("redact", room=room, event=second)
        confirm = shown["event_id"]
        await anna.do("react", room=room, event=confirm, key=KEYS[0])
        await _dialog(anna, room, user, ["ja"])
        for unseeded in (menu["event_id"], confirm):
            none: dict[str, Any] = seen | {"event": unseeded, "count": 0}
            assert await anna.do("wait_reactions", **none) == []
        bodies = [one["body"] for one in await _said(anna, room, user)]
        assert sum("genoteerd" in body for body in bodies) == 1
        assert not [body for body in bodies if "Goed dat je het vraagt" in body]


# ── 16 ────────────────────────────────────────────────────────────────────────────────────────
async def test_point_16_who_leaves_the_direct_chat_wants_no_news_any_more(
    homeserver: LocalSynapse, new_resident: NewResident, tmp_path: Path
) -> None:
    """As after a STOP; who opens another direct chat is answered there."""
    anna = await new_resident("anna")
    user = _account(homeserver)
    async with living_bot(tmp_path, _channel(homeserver, user)) as living:
        house, adapters = living.bot.house, dict(living.bot.adapters)
        room = await _direct(living, anna, user, encrypted=True)
        await _dialog(anna, room, user, ["aanmeld", "ja"])
        assert [one.size for one in await house.database.read(lists)] == [1]
        await anna.do("leave", room=room)
        await _until(_stopped, living, "leaving was no STOP")
        assert sum(one.size for one in await house.database.read(lists)) == 0
        closed = await house.database.read(
            lambda c: c.execute(select(chat.c.is_active).where(chat.c.is_private)).scalars().all()
        )
        assert closed == [False]
        found = await house.database.read(lists)
        with pytest.raises(SettingsError):  # there is nobody left to announce it to
            await plan(house, adapters, "Z4", [], (), found)
        again = await _direct(living, anna, user, encrypted=True)
        await anna.send(again, "waar kan ik printen?")
        await anna.wait_message(again, user, "bibliotheek")


def _stopped(conn: Connection) -> bool:
    found = conn.execute(select(opt_out.c.purpose)).scalars().all()
    return {"announcement", "odd_job"} <= set(found)
