"""Does news reach who said yes to it in private, in time and once, and nobody else ever?"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.living import LivingBot, living_bot
from wijkbot.adapter_api import PLATFORM_OPT_IN, PLATFORM_OPT_OUT, EventKind, IncomingEvent
from wijkbot.app import announce_change
from wijkbot.app.announce import announce, plan
from wijkbot.app.subscribers import SubscriberList, lists, shown
from wijkbot.storage import changes
from wijkbot.storage.consent_tables import consent
from wijkbot.storage.entries import Consented, OptedOut
from wijkbot.storage.tables import chat
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import private_chat

CHANNELS = {"wijk": {"adapter": "sandbox", "neighbourhood": "zonnewijk"}}
AREAS: dict[str, Any] = {
    "neighbourhoods": {
        "zonnewijk": {"name": "Zonnewijk"},
        "havenkwartier": {"name": "Havenkwartier", "word": "haven"},
    }
}
NIGHT = datetime(2026, 11, 21, 22, tzinfo=UTC)


def _adapter(living: LivingBot) -> SandboxAdapter:
    adapter = living.bot.adapters["wijk"]
    assert isinstance(adapter, SandboxAdapter)
    return adapter


def _heard(living: LivingBot, who: str) -> list[str]:
    lines = _adapter(living).world.lines(private_chat(who))
    return [line.text for line in lines if line.author == "wijkbot"]


async def _says(living: LivingBot, who: str, text: str) -> str:
    """What the bot answers to that."""
    before = len(_heard(living, who))
    await _adapter(living).say(who, "private", text)
    for _ in range(200):
        if len(_heard(living, who)) > before:
            return _heard(living, who)[before]
        await asyncio.sleep(0.05)
    pytest.fail(f"no answer to {text!r}")


async def _joins(living: LivingBot, who: str, word: str = "zonnewijk") -> None:
    await _says(living, who, f"aanmeld {word}")
    await _says(living, who, "ja")


async def _sizes(living: LivingBot) -> list[SubscriberList]:
    return await living.bot.house.database.read(lists)


async def _announce(living: LivingBot, key: str, areas: list[str] | None = None) -> int:
    house = living.bot.house
    found = await house.database.read(lambda conn: lists(conn, areas))
    made = await plan(house, dict(living.bot.adapters), "Z4", [], (), found)
    return (await announce(house, made, key, "worker")).queued


async def _wait(living: LivingBot, who: str, count: int) -> list[str]:
    for _ in range(100):
        if len(_heard(living, who)) >= count:
            break
        await asyncio.sleep(0.05)
    return _heard(living, who)


async def _ledger(living: LivingBot) -> list[dict[str, Any]]:
    query = select(consent).order_by(consent.c.id)
    rows = await living.bot.house.database.read(lambda c: c.execute(query).mappings().all())
    return [dict(row) for row in rows]


async def test_question_says_who_asks_what_comes_and_how_to_stop(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=AREAS) as living:
        asked = await _says(living, "fien", "AANMELD haven")
        for told in ("Buurthuis De Brug", "nieuws", "Havenkwartier", "STOP", "Ja of nee?"):
            assert told in asked
        assert "nieuws van mij" in await _says(living, "fien", "ja")
        service, news = sorted(await _ledger(living), key=lambda row: -ord(row["purpose"][0]))
        assert (service["purpose"], service["source"]) == ("service", "wrote")
        assert (news["purpose"], news["source"]) == ("announcement", "question")
        version = living.bot.house.library.shelf("havenkwartier").book.version_of("aanmeld")
        assert (news["item_id"], news["item_version"]) == ("aanmeld", version)
        assert (news["neighbourhood"], news["channel"]) == ("havenkwartier", "wijk")
        assert [SubscriberList("havenkwartier", "wijk", 1)] == await _sizes(living)
        entries = living.bot.house.journal.read().entries
        assert {one.purpose for one in entries if isinstance(one, Consented)} == {
            "service",
            "announcement",
        }


async def test_news_reaches_who_said_yes_for_that_neighbourhood(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=AREAS) as living:
        await _joins(living, "fien")
        await _joins(living, "momo", "haven")
        await _says(living, "vera", "hallo")
        assert await _announce(living, "one", ["zonnewijk"]) == 1
        assert "maandag 23 november" in (await _wait(living, "fien", 3))[2]
        await asyncio.sleep(0.6)
        assert (len(_heard(living, "momo")), len(_heard(living, "vera"))) == (2, 1)
        assert await _announce(living, "one", ["zonnewijk"]) == 1, "the same key is the same news"
        assert await _announce(living, "two", ["zonnewijk"]) == 0, "one a day, here too"
        await asyncio.sleep(0.6)
        assert len(_heard(living, "fien")) == 3


async def test_news_that_is_taken_back_goes_from_every_private_chat(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=AREAS) as living:
        house, adapters = living.bot.house, dict(living.bot.adapters)
        await _joins(living, "fien")
        await _announce(living, "one")
        await _wait(living, "fien", 3)
        (number,) = [one.id for one in await house.database.read(lambda c: changes.recent(c, 0))]
        family = await announce_change.found(house, number)
        edited = await announce_change.plan_edit(house, adapters, family, "")
        assert [SubscriberList("zonnewijk", "wijk", 1)] == [one.group for one in edited.lists]
        made = await announce_change.withdraw(house, family, "gone", "worker")
        assert made.queued == 1
        for _ in range(100):
            if len(_heard(living, "fien")) == 2:
                break
            await asyncio.sleep(0.05)
        assert 2 == len(_heard(living, "fien"))


async def test_stop_between_queue_and_send_is_a_stop(tmp_path: Path) -> None:
    """The row waits while the account must wait; by then the resident said STOP."""
    async with living_bot(tmp_path, CHANNELS, extra=AREAS) as living:
        house = living.bot.house
        await _joins(living, "fien")
        found = await _sizes(living)
        made = await plan(house, dict(living.bot.adapters), "Z4", [], (), found)
        hold = house.clock.now_ms() + 3_600_000
        held = update(chat).where(chat.c.is_private).values(next_send_at=hold)
        await house.database.write(lambda c: c.execute(held))
        assert (await announce(house, made, "held", "worker")).queued == 1
        await _adapter(living).say("fien", "private", "stop")
        for _ in range(100):
            if any(isinstance(one, OptedOut) for one in house.journal.read().entries):
                break
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        free = update(chat).values(next_send_at=0)
        await house.database.write(lambda c: c.execute(free))
        heard = await _wait(living, "fien", 3)
        await asyncio.sleep(1)
        assert ["geen berichten meer" in line for line in heard[2:]] == [True]
        assert len(_heard(living, "fien")) == 3


async def test_start_brings_news_back_and_a_question_does_not(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=AREAS) as living:
        await _joins(living, "fien")
        await _says(living, "fien", "afmelden zonnewijk")
        assert [] == await _sizes(living)
        await _says(living, "fien", "wanneer is het spreekuur?")
        assert [] == await _sizes(living), "a later question opens answers, never news"
        assert "weer nieuws" in await _says(living, "fien", "weer aan")
        assert [SubscriberList("zonnewijk", "wijk", 1)] == await _sizes(living)
        assert ["question", "wrote", "start"] == [r["source"] for r in await _ledger(living)]


async def test_who_never_said_yes_gets_no_news_by_start(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=AREAS) as living:
        await _says(living, "fien", "stop")
        assert "AANMELD" in await _says(living, "fien", "weer aan")
        assert [] == await _sizes(living)


async def test_my_data_and_erasure_know_the_yes(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=AREAS) as living:
        await _joins(living, "fien")
        assert "Je zei ja op" in await _says(living, "fien", "mijn gegevens")
        await _says(living, "fien", "wis")
        await _says(living, "fien", "ja")
        assert [] == await _sizes(living)
        for row in await _ledger(living):
            assert (row["chat_id"], row["neighbourhood"], row["channel"]) == (None, "", "")
            assert row["withdrawn_by"] == "erased"


async def test_stop_of_the_platform_in_a_dialog_ends_the_yes_in_silence(tmp_path: Path) -> None:
    """Twilio confirms a STOP itself: we say nothing, and remember it."""
    async with living_bot(tmp_path, CHANNELS, extra=AREAS) as living:
        await _joins(living, "fien")
        await _says(living, "fien", "klusje")
        house = living.bot.house
        stop = IncomingEvent(
            event_id="platform-stop",
            kind=EventKind.MESSAGE,
            chat=private_chat("fien"),
            sender="fien",
            is_private=True,
            text="stop",
            payload=PLATFORM_OPT_OUT,
            received_at=house.clock.now(),
        )
        await living.bot.ports["wijk"].accept([stop])
        for _ in range(100):
            if not await _sizes(living):
                break
            await asyncio.sleep(0.05)
        assert [] == await _sizes(living)
        assert 3 == len(_heard(living, "fien"))
        start = replace(
            stop, event_id="platform-start", kind=EventKind.START, text="", payload=PLATFORM_OPT_IN
        )
        await living.bot.ports["wijk"].accept([start])
        for _ in range(100):
            if await _sizes(living):
                break
            await asyncio.sleep(0.05)
        assert [SubscriberList("zonnewijk", "wijk", 1)] == await _sizes(living)
        assert 3 == len(_heard(living, "fien"))


async def test_quiet_hours_hold_for_subscribers_too(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=AREAS, at=NIGHT) as living:
        await _joins(living, "fien")
        house = living.bot.house
        made = await plan(house, dict(living.bot.adapters), "Z4", [], (), await _sizes(living))
        assert ["quiet-hours"] == [one.forbidden_by for one in made.lists]
        assert (await announce(house, made, "night", "worker")).queued == 0


async def test_start_link_names_the_neighbourhood(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS, extra=AREAS) as living:
        await _adapter(living).open_private("fien", "haven")
        await _wait(living, "fien", 1)
        house = living.bot.house
        homes = select(chat.c.neighbourhood).where(chat.c.is_private)
        found = await house.database.read(lambda c: c.execute(homes).scalars().all())
        assert ["havenkwartier"] == list(found)


def test_small_list_is_not_counted_out_loud() -> None:
    assert ["0", "<5", "<5", "5", "212"] == [shown(n) for n in (0, 1, 4, 5, 212)]
