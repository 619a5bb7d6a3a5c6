"""How is one message read? Alarm first, then the second vote, then the FAQ, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wijkbot.engine.phrases import Cues, FaqExample, LabelledExample, PhraseList
from wijkbot.engine.reading import Because, Reading
from wijkbot.engine.words import CRISIS_LABELS, SENSITIVE_LABELS, Label
from wijkbot.understanding.alarm import Alarm, Hearing
from wijkbot.understanding.language import language_of
from wijkbot.understanding.matcher import Example, Level, Match, Matcher
from wijkbot.understanding.normalise import clean, plain
from wijkbot.understanding.personal_data import kinds_of

CRISIS_VOTE = 0.45
"""Score of all crises together from which the second vote alone takes a message for one."""
CRISIS_LEAD = 2.0
"""That score over the score of everything else, at least."""
REFERRAL_VOTE = 0.30
"""Score from which the second vote alone refers."""
REFERRAL_BEST = 0.18
"""Least score of the likeliest reason to refer: many weak ones are no reason."""
MINOR_VOTE = 0.40
"""Score from which the second vote alone takes the writer for a minor."""
OTHER_VOTE = 0.20
"""Score from which the second vote names one of the harmless labels."""
QUESTION_VOTE = 0.40
"""Score from which a text without any question word counts as a question."""
FIRM_ANSWER = 0.55
"""Score from which an answer goes before the phrases of odd jobs and activities."""
SURE_OF_AGENDA = 0.6
"""Score from which an item answers a question about activities; else the agenda does."""
UNCLEAR_WORDS = 3
"""A message of at most this many words that is like nothing was meant for the bot, but how?"""

_REFERRALS = SENSITIVE_LABELS - CRISIS_LABELS
_SERVICES = (Label.STOP, Label.ERASE_ME)
_SOFT = frozenset(
    {Label.INFO, Label.AGENDA, Label.ODD_JOB_REQUEST, Label.ODD_JOB_OFFER, Label.SMALL_TALK}
)
"""Labels whose phrases only count when neither a referral nor an answer is found."""
_KEEPS_LABEL = SENSITIVE_LABELS | {
    Label.STOP,
    Label.ERASE_ME,
    Label.ODD_JOB_REQUEST,
    Label.ODD_JOB_OFFER,
    Label.ODD_JOB_REFUSED,
}
"""Labels beside which personal data is the second label; elsewhere it is the first."""
_MAY_HAVE_FAQ = frozenset({Label.INFO, Label.AGENDA})


@dataclass(frozen=True, slots=True)
class _Verdict:
    label: Label
    score: float = 0.0
    because: tuple[Because, ...] = ()
    is_listed: bool = False


class Reader:
    """Reads messages with one published set of examples and phrases; immutable, thread-safe.

    The phrase lists and the labelled examples vote apart from each other: either refers, only
    the lists set ``is_listed_crisis``. Nothing of a text is kept or logged.
    """

    def __init__(
        self,
        faq_examples: Sequence[FaqExample],
        phrases: Sequence[PhraseList],
        cues: Sequence[Cues],
        labelled: Sequence[LabelledExample],
    ) -> None:
        self.faq = Matcher.fit([Example(e.item, e.text, e.language) for e in faq_examples])
        questions = [Example(Label.INFO, e.text, e.language) for e in faq_examples]
        votes = [Example(e.label, e.text, e.language) for e in labelled]
        self.votes = Matcher.fit([*votes, *questions])
        self.vocabulary = _vocabulary((*votes, *questions))
        self.alarm = Alarm(phrases, cues, set(self.vocabulary))

    def read(self, text: str, language_hint: str = "", level: Level = "addressed") -> Reading:
        """What the text means; ``level`` "group" answers only where it is very sure.

        Takes any string without an exception, in bounded time: only the first 2,000
        characters count.
        """
        shown = clean(text)
        words = plain(shown)
        language = language_of(shown, language_hint, self.vocabulary)
        hearing = self.alarm.hear(words)
        ranked = self.faq.rank_plain(words, 3, language)
        answer = self.faq.sure(ranked, level)
        votes = self.votes.rank_plain(words, len(Label), language)
        verdict = _verdict(words, hearing, votes, answer)
        holds_data = Label.PERSONAL_DATA in hearing.labels or bool(kinds_of(shown))
        if holds_data and verdict.label not in _KEEPS_LABEL:
            verdict = _Verdict(Label.PERSONAL_DATA)
        least = SURE_OF_AGENDA if verdict.label is Label.AGENDA else 0.0
        has_faq = verdict.label in _MAY_HAVE_FAQ and answer is not None and answer.score >= least
        may_suggest = verdict.label in _MAY_HAVE_FAQ or verdict.label is Label.UNCLEAR
        suggested = self.faq.near(ranked) if may_suggest and not has_faq else ()
        return Reading(
            label=verdict.label,
            also=(Label.PERSONAL_DATA,)
            if holds_data and verdict.label is not Label.PERSONAL_DATA
            else (),
            faq=answer.item if has_faq and answer is not None else None,
            score=answer.score if has_faq and answer is not None else verdict.score,
            language=language,
            suggestions=tuple(match.item for match in suggested),
            because=answer.because if has_faq and answer is not None else verdict.because,
            is_listed_crisis=verdict.is_listed,
        )


def _vocabulary(examples: Sequence[Example]) -> dict[str, frozenset[str]]:
    """In which languages' examples each word stands: what a short message is recognised by."""
    found: dict[str, set[str]] = {}
    for example in examples:
        for word in plain(clean(example.text)).split():
            found.setdefault(word, set()).add(example.language)
    return {word: frozenset(languages) for word, languages in found.items()}


def _verdict(
    words: str, hearing: Hearing, votes: Sequence[Match], answer: Match | None
) -> _Verdict:
    listed = [label for label in hearing.labels if label is not Label.PERSONAL_DATA]
    urgent = [label for label in listed if label in CRISIS_LABELS or label in _SERVICES]
    if urgent:
        return _heard(urgent[0], hearing)
    crisis = _crisis(votes)
    if crisis:
        return _voted(crisis)
    firm = [label for label in listed if label not in _SOFT]
    if firm:
        return _heard(firm[0], hearing)
    referral = None if Label.SMALL_TALK in listed else _referral(votes)
    if referral:
        return _voted(referral)
    return _harmless(words, votes, answer, listed)


def _heard(label: Label, hearing: Hearing) -> _Verdict:
    because = tuple(Because(h.phrase, 1.0) for h in hearing.heard if h.label is label)
    return _Verdict(label, 1.0, because, label in CRISIS_LABELS)


def _voted(match: Match) -> _Verdict:
    return _Verdict(Label(match.item), match.score, match.because)


def _crisis(votes: Sequence[Match]) -> Match | None:
    """Return the likeliest crisis, when the votes for any crisis leave hardly any other."""
    if not votes or Label(votes[0].item) not in CRISIS_LABELS:
        return None
    weight = sum(match.score for match in votes if Label(match.item) in CRISIS_LABELS)
    others = sum(match.score for match in votes if Label(match.item) not in CRISIS_LABELS)
    sure = weight >= CRISIS_VOTE and others * CRISIS_LEAD <= weight
    return votes[0] if sure else None


def _referral(votes: Sequence[Match]) -> Match | None:
    """The likeliest reason to refer, when all such reasons together outweigh the rest.

    A crisis the votes are not sure of is answered as distress: with a line to talk to.
    """
    for_it = [match for match in votes if Label(match.item) in SENSITIVE_LABELS]
    against = [match for match in votes if Label(match.item) not in SENSITIVE_LABELS]
    weight = sum(match.score for match in for_it)
    if (
        not for_it
        or for_it[0].score < REFERRAL_BEST
        or weight < REFERRAL_VOTE
        or weight <= sum(match.score for match in against)
    ):
        return None
    first = for_it[0]
    if _may_decide(first):
        return first
    urgent = Label(first.item) in CRISIS_LABELS
    label = Label.DISTRESS if urgent else Label.HELP_PERSONAL
    return Match(label, weight, first.because)


def _may_decide(match: Match) -> bool:
    """Parents write about their child's age too: a weak vote for a minor means a parent."""
    label = Label(match.item)
    return label in _REFERRALS and (label is not Label.MINOR or match.score >= MINOR_VOTE)


def _harmless(
    words: str, votes: Sequence[Match], answer: Match | None, listed: Sequence[Label]
) -> _Verdict:
    if Label.SMALL_TALK in listed:
        return _Verdict(Label.SMALL_TALK, 1.0)
    asked = [label for label in listed if label is not Label.INFO]
    rest = [match for match in votes if Label(match.item) not in SENSITIVE_LABELS]
    best = rest[0] if rest else None
    if asked and not (answer and answer.score >= FIRM_ANSWER):
        return _Verdict(_likeliest(asked, rest), 1.0)
    if answer and (best is None or best.score <= answer.score):
        return _Verdict(Label.INFO, answer.score, answer.because)
    if best and _is_enough(best, listed):
        return _voted(best)
    if answer:
        return _Verdict(Label.INFO, answer.score, answer.because)
    if listed:
        return _Verdict(Label.INFO)
    is_short = len(words.split()) <= UNCLEAR_WORDS
    return _Verdict(Label.UNCLEAR if is_short else Label.SMALL_TALK)


def _is_enough(vote: Match, listed: Sequence[Label]) -> bool:
    """Ask more of a vote for a question that has no question word in it: talk is like it."""
    is_odd = vote.item == Label.INFO and Label.INFO not in listed
    return vote.score >= (QUESTION_VOTE if is_odd else OTHER_VOTE)


def _likeliest(labels: Sequence[Label], votes: Sequence[Match]) -> Label:
    """The label among these that has most votes; without votes the first in precedence."""
    scores = {Label(match.item): match.score for match in votes}
    return max(labels, key=lambda label: scores.get(label, 0.0))
