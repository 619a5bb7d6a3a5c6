"""Does an answer in a group point at who asked only where that tells nothing of a person?"""

from __future__ import annotations

import pytest

from wijkbot.engine import table
from wijkbot.engine.effects import Say
from wijkbot.engine.pointing import POINTS_AT_NOBODY, Pointing, pointing
from wijkbot.engine.reading import Reading
from wijkbot.engine.words import SENSITIVE_LABELS, Label, Purpose

INFO = Say(Purpose.INFO, "F01", 1)


@pytest.mark.parametrize("label", sorted(SENSITIVE_LABELS | {Label.PERSONAL_DATA}))
@pytest.mark.parametrize("purpose", Purpose)
def test_nothing_points_at_who_asked_for_help(label: Label, purpose: Purpose) -> None:
    """Whatever is answered: also when the class stands beside another one."""
    say = Say(purpose, table.JOB_LINK, 1)
    assert pointing(say, Reading(label)) == Pointing()
    assert pointing(say, Reading(Label.INFO, also=(label,))) == Pointing()


def test_sensitive_classes_are_all_among_those_that_point_at_nobody() -> None:
    assert SENSITIVE_LABELS < POINTS_AT_NOBODY


@pytest.mark.parametrize("purpose", [Purpose.CRISIS, Purpose.REFERRAL, Purpose.ANNOUNCEMENT])
def test_a_card_points_at_nobody_without_a_text_too(purpose: Purpose) -> None:
    """After a pressed button there is no reading."""
    assert pointing(Say(purpose, "T06", 1), None) == Pointing()


def test_information_is_a_reply_and_its_buttons_are_the_askers() -> None:
    assert pointing(INFO, Reading(Label.INFO)) == Pointing(at_asker=True, replies=True)


@pytest.mark.parametrize("item", [table.JOB_LINK, table.GO_PRIVATE, table.ASK_PRIVATE])
def test_a_link_of_ones_own_may_be_seen_by_one(item: str) -> None:
    say = Say(Purpose.SERVICE, item, 1)
    assert pointing(say, Reading(Label.ODD_JOB_REQUEST)).to_one
    assert not pointing(say, Reading(Label.HELP_PERSONAL)).to_one
