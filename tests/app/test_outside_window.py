"""Is news in its template whole or honestly cut, and does it keep to so many people a day?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.line import ANNA, BEN, CAS, HOURS, LINE, Street, street
from wijkbot.app.announce import announce, plan
from wijkbot.app.outside_window import MARGIN, fitted, is_open
from wijkbot.app.reach import reach
from wijkbot.app.subscribers import lists
from wijkbot.cli.reaching import in_words
from wijkbot.content.template_text import units
from wijkbot.storage import chats, consents
from wijkbot.storage.chats import Chat
from wijkbot.storage.consents import Agreed
from wijkbot.storage.outbox import Status

DAY = 24 * 3600


async def _subscribe(told: Street, *people: str) -> None:
    """Each wrote once, and wants news."""
    house = told.bot.house
    for number, who in enumerate(people, start=1):
        await told.says(who, HOURS)
        await told.got(number)
        chat = await told.read(lambda c, who=who: chats.find(c, house.sealer, LINE, who))  # type: ignore[misc]
        assert chat is not None
        agreed = Agreed(
            member_hmac=house.sealer.member(LINE, who),
            purpose="announcement",
            neighbourhood=chat.neighbourhood,
            channel=LINE,
            chat_id=chat.id,
            item_id="T67",
            item_version=1,
            language="nl",
            source="question",
        )
        await house.database.write(lambda c, a=agreed: consents.give(c, a, 1))  # type: ignore[misc]


async def _announce(told: Street, item: str = "Z4") -> None:
    house = told.bot.house
    found = await told.read(lists)
    made = await plan(house, {LINE: told.line}, item, (), lists=found)
    await announce(house, made, "key", "worker")
    told.bot.wakes.queued.set()


async def test_news_goes_freely_to_who_just_wrote_and_by_template_to_the_rest(
    tmp_path: Path,
) -> None:
    async with street(tmp_path) as told:
        await _subscribe(told, ANNA, BEN)
        told.bot.house.clock.shift(DAY)
        await told.says(BEN, HOURS)
        await told.got(3)
        (group,) = await told.read(lists)
        found = await reach(told.bot.house, told.line, group)
        assert found is not None
        assert (found.freely, found.by_template, found.waits) == (1, 1, 0)
        assert in_words(found) == "<5 by template, <5 freely."
        await _announce(told)
        await told.got(5)
        sent = dict(told.line.sent[3:])
        assert sent[BEN].template is None
        template = sent[ANNA].template
        assert template is not None
        assert (template.name, template.values[0]) == ("W01", "Buurthuis De Brug")
        assert template.values[1] == " ".join(sent[ANNA].text.split())


async def test_who_is_above_the_number_of_a_day_gets_it_the_next(tmp_path: Path) -> None:
    async with street(tmp_path, tier=2) as told:
        await _subscribe(told, ANNA, BEN, CAS)
        told.bot.house.clock.shift(DAY)
        await _announce(told, "Z3")  # in two weeks: it is of use for so long
        await told.got(5)
        assert min(await told.statuses()) == (Status.WAITING, "tier")
        told.bot.house.clock.shift(DAY + 60)
        told.bot.wakes.queued.set()
        assert len(await told.got(6)) == 6
        assert {chat for chat, _ in told.line.sent[3:]} == {ANNA, BEN, CAS}


def _chat(shut_at: int | None) -> Chat:
    values = dict.fromkeys(Chat.__slots__)
    return Chat(**{**values, "shut_at": shut_at})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("heard", "shut_at", "now", "open_"),
    [
        (1_000, None, 2_000, True),
        (None, None, 2_000, False),
        (1_000, 1_500, 2_000, False),
        (1_600, 1_500, 2_000, True),
        (0, None, 24 * 3_600_000 - int(MARGIN.total_seconds() * 1000), False),
    ],
)
def test_the_window_is_what_was_heard_unless_the_platform_said_no(
    heard: int | None, shut_at: int | None, now: int, open_: bool
) -> None:
    assert is_open(_chat(shut_at), heard, 24, now) is open_


def test_a_long_text_is_cut_at_a_word_and_tells_where_the_rest_is() -> None:
    long = "Het feest 🎉 begint om twee uur op het plein en duurt tot zes uur. " * 20
    cut = fitted(long, 200, "Lees verder op https://debrug.example/")
    assert units(cut) <= 200
    assert cut.endswith(" … Lees verder op https://debrug.example/")
    assert long.startswith(cut.partition(" …")[0])
    assert fitted("kort", 200, "Lees verder op") == "kort"
