"""How is each line of a file read? One JSON object in, one out, in order, each on its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from wijkbot.app.rehearse import Rehearsal, Stage, stage_with
from wijkbot.app.shelf import Shelf
from wijkbot.engine.words import Label

_ANSWERED = frozenset({Label.INFO, Label.AGENDA})


@dataclass(frozen=True, slots=True)
class Line:
    """One result; ``is_error`` when the line could not be read."""

    result: dict[str, Any]
    is_error: bool = False

    def text(self) -> str:
        """The line as JSON."""
        return json.dumps(self.result, ensure_ascii=False)


def read_lines(shelf: Shelf, stage: Stage, lines: Iterable[str]) -> Iterator[Line]:
    """Judge each line alone: fresh conversation, already greeted, no budget, no quiet hour."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            asked = _parse(line)
        except ValueError as error:
            yield Line({"error": f"line {number}: {error}"}, is_error=True)
            continue
        yield Line(_judge(shelf, stage, asked))


@dataclass(frozen=True, slots=True)
class _Asked:
    text: str
    language: str
    place: str
    is_addressed: bool


def _parse(line: str) -> _Asked:
    try:
        raw = json.loads(line.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise ValueError(f"this is no JSON ({error.msg}); write one object a line") from None
    except RecursionError:
        raise ValueError("this is no JSON to read (too deep); write one object a line") from None
    if not isinstance(raw, dict) or not isinstance(raw.get("text"), str):
        raise ValueError('a JSON object with "text" (a string) is needed')
    place = raw.get("place", "private")
    if place not in ("group", "private"):
        raise ValueError('"place" is "group" or "private"')
    addressed = raw.get("addressed", True)
    if not isinstance(addressed, bool):
        raise ValueError('"addressed" is true or false')
    language = raw.get("lang", "")
    if not isinstance(language, str):
        raise ValueError('"lang" is a language code such as "nl"')
    return _Asked(raw["text"], language.split("-", maxsplit=1)[0], place, addressed)


def _judge(shelf: Shelf, stage: Stage, asked: _Asked) -> dict[str, Any]:
    rehearsal = Rehearsal(shelf, stage_with(stage, asked.place, stage.language))
    reading, said = rehearsal.hear(
        asked.text,
        is_addressed=asked.is_addressed or asked.place == "private",
        hint=asked.language,
    )
    is_answered = reading.label in _ANSWERED and bool(said)
    return {
        "label": reading.label.value,
        "faq": reading.faq if is_answered else None,
        "score": round(reading.score, 3),
        "language": reading.language,
        "also": [label.value for label in reading.also],
        "reply": [uttered.rendered.text for uttered in said],
        "why": [{"what": b.what, "share": round(b.share, 3)} for b in reading.because],
    }
