"""Can a choice be made with a reaction where that tells nothing, and nowhere else?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.adapters.matrix.conftest import Bot
from tests.adapters.matrix.resident import Resident
from tests.adapters.matrix.test_conversations import running
from wijkbot.adapter_api import Choice, EventKind, IncomingEvent, Message, Sent
from wijkbot_matrix.outgoing import CHOICES, MOST_REACTIONS, content_of
from wijkbot_matrix.reactions import KEYS, MOST_SEEDS, picked, seeds_of

THREE = tuple(Choice(f"~{letter}", f"Keuze {letter}") for letter in "abc")
QUESTION = Message("row-1", "Wanneer?", THREE, is_harmless=True)
ONE, TWO, THIRD = KEYS[:3]


async def _asked(bot: Bot, room: str, message: Message) -> str:
    sent = await running(bot).send(room, message)
    assert isinstance(sent, Sent)
    return sent.message_id


async def _seeds(anna: Resident, bot: Bot, room: str, question: str, count: int) -> list[str]:
    """The numbers that the bot itself put below a question."""
    found: list[str] = await anna.do(
        "wait_reactions", room=room, event=question, sender=bot.user_id, count=count
    )
    return found


async def _picks(bot: Bot, resident: Resident, room: str) -> list[tuple[str, str]]:
    """Who picked what in that room, once all that came before is in."""
    await resident.send(room, f"@{bot.user_id[1:]} klaar")
    await bot.port.said("klaar")
    return [(one.sender, one.choice_id) for one in bot.port.events if one.kind is EventKind.CHOICE]


def _is_pick(choice: str) -> Callable[[IncomingEvent], bool]:
    return lambda event: event.kind is EventKind.CHOICE and event.choice_id == choice


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
async def test_point_15_reaction_is_a_choice_after_a_restart_too_and_taking_it_back_is_none(
    bot: Bot, anna: Resident, encrypted: bool
) -> None:
    room = await anna.create_dm(bot.user_id, encrypted=encrypted)
    await bot.port.joined(room)
    await anna.wait_joined(room, bot.user_id)
    question = await _asked(bot, room, QUESTION)
    assert await _seeds(anna, bot, room, question, 3) == [ONE, TWO, THIRD]
    reaction = await anna.do("react", room=room, event=question, key=TWO)
    pick = await bot.port.wait(_is_pick("~b"))
    assert (pick.event_id, pick.sender, pick.chat) == (reaction, anna.user_id, room)
    assert (pick.is_private, pick.addressed, pick.choice_ref) == (True, True, "")
    await bot.stop()
    await bot.start()
    await anna.do("redact", room=room, event=reaction)
    await anna.do("react", room=room, event=question, key="1\N{COMBINING ENCLOSING KEYCAP}")
    await bot.port.wait(_is_pick("~a"))
    for other in ("👍", KEYS[6]):
        await anna.do("react", room=room, event=question, key=other)
    own = await anna.send(room, "van mij")
    await anna.do("react", room=room, event=own, key=ONE)
    assert await _picks(bot, anna, room) == [(anna.user_id, "~b"), (anna.user_id, "~a")]


async def test_point_15_reaction_of_a_stranger_is_ignored(
    bot: Bot, anna: Resident, new_resident: Callable[[str], Awaitable[Resident]]
) -> None:
    """In a group only who was asked picks, and a question to nobody has no numbers at all."""
    bert = await new_resident("bert")
    room = await anna.create_room("Onze straat", bot.user_id)
    await bot.port.joined(room)
    await anna.do("invite", room=room, user=bert.user_id)
    await bert.do("join", room=room)
    await anna.wait_joined(room, bot.user_id)
    to_all = await _asked(bot, room, QUESTION)
    to_anna = Message("row-2", "Welke dag?", THREE, asker=anna.user_id, is_harmless=True)
    question = await _asked(bot, room, to_anna)
    assert await _seeds(anna, bot, room, question, 3) == [ONE, TWO, THIRD]
    assert await _seeds(anna, bot, room, to_all, 0) == []
    for event, key in ((question, ONE), (to_all, TWO)):
        await bert.do("react", room=room, event=event, key=key)
    await anna.do("react", room=room, event=to_all, key=TWO)
    await anna.do("react", room=room, event=question, key=THIRD)
    await bot.port.wait(_is_pick("~c"))
    assert await _picks(bot, bert, room) == [(anna.user_id, "~c")]


async def test_point_15_what_could_tell_something_is_no_choice_by_reaction(
    bot: Bot, anna: Resident
) -> None:
    """Reactions are clear text, so the numbers of such a question are typed."""
    room = await anna.create_dm(bot.user_id)
    await bot.port.joined(room)
    await anna.wait_joined(room, bot.user_id)
    question = await _asked(bot, room, Message("row-1", "Waar gaat het over?", THREE))
    harmless = await _asked(bot, room, Message("row-2", "Wanneer?", THREE, is_harmless=True))
    assert await _seeds(anna, bot, room, harmless, 3) == [ONE, TWO, THIRD]
    assert await _seeds(anna, bot, room, question, 0) == []
    await anna.do("react", room=room, event=question, key=TWO)
    assert await _picks(bot, anna, room) == []


async def test_point_15_long_list_is_not_seeded_but_its_first_ten_can_be_picked(
    bot: Bot, anna: Resident
) -> None:
    room = await anna.create_dm(bot.user_id)
    await bot.port.joined(room)
    await anna.wait_joined(room, bot.user_id)
    many = tuple(Choice(f"~{number}", f"Keuze {number}") for number in range(1, 13))
    question = await _asked(bot, room, Message("row-1", "Wat?", many, is_harmless=True))
    await anna.wait_message(room, bot.user_id, "12 Keuze 12")
    await anna.do("react", room=room, event=question, key=KEYS[9])
    await bot.port.wait(_is_pick("~10"))
    assert await _seeds(anna, bot, room, question, 0) == []


def _content(count: int, asker: str = "", **more: Any) -> dict[str, Any]:
    choices = tuple(Choice(f"~{number}", "Keuze") for number in range(count))
    return content_of(Message("1", "Wat?", choices, asker=asker, **more))


def test_numbers_stand_in_the_question_only_where_the_content_allows() -> None:
    assert CHOICES not in _content(3)
    assert CHOICES not in _content(0, is_harmless=True)
    assert _content(3, is_harmless=True)[CHOICES] == {"ids": ["~0", "~1", "~2"], "asker": ""}
    assert len(_content(12, is_harmless=True)[CHOICES]["ids"]) == MOST_REACTIONS == len(KEYS)
    link = Message("1", "", (Choice("l", "Kaart", "https://x.test"),), is_harmless=True)
    assert CHOICES not in content_of(link)


@pytest.mark.parametrize(
    ("count", "asker", "is_private", "seeds"),
    [(3, "", True, 3), (3, "", False, 0), (3, "@anna:x", False, 3), (MOST_SEEDS + 1, "", True, 0)],
)
def test_seeds_are_few_and_for_somebody(
    count: int, asker: str, is_private: bool, seeds: int
) -> None:
    content = _content(count, asker, is_harmless=True)
    assert len(seeds_of(content, is_private=is_private)) == seeds


@pytest.mark.parametrize(
    "part", [None, [], {}, {"ids": "~0"}, {"ids": []}, {"ids": [7]}, {"ids": [None, "~1"]}]
)
def test_what_anybody_else_wrote_into_an_event_is_no_choice(part: object) -> None:
    assert picked({CHOICES: part}, ONE, "@anna:x", is_private=True) == ""
    assert picked({CHOICES: {"ids": ["~0"]}}, ONE, "", is_private=False) == ""
