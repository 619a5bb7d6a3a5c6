"""Does a referral say that the chat is closed, when nobody is there to talk with?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.engine.pack import group, heard, names, private, said, shelf
from wijkbot.engine.conversation import Conversation
from wijkbot.engine.decide import decide
from wijkbot.engine.values import Begin, PackWord
from wijkbot.engine.words import Label


@pytest.mark.parametrize(("is_open", "item"), [(True, "T08"), (None, "T08"), (False, "T09")])
def test_the_first_referral_says_whether_somebody_is_there(
    is_open: bool | None, item: str
) -> None:
    event = heard(Label.HELP_PERSONAL)
    event = replace(event, facts=replace(event.facts, is_secure_chat_open=is_open))
    decision = decide(shelf().book, private(), Conversation(), event)
    assert [item] == names(decision.effects)


def test_the_next_ones_are_the_short_ones_all_the_same() -> None:
    conversation, seen = Conversation(), []
    for _ in range(4):
        event = heard(Label.HELP_PERSONAL)
        event = replace(event, facts=replace(event.facts, is_secure_chat_open=False))
        decision = decide(shelf().book, private(), conversation, event)
        conversation = decision.conversation
        seen.append(names(decision.effects))
    assert [["T09"], ["T08b"], ["T08c"], []] == seen


@pytest.mark.parametrize("label", [Label.HELP_PERSONAL, Label.CRISIS_SUICIDE])
def test_what_is_known_of_the_chat_goes_along_in_private_only(label: Label) -> None:
    event = heard(label)
    opens = event.facts.local_now + timedelta(days=2)
    for is_open, expected in (
        (True, (("chat.now", PackWord("nu_open")),)),
        (False, (("chat.opens", Begin(opens)),)),
    ):
        known = replace(event.facts, is_secure_chat_open=is_open, secure_chat_opens_at=opens)
        asked = replace(event, facts=known)
        (told,) = said(decide(shelf().book, private(), Conversation(), asked).effects)
        assert expected == told.values
        (aloud,) = said(decide(shelf().book, group(), Conversation(), asked).effects)
        assert () == aloud.values


def test_unknown_moment_is_not_told() -> None:
    (told,) = said(
        decide(shelf().book, private(), Conversation(), heard(Label.HELP_PERSONAL)).effects
    )
    assert () == told.values
