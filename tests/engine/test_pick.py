"""Which choice does a typed answer mean, whatever the choices are?"""

from __future__ import annotations

from difflib import SequenceMatcher
from time import monotonic

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.engine.pack import facts, private, shelf
from wijkbot.engine.book import DialogBook, ItemCard
from wijkbot.engine.conversation import Conversation
from wijkbot.engine.decide import decide
from wijkbot.engine.dialog import Branch, Dialog, DialogChoice, SlotType, Step
from wijkbot.engine.events import ChatStarted, MessageArrived
from wijkbot.engine.pick import LONGEST, NEAR, YES_NO, is_back, is_stop, pick, plain
from wijkbot.engine.reading import Reading
from wijkbot.engine.talk import answer
from wijkbot.engine.words import Label

WORDS = st.text(st.characters(categories=["Ll", "Lu"]), min_size=5, max_size=20)


@st.composite
def menus(draw: st.DrawFn) -> tuple[DialogChoice, ...]:
    """One to nine choices with titles of their own."""
    titles = draw(st.lists(WORDS, min_size=1, max_size=9, unique_by=plain))
    return tuple(DialogChoice(f"c.{i}", (("nl", (t,)),)) for i, t in enumerate(titles))


@given(menus(), st.data())
def test_number_id_and_title_mean_the_choice(
    menu: tuple[DialogChoice, ...], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(menu) - 1))
    choice = menu[index]
    title = choice.titles[0][1][0]
    for text in (choice.id, str(index + 1), f" {index + 1}.", f"nr {index + 1}", title):
        assert choice.id == pick(text, menu)


@given(menus(), st.integers(0, 99))
def test_number_outside_the_menu_means_nothing(
    menu: tuple[DialogChoice, ...], number: int
) -> None:
    assume(not 1 <= number <= len(menu))
    assert pick(str(number), menu) is None


@given(menus(), st.text(max_size=300))
def test_any_text_means_one_of_the_choices_or_none(
    menu: tuple[DialogChoice, ...], text: str
) -> None:
    assert pick(text, menu) in {None, *(choice.id for choice in menu)}


def test_near_miss_of_two_titles_is_no_choice() -> None:
    menu = tuple(DialogChoice(t, (("nl", (t,)),)) for t in ("maandag", "maandags"))
    assert "maandag" == pick("Maandag!", menu), "an exact title is sure"
    assert pick("maandagg", menu) is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ja", "yes"), ("Ja hoor!", "yes"), ("OUI", "yes"), ("d’accord", "yes"), ("2", "no"),
        ("neen", "no"), ("non merci", "no"), ("jaa", None), ("misschien", None), ("", None),
        ("pas d'accord", "no"), ("👍", None),
    ],
)  # fmt: skip
def test_yes_and_no_in_three_languages(text: str, meant: str | None) -> None:
    assert meant == pick(text, YES_NO)


def test_words_that_go_back_or_stop_are_read_without_accents_and_marks() -> None:
    assert is_back("Terug!") and is_back("precedent") and not is_back("terugbellen")
    assert is_stop("STOP.") and is_stop("arreter") and not is_stop("stopcontact")


@pytest.mark.parametrize(
    "text",
    ["9" * 5_000, "!" * 50_000, "1" + " " * 50_000, "a " * 25_000],
    ids=str.split("digits marks spaces words"),
)
def test_very_long_text_is_no_choice_and_takes_no_time(text: str) -> None:
    """One resident with a long message must not hold up the neighbourhood."""
    opened = decide(shelf().book, private(), Conversation(), ChatStarted(facts()))
    began = monotonic()
    event = MessageArrived(text, Reading(Label.UNCLEAR), facts())
    decide(shelf().book, private(), opened.conversation, event)
    assert pick(text, YES_NO) is None
    assert monotonic() - began < 1
    assert pick("ja " * LONGEST, YES_NO) is None


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("3", "3"), ("03", "3"), ("10", "10"), ("11", ""), ("2", ""), ("-4", ""), ("4,5", ""),
        ("vier", ""), ("9" * 5_000, ""),
    ],
    ids=str.split("least zero most more less negative comma word digits"),
)  # fmt: skip
def test_number_is_taken_between_its_limits(text: str, taken: str) -> None:
    step = Step("many", SlotType.NUMBER, limits=(3, 10), branches=(Branch("again"),))
    dialog = Dialog("d", "many", (step, Step("again", SlotType.NUMBER)))
    book = DialogBook(1, {"d": ItemCard("d", "dialog", 1)}, {"d": dialog})
    turn = answer(book, private(), Conversation(dialog="d", step="many"), facts(), text)
    assert taken == (turn.conversation.slot("many") if turn else "")


@given(WORDS, WORDS)
def test_what_is_passed_over_unread_was_never_near(title: str, typed: str) -> None:
    assume(plain(title) and plain(typed))
    likeness = SequenceMatcher(None, plain(typed), plain(title)).ratio()
    found = pick(typed, (DialogChoice("c.0", (("nl", (title,)),)),))
    is_short = min(len(plain(title)), len(plain(typed))) < 4 and plain(title) != plain(typed)
    assert (found == "c.0") == (likeness >= NEAR and not is_short)
