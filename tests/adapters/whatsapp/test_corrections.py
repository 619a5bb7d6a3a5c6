"""What becomes of news that is put right or taken back, where nothing sent can be changed?"""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.adapters.whatsapp.local_twilio import LocalTwilio
from tests.adapters.whatsapp.whole import ANN, BEN, CAS, Whole, add_templates, whole
from wijkbot.app import announce_change
from wijkbot.app.reach import reach
from wijkbot.app.subscribers import lists
from wijkbot.cli.reaching import in_words

LINE = "Dit verbetert een eerder bericht."


async def test_preview_tells_how_many_by_template_freely_and_for_lack_of_one_not_at_all(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    """And what it tells is what happens."""
    add_templates(twilio)
    people = [f"whatsapp:+324730000{number:02}" for number in range(11)]
    async with whole(tmp_path, twilio) as bot:
        await bot.subscribes(*people)
        bot.passes(hours=24, minutes=30)
        for who in people[:5]:
            await bot.asks(who, "waar kan ik printen?")
        assert await _told(bot) == "6 by template, 5 freely."
        (number,) = await bot.announces("Z4")
        await bot.rests()
        last = [twilio.sent(who)[-1] for who in people]
        assert [message.is_template for message in last] == [False] * 5 + [True] * 6
        assert await bot.report(number) == {"DELIVERED": 11}


async def test_edit_is_a_new_message_that_says_so_freely_or_by_template(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    add_templates(twilio)
    async with whole(tmp_path, twilio) as bot:
        await bot.subscribes(ANN, BEN, CAS)
        (number,) = await bot.announces("Z4")
        await bot.rests()
        await bot.asks(CAS, "stop")
        bot.passes(hours=24)
        await bot.asks(BEN, "waar kan ik printen?")
        before = {who: len(twilio.sent(who)) for who in (ANN, BEN, CAS)}
        changed = await _edits(bot, number, "Z1")
        await bot.rests()
        ((ann,), (ben,)) = (twilio.sent(who)[before[who] :] for who in (ANN, BEN))
        assert ann.is_template and LINE in ann.body and "inloop" in ann.body.lower()
        assert not ben.is_template and ben.body.startswith(f"{LINE}\n\n")
        assert len(twilio.sent(CAS)) == before[CAS], "who said stop gets no correction"
        report = await bot.report(changed)
        assert report["DELIVERED"] == 2 and report.total() in {2, 3}


async def test_delete_stops_what_waits_and_tells_what_cannot_be_taken_back(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    add_templates(twilio)
    async with whole(tmp_path, twilio, tier=1) as bot:
        await bot.subscribes(ANN, BEN)
        bot.passes(hours=25)
        (number,) = await bot.announces("Z4")
        async with asyncio.timeout(30):
            while await bot.report(number) != {"DELIVERED": 1, "WAITING tier": 1}:
                await asyncio.sleep(0.1)
        before = len(twilio.messages)
        house = bot.living.bot.house
        family = await announce_change.found(house, number)
        made = await announce_change.withdraw(house, family, "gone", "worker")
        assert made.caught == 1
        await bot.rests()
        bot.passes(hours=30)
        await bot.rests()
        assert len(twilio.messages) == before
        assert await bot.report(number) == {"DELIVERED": 1, "REFUSED withdrawn": 1}
        assert await bot.report(made.ids[0]) == {"REFUSED unsupported": 1}


async def _told(bot: Whole) -> str:
    """What the preview says of the one list."""
    (group,) = await bot.read(lists)
    found = await reach(bot.living.bot.house, bot.living.bot.adapters["buurt"], group)
    assert found is not None
    return in_words(found)


async def _edits(bot: Whole, number: int, item: str) -> int:
    house = bot.living.bot.house
    family = await announce_change.found(house, number)
    plan = await announce_change.plan_edit(house, dict(bot.living.bot.adapters), family, item)
    made = await announce_change.edit(house, family, plan, "better", "worker")
    return made.ids[0]
