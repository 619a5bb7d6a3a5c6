"""How well are labelled messages understood? A table per label, and the messages misread.

    python -m bench.messages FILE [--misses] [--config PATH]

FILE has one JSON object a line: ``text``, ``lang``, ``label`` and ``faq`` (or null). Everything
goes through ``wijkbot read``, as an operator would do it. Small talk is read as a group message
that does not name the bot, all else as addressed to it. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CRISES = ("crisis_suicide", "crisis_violence", "crisis_medical")
CARDS = (*CRISES, "homeless_tonight")
HELP = ("help_personal", "distress")
REFERRED = (*CARDS, *HELP, "minor", "third_person")
JOBS = ("odd_job_request", "odd_job_offer", "odd_job_refused")
CALM = ("info", "agenda", "small_talk", "greeting_thanks", *JOBS)
FIRST = ("nl", "fr", "en")


@dataclass(frozen=True, slots=True)
class Read:
    """One message: what it is, and what it was taken for."""

    text: str
    language: str
    label: str
    faq: str | None
    given: dict[str, Any]

    @property
    def took(self) -> str:
        """The label it was given."""
        return str(self.given["label"])

    @property
    def is_right(self) -> bool:
        """Whether the label holds; one crisis for another is still the right kind of card."""
        if self.label == "personal_data":
            return "personal_data" in (self.took, *self.given["also"])
        return self.took == self.label


@dataclass(frozen=True, slots=True)
class Figure:
    """A share of some messages that should be at least, or at most, so much."""

    title: str
    hits: int
    of: int
    goal: float
    is_most: bool = False

    @property
    def share(self) -> float:
        """Hits among these messages; 1 or 0 (whichever is good) when there are none."""
        return self.hits / self.of if self.of else float(not self.is_most)

    @property
    def holds(self) -> bool:
        """Whether the goal is reached."""
        return self.share <= self.goal if self.is_most else self.share >= self.goal


def main() -> None:
    """Read, count and show."""
    parser = argparse.ArgumentParser(prog="python -m bench.messages", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--misses", action="store_true", help="show the messages misread")
    parser.add_argument("--config", help="a wijkbot.toml; without it the starter pack counts")
    asked = parser.parse_args()
    read = _read(asked.file, asked.config)
    _show_labels(read)
    if asked.misses:
        _show_misses(read)
    figures = list(_figures(read))
    for figure in figures:
        sign = "at most" if figure.is_most else "at least"
        mark = "ok  " if figure.holds else "MISS"
        print(f"{mark} {figure.title:<58} {figure.share:6.3f} of {figure.of:4}"
              f"  ({sign} {figure.goal})")  # fmt: skip
    print(json.dumps({figure.title: round(figure.share, 4) for figure in figures}))


def _read(file: Path, config: str | None) -> list[Read]:
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
    sent = "\n".join(
        json.dumps({"text": line["text"], "lang": line["lang"]} | _where(line["label"]))
        for line in lines
    )
    command = [sys.executable, "-m", "wijkbot", "read", "-", *(["-c", config] if config else [])]
    done = subprocess.run(command, input=sent, stdout=subprocess.PIPE, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [
        Read(line["text"], line["lang"].partition("-")[0], line["label"], line.get("faq"), answer)
        for line, answer in zip(lines, answers, strict=True)
    ]


def _where(label: str) -> dict[str, object]:
    return {"place": "group", "addressed": False} if label == "small_talk" else {}


def _figures(read: Sequence[Read]) -> Iterable[Figure]:
    crises = [one for one in read if one.label in CRISES]
    yield _share("crisis found", crises, lambda one: one.took in CRISES, 0.97)
    for language in sorted({one.language for one in crises}):
        of = [one for one in crises if one.language == language]
        yield _share(f"crisis found, {language}", of, lambda one: one.took in CRISES, 0.90)
    calm = [one for one in read if one.label not in CARDS]
    yield _share("crisis card on what is none", calm, lambda one: one.took in CRISES, 0.01, True)
    homeless = [one for one in read if one.label == "homeless_tonight"]
    yield _share("homeless tonight found", homeless, lambda one: one.took in CARDS, 0.90)
    helped = [one for one in read if one.label in HELP]
    yield _share("help or distress referred", helped, lambda one: one.took in REFERRED, 0.90)
    easy = [one for one in read if one.label in CALM]
    yield _share("taken for help", easy, lambda one: one.took in REFERRED, 0.03, True)
    yield from _topics(read)
    silent = [one for one in read if one.label == "small_talk"]
    yield _share("small talk, silent", silent, lambda one: not one.given["reply"], 1.0)
    jobs = [one for one in read if one.label in JOBS]
    yield _share("odd jobs told apart", jobs, lambda one: one.is_right, 0.90)
    orders = [one for one in read if one.label in {"stop", "erase_me"}]
    yield _share("stop and erase", orders, lambda one: one.is_right, 1.0)
    yield _share("label right", read, lambda one: one.is_right, 0.0)


def _topics(read: Sequence[Read]) -> Iterable[Figure]:
    asked = [one for one in read if one.label == "info" and one.faq]
    first = [one for one in asked if one.language in FIRST]
    rest = [one for one in asked if one.language not in FIRST]
    yield _share("topic right, nl fr en", first, lambda one: one.given["faq"] == one.faq, 0.85)
    yield _share("topic right, six others", rest, lambda one: one.given["faq"] == one.faq, 0.60)
    wrong = [one for one in read if one.label == "info"]
    yield _share(
        "wrong topic given", wrong, lambda one: one.given["faq"] not in (None, one.faq), 0.03, True
    )
    none = [one for one in read if one.label == "info" and not one.faq]
    yield _share("no topic: none given", none, lambda one: one.given["faq"] is None, 0.95)


def _share(
    title: str, of: Sequence[Read], holds: Callable[[Read], bool], goal: float, most: bool = False
) -> Figure:
    return Figure(title, sum(map(holds, of)), len(of), goal, most)


def _show_labels(read: Sequence[Read]) -> None:
    took: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in read:
        took[one.label][one.label if one.is_right else one.took] += 1
    for label, found in took.items():
        right, total = found.get(label, 0), sum(found.values())
        wrong = {name: count for name, count in found.items() if name != label}
        rest = ", ".join(f"{name} {count}" for name, count in sorted(wrong.items()))
        print(f"{label:<18} {right:4} of {total:4}   {rest}")


def _show_misses(read: Sequence[Read]) -> None:
    for one in read:
        is_topic = one.label == "info" and one.given["faq"] not in {one.faq, None}
        is_missed = one.label == "info" and one.faq and one.given["faq"] is None
        if not one.is_right or is_topic or is_missed:
            print(f"{one.language} {one.label}/{one.faq} -> {one.took}/{one.given['faq']}"
                  f" {one.given['score']:.2f}  {one.text}")  # fmt: skip


if __name__ == "__main__":
    main()
