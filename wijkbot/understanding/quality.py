"""How good are the moderators' own examples? Each is asked as if the bot had never seen it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wijkbot.understanding.known import Example, base_language
from wijkbot.understanding.matcher import Level, Match, Matcher
from wijkbot.understanding.normalise import clean, plain

WANTED: Mapping[str, int] = {
    "nl": 6,
    "fr": 4,
    "en": 4,
    **dict.fromkeys(("tr", "ar", "pl", "uk", "es", "de"), 3),
}
"""Least examples of a topic, for each language."""
ALIKE = 0.8
"""Part of the score of an example's own topic that another must reach to look like it."""
FAINT = 0.5
"""Part of the least threshold below which a score is no likeness, but a lonely example."""

Tried = Sequence[tuple[Example, Sequence[Match]]]
"""Every example with the ranking it gets while it is hidden itself."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What happened to a number of examples that were asked as if they were new.

    ``right``: their own topic came first. ``answered`` and ``wrong`` count, at each level, those
    that would get the right answer and those that would get another one; the rest is silence.
    """

    examples: int
    right: int
    answered: Mapping[Level, int]
    wrong: Mapping[Level, int]


@dataclass(frozen=True, slots=True)
class TopicQuality:
    """One topic's tally, and what its examples are taken for instead, most often first."""

    item: str
    tally: Tally
    taken_for: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """Two topics that are hard to tell apart.

    ``confused`` examples of one went to the other. ``first`` and ``second`` are the examples of
    the two that are nearest to each other; ``second`` is "" when there is no single one.
    """

    items: tuple[str, str]
    confused: int
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Few:
    """A topic that has fewer examples in a language than it needs."""

    item: str
    language: str
    has: int
    wanted: int


@dataclass(frozen=True, slots=True)
class Double:
    """One wording that stands as an example in several places."""

    text: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """The whole report; topics and languages come worst first."""

    total: Tally
    topics: tuple[TopicQuality, ...]
    languages: tuple[tuple[str, Tally], ...]
    look_alikes: tuple[LookAlikes, ...]
    thresholds: Mapping[Level, float]


def quality(matcher: Matcher) -> Quality:
    """Ask every example of the matcher while it is hidden itself; takes about 1 ms for each."""
    return of_tried(matcher.left_out(), matcher)


def of_tried(tried: Tried, matcher: Matcher) -> Quality:
    """The report over examples that were tried already; the matcher says what is sure enough."""
    by_item: dict[str, list[tuple[Example, Sequence[Match]]]] = defaultdict(list)
    by_language: dict[str, list[tuple[Example, Sequence[Match]]]] = defaultdict(list)
    for example, ranked in tried:
        by_item[example.item].append((example, ranked))
        by_language[base_language(example.language)].append((example, ranked))
    topics = [
        TopicQuality(item, _tally(part, matcher), _taken_for(part))
        for item, part in by_item.items()
    ]
    languages = [(language, _tally(part, matcher)) for language, part in by_language.items()]
    return Quality(
        total=_tally(tried, matcher),
        topics=tuple(sorted(topics, key=lambda topic: (accuracy(topic.tally), topic.item))),
        languages=tuple(sorted(languages, key=lambda pair: (accuracy(pair[1]), pair[0]))),
        look_alikes=_look_alikes(tried, min(matcher.thresholds.values()) * FAINT),
        thresholds=dict(matcher.thresholds),
    )


def accuracy(tally: Tally) -> float:
    """The part of the examples that found their own topic, 0 to 1."""
    return tally.right / tally.examples if tally.examples else 1.0


def _tally(tried: Tried, matcher: Matcher) -> Tally:
    right = 0
    answered: Counter[Level] = Counter(dict.fromkeys(matcher.thresholds, 0))
    wrong: Counter[Level] = Counter(dict.fromkeys(matcher.thresholds, 0))
    for example, ranked in tried:
        best = ranked[0] if ranked else None
        is_right = best is not None and best.item == example.item
        right += is_right
        for level in matcher.thresholds:
            if matcher.sure(ranked, level):
                (answered if is_right else wrong)[level] += 1
    return Tally(len(tried), right, dict(answered), dict(wrong))


def _taken_for(tried: Tried) -> tuple[tuple[str, int], ...]:
    instead = Counter(
        ranked[0].item for example, ranked in tried if ranked and ranked[0].item != example.item
    )
    return tuple(sorted(instead.items(), key=lambda pair: (-pair[1], pair[0])))


def _look_alikes(tried: Tried, least: float) -> tuple[LookAlikes, ...]:
    """Pairs of topics, those that are confused most first; then those that nearly are."""
    confused: Counter[tuple[str, str]] = Counter()
    nearest: dict[tuple[str, str], tuple[float, str, str]] = {}
    for example, ranked in tried:
        own = next((match.score for match in ranked if match.item == example.item), 0.0)
        for match in ranked:
            if match.item == example.item or match.score < max(own * ALIKE, least):
                continue
            pair = _pair(example.item, match.item)
            confused[pair] += match is ranked[0]
            reason = match.because[0] if match.because else None
            texts = (example.text, reason.what if reason else "")
            if pair[0] != example.item:
                texts = (texts[1], texts[0])
            found = (reason.share if reason else match.score, *texts)
            nearest[pair] = max(nearest.get(pair, (0.0, "", "")), found)
    pairs = sorted(nearest, key=lambda pair: (-confused[pair], -nearest[pair][0], pair))
    return tuple(LookAlikes(pair, confused[pair], *nearest[pair][1:]) for pair in pairs)


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def too_few(
    items: Sequence[str], examples: Sequence[Example], wanted: Mapping[str, int] = WANTED
) -> tuple[Few, ...]:
    """Where a topic has fewer examples than wanted; "nl-NL" and "nl-BE" count together."""
    there = Counter((example.item, base_language(example.language)) for example in examples)
    return tuple(
        Few(item, language, there[item, language], least)
        for item in items
        for language, least in wanted.items()
        if there[item, language] < least
    )


def doubles(examples: Sequence[Example]) -> tuple[Double, ...]:
    """Wordings that are examples of more than one thing; accents and capitals do not count."""
    places: dict[str, dict[str, str]] = defaultdict(dict)
    for example in examples:
        wording = plain(clean(example.text))
        if wording:
            places[wording].setdefault(example.item, example.text)
    return tuple(
        Double(next(iter(found.values())), tuple(found))
        for found in places.values()
        if len(found) > 1
    )
