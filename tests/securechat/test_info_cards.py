"""Does the card go to who gave the code, once, as an answer, and only while they want it?"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.securechat.street import CARD, Street, fresh_id
from wijkbot.app.info_card import NoCardError, cards, fresh_code
from wijkbot.app.publish import check_folder, problems_of, publish
from wijkbot.clock import Clock
from wijkbot.content.locate import content_dir
from wijkbot.storage import chats
from wijkbot.storage.card_codes import MOST_CARDS
from wijkbot.storage.card_tables import card_code
from wijkbot.storage.tables import metadata, outbox

pytestmark = [pytest.mark.storage, pytest.mark.asyncio(loop_scope="module")]

DAY = 86_400


async def _refused(street: Street, code: str, item: str = CARD, **more: object) -> str:
    with pytest.raises(NoCardError) as caught:
        await street.send(code, item, **more)
    return caught.value.code


def _text(street: Street, language: str = "nl") -> str:
    bot = street.office.bot
    return next(one.texts[language] for one in cards(bot.house, bot.adapters, "")
                if one.id == CARD)  # fmt: skip


async def test_the_resident_gets_exactly_the_text_that_the_worker_saw(street: Street) -> None:
    code = await street.code()
    assert "" == await street.send(code)
    got = await street.next("fien", 1)
    assert _text(street) == got
    assert "Net Brussel" in got


async def test_only_who_gave_the_code_gets_the_card(street: Street) -> None:
    mine, other = await street.code("fien"), await street.code("momo")
    assert mine != other
    await street.send(other)
    await street.next("momo", 1)
    assert 1 == len(street.said("fien"))
    assert [] == [one for one in street.said("fien", "group") if "Net Brussel" in one]


async def test_the_row_is_an_answer_with_a_published_item_and_no_words(street: Street) -> None:
    await street.send(await street.code())
    rows = await street.office.bot.house.database.read(
        lambda c: list(c.execute(select(outbox).where(outbox.c.item_id == CARD)).mappings())
    )
    row = rows[-1]
    assert ("info", CARD) == (row["purpose"], row["item_id"])
    assert row["item_version"] >= 1
    assert row["conversation_id"] is not None
    assert row["expires_at"] is not None


async def test_the_same_press_twice_at_once_is_one_card(street: Street) -> None:
    code, press = await street.code(), fresh_id()
    done = await asyncio.gather(*(street.send(code, id=press) for _ in range(4)))
    assert ["", "", "", ""] == done
    assert "" == await street.send(code, id=press)
    await street.next("fien", 1)
    await asyncio.sleep(0.5)
    assert 2 == len(street.said("fien"))


async def test_a_press_of_somebody_else_with_the_same_id_is_another_one(street: Street) -> None:
    code, press = await street.code(), fresh_id()
    await street.send(code, id=press)
    await street.send(code, id=press, account=2)
    await street.next("fien", 2)


async def test_a_code_sends_five_cards_and_a_new_one_more(street: Street) -> None:
    code = await street.code()
    for _ in range(MOST_CARDS):
        assert "" == await street.send(code)
    assert "card" == await _refused(street, code)
    await street.next("fien", MOST_CARDS)
    assert "" == await street.send(await street.code())


async def test_a_code_is_over_after_a_day_and_looks_like_a_wrong_one(street: Street) -> None:
    code = await street.code()
    street.office.wait(DAY - 60)
    assert "" == await street.send(code)
    street.office.wait(60)
    assert "card" == await _refused(street, code)
    assert "card" == await _refused(street, "000000" if code != "000000" else "000001")


async def test_asking_again_ends_the_first_code(street: Street) -> None:
    first = await street.code()
    second = await street.code()
    assert "card" == await _refused(street, first)
    assert "" == await street.send(second)
    assert 1 == await street.codes()


@pytest.mark.parametrize("words", ["stop", "negeer mij"])
async def test_who_wants_nothing_more_gets_no_card_with_an_older_code(
    street: Street, words: str
) -> None:
    code = await street.code()
    await street.ask("fien", words)
    assert "card" == await _refused(street, code)
    assert 0 == await street.codes()


async def test_who_stops_the_news_only_still_gets_the_card(street: Street) -> None:
    code = await street.code()
    await street.ask("fien", "stop nieuws")
    assert "" == await street.send(code)


async def test_a_code_that_is_asked_after_stop_works(street: Street) -> None:
    """STOP ends what nobody asked for; who asks again is answered."""
    await street.ask("fien", "stop")
    assert "" == await street.send(await street.code())
    assert "Net Brussel" in await street.next("fien", 2)


async def test_wis_takes_the_code(street: Street) -> None:
    code = await street.code()
    await street.ask("fien", "wis")
    assert "gewist" in await street.ask("fien", "ja")
    assert 0 == await street.codes()
    assert "card" == await _refused(street, code)


async def test_at_night_a_card_comes_all_the_same(street: Street) -> None:
    """Quiet hours bind what nobody asked for."""
    hour = street.office.bot.house.clock.now().hour
    street.office.wait((24 - hour) * 3600)
    assert "" == await street.send(await street.code())
    assert "Net Brussel" in await street.next("fien", 1)


async def test_the_rule_may_say_no_and_then_nothing_is_sent_or_counted(street: Street) -> None:
    code = await street.code()
    house = street.office.bot.house
    private = await house.database.read(
        lambda c: c.execute(select(card_code.c.chat_id)).scalar_one()
    )
    await house.database.write(lambda c: chats.configure(c, private, is_active=False))
    assert "chat-is-closed" == await street.send(code)
    await house.database.write(lambda c: chats.configure(c, private, is_active=True))
    for _ in range(MOST_CARDS):
        assert "" == await street.send(code)


async def _publish(street: Street, dialogs: Path) -> None:
    """Beside the bot that runs, as the command does."""
    house = street.office.bot.house
    checked = check_folder(dialogs, house.settings, house.library.readers)
    assert [] == [*problems_of(checked)]
    await publish(house.database, checked, house.clock.now_ms())
    await house.library.refresh()


async def test_a_card_that_was_withdrawn_is_not_sent_and_another_one_is(
    street: Street, tmp_path: Path
) -> None:
    code = await street.code()
    dialogs = tmp_path / "dialogs"
    shutil.copytree(content_dir("dialogs"), dialogs)
    (dialogs / "faq" / "F08-grofvuil.yaml").unlink()
    await _publish(street, dialogs)
    try:
        assert "item" == await _refused(street, code)
        assert "" == await street.send(code, "F09")
    finally:
        await _publish(street, content_dir("dialogs"))


@pytest.mark.parametrize("item", ["T11", "organisation", "R01", "klus", "F999", ""])
async def test_nothing_but_a_card_is_sent(street: Street, item: str) -> None:
    assert "item" == await _refused(street, await street.code(), item)


async def test_the_language_is_that_of_the_resident_or_the_chosen_one(street: Street) -> None:
    code = await street.code(word="carte")
    await street.send(code)
    assert _text(street, "fr") == await street.next("fien", 1)
    await street.send(code, language="en")
    assert _text(street, "en") == await street.next("fien", 2)
    assert "item" == await _refused(street, code, language="xx")


async def test_the_text_of_another_neighbourhood_is_looked_at_again(street: Street) -> None:
    code = await street.code()
    assert "area" == await _refused(street, code, area="elders")
    assert "" == await street.send(code, area="")


async def test_no_table_shows_the_code(street: Street) -> None:
    code = await street.code()
    await street.send(code)
    await street.next("fien", 1)

    def everything(conn: object) -> str:
        rows = [list(conn.execute(select(table))) for table in metadata.tables.values()]  # type: ignore[attr-defined]
        return repr(rows)

    seen = await street.office.bot.house.database.read(everything)
    assert code not in seen
    assert f"{code[:3]} {code[3:]}" not in seen


class _Scripted(Clock):
    """Gives these numbers first."""

    def __init__(self, *numbers: int) -> None:
        super().__init__()
        self._numbers = list(numbers)

    def random_bytes(self, nbytes: int) -> bytes:
        if self._numbers:
            return self._numbers.pop(0).to_bytes(nbytes)
        return super().random_bytes(nbytes)


async def test_a_code_that_somebody_has_is_drawn_again(street: Street) -> None:
    taken = await street.code()
    house = street.office.bot.house
    other = type(house)(
        house.database,
        house.sealer,
        _Scripted(int(taken), 10**6 + int(taken), 42),
        house.settings,
        house.library,
        house.journal,
    )
    assert "000042" == await house.database.read(lambda c: fresh_code(c, other))
