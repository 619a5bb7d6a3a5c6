"""How do a photo and a file go with a text on Telegram, and what changes them later?"""

from __future__ import annotations

import pytest

from tests.adapters.contract import CALENDAR, PHOTO
from wijkbot.adapter_api import Message
from wijkbot_telegram import media
from wijkbot_telegram.outgoing import Post, posts_for

GROUP = "-1001"
SHORT, LONG = "Kom langs.", "a" * 1025


def _posts(message: Message) -> tuple[Post, ...]:
    return media.with_media(posts_for(GROUP, message), message)


def test_short_text_stands_below_the_photo() -> None:
    (post,) = _posts(Message("k", SHORT, photo=PHOTO))
    assert (post.text, post.photo) == (SHORT, PHOTO)
    assert "c7" == media.id_of([post], [7])


@pytest.mark.parametrize("text", [LONG, "😀" * 513], ids=["letters", "two units each"])
def test_text_longer_than_a_caption_comes_behind_the_photo_without_a_second_bell(
    text: str,
) -> None:
    message = Message("k", text, photo=PHOTO, answer_to=f"{GROUP}:5:42", thread="3")
    photo, words = _posts(message)
    assert (photo.text, photo.photo, photo.reply_to, photo.thread) == ("", PHOTO, 5, 3)
    assert (words.text, words.photo, words.reply_to, words.thread) == (text, None, None, 3)
    assert (photo.is_silent, words.is_silent) == (False, True)
    assert "p7,8" == media.id_of([photo, words], [7, 8])


def test_file_is_last_and_rings_no_bell_of_its_own() -> None:
    words, file = _posts(Message("k", SHORT, attachment=CALENDAR))
    assert (words.text, words.is_silent) == (SHORT, False)
    assert (file.attachment, file.is_silent) == (CALENDAR, True)
    assert "7,f8" == media.id_of([words, file], [7, 8])


def test_silent_message_is_silent_in_all_its_parts() -> None:
    message = Message("k", "a" * 5000, photo=PHOTO, attachment=CALENDAR, is_silent=True)
    assert {True} == {post.is_silent for post in _posts(message)}


def test_part_that_did_not_go_out_is_not_in_the_id() -> None:
    posts = _posts(Message("k", SHORT, photo=PHOTO, attachment=CALENDAR))
    assert "c7" == media.id_of(posts, [7])


@pytest.mark.parametrize("wrong", ["", "x7", "7,", "c", "7;8", "-7"])
def test_id_that_is_none_of_ours_has_no_parts(wrong: str) -> None:
    assert [] == media.parts_of(wrong)
    assert media.number_to_pin(wrong) is None


def test_pinned_is_what_has_the_words() -> None:
    assert 7 == media.number_to_pin("c7,f8")
    assert 8 == media.number_to_pin("p7,8,9,f10")


def test_edit_changes_the_words_and_the_file_and_leaves_the_photo() -> None:
    edit = media.edit_of("c7,f8", [Post("Nieuw.")], CALENDAR)
    assert edit is not None
    assert [(part.mark, part.number) for part, _ in edit.changed] == [("c", 7)]
    assert [(part.number, file) for part, file in edit.files] == [(8, CALENDAR)]
    assert ((), "c7,f8") == (edit.gone, edit.message_id)


def test_file_of_what_is_in_no_calendar_any_more_goes() -> None:
    edit = media.edit_of("c7,f8", [Post("Geen spreekuur.")])
    assert edit is not None
    assert ([8], (), "c7") == ([part.number for part in edit.gone], edit.files, edit.message_id)


def test_message_without_a_file_gets_none_by_an_edit() -> None:
    edit = media.edit_of("c7", [Post("Nieuw.")], CALENDAR)
    assert edit is not None
    assert ((), (), "c7") == (edit.files, edit.gone, edit.message_id)


def test_shorter_text_takes_the_pieces_away_that_it_does_not_need() -> None:
    edit = media.edit_of("p7,8,9,f10", [Post("Kort.")], CALENDAR)
    assert edit is not None
    assert [8] == [part.number for part, _ in edit.changed]
    assert [9] == [part.number for part in edit.gone]
    assert "p7,8,f10" == edit.message_id


@pytest.mark.parametrize(
    ("message_id", "posts"),
    [
        ("c7", [Post(LONG)]),
        ("7", [Post("a"), Post("b")]),
        ("p7", [Post("a")]),
        ("7", []),
        ("", [Post("a")]),
    ],
    ids=["longer than a caption", "more pieces", "no words there", "no words", "no id"],
)
def test_text_for_which_there_is_no_room_is_no_edit(message_id: str, posts: list[Post]) -> None:
    assert media.edit_of(message_id, posts) is None
