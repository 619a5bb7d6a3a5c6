"""Does the matcher answer what it knows, stay silent otherwise, and say why?"""

from __future__ import annotations

import time

from wijkbot.understanding import Example, Matcher

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


def test_five_thousand_examples_are_learned_in_time() -> None:
    words = [f"woord{number}" for number in range(300)]
    many = [
        Example(f"item{i // 5}", " ".join(words[(i * k) % 300] for k in range(1, 7)), "nl")
        for i in range(5_000)
    ]
    started = time.perf_counter()
    Matcher.fit(many)
    assert time.perf_counter() - started < 3.0
