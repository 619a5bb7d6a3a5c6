"""Does a message fit what Twilio takes, and is each of its refusals understood?"""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.adapters.whatsapp.house import ANNA, HandClock
from wijkbot.adapter_api import Choice, Message, Reason, Refused, Unknown
from wijkbot_whatsapp.outgoing import (
    LONGEST_VALIDITY,
    body_of,
    is_open,
    posts_for,
    refusal,
    split_text,
)

NOON = HandClock().at


def test_choices_become_numbers_and_links_do_not_count() -> None:
    choices = (
        Choice("a", "Ja"),
        Choice("l", "Website", url="https://x.example"),
        Choice("b", "Nee"),
    )
    shown = body_of(Message("k", "Doe je mee?", choices))
    assert shown == "Doe je mee?\n\n1. Ja\nWebsite: https://x.example\n2. Nee"


def test_a_text_of_1600_characters_is_one_message() -> None:
    posts = posts_for(ANNA, Message("k", "a" * 1600), NOON)
    assert not isinstance(posts, Refused)
    assert [len(post.body) for post in posts] == [1600]


def test_a_longer_text_is_cut_behind_a_sentence() -> None:
    sentence = "Kom gerust langs op dinsdag. "
    pieces = split_text(sentence * 80)
    assert len(pieces) == 2
    assert all(piece.endswith("dinsdag.") and len(piece) <= 1600 for piece in pieces)
    assert " ".join(pieces) == (sentence * 80).strip()


@pytest.mark.parametrize("text", ["woord " * 500, "x" * 3000, "regel\n" * 500])
def test_without_sentences_nothing_is_lost_and_no_piece_is_too_long(text: str) -> None:
    pieces = split_text(text)
    assert all(0 < len(piece) <= 1600 for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize("text", ["👍" * 1000, "👍 " * 1000, "Ja! 👍 " * 300, "x" + "👍" * 1500])
def test_an_emoji_counts_as_the_two_units_it_is(text: str) -> None:
    pieces = split_text(text)
    assert [units(piece) <= 1600 for piece in pieces] == [True, True]
    assert "".join("".join(pieces).split()) == "".join(text.split())


@pytest.mark.parametrize("length", range(1550, 1601))
def test_a_choice_keeps_its_number(length: int) -> None:
    choices = (Choice("a", "Spreekuren"), Choice("b", "Klusje"), Choice("c", "Iets anders"))
    pieces = split_text(body_of(Message("k", "a" * length, choices)))
    lines = [line for piece in pieces for line in piece.splitlines()]
    assert lines[-3:] == ["1. Spreekuren", "2. Klusje", "3. Iets anders"]


@pytest.mark.parametrize("number", ["0470 12 34 56", "(02) 123 45 67", "BE68 5390 0754 7034"])
@pytest.mark.parametrize("length", range(1560, 1601))
def test_a_number_is_not_cut(number: str, length: int) -> None:
    text = "woord " * 250 + "x" * (length - 1500) + f" bel {number} en dan nog meer woorden"
    assert sum(number in piece for piece in split_text(text)) == 1


@pytest.mark.parametrize("text", ["x" * 3201, "Zin. " * 2000, "", " \n"])
def test_what_needs_three_messages_or_none_is_refused(text: str) -> None:
    posts = posts_for(ANNA, Message("k", text), NOON)
    assert isinstance(posts, Refused)
    assert (posts.reason, posts.permanent) == (Reason.CONTENT, True)


@pytest.mark.parametrize(
    ("left", "validity"),
    [(0.2, 1), (90.0, 90), (86_400.0, LONGEST_VALIDITY), (None, LONGEST_VALIDITY)],
)
def test_it_does_not_wait_at_twilio_for_longer_than_it_holds(
    left: float | None, validity: int
) -> None:
    until = None if left is None else NOON + timedelta(seconds=left)
    posts = posts_for(ANNA, Message("k", "hallo", expires_at=until), NOON)
    assert not isinstance(posts, Refused)
    assert posts[0].validity == validity


def test_what_is_past_its_time_is_not_sent() -> None:
    posts = posts_for(ANNA, Message("k", "hallo", expires_at=NOON), NOON)
    assert isinstance(posts, Refused)
    assert posts.reason is Reason.EXPIRED


@pytest.mark.parametrize(
    ("status", "code", "reason", "permanent", "whole_account"),
    [
        (400, 63016, Reason.WINDOW, True, False),
        (400, 63024, Reason.GONE, True, False),
        (400, 63003, Reason.GONE, True, False),
        (400, 63014, Reason.BLOCKED, True, False),
        (400, 21610, Reason.BLOCKED, True, False),
        (429, 63018, Reason.TIER, False, True),
        (429, 20429, Reason.RATE, False, True),
        (400, 30001, Reason.RATE, False, True),
        (429, None, Reason.RATE, False, True),
        (400, 63049, Reason.RATE, False, False),
        (400, 63033, Reason.BLOCKED, True, False),
        (400, 63038, Reason.RATE, False, True),
        (400, 63017, Reason.RATE, False, True),
        (400, 21611, Reason.RATE, False, True),
        (400, 63032, Reason.RATE, False, False),
        (400, 63010, Reason.UNAVAILABLE, False, False),
        (400, 63051, Reason.CONFIG, False, True),
        (400, 30036, Reason.EXPIRED, True, False),
        (400, 63021, Reason.CONTENT, True, False),
        (400, 63013, Reason.CONTENT, True, False),
        (400, 63005, Reason.CONTENT, True, False),
        (401, 20003, Reason.CONFIG, False, True),
        (400, 63007, Reason.CONFIG, False, True),
        (503, None, Reason.UNAVAILABLE, False, False),
        (400, 99999, Reason.CONTENT, True, False),
    ],
)
def test_each_refusal_has_its_meaning(
    status: int, code: int | None, reason: Reason, permanent: bool, whole_account: bool
) -> None:
    verdict = refusal(status, code)
    assert isinstance(verdict, Refused)
    assert (verdict.reason, verdict.permanent) == (reason, permanent)
    assert verdict.whole_account is whole_account
    assert (verdict.retry_after > 0) is not permanent


@pytest.mark.parametrize(
    ("ago", "is_shut", "open_"),
    [
        (timedelta(0), False, True),
        (timedelta(hours=23, minutes=54, seconds=59), False, True),
        (timedelta(hours=23, minutes=55), False, False),
        (timedelta(0), True, False),
        (None, False, False),
    ],
)
def test_the_window_shuts_five_minutes_early_and_when_twilio_says_so(
    ago: timedelta | None, is_shut: bool, open_: bool
) -> None:
    heard_at = None if ago is None else NOON - ago
    message = Message("k", "hallo", heard_at=heard_at, is_shut=is_shut)
    assert is_open(message, NOON) is open_


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_server_in_trouble_may_have_sent_it(status: int) -> None:
    assert isinstance(refusal(status, None), Unknown)
