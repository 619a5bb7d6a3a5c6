"""Does a group that keeps asking who the bot is hear it a few times an hour, and no more?"""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.engine.pack import NOW, facts, group, heard, names, shelf
from wijkbot.engine.commands import Asked, Command
from wijkbot.engine.control import obey
from wijkbot.engine.conversation import Conversation, PlaceState
from wijkbot.engine.decide import decide
from wijkbot.engine.effects import ChangePlace, Effect, PlaceChange
from wijkbot.engine.events import BotJoined
from wijkbot.engine.policy import PolicySettings
from wijkbot.engine.replies import Scene
from wijkbot.engine.words import Label

COUNTED = ChangePlace(PlaceChange.ANSWERED)
SHOWN = ChangePlace(PlaceChange.LIMIT_SHOWN)


def _asked(place: PlaceState) -> tuple[Effect, ...]:
    message = heard(Label.ASKS_BOT, "ben je een mens?")
    return decide(shelf().book, place, Conversation(), message).effects


def _had(answers: int, **more: object) -> PlaceState:
    return group(answers_this_hour=answers, hour_started_at=NOW - timedelta(minutes=5), **more)


@pytest.mark.parametrize("is_active", [True, False], ids=["served", "waits-for-moderator"])
def test_who_the_bot_is_counts_among_the_answers_of_an_hour(is_active: bool) -> None:
    effects = _asked(_had(5, is_active=is_active))
    assert ["T46"] == names(effects)
    assert COUNTED in effects


def test_served_group_then_gets_the_private_link_once() -> None:
    assert ["T31"] == names(_asked(_had(6)))
    assert [] == names(_asked(_had(6, limit_shown_at=NOW)))


def test_group_that_waits_for_its_moderator_then_hears_nothing() -> None:
    """Nor is it noted that it heard of the limit: it may be served within the hour."""
    effects = _asked(_had(6, is_active=False))
    assert [] == names(effects)
    assert SHOWN not in effects


def test_hour_later_it_is_told_again() -> None:
    place = group(answers_this_hour=6, hour_started_at=NOW - timedelta(hours=1), is_active=False)
    assert ["T46"] == names(_asked(place))


def test_menu_of_a_group_is_bound_in_the_same_way() -> None:
    scene = Scene(shelf().book, _had(6, limit_shown_at=NOW), facts(), PolicySettings())
    turn = obey(scene, Conversation(), Asked(Command.MENU))
    assert turn is not None
    assert [] == names(turn.effects)


def test_greeting_of_who_comes_in_is_no_answer() -> None:
    effects = decide(shelf().book, group(was_told=False), Conversation(), BotJoined(facts()))
    assert ["T46"] == names(effects.effects)
    assert COUNTED not in effects.effects


def test_who_comes_back_within_the_hour_with_nothing_left_to_say_says_nothing() -> None:
    effects = decide(shelf().book, _had(6), Conversation(), BotJoined(facts())).effects
    assert [] == names(effects)
    assert SHOWN not in effects
