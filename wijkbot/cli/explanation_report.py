"""How is one decision told to a moderator who is no programmer?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from wijkbot.app.render import Rendered
from wijkbot.cli.words import DATA, LABELS, LANGUAGES, LEVELS
from wijkbot.engine.words import CRISIS_LABELS, SENSITIVE_LABELS, Label
from wijkbot.understanding.explain import Basis, Candidate, Explanation, Hindrance, Spoken

PLACES = {
    "group": "In a group where nobody called the bot it says",
    "group_addressed": "In a group it says to somebody who called it",
    "private": "In private it says",
}
FAINT = 0.03
"""Scores and shares below this are left out of the lines; the JSON has them."""
_HINDRANCES = {
    Hindrance.NO_FIRST_PERSON: 'it only counts beside a word like "ik" or "mijn"',
    Hindrance.NOT_NOW: 'it only counts beside a word for now, like "vannacht"',
    Hindrance.NOT_ALL: "it only counts when it is the whole message",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What would go out at one place (a key of ``PLACES``); nothing is silence."""

    place: str
    texts: tuple[Rendered, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """A decision, what would be said at each place, and the titles of the topics."""

    why: Explanation
    said: tuple[Said, ...]
    titles: Mapping[str, str]

    def name(self, item: str) -> str:
        """A topic as moderators know it: its id and its title."""
        title = self.titles.get(item)
        return f'{item} "{title}"' if title else item


def lines(explained: Explained) -> Iterator[str]:
    """The whole explanation, line by line."""
    found = explained.why
    label, language = found.reading.label, found.reading.language
    yield f"Taken for: {LABELS[label]} ({label.value}). Language: {LANGUAGES[language]}."
    yield f"Why: {_why(explained)}"
    if found.data:
        kinds = ", ".join(DATA[kind] for kind in found.data)
        yield f"Personal data in it: {kinds} (not shown here)."
    elif found.reading.also:
        yield f"And also: {', '.join(LABELS[label] for label in found.reading.also)}."
    yield from _phrases(found)
    yield ""
    yield from _topics(explained)
    yield ""
    yield from _votes(found)
    for said in explained.said:
        yield ""
        yield from _said(said, found)


def _why(explained: Explained) -> str:
    found = explained.why
    label = found.reading.label
    match found.basis:
        case Basis.LIST:
            heard = next(spoken for spoken in found.spoken if spoken.label is label)
            ground = f'the phrase "{heard.heard_as}" of the list {label.value} stands in it.'
            always = " A crisis on the list always gets its card, whatever else it is like."
            return ground + always * (label in CRISIS_LABELS)
        case Basis.TOPIC:
            name, least = explained.name(found.reading.faq or ""), found.thresholds["addressed"]
            if found.by_meaning:
                return f"it means the same as examples of the topic {name} (semantic)."
            return f"the topic {name} is {found.ahead:.2f} ahead, and {least:.2f} is enough."
        case Basis.PERSONAL_DATA:
            return "personal data go before a question or talk."
        case Basis.VOTE:
            return _why_voted(found)
        case Basis.NOTHING:
            return "no phrase, no topic and no example is enough like it."


def _why_voted(found: Explanation) -> str:
    label = found.reading.label
    first = found.votes[0].name if found.votes else ""
    if first == label or label not in SENSITIVE_LABELS:
        return f"it is like the examples of {label.value} (the second vote below)."
    return (
        "no single label is sure, and together the examples about trouble outweigh the rest (the"
        " second vote below)."
    )


def _phrases(found: Explanation) -> Iterator[str]:
    if not found.spoken:
        yield "Phrases of the lists in it: none."
        return
    yield "Phrases of the lists in it:"
    for spoken in found.spoken:
        hindrance = f" does not count: {_hindrance(spoken)}" if spoken.hindrance else ""
        yield f'  "{spoken.heard_as}" for {spoken.label.value}{hindrance}'
        if spoken.heard_as != spoken.phrase:
            yield f"      in the list as: {spoken.phrase}"
    for what, cues in (("the writer", found.first_person), ("now", found.now)):
        if cues:
            yield f"  words for {what}: {', '.join(cues)}"


def _hindrance(spoken: Spoken) -> str:
    if spoken.hindrance in _HINDRANCES:
        return _HINDRANCES[spoken.hindrance]
    idioms = ", ".join(f'"{idiom}"' for idiom in spoken.idioms)
    return f"{idioms or 'something'} stands there too (not_when)"


def _topics(explained: Explained) -> Iterator[str]:
    found = explained.why
    yield "Topics it is like (0 is not at all, 1 is the same words):"
    for topic in _worth_showing(found.topics):
        yield f"  {topic.score:.2f}  {explained.name(topic.name)}"
        yield from _evidence(topic)
    if not found.topics:
        yield "  none"
        return
    best = explained.name(found.topics[0].name)
    if found.ahead >= FAINT:
        yield f"  {best} is {found.ahead:.2f} ahead{_behind(explained)}."
    else:
        yield "  No topic is ahead of the others."
    yield from _enough(found)
    yield from _unsaid(explained)


def _behind(explained: Explained) -> str:
    runner_up = explained.why.topics[1:2]
    return "".join(f"; the runner-up is {explained.name(topic.name)}" for topic in runner_up)


def _enough(found: Explanation) -> Iterator[str]:
    for level, least in found.thresholds.items():
        verdict = "enough" if level in found.enough_for else "not enough"
        yield f"    {least:.2f} is needed {LEVELS[level]}: {verdict}."


def _unsaid(explained: Explained) -> Iterator[str]:
    """Why the best topic is not said although it scores enough, or what is asked instead."""
    found = explained.why
    if found.reading.suggestions:
        names = " or ".join(explained.name(item) for item in found.reading.suggestions)
        yield f'  Near enough to ask "Bedoel je …?": {names}.'
    elif found.enough_for and not found.reading.faq:
        yield f"  No topic is said: what is taken for {found.reading.label.value} goes before it."


def _votes(found: Explanation) -> Iterator[str]:
    yield "Second vote, over the labelled examples:"
    if found.basis is Basis.LIST:
        yield "  (the list decided already)"
    for vote in _worth_showing(found.votes):
        yield f"  {vote.score:.2f}  {LABELS[Label(vote.name)]} ({vote.name})"
        yield from _evidence(vote)
    if not found.votes:
        yield "  nothing is like it"


def _worth_showing(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """The best one always, and the others while they are like it at all."""
    for place, candidate in enumerate(candidates):
        if not place or candidate.score >= FAINT:
            yield candidate


def _evidence(candidate: Candidate) -> Iterator[str]:
    for place, evidence in enumerate(candidate.because):
        if not place or evidence.share >= FAINT:
            yield f"          {evidence.share:.2f} from: {evidence.marked}"


def _said(said: Said, found: Explanation) -> Iterator[str]:
    if not said.texts:
        yield f"{PLACES[said.place]} nothing: {_silence(said, found)}"
        return
    yield f"{PLACES[said.place]}:"
    for rendered in said.texts:
        yield from (f"  | {line}" for line in rendered.text.splitlines())
        yield from (f"  | [{choice.title}]" for choice in rendered.choices)


def _silence(said: Said, found: Explanation) -> str:
    if said.place == "group":
        return "it only answers who calls it by its name or replies to it."
    return f"{found.reading.label.value} has no answer there."


def as_json(explained: Explained) -> dict[str, Any]:
    """The same as one object; names of keys are those of `wijkbot read` where it has them."""
    found = explained.why
    return {
        "label": found.reading.label.value,
        "also": [label.value for label in found.reading.also],
        "faq": found.reading.faq,
        "score": round(found.reading.score, 3),
        "language": found.reading.language,
        "decided_by": found.basis.value,
        "personal_data": [kind.value for kind in found.data],
        "phrases": [asdict(spoken) for spoken in found.spoken],
        "first_person": list(found.first_person),
        "now": list(found.now),
        "thresholds": {level: round(least, 3) for level, least in found.thresholds.items()},
        "topics": [
            {"title": explained.titles.get(topic.name, "")} | _candidate(topic, "item")
            for topic in found.topics
        ],
        "ahead": round(found.ahead, 3),
        "enough_for": list(found.enough_for),
        "by_meaning": found.by_meaning,
        "suggestions": list(found.reading.suggestions),
        "second_vote": [_candidate(vote, "label") for vote in found.votes],
        "said": {
            said.place: [_text(rendered) for rendered in said.texts] for said in explained.said
        },
    }


def _candidate(candidate: Candidate, name: str) -> dict[str, Any]:
    because = [asdict(e) | {"share": round(e.share, 3)} for e in candidate.because]
    return {name: candidate.name, "score": round(candidate.score, 3), "because": because}


def _text(rendered: Rendered) -> dict[str, Any]:
    return {"text": rendered.text, "choices": [choice.title for choice in rendered.choices]}
