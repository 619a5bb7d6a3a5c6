"""What does the house do when a platform tells that a message did not arrive after all?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.line import ANNA, BEN, HOURS, LINE, Street, street
from wijkbot.adapter_api import EventKind, Reason, Refused
from wijkbot.engine.words import Purpose
from wijkbot.storage import chats, health, limiter, opt_outs, retention
from wijkbot.storage.outbox import Status
from wijkbot.storage.seal import Sealer

SHUT = Refused(Reason.WINDOW, permanent=True)
DEAD = (Status.DEAD, "needs_template")


async def _stopped(told: Street, who: str) -> list[str]:
    sealer: Sealer = told.bot.house.sealer
    return await told.read(lambda c: opt_outs.of(c, sealer.member(LINE, who)))


async def test_receipts_of_any_order_and_too_early_end_at_read(tmp_path: Path) -> None:
    async with street(tmp_path) as told:
        for status in ("read", "sent", "delivered", "read"):
            await told.is_told(1, status)  # before the message itself went out
        await told.says(ANNA, HOURS)
        await told.got(1)
        assert await told.statuses() == [(Status.READ, "")]
        await told.is_told(1, "delivered")
        await told.is_told(1, "failed", SHUT)
        await told.rests()
        assert await told.statuses() == [(Status.READ, "")]


async def test_outside_the_window_it_is_only_told_that_an_answer_waits(tmp_path: Path) -> None:
    """63016 overrides our clock: once by template, and the answer itself once they say yes."""
    async with street(tmp_path) as told:
        await told.says(ANNA, HOURS)
        (text,) = await told.got(1)
        assert text.template is None
        assert text.heard_at is not None
        for _ in range(2):  # doubled, and told once more after it went again
            await told.is_told(1, "undelivered", SHUT)
            asked = (await told.got(2))[1]
        assert asked.is_shut
        assert asked.template is not None
        assert (asked.template.name, asked.template.values) == ("W02", ("Buurthuis De Brug",))
        told.bot.house.clock.shift(60)
        await told.says(ANNA, "Ja")
        fetched = (await told.got(3))[2]
        assert (fetched.text, fetched.template, fetched.is_shut) == (text.text, None, False)
        await told.says(ANNA, "ja")
        assert len(await told.got(4)) == 4, "who says yes again is answered as anybody"
        assert told.line.sent[3][1].text != text.text


async def test_a_template_that_fails_for_the_window_is_a_dead_letter(tmp_path: Path) -> None:
    async with street(tmp_path) as told:
        await told.says(ANNA, HOURS)
        await told.got(1)
        await told.is_told(1, "failed", SHUT)
        await told.got(2)
        await told.is_told(2, "failed", SHUT)
        await told.rests()
        assert (await told.statuses())[1:] == [DEAD]
        found = await told.read(lambda c: health.look(c, told.bot.house.clock.now_ms()))
        assert (found.dead, found.needs_template) == (1, 1)
        assert len(told.line.sent) == 2


async def test_who_asks_too_late_is_told_to_ask_again(tmp_path: Path) -> None:
    async with street(tmp_path) as told:
        await told.says(ANNA, HOURS)
        await told.got(1)
        await told.is_told(1, "failed", SHUT)
        await told.got(2)
        house = told.bot.house
        house.clock.shift(73 * 3600)
        await house.database.write(lambda c: retention.sweep(c, house.clock.now_ms()))
        await told.says(ANNA, "ja")
        assert "Stel je vraag opnieuw" in (await told.got(3))[2].text


async def test_a_crisis_card_never_goes_by_a_template(tmp_path: Path) -> None:
    async with street(tmp_path) as told:
        await told.says(ANNA, "ik wil niet meer leven")
        await told.got(1)
        await told.is_told(1, "failed", SHUT)
        await told.rests()
        assert (await told.statuses())[-1] == DEAD
        assert len(told.line.sent) == 1


async def test_who_blocks_us_is_opted_out_of_all_that_is_unasked(tmp_path: Path) -> None:
    async with street(tmp_path) as told:
        await told.says(ANNA, HOURS)
        await told.got(1)
        await told.is_told(1, "failed", Refused(Reason.BLOCKED, permanent=True))
        await told.rests()
        assert await _stopped(told, ANNA) == [Purpose.ANNOUNCEMENT, Purpose.ODD_JOB]
        found = await told.read(lambda c: health.look(c, told.bot.house.clock.now_ms()))
        assert found.suspended == 1
        await told.says(ANNA, HOURS)
        assert len(await told.got(2)) == 2, "who writes again is answered"
        assert await _stopped(told, ANNA) == [Purpose.ANNOUNCEMENT, Purpose.ODD_JOB]


async def test_an_address_that_is_not_there_twice_gets_nothing_more(tmp_path: Path) -> None:
    gone = Refused(Reason.GONE, permanent=True)
    async with street(tmp_path) as told:
        for number in (1, 2):
            await told.says(ANNA, HOURS)
            await told.got(number)
            await told.is_told(number, "failed", gone)
            await told.rests()
            at = told.bot.house.clock.now_ms()
            found = await told.read(lambda c, at=at: health.look(c, at))  # type: ignore[misc]
            assert found.suspended == number - 1


@pytest.mark.parametrize("reason", [Reason.CONTENT, Reason.CONFIG])
async def test_what_a_human_must_mend_waits_for_one(tmp_path: Path, reason: Reason) -> None:
    async with street(tmp_path) as told:
        await told.says(ANNA, HOURS)
        await told.got(1)
        await told.is_told(1, "failed", Refused(reason, permanent=True))
        await told.rests()
        assert await told.statuses() == [(Status.DEAD, reason.value)]


async def test_a_busy_platform_holds_the_account_and_gets_it_again(tmp_path: Path) -> None:
    busy = Refused(Reason.RATE, permanent=False, retry_after=1.0, whole_account=True)
    async with street(tmp_path) as told:
        await told.says(ANNA, HOURS)
        await told.got(1)
        await told.is_told(1, "failed", busy)
        assert len(await told.got(2)) == 2
        held = await told.read(lambda c: limiter.wait_ms(c, LINE, 0))
        assert held > 0


async def test_a_number_alone_is_the_person_who_came_with_both(tmp_path: Path) -> None:
    """First the number, then both, then the number: one chat, and answers go to the id."""
    name = "line:BE.150"
    async with street(tmp_path) as told:
        await told.says(BEN, HOURS)
        await told.got(1)
        await told.says(name, HOURS, alias=BEN)
        await told.got(2)
        await told.says(BEN, HOURS)
        await told.got(3)
        assert [chat for chat, _ in told.line.sent] == [BEN, name, name]
        sealer = told.bot.house.sealer
        assert await told.read(lambda c: chats.find(c, sealer, LINE, BEN)) is None


async def test_a_stop_by_number_holds_for_the_id_that_comes_later(tmp_path: Path) -> None:
    name = "line:BE.150"
    async with street(tmp_path) as told:
        await told.says(BEN, "STOP")
        await told.got(1)
        stopped = await _stopped(told, BEN)
        assert stopped
        await told.comes(EventKind.MESSAGE, name, text=HOURS, alias=BEN)
        await told.got(2)
        assert await _stopped(told, name) == stopped
