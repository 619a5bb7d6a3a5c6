"""Point 8 of the checklist: what receipts and their codes do, through the whole house.

Each runs the real twilio library against the local Twilio.
"""

from __future__ import annotations

import asyncio
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.adapters.whatsapp.local_twilio import LocalTwilio
from tests.adapters.whatsapp.whole import ANN, BEN, HOURS, Whole, whole
from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import opt_out

ORDERS = [*permutations(("sent", "delivered", "read")), ("read", "read", "sent", "sent")]
PRINT = "waar kan ik printen?"


async def until_status(bot: Whole, wanted: Status, place: int = 0) -> None:
    """Until that is what became of a message."""
    async with asyncio.timeout(20):
        while (await bot.statuses())[place] is not wanted:
            await asyncio.sleep(0.05)


async def test_point_08_in_any_order_it_ends_at_read(twilio: LocalTwilio, tmp_path: Path) -> None:
    twilio.receipts.lost = True
    async with whole(tmp_path, twilio) as bot:
        for number, order in enumerate(ORDERS):
            sent = await bot.asks(f"whatsapp:+3247400000{number}", HOURS)
            for status in order:
                assert await twilio.tell_again(sent, status) in {200, 204}
        await bot.rests()
        async with asyncio.timeout(20):
            while set(await bot.statuses()) != {Status.READ}:
                await asyncio.sleep(0.05)


async def test_point_08_a_failure_after_an_arrival_is_no_news_and_before_it_is_final(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    twilio.receipts.lost = True
    async with whole(tmp_path, twilio) as bot:
        sent = await bot.asks(ANN, HOURS)
        await twilio.tell_again(sent, "delivered")
        await twilio.tell_again(sent, "failed", 63024)
        await bot.rests()
        await asyncio.sleep(1)
        assert await bot.statuses() == [Status.DELIVERED]
        other = await bot.asks(BEN, HOURS)
        await twilio.tell_again(other, "undelivered", 63024)
        await until_status(bot, Status.REFUSED, 1)
        await twilio.tell_again(other, "delivered")
        await bot.rests()
        assert (await bot.statuses())[1] is Status.REFUSED


async def test_point_08_receipts_that_come_shuffled_and_twice_change_nothing_else(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    twilio.receipts.shuffled = twilio.receipts.doubled = twilio.receipts.reads = True
    async with whole(tmp_path, twilio) as bot:
        people = [f"whatsapp:+3247500000{number}" for number in range(10)]
        await asyncio.gather(*(bot.asks(who, HOURS) for who in people))
        await bot.rests()
        async with asyncio.timeout(20):
            while set(await bot.statuses()) != {Status.READ}:
                await asyncio.sleep(0.05)
        assert len(twilio.messages) == 10


async def test_point_08_a_receipt_before_the_answer_to_the_call_is_kept(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    """Twilio may tell that it failed before the call that sent it has returned."""
    async with whole(tmp_path, twilio) as bot:
        twilio.receipts.seconds = 0
        twilio.receipts.reads = True
        twilio.answer_late = 1.0
        await bot.asks(ANN, HOURS)
        await until_status(bot, Status.READ)


@pytest.mark.parametrize("code", [63014, 21610, 63033])
async def test_point_08_blocked_means_opted_out_of_everything(
    twilio: LocalTwilio, tmp_path: Path, code: int
) -> None:
    async with whole(tmp_path, twilio) as bot:
        await bot.subscribes(ANN)
        twilio.fail_delivery(ANN, code)
        await bot.asks(ANN, HOURS)
        await until_status(bot, Status.REFUSED, -1)
        query = select(func.count()).select_from(opt_out)
        assert await bot.read(lambda c: c.execute(query).scalar_one()) >= 2
        before = len(twilio.sent(ANN))
        await bot.announces()
        await bot.rests()
        assert len(twilio.sent(ANN)) == before


@pytest.mark.parametrize("code", [63024, 63003])
async def test_point_08_an_address_that_fails_twice_in_a_row_is_not_used_any_more(
    twilio: LocalTwilio, tmp_path: Path, code: int
) -> None:
    async with whole(
        tmp_path, twilio, policy={"unsolicited_per_day": 9, "unsolicited_per_week": 9}
    ) as bot:
        await bot.subscribes(ANN)
        twilio.fail_delivery(ANN, code, times=9)
        reached = []
        for item in ("Z1", "Z3", "Z4"):
            before = len(twilio.sent(ANN))
            await bot.announces(item)
            await bot.rests()
            await asyncio.sleep(1)
            reached.append(len(twilio.sent(ANN)) - before)
        assert reached == [1, 1, 0]


@pytest.mark.parametrize("code", [63017, 63018, 30001, 21611])
async def test_point_08_a_rate_holds_the_account_and_the_message_goes_again(
    twilio: LocalTwilio, tmp_path: Path, code: int
) -> None:
    async with whole(tmp_path, twilio) as bot:
        await bot.asks(BEN, HOURS)
        twilio.fail_delivery(ANN, code)
        await twilio.resident_says(ANN, HOURS)
        await twilio.wait_sent(ANN, 1)
        await twilio.receipts_rest()
        await asyncio.sleep(1.5)
        await twilio.resident_says(BEN, PRINT)
        await asyncio.sleep(2)
        assert [len(twilio.sent(who)) for who in (ANN, BEN)] == [1, 1], "everybody waits"
        for _ in range(12):
            bot.passes(seconds=10)
            await asyncio.sleep(0.6)
        await twilio.wait_sent(ANN, 2)
        await twilio.wait_sent(BEN, 2)
        await bot.rests()
        assert twilio.sent(ANN)[1].status == "delivered"


@pytest.mark.parametrize("code", [63032, 63049])
async def test_point_08_not_today_means_tomorrow_for_news(
    twilio: LocalTwilio, tmp_path: Path, code: int
) -> None:
    async with whole(tmp_path, twilio) as bot:
        await bot.subscribes(ANN)
        twilio.fail_delivery(ANN, code)
        (number,) = await bot.announces()
        before = len(await twilio.wait_sent(ANN, 3))
        await twilio.receipts_rest()
        await asyncio.sleep(2)
        for _ in range(20):
            bot.passes(hours=1)
            await asyncio.sleep(0.1)
        assert len(twilio.sent(ANN)) == before
        twilio.resident_misses(ANN, "dank je")  # so that the window is open tomorrow
        assert (await bot.report(number)).total() == 1


@pytest.mark.parametrize("code", [63005, 63013, 63021, 63007, 99999])
async def test_point_08_what_a_human_has_to_mend_is_shown_and_kept(
    twilio: LocalTwilio, tmp_path: Path, code: int
) -> None:
    async with whole(tmp_path, twilio) as bot:
        await bot.subscribes(ANN)
        twilio.fail_delivery(ANN, code)
        (number,) = await bot.announces()
        await bot.rests()
        await until_status(bot, Status.DEAD, -1)
        report = await bot.report(number)
        assert [name.split()[0] for name in report] == ["DEAD"]
        before = len(twilio.sent(ANN))
        await asyncio.sleep(2)
        assert len(twilio.sent(ANN)) == before, "not again by itself"
