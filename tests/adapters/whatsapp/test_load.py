"""A fan-out by template, killed twice; and many dialogs while windows close: does it hold?

The bot is a real process on SQLite, killed without warning and started again. The usual run is
small; WIJKBOT_WHATSAPP_SUBSCRIBERS=5000 and WIJKBOT_WHATSAPP_RESIDENTS=500 give the full one.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection

from tests.adapters.whatsapp.local_twilio import LocalTwilio
from tests.adapters.whatsapp.whole import (
    ANSWER,
    HOOKS,
    Whole,
    add_templates,
    new_sqlite,
    whole,
    write_config,
)
from tests.living import SATURDAY, free_port
from wijkbot.app.assemble import open_house
from wijkbot.app.tried_before import LOOK_AFTER_MS
from wijkbot.clock import Clock
from wijkbot.settings import load_settings
from wijkbot.storage import changes, chats, consents
from wijkbot.storage.chats import Newcomer
from wijkbot.storage.consents import Agreed
from wijkbot.storage.outbox import Status

SUBSCRIBERS = int(os.environ.get("WIJKBOT_WHATSAPP_SUBSCRIBERS", "200"))
STOPPED_BEFORE = max(3, SUBSCRIBERS // 20)
STOPPED_MEANWHILE = 5
ASKED = 400
"""So many of them were asked in a dialog; of more, the yes is written down."""
BAD_CODES = (63014, 63024, 63013, 99999)
AT_ONCE = 32
TALKERS = int(os.environ.get("WIJKBOT_WHATSAPP_RESIDENTS", "40"))
SECONDS = 120 + max(SUBSCRIBERS, TALKERS) // 10
pytestmark = pytest.mark.timeout(max(300, 5 * SECONDS))
PEOPLE = [f"whatsapp:+32476{number:06}" for number in range(max(SUBSCRIBERS, TALKERS))]
WANTING = PEOPLE[:SUBSCRIBERS]
LATER = SATURDAY + timedelta(hours=49)
"""A Monday morning: no quiet hours, and every window is shut."""
NEWS = "Nieuws van Buurthuis De Brug"
_AT_ANOTHER_MOMENT = """
import sys
from wijkbot.clock import Clock
begin = Clock.__init__
def moved(self):
    begin(self)
    self.shift(float(sys.argv[-1]))
Clock.__init__ = moved
"""
_SERVE = f"""{_AT_ANOTHER_MOMENT}
from pathlib import Path
from wijkbot.cli.serving import serve
serve(Path(sys.argv[1]), "all", int(sys.argv[2]), ttl_ms=2000)
"""
_ANNOUNCE = f"""{_AT_ANOTHER_MOMENT}
from pathlib import Path
from wijkbot.cli.announcing import Asked, announce
announce(Path(sys.argv[1]), Asked(item="Z3", subscribers=("all",), yes=True, wait=0))
"""


@pytest.mark.timeout(SECONDS * 6)
async def test_a_fan_out_killed_twice_reaches_everybody_once(tmp_path: Path) -> None:
    async with LocalTwilio() as twilio:
        add_templates(twilio)
        url = new_sqlite(tmp_path)
        config = write_config(tmp_path, url, twilio, "tier = 0")
        await _subscribe(tmp_path, url, twilio)
        for who, code in zip(WANTING[10:], BAD_CODES, strict=False):
            twilio.fail_delivery(who, code)
        twilio.receipts.shuffled = twilio.receipts.doubled = True
        twilio.answer_late = 1.0 if SUBSCRIBERS <= 500 else 0.2  # so that a kill meets many
        port = free_port()
        twilio.connect(f"http://127.0.0.1:{port}/hooks/buurt", HOOKS)
        shift = (LATER - Clock().now()).total_seconds()
        clock = Clock()
        clock.shift(shift)
        twilio.now = clock.now
        stopped = set(WANTING[-STOPPED_BEFORE:])
        await _fan_out(twilio, config, port, shift, stopped)
        assert twilio.violations == []
        got = Counter(message.to for message in twilio.messages if NEWS in message.body)
        assert set(got.values()) == {1}, "nobody gets it twice"
        assert not stopped & set(got)
        report = await _report(config)
    wanted = set(WANTING) - stopped
    print(f"{len(wanted)} wanted it, {len(got)} got it; the report: {dict(report)}")  # noqa: T201
    unknown = sum(n for name, n in report.items() if name.startswith(Status.UNKNOWN.name))
    assert unknown == 0
    assert wanted == set(got), "what a kill cut off is looked for, and sent when it is not there"
    assert len(wanted) <= report.total() <= SUBSCRIBERS - STOPPED_BEFORE
    bad = {"REFUSED blocked": 1, "REFUSED gone": 1}
    assert {name: report[name] for name in bad} == bad
    assert sum(n for name, n in report.items() if name.startswith(Status.DEAD.name)) == 2


async def _subscribe(folder: Path, url: str, twilio: LocalTwilio) -> None:
    """On Saturday everybody says that they want news, and some that they do not any more."""
    limits = {"answers_per_hour": 1_000_000}
    async with whole(folder, twilio, url=url, policy=limits, tier=0) as bot:
        for word in ("AANMELD", "ja"):
            await _all_say(bot, WANTING[:ASKED], word)
        assert all("Vanaf nu" in bot.texts(who)[-1] for who in WANTING[:ASKED])
        await bot.living.bot.house.database.write(partial(_agree, bot, WANTING[ASKED:]))
        await _all_say(bot, WANTING[-STOPPED_BEFORE:], "STOP")


def _agree(bot: Whole, people: list[str], conn: Connection) -> None:
    """As if each of these had said yes last week."""
    house, area = bot.living.bot.house, bot.living.bot.house.settings.neighbourhood_of("buurt")
    new = [Newcomer("buurt", who, True, neighbourhood=area) for who in people]
    now_ms = house.clock.now_ms()
    found = chats.meet(conn, house.sealer, new, now_ms)
    for one in new:
        agreed = Agreed(
            member_hmac=house.sealer.member("buurt", one.address),
            purpose="announcement",
            neighbourhood=area,
            channel="buurt",
            chat_id=found["buurt", one.address],
            item_id="aanmeld",
            item_version=1,
            language="nl",
            source="question",
        )
        consents.give(conn, agreed, now_ms)


async def _all_say(bot: Whole, people: list[str], text: str) -> None:
    before = len(bot.twilio.messages)
    for begin in range(0, len(people), 50):
        some = people[begin : begin + 50]
        told = await asyncio.gather(*(bot.twilio.resident_writes(who, text) for who in some))
        assert all(told)
    wanted = before + len(people)
    await bot.twilio.until(lambda: len(bot.twilio.messages) >= wanted, SECONDS)
    await bot.rests(SECONDS)
    bot.passes(seconds=10)


async def _fan_out(
    twilio: LocalTwilio, config: Path, port: int, shift: float, stopped: set[str]
) -> None:
    """Announced, and killed when a third and two thirds of it went out."""
    begun = len(twilio.messages)
    wanted = SUBSCRIBERS - STOPPED_BEFORE

    for number, share in enumerate((wanted // 3, 2 * wanted // 3, None)):
        async with _served(config, port, shift) as process:
            if number == 0:
                await _run(_ANNOUNCE, str(config), str(shift))
            if number == 1:
                stopped |= await _some_stop(twilio, wanted)
            if share is None:
                await _quiet(twilio)
                await twilio.receipts_rest(SECONDS)
                await asyncio.sleep(3)
                return
            await twilio.until(partial(_has_sent, twilio, begun + share), SECONDS)
            process.kill()


def _has_sent(twilio: LocalTwilio, count: int) -> bool:
    return len(twilio.messages) >= count


async def _some_stop(twilio: LocalTwilio, wanted: int) -> set[str]:
    """The last in the row say stop while the row goes on."""
    last = WANTING[wanted - STOPPED_MEANWHILE : wanted]
    for who in last:
        assert await twilio.resident_writes(who, "STOP")
    await twilio.until(lambda: all(_was_told(twilio, who) for who in last), SECONDS)
    return set(last)


def _was_told(twilio: LocalTwilio, who: str) -> bool:
    return any("geen berichten meer" in message.body for message in twilio.sent(who))


async def _quiet(twilio: LocalTwilio) -> None:
    """Until nothing went out for longer than what a kill cut off waits to be looked for."""
    async with asyncio.timeout(SECONDS * 2):
        count = -1
        while count != len(twilio.messages):
            count = len(twilio.messages)
            await asyncio.sleep(LOOK_AFTER_MS / 1000 + 8)


@asynccontextmanager
async def _served(
    config: Path, port: int, shift: float
) -> AsyncIterator[asyncio.subprocess.Process]:
    log = config.parent / "served.log"
    with log.open("ab") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _SERVE, str(config), str(port), str(shift)),
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            said = (await process.stdout.readline()).decode()
        assert " on port " in said, log.read_text(encoding="utf-8")[-2000:]
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _run(code: str, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, *arguments)
    assert await process.wait() == 0


async def _report(config: Path) -> Counter[str]:
    """What the report of the one announcement counts."""
    house = await open_house(load_settings(config), config.parent, Clock())
    try:
        found = await house.database.read(lambda c: changes.outcomes(c, 1))
    finally:
        await house.database.close()
    return Counter(f"{one.status.name} {one.error}".strip() for one in found)


@pytest.mark.timeout(SECONDS * 6)
async def test_many_dialogs_go_on_while_windows_close_and_receipts_are_shuffled(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    """Each answer comes once; who met a shut window gets a template and then the answer."""
    add_templates(twilio)
    twilio.receipts.shuffled = twilio.receipts.doubled = twilio.receipts.reads = True
    people = PEOPLE[:TALKERS]
    shut = people[::4]
    limits = {"answers_per_hour": 1_000_000}
    async with whole(tmp_path, twilio, policy=limits, tier=0) as bot:
        for text in ("klusje", "ik zoek hulp", "ja", "lamp of plank"):
            await _all_say(bot, people, text)
        assert [len(twilio.sent(who)) for who in people] == [4] * TALKERS
        for who in people:
            await twilio.resident_says(who, f"lamp van {who[-2:]}")
            if who in shut:
                twilio.shut_early(who)
        await twilio.until(
            lambda: _reached(twilio, shut, 6) and _reached(twilio, people, 5), SECONDS
        )
        await bot.rests(SECONDS)
        for who in shut:
            refused, template = twilio.sent(who)[4:6]
            assert (refused.code, template.status) == (63016, "read")
            assert "deel van de wijk" in refused.body
            assert template.content_sid and "deel van de wijk" not in template.body
        await _all_say(bot, [who for who in people if who not in shut], "Noord")
        bot.passes(hours=25)
        # all windows are shut now; who writes again opens their own
        await _all_say(bot, people, "wanneer is het spreekuur?")
        await bot.rests(SECONDS)
        last = {who: bot.texts(who)[-2:] for who in people}
        assert {who: said for who, said in last.items() if ANSWER not in " ".join(said)} == {}


def _reached(twilio: LocalTwilio, people: list[str], count: int) -> bool:
    return all(len(twilio.sent(who)) >= count for who in people)
