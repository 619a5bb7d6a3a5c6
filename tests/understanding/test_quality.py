"""Does the report find the topics that clash, are thin, or say the same twice?"""

from __future__ import annotations

from wijkbot.understanding import Example, Matcher
from wijkbot.understanding.quality import (
    Double,
    Few,
    Quality,
    accuracy,
    doubles,
    quality,
    too_few,
)

CLEAR = [
    Example("food", text, "nl")
    for text in (
        "waar is de voedselbank",
        "wanneer is de voedselbank open",
        "adres van de voedselbank",
        "voedselbank openingsuren",
    )
]
DOCTOR = [
    Example("doctor", text, "nl")
    for text in (
        "welke dokter neemt nieuwe patiënten",
        "hoe vind ik een huisarts",
        "huisarts die nog patiënten neemt",
    )
]
NIGHT = [
    Example("night", text, "nl")
    for text in (
        "welke dokter is er vannacht",
        "welke dokter heeft wacht",
        "dokter van wacht vannacht",
    )
]
MISPLACED = Example("night", "hoe vind ik een nieuwe huisarts", "nl")


def _of(*parts: list[Example]) -> Quality:
    return quality(Matcher.fit([example for part in parts for example in part]))


def test_topics_with_words_of_their_own_find_themselves() -> None:
    found = _of(CLEAR, DOCTOR)
    assert found.total.examples == 7
    assert {topic.item: accuracy(topic.tally) for topic in found.topics}["food"] == 1.0


def test_misplaced_example_makes_its_topic_the_worst_and_is_shown() -> None:
    found = _of(CLEAR, DOCTOR, [*NIGHT, MISPLACED])
    worst = found.topics[0]
    assert worst.item in {"night", "doctor"}
    assert worst.taken_for
    pair = found.look_alikes[0]
    assert pair.items == ("doctor", "night")
    assert pair.confused >= 1
    assert (pair.first, pair.second) == ("hoe vind ik een huisarts", MISPLACED.text)


def test_moving_the_misplaced_example_helps() -> None:
    moved = Example("doctor", MISPLACED.text, "nl")
    before = _of(CLEAR, DOCTOR, [*NIGHT, MISPLACED])
    after = _of(CLEAR, [*DOCTOR, moved], NIGHT)
    assert accuracy(after.total) > accuracy(before.total)


def test_every_example_is_answered_rightly_wrongly_or_not() -> None:
    found = _of(CLEAR, DOCTOR, [*NIGHT, MISPLACED])
    total = found.total
    assert sum(topic.tally.examples for topic in found.topics) == total.examples == 11
    assert sum(topic.tally.right for topic in found.topics) == total.right
    for level in found.thresholds:
        assert total.answered[level] <= total.right
        assert total.answered[level] + total.wrong[level] <= total.examples
    assert total.answered["group"] <= total.answered["addressed"]


def test_languages_are_counted_apart() -> None:
    french = [Example("doctor", "où trouver un médecin", "fr")]
    found = _of(CLEAR, DOCTOR, french)
    counted = dict(found.languages)
    assert {code: tally.examples for code, tally in counted.items()} == {"nl": 7, "fr": 1}
    assert sum(tally.right for tally in counted.values()) == found.total.right
    shares = [accuracy(tally) for _, tally in found.languages]
    assert shares == sorted(shares)


def test_no_examples_make_an_empty_report() -> None:
    found = _of()
    assert (found.total.examples, found.topics, found.look_alikes) == (0, (), ())


def test_too_few_counts_the_two_kinds_of_dutch_together() -> None:
    examples = [
        *(Example("food", f"vraag {n}", "nl-NL") for n in range(2)),
        *(Example("food", f"vraag {n}", "nl-BE") for n in range(2)),
        Example("food", "question", "fr"),
    ]
    wanted = {"nl": 4, "fr": 2}
    assert too_few(["food"], examples, wanted) == (Few("food", "fr", 1, 2),)
    assert too_few(["empty"], examples, wanted)[0] == Few("empty", "nl", 0, 4)


def test_doubles_are_found_across_topics_whatever_the_capitals() -> None:
    examples = [
        Example("food", "Waar is het?", "nl"),
        Example("food", "waar is het", "nl"),
        Example("doctor", "waar is hét", "nl"),
        Example("doctor", "wanneer", "nl"),
        Example("doctor", "?!", "nl"),
        Example("food", "...", "nl"),
    ]
    assert doubles(examples) == (Double("Waar is het?", ("food", "doctor")),)
