"""Which reviewed phrases speak in a message, and for which label?"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from wijkbot.engine.phrases import Cues, PhraseList
from wijkbot.engine.words import Label
from wijkbot.understanding.normalise import plain
from wijkbot.understanding.patterns import Found, Listed, PhraseFinder

WHOLE_MESSAGE = frozenset({Label.STOP, Label.ERASE_ME})
"""Labels whose one-word phrases must be the whole message: "stop" stands in many a sentence."""
NEEDS_NOW = frozenset({Label.HOMELESS_TONIGHT})
"""Labels whose first-person phrases also need a word for now."""
POLITE = frozenset(
    plain(word)
    for word in (
        "aub alsjeblieft alstublieft svp please pls graag nu wijkbot bot buurtbot hoi hallo"
        " stp lütfen bitte proszę por favor прошу من فضلك"
    ).split()
)


@dataclass(frozen=True, slots=True)
class Heard:
    """A phrase of a label stands in the message."""

    label: Label
    phrase: str


@dataclass(frozen=True, slots=True)
class Hearing:
    """All that the lists heard, in order of precedence of the labels, and the cues."""

    heard: tuple[Heard, ...] = ()
    is_first_person: bool = False
    is_now: bool = False

    @property
    def labels(self) -> tuple[Label, ...]:
        """The labels heard, each once."""
        return tuple(dict.fromkeys(heard.label for heard in self.heard))


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: str
    list_number: int
    label: Label | None
    text: str


_ORDER = {label: place for place, label in enumerate(Label)}


class Alarm:
    """Listens for the phrase lists of all languages at once."""

    def __init__(
        self,
        lists: Sequence[PhraseList],
        cues: Sequence[Cues] = (),
        known_words: Container[str] = (),
        listed: Listed | None = None,
    ) -> None:
        """``listed``: the same phrases as :attr:`listed` of an earlier alarm."""
        self._entries: list[_Entry] = []
        for number, phrases in enumerate(lists):
            for kind, texts in (
                ("phrase", phrases.phrases),
                ("first_person_phrase", phrases.needs_first_person),
                ("not_when", phrases.not_when),
            ):
                self._entries += [_Entry(kind, number, phrases.label, text) for text in texts]
        for cue in cues:
            self._entries += [_Entry("first", -1, None, text) for text in cue.first_person]
            self._entries += [_Entry("now", -1, None, text) for text in cue.now]
        self.listed = listed or Listed.of([entry.text for entry in self._entries])
        self._finder = PhraseFinder(self.listed, known_words)

    def hear(self, text: str) -> Hearing:
        """Listen to a text in its plain form."""
        words = text.split()
        found = [(self._entries[f.phrase], f) for f in self._finder.find(words)]
        kinds = {entry.kind for entry, _ in found}
        is_first_person, is_now = "first" in kinds, "now" in kinds
        idioms = [(entry, f) for entry, f in found if entry.kind == "not_when"]
        wanted = {"phrase", "first_person_phrase"} if is_first_person else {"phrase"}
        heard = [
            Heard(entry.label, entry.text)
            for entry, f in found
            if entry.kind in wanted
            and entry.label is not None
            and not (
                entry.kind == "first_person_phrase" and entry.label in NEEDS_NOW and not is_now
            )
            and not _is_silenced(entry, f, idioms)
            and _may_speak(entry, f, words)
        ]
        heard.sort(key=lambda h: _ORDER[h.label])
        return Hearing(tuple(heard), is_first_person, is_now)


def _is_silenced(entry: _Entry, found: Found, idioms: Sequence[tuple[_Entry, Found]]) -> bool:
    """An idiom of several words silences what it overlaps; one word silences its own list."""
    for idiom, where in idioms:
        if " " not in idiom.text.strip():
            if idiom.list_number == entry.list_number:
                return True
        elif idiom.label == entry.label and _overlap(where, found):
            return True
    return False


def _overlap(one: Found, other: Found) -> bool:
    return one.start <= other.end and other.start <= one.end


def _may_speak(entry: _Entry, found: Found, words: Sequence[str]) -> bool:
    if entry.label not in WHOLE_MESSAGE or found.end > found.start:
        return True
    return all(word in POLITE for place, word in enumerate(words) if place != found.start)
