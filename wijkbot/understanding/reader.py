"""How is one message read? Alarm first, then the second vote, then the FAQ, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wijkbot.engine.phrases import Cues, FaqExample, LabelledExample, PhraseList
from wijkbot.engine.reading import Because, Reading
from wijkbot.engine.words import CRISIS_LABELS, SENSITIVE_LABELS, Label
from wijkbot.understanding.alarm import Hearing
from wijkbot.understanding.features import Features
from wijkbot.understanding.kept import Kept
from wijkbot.understanding.language import language_of
from wijkbot.understanding.learned import Taught, learn
from wijkbot.understanding.matcher import Level, Match
from wijkbot.understanding.meaning import Deeper
from wijkbot.understanding.normalise import clean, plain
from wijkbot.understanding.personal_data import kinds_of

CRISIS_VOTE = 0.30
"""Score of all crises together from which the second vote alone takes a message for one."""
CRISIS_BEST = 0.18
"""Least score of the likeliest crisis: many weak signs of different ones are no sign."""
CRISIS_OVER_HELP = 1.5
"""That score over the score of trouble that is no crisis, at least."""
REFERRAL_VOTE = 0.30
"""Score from which the second vote alone refers."""
REFERRAL_LEAD = 1.2
"""That score over the score of everything harmless, at least."""
REFERRAL_BEST = 0.18
"""Least score of the likeliest reason to refer: many weak ones are no reason."""
MINOR_VOTE = 0.40
"""Score from which the second vote alone takes the writer for a minor."""
AGAINST_LISTS = 1.6
"""So much stronger a crisis must be when the lists heard something else, and no crisis."""
JOB_LEAD = 0.75
"""Best score of a reason to refer over that of the likeliest odd job, at least."""
VOTE_WORDS = 3
"""Words from which the second vote may refer: "no" is a part of many a sad sentence."""
OTHER_VOTE = 0.20
"""Score from which the second vote names one of the harmless labels."""
JOB_SHARE = 0.75
"""Score of all odd jobs over that of questions from which it is an odd job all the same."""
QUESTION_VOTE = 0.40
"""Score from which a text without any question word counts as a question."""
FIRM_ANSWER = 0.55
"""Score from which an answer goes before the phrases of odd jobs and activities."""
SURE_OF_AGENDA = 0.6
"""Score from which an item answers a question about activities; else the agenda does."""
UNCLEAR_WORDS = 3
"""A message of at most this many words that is like nothing was meant for the bot, but how?"""

_JOBS = frozenset({Label.ODD_JOB_REQUEST, Label.ODD_JOB_OFFER, Label.ODD_JOB_REFUSED})
_CALM = frozenset(Label) - SENSITIVE_LABELS
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
_GREY = frozenset({Label.INFO, Label.UNCLEAR, Label.SMALL_TALK, Label.ASKS_BOT})
"""Labels of messages to the bot that may be a question in other words than the examples."""
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
        kept: Kept | None = None,
    ) -> None:
        """Learn all that, or take it from where an earlier process ``kept`` it."""
        taught = Taught(tuple(faq_examples), tuple(phrases), tuple(cues), tuple(labelled))
        learned = kept.learned(taught) if kept else learn(taught)
        self.faq, self.votes = learned.faq, learned.votes
        self.vocabulary, self.alarm = learned.vocabulary, learned.alarm
        self.deeper: Deeper | None = None
        """Set once the meaning of the examples is known, if it ever is."""

    def read(self, text: str, language_hint: str = "", level: Level = "addressed") -> Reading:
        """What the text means; ``level`` "group" answers only where it is very sure.

        Takes any string without an exception, in bounded time: only the first 2,000
        characters count.
        """
        shown = clean(text)
        words = plain(shown)
        language = language_of(shown, language_hint, self.vocabulary)
        hearing = self.alarm.hear(words)
        features = Features.of([words], [language])
        ranked = self.faq.rank_plain(words, 3, language, features=features)
        answer = self.faq.sure(ranked, level, language)
        votes = self.votes.rank_plain(words, len(Label), language, features=features)
        verdict = _verdict(words, hearing, votes, answer)
        holds_data = Label.PERSONAL_DATA in hearing.labels or bool(kinds_of(shown))
        if holds_data and verdict.label not in _KEEPS_LABEL:
            verdict = _Verdict(Label.PERSONAL_DATA)
        least = SURE_OF_AGENDA if verdict.label is Label.AGENDA else 0.0
        has_faq = verdict.label in _MAY_HAVE_FAQ and answer is not None and answer.score >= least
        if level == "addressed" and not has_faq and verdict.label in _GREY and self.deeper:
            deep = self.deeper.answer(shown, words, language)
            if deep is not None:
                answer, has_faq, verdict = deep, True, _Verdict(Label.INFO, deep.score)
        may_suggest = verdict.label in _MAY_HAVE_FAQ or verdict.label is Label.UNCLEAR
        suggested = self.faq.near(ranked, language) if may_suggest and not has_faq else ()
        return Reading(
            label=verdict.label,
            also=_also(verdict.label, hearing, holds_data=holds_data),
            faq=answer.item if has_faq and answer is not None else None,
            score=answer.score if has_faq and answer is not None else verdict.score,
            language=language,
            suggestions=tuple(match.item for match in suggested),
            because=answer.because if has_faq and answer is not None else verdict.because,
            is_listed_crisis=verdict.is_listed,
        )


def _also(label: Label, hearing: Hearing, *, holds_data: bool) -> tuple[Label, ...]:
    """What holds besides: personal data, and in a crisis that somebody says to be young."""
    found = []
    if label in CRISIS_LABELS and Label.MINOR in hearing.labels:
        found.append(Label.MINOR)
    if holds_data and label is not Label.PERSONAL_DATA:
        found.append(Label.PERSONAL_DATA)
    return tuple(found)


def _verdict(
    words: str, hearing: Hearing, votes: Sequence[Match], answer: Match | None
) -> _Verdict:
    listed = [label for label in hearing.labels if label is not Label.PERSONAL_DATA]
    urgent = [label for label in listed if label in CRISIS_LABELS or label in _SERVICES]
    if urgent:
        return _heard(urgent[0], hearing)
    is_short = len(words.split()) < VOTE_WORDS
    is_told = any(label is not Label.INFO for label in listed)
    crisis = None if is_short else _crisis(votes, AGAINST_LISTS if is_told else 1.0)
    if crisis:
        return _voted(crisis)
    firm = [label for label in listed if label not in _SOFT]
    if firm:
        return _heard(firm[0], hearing)
    referral = None if is_short or Label.SMALL_TALK in listed else _referral(votes)
    if referral:
        return _voted(referral)
    return _harmless(words, votes, answer, listed)


def _heard(label: Label, hearing: Hearing) -> _Verdict:
    because = tuple(Because(h.phrase, 1.0) for h in hearing.heard if h.label is label)
    return _Verdict(label, 1.0, because, label in CRISIS_LABELS)


def _voted(match: Match) -> _Verdict:
    return _Verdict(Label(match.item), match.score, match.because)


def _crisis(votes: Sequence[Match], times: float) -> Match | None:
    """The likeliest crisis, when the votes for any crisis outweigh the rest so many times."""
    crisis = _sum(votes, CRISIS_LABELS)
    trouble = _sum(votes, SENSITIVE_LABELS) - crisis
    calm = _sum(votes, _CALM)
    if crisis < times * max(CRISIS_VOTE, calm, trouble * CRISIS_OVER_HELP):
        return None
    for_it = [match for match in votes if match.item in CRISIS_LABELS]
    best = max(for_it, key=lambda match: match.score)
    return best if best.score >= CRISIS_BEST else None


def _sum(votes: Sequence[Match], labels: frozenset[Label]) -> float:
    return sum(match.score for match in votes if match.item in labels)


def _score(match: Match) -> float:
    return match.score


def _referral(votes: Sequence[Match]) -> Match | None:
    """The likeliest reason to refer, when all such reasons together outweigh the rest.

    A crisis the votes are not sure of is answered as distress: with a line to talk to.
    """
    for_it = [match for match in votes if match.item in SENSITIVE_LABELS]
    against = [match for match in votes if match.item not in SENSITIVE_LABELS]
    jobs = [match for match in against if match.item in _JOBS]
    weight = sum(match.score for match in for_it)
    if (
        not for_it
        or for_it[0].score < REFERRAL_BEST
        or weight < REFERRAL_VOTE
        or weight < REFERRAL_LEAD * sum(match.score for match in against)
        or max(for_it, key=_score).score < JOB_LEAD * max(map(_score, jobs), default=0)
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
    rest = [match for match in votes if match.item not in SENSITIVE_LABELS]
    best = rest[0] if rest else None
    if asked and not (answer and answer.score >= FIRM_ANSWER):
        return _Verdict(_likeliest(asked, rest), 1.0)
    if answer and (best is None or best.score <= answer.score):
        return _Verdict(Label.INFO, answer.score, answer.because)
    if best and (job := _job(best, rest)):
        return _voted(job)
    if best and _is_enough(best, listed):
        return _voted(best)
    if answer:
        return _Verdict(Label.INFO, answer.score, answer.because)
    if listed:
        return _Verdict(Label.INFO)
    is_short = len(words.split()) <= UNCLEAR_WORDS
    return _Verdict(Label.UNCLEAR if is_short else Label.SMALL_TALK)


def _job(best: Match, votes: Sequence[Match]) -> Match | None:
    """The likeliest odd job, when only the many examples of questions outweigh it."""
    jobs = [match for match in votes if match.item in _JOBS]
    weight = sum(match.score for match in jobs)
    if best.item != Label.INFO or weight < max(OTHER_VOTE, best.score * JOB_SHARE):
        return None
    return max(jobs, key=lambda match: match.score)


def _is_enough(vote: Match, listed: Sequence[Label]) -> bool:
    """Ask more of a vote for a question that has no question word in it: talk is like it."""
    is_odd = vote.item == Label.INFO and Label.INFO not in listed
    return vote.score >= (QUESTION_VOTE if is_odd else OTHER_VOTE)


def _likeliest(labels: Sequence[Label], votes: Sequence[Match]) -> Label:
    """The label among these that has most votes; without votes the first in precedence."""
    scores = {Label(match.item): match.score for match in votes}
    return max(labels, key=lambda label: scores.get(label, 0.0))
