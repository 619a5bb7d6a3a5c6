"""May this go out, here and now? One pure function, asked when a row is made and when sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from wijkbot.engine.conversation import ALARM_MODE, LISTEN_MODE, PlaceState
from wijkbot.engine.quiet_hours import QuietHours
from wijkbot.engine.relaxations import OUTREACH, Relaxation, active
from wijkbot.engine.words import Place, Purpose

CRISIS_PAUSE = timedelta(minutes=10)
"""In a group no second crisis card within this time."""
REFERRAL_PAUSE = timedelta(minutes=2)
"""In a group no second referral within this time."""
SAME_CARD_PAUSE = timedelta(seconds=30)
"""In private the same card is not shown twice within this time."""
TIP_PAUSE = timedelta(hours=24)
"""In a group no second tip to keep personal data out of it within this time."""

ALLOWED: dict[Place, frozenset[Purpose]] = {
    Place.GROUP: frozenset(Purpose) - {Purpose.STAFF},
    Place.PRIVATE: frozenset(Purpose) - {Purpose.STAFF},
    Place.SECURE: frozenset(),
}
"""Nothing of an adapter ever leaves for the secure chat; staff notices are no chat texts."""

UNASKED = frozenset({Purpose.ANNOUNCEMENT, Purpose.INFO})
"""What may come without anybody asking: news, and in a listening group an answer to a question
that no neighbour answered. An answer to somebody who addresses the bot is none of these."""
NOT_IN_ALARM_GROUPS = frozenset({Purpose.INFO, Purpose.ANNOUNCEMENT, Purpose.ODD_JOB})
"""Where neighbours warn each other of danger, ordinary news is noise."""


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """The limits of one group; the defaults are those of the configuration file.

    ``version`` names them all, so that decisions can be laid beside the rule that held.
    """

    profile: str = "strict"
    answers_per_hour: int = 6
    unasked_per_day: int = 1
    unasked_per_week: int = 3
    quiet: QuietHours = QuietHours(time(21), time(8))
    silent_at_most: timedelta = timedelta(days=30)
    relaxations: tuple[Relaxation, ...] = ()
    version: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One text that wants to leave.

    ``is_answer``: a new message of that person asked for it. ``has_own_words``: a resident's
    words are inside. ``has_stopped``: this resident wants nothing unasked. ``has_consent``: in
    this private chat they said yes to this purpose. ``is_ignored``: they asked not to be
    answered. ``is_tip``: a tip to everybody to keep personal data out.
    ``is_small_answer``: no information, but one of the answers of an hour all the same.
    ``same_card_at``: when this person last got this very crisis card here. ``worker``: who
    wrote it by hand, "" for what the bot says itself. ``is_change``: it edits, pins or withdraws
    what stands there already, so that no phone rings for it.
    """

    purpose: Purpose
    is_answer: bool
    local_now: datetime
    is_holiday: bool = False
    has_own_words: bool = False
    has_stopped: bool = False
    has_consent: bool = False
    is_ignored: bool = False
    is_tip: bool = False
    is_small_answer: bool = False
    same_card_at: datetime | None = None
    worker: str = ""
    is_change: bool = False


@dataclass(frozen=True, slots=True)
class Permit:
    """The verdict, and the line of the rule that gave it."""

    is_permitted: bool
    rule: str

    @property
    def forbidden_by(self) -> str:
        """The line that says no, or ""."""
        return "" if self.is_permitted else self.rule


def permit(request: Request, place: PlaceState, settings: PolicySettings) -> Permit:
    """Decide over one text; the first line that says no counts."""
    for rule, forbids in RULES:
        if forbids(request, place, settings):
            return Permit(is_permitted=False, rule=rule)
    return Permit(is_permitted=True, rule="allowed")


def _within(moment: datetime | None, pause: timedelta, now: datetime) -> bool:
    """A moment to come was told by a clock that has been set back since: it holds up nothing."""
    return moment is not None and timedelta() <= now - moment < pause


def _purpose_has_no_place(request: Request, place: PlaceState, _: PolicySettings) -> bool:
    return request.purpose not in ALLOWED[place.place]


def _own_words_elsewhere(request: Request, place: PlaceState, _: PolicySettings) -> bool:
    if not request.has_own_words or request.worker:
        return False
    return request.purpose is not Purpose.ODD_JOB or place.place is not Place.PRIVATE


def _worker_has_no_leave(request: Request, place: PlaceState, settings: PolicySettings) -> bool:
    """A human's own words on social media: only outreach workers, only as a private answer."""
    if not request.worker:
        return False
    today = request.local_now.date()
    may = any(
        found.name == OUTREACH and request.worker in found.workers
        for found in active(settings.relaxations, today)
    )
    is_answer_in_private = request.is_answer and place.place is Place.PRIVATE
    return not (may and is_answer_in_private and request.purpose is Purpose.CONTACT)


def _nobody_asked(request: Request, place: PlaceState, _: PolicySettings) -> bool:
    if request.is_answer or request.purpose in {Purpose.ANNOUNCEMENT, Purpose.CONTACT}:
        return False
    listens = place.place is Place.GROUP and place.mode == LISTEN_MODE
    return not (listens and request.purpose is Purpose.INFO)


def _is_unasked(request: Request) -> bool:
    """News counts as unasked even when a resident's message set it off.

    A change of what stands there is no news: a wrong hour is put right at any hour, and what
    should not be there goes at once.
    """
    if request.is_change:
        return False
    if request.purpose is Purpose.ANNOUNCEMENT:
        return True
    return not request.is_answer and request.purpose in UNASKED


def _chat_is_closed(request: Request, place: PlaceState, _: PolicySettings) -> bool:
    """Before a moderator let the bot serve a group it only says who it is, and helps in danger."""
    return not place.is_active and request.purpose not in {Purpose.CONTACT, Purpose.CRISIS}


def _crisis_repeated(request: Request, place: PlaceState, _: PolicySettings) -> bool:
    return (
        request.purpose is Purpose.CRISIS
        and place.place is Place.GROUP
        and _within(place.last_crisis_at, CRISIS_PAUSE, request.local_now)
    )


def _card_just_shown(request: Request, place: PlaceState, _: PolicySettings) -> bool:
    return (
        request.purpose is Purpose.CRISIS
        and place.place is Place.PRIVATE
        and _within(request.same_card_at, SAME_CARD_PAUSE, request.local_now)
    )


def _resident_is_ignored(request: Request, _place: PlaceState, _: PolicySettings) -> bool:
    """Asked for by themselves. What they tell the bot to do now is still confirmed."""
    return request.is_ignored and request.purpose not in {Purpose.CRISIS, Purpose.SERVICE}


def _tip_repeated(request: Request, place: PlaceState, _: PolicySettings) -> bool:
    return (
        request.is_tip
        and place.place is Place.GROUP
        and _within(place.last_tip_at, TIP_PAUSE, request.local_now)
    )


def _noise_in_alarm_group(request: Request, place: PlaceState, _: PolicySettings) -> bool:
    return (
        place.place is Place.GROUP
        and place.mode == ALARM_MODE
        and request.purpose in NOT_IN_ALARM_GROUPS
        and not request.is_change
    )


def _referral_repeated(request: Request, place: PlaceState, _: PolicySettings) -> bool:
    return (
        request.purpose is Purpose.REFERRAL
        and place.place is Place.GROUP
        and _within(place.last_referral_at, REFERRAL_PAUSE, request.local_now)
    )


def _answers_are_spent(request: Request, place: PlaceState, settings: PolicySettings) -> bool:
    return (
        (request.purpose is Purpose.INFO or request.is_small_answer)
        and place.place is Place.GROUP
        and answers_in_this_hour(place, request.local_now) >= settings.answers_per_hour
    )


def _resident_stopped(request: Request, _place: PlaceState, _: PolicySettings) -> bool:
    return _is_unasked(request) and request.has_stopped


def _nobody_agreed(request: Request, place: PlaceState, _: PolicySettings) -> bool:
    """Who came first decides what else comes: news in a private chat needs their yes to it."""
    return _is_unasked(request) and place.place is Place.PRIVATE and not request.has_consent


def _group_is_silent(request: Request, place: PlaceState, _: PolicySettings) -> bool:
    return (
        _is_unasked(request)
        and place.silent_until is not None
        and request.local_now < place.silent_until
    )


def _it_is_quiet(request: Request, _place: PlaceState, settings: PolicySettings) -> bool:
    if not _is_unasked(request):
        return False
    return request.is_holiday or settings.quiet.holds(request.local_now)


def _unasked_is_spent(request: Request, place: PlaceState, settings: PolicySettings) -> bool:
    if not _is_unasked(request):
        return False
    return (
        place.unasked_today >= settings.unasked_per_day
        or place.unasked_this_week >= settings.unasked_per_week
    )


def answers_in_this_hour(place: PlaceState, now: datetime) -> int:
    """How many answers this group had in the hour that runs now."""
    if _within(place.hour_started_at, timedelta(hours=1), now):
        return place.answers_this_hour
    return 0


RULES = (
    ("purpose-has-no-place", _purpose_has_no_place),
    ("own-words-elsewhere", _own_words_elsewhere),
    ("worker-has-no-leave", _worker_has_no_leave),
    ("nobody-asked", _nobody_asked),
    ("chat-is-closed", _chat_is_closed),
    ("resident-is-ignored", _resident_is_ignored),
    ("card-just-shown", _card_just_shown),
    ("crisis-repeated-in-group", _crisis_repeated),
    ("referral-repeated-in-group", _referral_repeated),
    ("tip-repeated-in-group", _tip_repeated),
    ("noise-in-alarm-group", _noise_in_alarm_group),
    ("answers-are-spent", _answers_are_spent),
    ("resident-stopped", _resident_stopped),
    ("no-consent", _nobody_agreed),
    ("group-is-silent", _group_is_silent),
    ("quiet-hours", _it_is_quiet),
    ("unasked-is-spent", _unasked_is_spent),
)
"""The lines of the rule, by the name that the log of decisions shows; the first no counts."""
