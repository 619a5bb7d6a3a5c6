"""What is learned from the content before the first message is read?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from wijkbot.engine.phrases import Cues, FaqExample, LabelledExample, PhraseList
from wijkbot.engine.words import Label
from wijkbot.understanding.alarm import Alarm
from wijkbot.understanding.known import Example, Known
from wijkbot.understanding.matcher import Matcher

VOTING_QUESTIONS = 12
"""Questions of one topic in one language that take part in the second vote."""


@dataclass(frozen=True, slots=True)
class Taught:
    """The published content that understanding learns from."""

    questions: tuple[FaqExample, ...]
    phrases: tuple[PhraseList, ...]
    cues: tuple[Cues, ...]
    labelled: tuple[LabelledExample, ...]

    def as_questions(self) -> list[Example]:
        """The ways to ask for an item."""
        return [Example(e.item, e.text, e.language) for e in self.questions]

    def as_votes(self) -> list[Example]:
        """The labelled examples; their item is the label."""
        return [Example(e.label, e.text, e.language) for e in self.labelled]


@dataclass(frozen=True, slots=True)
class Learned:
    """Topics, the second vote, the languages in which each word is used, and the phrases."""

    faq: Matcher
    votes: Matcher
    vocabulary: Mapping[str, frozenset[str]]
    alarm: Alarm


def learn(taught: Taught) -> Learned:
    """Learn it all; a second or two for ten thousand examples.

    Raises:
        ValueError: a phrase cannot be read.
    """
    questions = Known.of(taught.as_questions())
    labelled = Known.of(taught.as_votes())
    some = questions.only(voting(questions.examples)).as_item(Label.INFO)
    both = labelled.followed_by(some)
    vocabulary = _vocabulary(both)
    alarm = Alarm(taught.phrases, taught.cues, vocabulary)
    return Learned(Matcher(questions), Matcher(both), vocabulary, alarm)


def voting(questions: Sequence[Example]) -> list[int]:
    """So many questions of each topic in each language that they do not outvote everything."""
    rows, counts = [], Counter[tuple[str, str]]()
    for row, example in enumerate(questions):
        counts[example.item, example.language] += 1
        if counts[example.item, example.language] <= VOTING_QUESTIONS:
            rows.append(row)
    return rows


def voters(labelled: Sequence[Example], questions: Sequence[Example]) -> list[Example]:
    """The examples of the second vote, in the order in which :func:`learn` places them."""
    some = [replace(questions[row], item=Label.INFO) for row in voting(questions)]
    return [*labelled, *some]


def _vocabulary(known: Known) -> dict[str, frozenset[str]]:
    """In which languages' examples each word stands: what a short message is recognised by."""
    found: dict[str, set[str]] = {}
    for example, text in zip(known.examples, known.texts, strict=True):
        for word in text.split():
            found.setdefault(word, set()).add(example.language)
    return {word: frozenset(languages) for word, languages in found.items()}
