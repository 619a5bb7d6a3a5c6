"""Why is a text understood as it is? What spoke, how loudly, and what was not enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from wijkbot.engine.phrases import Cues, PhraseList
from wijkbot.engine.reading import Because, Reading
from wijkbot.engine.words import Label
from wijkbot.understanding.alarm import NEEDS_NOW, WHOLE_MESSAGE, Hearing
from wijkbot.understanding.matcher import Level, Match, lead
from wijkbot.understanding.normalise import clean, plain
from wijkbot.understanding.patterns import GAP, PhraseFinder, usual
from wijkbot.understanding.personal_data import DataKind, kinds_of
from wijkbot.understanding.reader import Reader

TOPICS = 3
"""Topics that are shown."""
VOTES = 4
"""Labels of the second vote that are shown."""
MARKED_FROM = 4
"""Letters in a row that two words must share before that part is marked."""
MARKED_AT_START = 3
"""As many are enough where both words begin with them."""


class Basis(StrEnum):
    """What decided over the label."""

    LIST = "list"
    VOTE = "second_vote"
    TOPIC = "topic"
    PERSONAL_DATA = "personal_data"
    NOTHING = "nothing"


class Hindrance(StrEnum):
    """Why a phrase that stands in a text does not count."""

    IDIOM = "idiom"
    NO_FIRST_PERSON = "no_first_person"
    NOT_NOW = "not_now"
    NOT_ALL = "not_the_whole_message"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A phrase of a list that stands in the text.

    ``heard_as`` is the phrase with, of each choice of words, the one that was met: words of the
    list, never of the message. ``idioms``: what silenced it.
    """

    label: Label
    phrase: str
    heard_as: str
    hindrance: Hindrance | None = None
    idioms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """An example and its share of the score; ``marked`` has [ ] around what the text shares."""

    what: str
    marked: str
    share: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A topic, or a label of the second vote, with the examples that speak for it."""

    name: str
    score: float
    because: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One decision, taken apart. Holds nothing of the text but words the content has too.

    ``ahead``: how far the best topic leads, which is what the thresholds ask for; ``enough_for``
    are the levels at which that is enough. ``by_meaning``: the topic was not found in the words
    of its examples, but in what they mean.
    """

    reading: Reading
    basis: Basis
    data: tuple[DataKind, ...]
    spoken: tuple[Spoken, ...]
    first_person: tuple[str, ...]
    now: tuple[str, ...]
    votes: tuple[Candidate, ...]
    topics: tuple[Candidate, ...]
    ahead: float
    thresholds: Mapping[Level, float]
    enough_for: tuple[Level, ...]
    by_meaning: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: str
    text: str
    label: Label | None = None


def explain(
    reader: Reader,
    text: str,
    lists: Sequence[PhraseList],
    cues: Sequence[Cues] = (),
    language: str = "",
) -> Explanation:
    """Take the reading of an addressed text apart; ``lists`` and ``cues`` are the reader's own."""
    reading = reader.read(text, language, "addressed")
    words = plain(clean(text))
    hearing = reader.alarm.hear(words)
    entries = _entries(lists, cues)
    finder = PhraseFinder([entry.text for entry in entries], reader.vocabulary)
    places = [(found.start, entries[found.phrase]) for found in finder.find(words.split())]
    heard = list(dict.fromkeys(entry for _, entry in places))
    data = tuple(sorted(kinds_of(text)))
    ranked = reader.faq.rank(text, TOPICS, reading.language)
    sure = reader.faq.sure(ranked, "addressed")
    return Explanation(
        reading=reading,
        basis=_basis(reading, hearing, bool(data)),
        data=data,
        spoken=_spoken(words, hearing, heard),
        first_person=_cues(places, "writer"),
        now=_cues(places, "now"),
        votes=_candidates(reader.votes.rank(text, VOTES, reading.language), words),
        topics=_candidates(ranked, words),
        ahead=lead(ranked),
        thresholds=dict(reader.faq.thresholds),
        enough_for=tuple(lv for lv in reader.faq.thresholds if reader.faq.sure(ranked, lv)),
        by_meaning=reading.faq is not None and (sure is None or sure.item != reading.faq),
    )


def _basis(reading: Reading, hearing: Hearing, has_data: bool) -> Basis:
    is_heard = reading.label in hearing.labels
    if reading.label is Label.PERSONAL_DATA and has_data and not is_heard:
        return Basis.PERSONAL_DATA
    if reading.faq and not (is_heard and reading.label is Label.AGENDA):
        return Basis.TOPIC
    phrases = {heard.phrase for heard in hearing.heard}
    if is_heard and (not reading.because or reading.because[0].what in phrases):
        return Basis.LIST
    return Basis.VOTE if reading.because else Basis.NOTHING


# ── the phrases ──────────────────────────────────────────────────────────────────────────────
def _entries(lists: Sequence[PhraseList], cues: Sequence[Cues]) -> list[_Entry]:
    """All that the alarm listens for, in its own order."""
    made = [
        _Entry(kind, text, phrases.label)
        for phrases in lists
        for kind, texts in (
            ("phrase", phrases.phrases),
            ("first_person", phrases.needs_first_person),
            ("not_when", phrases.not_when),
        )
        for text in texts
    ]
    for cue in cues:
        made += [_Entry("writer", text) for text in cue.first_person]
        made += [_Entry("now", text) for text in cue.now]
    return made


def _spoken(words: str, hearing: Hearing, found: Sequence[_Entry]) -> tuple[Spoken, ...]:
    """The phrases that count, in order of precedence; then those that stand there in vain."""
    read = words.split()
    counted = {
        (heard.label, heard.phrase): Spoken(
            heard.label, heard.phrase, heard_as(heard.phrase, read)
        )
        for heard in hearing.heard
    }
    idle: dict[tuple[Label, str], Spoken] = {}
    for entry in found:
        key = (entry.label, entry.text)
        if entry.label is None or entry.kind == "not_when" or key in counted:
            continue
        idioms = tuple(e.text for e in found if e.kind == "not_when" and e.label is entry.label)
        why = _hindrance(entry.kind, entry.label, hearing, idioms)
        met = heard_as(entry.text, read)
        idle[entry.label, entry.text] = Spoken(entry.label, entry.text, met, why, idioms)
    order = list(Label)
    rest = sorted(idle.values(), key=lambda spoken: order.index(spoken.label))
    return (*counted.values(), *rest)


def _hindrance(kind: str, label: Label, hearing: Hearing, idioms: tuple[str, ...]) -> Hindrance:
    if kind == "first_person" and not hearing.is_first_person:
        return Hindrance.NO_FIRST_PERSON
    if kind == "first_person" and label in NEEDS_NOW and not hearing.is_now:
        return Hindrance.NOT_NOW
    return Hindrance.NOT_ALL if label in WHOLE_MESSAGE and not idioms else Hindrance.IDIOM


def heard_as(phrase: str, words: Sequence[str]) -> str:
    """The phrase with only that alternative of each word that stands among these plain words.

    A word that was met with a typing error keeps all its alternatives.
    """
    literal, meant = {*words}, {*usual(words)}
    parts = []
    for part in phrase.replace("...", GAP).split():
        options = [part] if part == GAP else part.split("/")
        met = [option for option in options if _is_met(plain(option).split(), option, literal)]
        met += [option for option in options if _is_met(usual([plain(option)]), option, meant)]
        parts.append(met[0].replace("_", " ") if met else part)
    return " ".join(parts)


def _is_met(wanted: Sequence[str], option: str, there: set[str]) -> bool:
    if option.endswith("*") and wanted:
        return any(word.startswith(wanted[-1]) for word in there)
    return all(word in there for word in wanted)


def _cues(places: Sequence[tuple[int, _Entry]], kind: str) -> tuple[str, ...]:
    """The cues in the order of the text, one for each place: languages share many."""
    first: dict[int, str] = {}
    for start, entry in places:
        if entry.kind == kind:
            first.setdefault(start, entry.text)
    return tuple(first[start] for start in sorted(first))


# ── the examples ─────────────────────────────────────────────────────────────────────────────
def _candidates(ranked: Sequence[Match], words: str) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(str(match.item), match.score, tuple(_evidence(b, words) for b in match.because))
        for match in ranked
    )


def _evidence(because: Because, words: str) -> Evidence:
    return Evidence(because.what, mark(because.what, words), because.share)


def mark(example: str, words: str) -> str:
    """The example with [ ] around the words, or parts of words, that ``words`` (plain) has too."""
    read = list(dict.fromkeys(words.split()))
    marked = " ".join(_mark_word(word, read) for word in example.split())
    return marked.replace("] [", " ")


def _mark_word(word: str, read: Sequence[str]) -> str:
    letters = [(place, plain(letter)) for place, letter in enumerate(word)]
    bare = [(place, folded) for place, folded in letters if len(folded) == 1]
    folded = "".join(letter for _, letter in bare)
    start, size = 0, 0
    for other in read:
        if other == folded:
            start, size = 0, len(folded)
            break
        found = SequenceMatcher(None, folded, other, autojunk=False).find_longest_match()
        least = MARKED_FROM if found.a or found.b else MARKED_AT_START
        if found.size >= max(least, size + 1):
            start, size = found.a, found.size
    if not size:
        return word
    first, last = bare[start][0], bare[start + size - 1][0] + 1
    return f"{word[:first]}[{word[first:last]}]{word[last:]}"
