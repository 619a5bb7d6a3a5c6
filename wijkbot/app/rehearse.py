"""What would the bot say? The engine on a shelf, without a database: read, chat, examples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from wijkbot.app.language import ANSWERED, answer_language
from wijkbot.app.render import Links, Rendered, Setting, render
from wijkbot.app.shelf import Shelf, make_shelf
from wijkbot.content.model import ExampleFile, ExampleTurn
from wijkbot.content.problems import Problem
from wijkbot.engine.conversation import Conversation, PlaceState
from wijkbot.engine.decide import Decision, decide
from wijkbot.engine.effects import Say
from wijkbot.engine.events import ChatStarted, ChoiceMade, Event, Facts, MessageArrived
from wijkbot.engine.policy import PolicySettings
from wijkbot.engine.reading import Reading
from wijkbot.engine.words import SENSITIVE_LABELS, Place
from wijkbot.understanding.matcher import Level

ZONES = {"NL": "Europe/Amsterdam", "BE": "Europe/Brussels"}
PRACTICE = "voorbeeld"
"""What stands in links where a one-time token would be."""
PRACTICE_CODE = "123456"
"""What stands where a code for an info card would be; it opens nothing."""
PRACTICE_MOMENT = datetime(2026, 11, 24, 9, tzinfo=UTC)
"""Examples are played at this moment (a Tuesday morning), so that they always give the same."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a rehearsal takes place. ``links`` are what texts would carry."""

    place: Place = Place.PRIVATE
    country: str = "BE"
    language: str = "nl"
    now: datetime = PRACTICE_MOMENT
    links: Links = Links(  # noqa: RUF009 - frozen, so safe to share
        private=lambda token: f"https://wijkbot.example/p{'/' + token if token else ''}",
        secure="https://veilig.example/",
    )
    organisation_name: str = ""
    languages: tuple[str, ...] = ANSWERED
    was_told: bool = True


@dataclass(frozen=True, slots=True)
class Uttered:
    """One text that would go out."""

    say: Say
    rendered: Rendered


class Rehearsal:
    """One resident talking with the bot, in memory."""

    def __init__(self, shelf: Shelf, stage: Stage) -> None:
        self._shelf = shelf
        self._stage = stage
        self._conversation = Conversation()
        self._language = ""
        self._told = stage.was_told
        self.effects: tuple[object, ...] = ()

    def start(self) -> tuple[Uttered, ...]:
        """Open the private chat without a question."""
        return self._play(ChatStarted(self._facts()), "")

    def hear(
        self, text: str, *, is_addressed: bool = True, hint: str = ""
    ) -> tuple[Reading, tuple[Uttered, ...]]:
        """Say something to the bot; gives how it was read, and what would go out."""
        level: Level = "addressed" if is_addressed else "group"
        reading = self._shelf.reader.read(
            text, hint or self._language or self._stage.language, level
        )
        event = MessageArrived(text, reading, self._facts(), is_addressed=is_addressed)
        keeps = self._conversation.dialog and reading.label not in SENSITIVE_LABELS
        read = self._language if keeps and self._language else reading.language
        read = "" if read == "other" else read
        uttered = self._play(event, read)
        self._language = read or self._language
        return reading, uttered

    def choose(self, choice: str) -> tuple[Uttered, ...]:
        """Press a button."""
        return self._play(ChoiceMade(choice, self._facts()), "")

    def _play(self, event: Event, read: str) -> tuple[Uttered, ...]:
        stage = self._stage
        place = PlaceState(place=stage.place, country=stage.country, was_told=self._told)
        decision: Decision = decide(
            self._shelf.book, place, self._conversation, event, PolicySettings()
        )
        self._conversation = decision.conversation
        self.effects = decision.effects
        language = answer_language(
            read, stage.language, self._language, stage.country, stage.languages
        )
        said = [effect for effect in decision.effects if isinstance(effect, Say)]
        self._told = self._told or bool(said)
        return tuple(Uttered(say, self._render(say, language)) for say in said)

    def _render(self, say: Say, language: str) -> Rendered:
        stage, shelf = self._stage, self._shelf
        setting = Setting(
            items=shelf.items,
            country=stage.country,
            now=stage.now.astimezone(ZoneInfo(ZONES[stage.country])),
            links=stage.links,
            main_hours=shelf.book.main_hours,
            organisation_name=stage.organisation_name,
        )
        return render(say, shelf.items[say.item], language, setting)

    def _facts(self) -> Facts:
        local = self._stage.now.astimezone(ZoneInfo(ZONES[self._stage.country]))
        return Facts(local_now=local, random_token=PRACTICE, random_code=PRACTICE_CODE)


def play_examples(shelf: Shelf, files: Iterable[ExampleFile]) -> tuple[Problem, ...]:
    """Play every example conversation; each difference is a problem with its file and line."""
    shelves = {"BE": shelf, "NL": shelf}
    for country in shelves:
        shelves[country] = make_shelf(
            shelf.items,
            country=country,
            version=shelf.book.version,
            versions={id_: card.version for id_, card in shelf.book.items.items()},
            reader=shelf.reader,
        )
    problems: list[Problem] = []
    for file in files:
        for example in file.examples:
            stage = Stage(
                place=Place.GROUP if example.place == "group" else Place.PRIVATE,
                country=example.country,
                language=example.language.split("-", maxsplit=1)[0],
                now=PRACTICE_MOMENT + timedelta(0),
            )
            rehearsal = Rehearsal(shelves[example.country], stage)
            found = _play(rehearsal, example.turns)
            if found:
                what, index = found
                problems.append(
                    Problem(
                        Path(file.path),
                        file.line_of(example, index),
                        f"in the example {example.title!r}: {what}",
                        "mend the example or the dialog, whichever is wrong",
                    )
                )
    return tuple(problems)


def _play(rehearsal: Rehearsal, turns: tuple[ExampleTurn, ...]) -> tuple[str, int] | None:
    waiting: list[str] = []
    for index, turn in enumerate(turns):
        if turn.bot is None:
            if waiting:
                return f"the bot also says {waiting[0]}", index
            said = (
                rehearsal.choose(turn.choice)
                if turn.choice is not None
                else rehearsal.hear(turn.resident or "")[1]
            )
            waiting = [name_of(uttered.say) for uttered in said]
        elif turn.bot == "nothing":
            if waiting:
                return f"the bot should be silent and says {waiting[0]}", index
        else:
            if not waiting:
                return f"the bot should say {turn.bot} and says nothing", index
            actual = waiting.pop(0)
            if actual != turn.bot:
                return f"the bot should say {turn.bot} and says {actual}", index
    if waiting:
        return f"the bot also says {waiting[0]}", len(turns) - 1
    return None


def name_of(say: Say) -> str:
    """How examples name a text: the item, or dialog.step."""
    if say.key in {"text", "private_text", "card"}:
        return say.item
    return f"{say.item}.{say.key.removesuffix('.ask')}"


def stage_with(stage: Stage, place: str, language: str) -> Stage:
    """The same stage in another place and language."""
    return replace(
        stage, place=Place.GROUP if place == "group" else Place.PRIVATE, language=language
    )
