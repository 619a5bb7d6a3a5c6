"""Does the matcher answer what it knows, stay silent otherwise, and say why?"""

from __future__ import annotations

import time

import numpy as np
import pytest

from wijkbot.understanding import Example, Matcher, kernel
from wijkbot.understanding.matcher import lead

EXAMPLES = [
    Example("library", "hoe laat is de bibliotheek open", "nl"),
    Example("library", "is de bib open op zaterdag", "nl"),
    Example("library", "openingsuren van de bibliotheek", "nl"),
    Example("bulky", "wanneer halen ze het grofvuil op", "nl"),
    Example("bulky", "grofvuil laten ophalen door de gemeente", "nl"),
    Example("bulky", "hoe raak ik een oude zetel kwijt", "nl"),
    Example("doctor", "waar vind ik een huisarts", "nl"),
    Example("doctor", "welke dokter neemt nieuwe patiënten", "nl"),
    Example("doctor", "où trouver un médecin", "fr"),
]


def test_typing_errors_still_find_the_item() -> None:
    match = Matcher.fit(EXAMPLES).answer("is de bibliotheeek ope op zaterdg")
    assert match is not None
    assert match.item == "library"


def test_question_nobody_has_an_answer_to_is_met_with_silence() -> None:
    matcher = Matcher.fit(EXAMPLES)
    assert matcher.answer("wie wint de koers vandaag", "addressed") is None
    assert matcher.answer("wie wint de koers vandaag") is None


def test_unknown_words_lower_the_score() -> None:
    matcher = Matcher.fit(EXAMPLES)
    near = matcher.rank("grofvuil ophalen")[0].score
    far = matcher.rank("grofvuil ophalen xylofoon quizavond jongleren")[0].score
    assert far < near * 0.8


def test_ranking_is_best_first_and_explains_itself() -> None:
    ranked = Matcher.fit(EXAMPLES).rank("wanneer halen ze grofvuil")
    assert [match.score for match in ranked] == sorted(
        (match.score for match in ranked), reverse=True
    )
    assert ranked[0].because[0].what == "wanneer halen ze het grofvuil op"
    assert abs(sum(reason.share for reason in ranked[0].because) - ranked[0].score) < 0.05


def test_unsure_question_gets_at_most_two_suggestions() -> None:
    matcher = Matcher.fit(EXAMPLES)
    suggested = matcher.suggest("zetel ophalen misschien")
    assert [match.item for match in suggested] == ["bulky"]
    assert matcher.suggest("is de bib open op zaterdag") == ()


def test_group_wants_more_certainty_than_a_private_chat() -> None:
    thresholds = Matcher.fit(EXAMPLES).thresholds
    assert thresholds["group"] >= 0.45
    assert thresholds["addressed"] >= 0.30
    assert thresholds["group"] >= thresholds["addressed"]


def test_matcher_without_examples_knows_nothing() -> None:
    assert Matcher.fit([]).rank("hallo") == []
    assert Matcher.fit([Example("x", "😀 !!", "nl")]).answer("hallo") is None


def test_order_of_examples_does_not_change_the_answer() -> None:
    forth = Matcher.fit(EXAMPLES).rank("dokter zoeken")
    back = Matcher.fit(EXAMPLES[::-1]).rank("dokter zoeken")
    assert {m.item: round(m.score, 6) for m in forth} == {m.item: round(m.score, 6) for m in back}


def _same(one: Matcher, other: Matcher) -> None:
    for text in ("is de bib open", "grofvuil", "dokter", "oude zetel", "où trouver un médecin"):
        mine = {m.item: round(m.score, 9) for m in one.rank(text)}
        assert mine == {m.item: round(m.score, 9) for m in other.rank(text)}
    assert one.thresholds == pytest.approx(other.thresholds)


def test_refitting_one_item_gives_what_fitting_all_gives() -> None:
    changed = [Example("bulky", "ik wil van mijn oude zetel af", "nl")]
    rest = [example for example in EXAMPLES if example.item != "bulky"]
    _same(Matcher.fit(EXAMPLES).refit("bulky", changed), Matcher.fit([*rest, *changed]))


def test_refitting_can_add_an_item_and_take_one_away() -> None:
    new = [Example("bread", "waar is de bakker", "nl")]
    _same(Matcher.fit(EXAMPLES).refit("bread", new), Matcher.fit([*EXAMPLES, *new]))
    assert {m.item for m in Matcher.fit(EXAMPLES).refit("doctor", []).rank("dokter")} <= {
        "library",
        "bulky",
    }


def test_two_items_that_are_alike_make_neither_sure() -> None:
    alike = [
        Example("glass", "waar is de glasbak voor flessen", "nl"),
        Example("paper", "waar is de papierbak voor karton", "nl"),
    ]
    matcher = Matcher.fit([*EXAMPLES, *alike])
    ranked = matcher.rank("waar is de bak voor")
    assert {match.item for match in ranked[:2]} == {"glass", "paper"}
    assert lead(ranked) < ranked[0].score / 2
    assert matcher.answer("waar is de bak voor", "addressed") is None
    assert {match.item for match in matcher.suggest("waar is de bak voor")} == {"glass", "paper"}


def test_left_out_example_is_ranked_without_itself() -> None:
    matcher = Matcher.fit(EXAMPLES)
    left_out = matcher.left_out()
    assert [example for example, _ in left_out] == EXAMPLES
    for example, ranked in left_out:
        assert all(example.text != why.what for match in ranked for why in match.because)
    (only_french,) = (ranked for example, ranked in left_out if example.language == "fr")
    assert not [match for match in only_french if match.score > 0.3]


def test_index_with_very_many_examples_finds_what_a_small_one_finds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = [f"w{number}o{number % 7}" for number in range(120)]
    steps = (1, 7, 13, 29, 31)
    many = [
        Example(f"item{i}", " ".join(words[(i * k + i // 120) % 120] for k in steps), "nl")
        for i in range(700)
    ]
    asked = [example.text for example in many[::25]]
    full = Matcher.fit([*EXAMPLES, *many])
    expected = [(found[0].item, found[0].score) for found in map(full.rank, asked)]
    monkeypatch.setattr(kernel, "LOOKED_UP", 4_000)
    monkeypatch.setattr(kernel, "COMPARED", 64)
    bounded = [(found[0].item, found[0].score) for found in map(full.rank, asked)]
    assert [item for item, _ in bounded] == [item for item, _ in expected]
    scores = [score for _, score in expected]
    assert [score for _, score in bounded] == pytest.approx(scores, abs=0.02)


def test_nearest_are_those_of_a_full_sort_and_of_equal_ones_the_first() -> None:
    kind = np.random.default_rng(1)
    for size in (1, 63, 64, 65, 1_023, 1_024, 5_000):
        for values in (kind.random(size), kind.integers(0, 9, size) / 8, np.zeros(size)):
            count = min(kernel.NEIGHBOURS, size)
            expected = np.argsort(-values, kind="stable")[:count]
            assert kernel._largest(values, count).tolist() == sorted(expected.tolist())


def test_look_at_meaning_shares_what_is_known_of_letters() -> None:
    matcher = Matcher.fit(EXAMPLES)
    vectors = np.eye(len(EXAMPLES))
    meaning = kernel.Meanings(vectors, 0.5)
    look, afresh = matcher.with_meaning(meaning), Matcher(EXAMPLES, meaning)
    assert matcher.space is not None
    assert look.space is not None
    assert look.space.by_feature is matcher.space.by_feature
    assert look.space.examples is matcher.space.examples
    for row, example in enumerate(EXAMPLES):
        ranked = look.rank_plain(example.text, vector=vectors[row])
        assert ranked == afresh.rank_plain(example.text, vector=vectors[row])
        assert ranked != matcher.rank_plain(example.text)
    assert look.thresholds == afresh.thresholds


def test_language_that_is_not_said_is_found_by_its_stems() -> None:
    assert Matcher.fit(EXAMPLES).rank("les médecins", language="")[0].item == "doctor"


def test_five_thousand_examples_are_learned_in_time() -> None:
    words = [f"woord{number}" for number in range(300)]
    many = [
        Example(f"item{i // 5}", " ".join(words[(i * k) % 300] for k in range(1, 7)), "nl")
        for i in range(5_000)
    ]
    started = time.perf_counter()
    Matcher.fit(many)
    assert time.perf_counter() - started < 3.0
