"""Does a message get the shape that Telegram takes, whatever stands in it?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.telegram.bot_api_world import units
from wijkbot.adapter_api import Choice, Message
from wijkbot_telegram.ids import pack_choice, reply_target, unpack_choice, user_of
from wijkbot_telegram.outgoing import Button, Post, posts_for, split_text, utf16_length


def test_markup_in_a_text_stays_as_it_is() -> None:
    text = "<b>&_*[niet] vet</b>"
    assert posts_for("42", Message(key="k", text=text)) == (Post(text),)


def test_ten_thousand_characters_with_emoji_go_in_pieces_that_fit() -> None:
    text = ("Zaterdag is er feest 👩‍👩‍👧‍👦 op het plein. " * 300)[:10_000].strip()
    pieces = split_text(text)
    assert len(pieces) == 3
    assert all(units(piece) <= 4096 for piece in pieces)
    assert " ".join(pieces) == text


def test_a_text_is_cut_at_a_paragraph_when_there_is_one() -> None:
    assert split_text("a" * 60 + "\n\n" + "b " * 30, limit=100) == ["a" * 60, ("b " * 30).strip()]


def test_a_composed_emoji_is_not_broken() -> None:
    family = "👩‍👩‍👧"
    pieces = split_text(family * 4, limit=20)
    assert "".join(pieces) == family * 4
    assert all(set(piece.split(family)) == {""} for piece in pieces)


@given(st.text(max_size=300), st.integers(min_value=10, max_value=50))
def test_no_piece_is_too_long_and_no_word_is_lost(text: str, limit: int) -> None:
    pieces = split_text(text, limit)
    assert all(0 < utf16_length(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_short_answers_share_a_row_and_a_link_opens() -> None:
    choices = (
        Choice("ja", "Ja"),
        Choice("nee", "Nee"),
        Choice("", "Naar de beveiligde chat", url="https://hulp.example.org/c"),
    )
    (post,) = posts_for("42", Message(key="k", text="Klopt dit?", choices=choices))
    assert post.rows == (
        (Button("Ja", data="ja"), Button("Nee", data="nee")),
        (Button("Naar de beveiligde chat", url="https://hulp.example.org/c"),),
    )


def test_answers_too_long_for_a_button_become_numbered_lines() -> None:
    choices = (
        Choice("é" * 33, "Eén"),
        Choice("b", "Twee"),
        Choice("", "Site", url="https://x.example"),
    )
    (post,) = posts_for("42", Message(key="k", text="Kies:", choices=choices))
    assert post.text == "Kies:\n\n1. Eén\n2. Twee"
    assert post.rows == ((Button("Site", url="https://x.example"),),)


def test_a_link_that_telegram_refuses_on_a_button_stands_in_the_text() -> None:
    choices = (Choice("", "Bel", url="tel:112"), Choice("", "Demo", url="http://localhost:8080"))
    (post,) = posts_for("42", Message(key="k", text="Hier:", choices=choices))
    assert post == Post("Hier:\n\nBel: tel:112\nDemo: http://localhost:8080")


def test_the_reply_is_on_the_first_piece_and_the_buttons_on_the_last() -> None:
    message = Message(
        key="k",
        text="woord " * 1000,
        choices=(Choice("ja", "Ja"),),
        answer_to="42:17:42",
        thread="5",
    )
    first, last = posts_for("42", message)
    assert (first.reply_to, first.rows, first.thread) == (17, (), 5)
    assert (last.reply_to, len(last.rows), last.thread) == (None, 1, 5)


def test_a_group_button_carries_whom_it_is_for() -> None:
    choices = (Choice("ja", "Ja"),)
    message = Message(key="k", text="Klopt dit?", choices=choices, asker="42")
    assert posts_for("-1", message)[0].rows == ((Button("Ja", data="@42|ja"),),)
    open_to_all = Message(key="k", text="Klopt dit?", choices=choices)
    assert posts_for("-1", open_to_all)[0].rows == ((Button("Ja", data="ja"),),)


def test_nothing_is_replied_to_in_another_chat_or_without_a_message() -> None:
    assert reply_target("-1:17:42", "-1") == 17
    assert reply_target("-1:17:42", "42") is None
    assert reply_target("-1:0:42:q1", "-1") is None
    assert reply_target("", "-1") is None


@pytest.mark.parametrize("asker", ["-1", "-1001", "", "iets anders"])
def test_nobody_is_addressed_where_no_user_spoke(asker: str) -> None:
    assert user_of(asker) == ""
    choices = (Choice("ja", "Ja"),)
    message = Message(key="k", text="Klopt dit?", choices=choices, asker=asker)
    assert posts_for("-1", message)[0].rows == ((Button("Ja", data="ja"),),)


@given(st.text(min_size=1, max_size=40), st.sampled_from(["", "42", "7000000001"]))
def test_a_choice_comes_back_as_it_was_packed(choice_id: str, whom: str) -> None:
    packed = pack_choice(choice_id, whom)
    assert packed is None or unpack_choice(packed) == (choice_id, whom)
    assert packed is None or len(packed.encode()) <= 64


def test_what_does_not_fit_on_a_button_is_said_so() -> None:
    assert pack_choice("a" * 64) == "a" * 64
    assert pack_choice("a" * 65) is None
    assert pack_choice("") is None


def test_an_empty_text_is_no_message() -> None:
    assert posts_for("42", Message(key="k", text="  \n")) == ()
