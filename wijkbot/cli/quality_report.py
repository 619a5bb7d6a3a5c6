"""How is the quality of the examples told to a moderator who is no programmer?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from wijkbot.cli.words import LANGUAGES, LEVELS
from wijkbot.engine.words import Label
from wijkbot.understanding.matcher import FALSE_ANSWERS, FLOORS
from wijkbot.understanding.quality import Double, Few, Quality, Tally, TopicQuality, accuracy

TOPIC_LABELS = frozenset({Label.INFO, Label.AGENDA})
"""Labels whose examples may well be those of a topic too."""
PAIRS = 10
"""Pairs of topics that are printed; the JSON has all."""
DOUBLES = 20
"""Doubles that are printed; the JSON has all."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The report, what is missing or double, and the titles of the topics."""

    quality: Quality
    few: tuple[Few, ...]
    doubles: tuple[Double, ...]
    titles: Mapping[str, str]

    def name(self, item: str) -> str:
        """A topic as moderators know it: its id and its title; a label as it is."""
        title = self.titles.get(item)
        return f'{item} "{title}"' if title else item


def lines(measured: Measured) -> Iterator[str]:
    """The whole report, line by line."""
    total = measured.quality.total
    yield f"{len(measured.quality.topics)} topics with {total.examples} examples, titles included."
    yield ""
    yield from _overall(measured.quality)
    yield ""
    yield from _by_topic(measured)
    yield ""
    yield from _look_alikes(measured)
    yield ""
    yield from _thresholds(measured.quality)
    yield ""
    yield from _few(measured)
    yield ""
    yield from _doubles(measured)


def _overall(quality: Quality) -> Iterator[str]:
    total = quality.total
    yield "If the examples were new questions, which the bot had never seen:"
    found = f"{total.right} of {total.examples}"
    yield f"  {_percent(total)} would find their own topic first ({found})."
    for level, words in LEVELS.items():
        said, wrong = total.answered[level], total.wrong[level]
        silent = total.examples - said - wrong
        yield f"  {words[0].upper()}{words[1:]}:"
        yield f"    {said} answered rightly, {wrong} wrongly, {silent} not answered (not sure)."
    shares = [f"{LANGUAGES[code]} {_percent(tally)}" for code, tally in quality.languages]
    yield f"  By language, worst first: {', '.join(shares)}."


def _by_topic(measured: Measured) -> Iterator[str]:
    yield "Topics, worst first (found: its own examples that find it, each as if it were new):"
    for topic in measured.quality.topics:
        yield f"  {_percent(topic.tally):>5}  {measured.name(topic.item)}{_instead(topic)}"


def _instead(topic: TopicQuality) -> str:
    tally = topic.tally
    taken = ", ".join(f"{item} ({count})" for item, count in topic.taken_for[:3])
    lost = tally.examples - tally.right
    if not lost:
        return f": all {tally.examples}"
    wrong = f"; {tally.wrong['addressed']} would be answered wrongly" * bool(
        tally.wrong["addressed"]
    )
    return f": {tally.right} of {tally.examples}" + f"; taken for {taken}" * bool(taken) + wrong


def _look_alikes(measured: Measured) -> Iterator[str]:
    pairs = measured.quality.look_alikes
    if not pairs:
        yield "No two topics look alike."
        return
    yield "Topics that look alike, with the two examples nearest to each other."
    yield "Add an example to one of them that only fits there, or move the one that stands wrong."
    for pair in pairs[:PAIRS]:
        first, second = pair.items
        yield f"  {measured.name(first)} and {measured.name(second)}: {_confused(pair.confused)}"
        for item, text in ((first, pair.first), (second, pair.second)):
            if text:
                yield f"      {item}: {text}"
    if len(pairs) > PAIRS:
        yield f"  … and {len(pairs) - PAIRS} pairs more (all of them: --json)."


def _confused(count: int) -> str:
    if not count:
        return "no mistake yet, but it is close"
    return f"{count} example{'s' * (count > 1)} found the other"


def _thresholds(quality: Quality) -> Iterator[str]:
    yield "How far a topic must be ahead of the others to be said (1: the same words, no rival):"
    for level, words in LEVELS.items():
        least = quality.thresholds[level]
        source = (
            "the built-in floor; these examples alone would ask less"
            if least <= FLOORS[level]
            else "learnt from these examples"
        )
        of_hundred = round(FALSE_ANSWERS[level] * 100)
        yield f"  {least:.2f} {words} ({source})."
        yield f"       So at most {of_hundred} in 100 questions without a topic get an answer."


def _few(measured: Measured) -> Iterator[str]:
    if not measured.few:
        yield "Every topic has enough examples in every language."
        return
    yield "Topics with too few examples (has/needs):"
    for item, group in groupby(measured.few, key=lambda few: few.item):
        short = [f"{LANGUAGES[few.language]} {few.has}/{few.wanted}" for few in group]
        yield f"  {measured.name(item)}: {', '.join(short)}"


def _doubles(measured: Measured) -> Iterator[str]:
    found = measured.doubles
    if not found:
        yield "No example stands in two places."
        return
    yield "Examples that stand in two places; keep each where it belongs:"
    for double in found[:DOUBLES]:
        yield f"  {double.text}: in {' and '.join(measured.name(item) for item in double.items)}"
    if len(found) > DOUBLES:
        yield f"  … and {len(found) - DOUBLES} more (all of them: --json)."


def _percent(tally: Tally) -> str:
    """Rounded down: 100 % is only said when it is so."""
    return f"{int(accuracy(tally) * 100)} %"


def as_json(measured: Measured) -> dict[str, Any]:
    """The same as one object, with every pair and every double."""
    quality = measured.quality
    return {
        "total": _tally(quality.total),
        "thresholds": {level: round(least, 3) for level, least in quality.thresholds.items()},
        "topics": [
            {"item": topic.item, "title": measured.titles.get(topic.item, "")}
            | _tally(topic.tally)
            | {"taken_for": dict(topic.taken_for)}
            for topic in quality.topics
        ],
        "languages": {language: _tally(tally) for language, tally in quality.languages},
        "look_alikes": _dicts(quality.look_alikes),
        "too_few": _dicts(measured.few),
        "doubles": _dicts(measured.doubles),
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return asdict(tally) | {"accuracy": round(accuracy(tally), 3)}


def _dicts(found: Sequence[Any]) -> list[dict[str, Any]]:
    return [asdict(one) for one in found]
