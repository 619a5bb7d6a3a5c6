"""Which words does the whole house share? Places, purposes, labels and reply types."""

from __future__ import annotations

from enum import StrEnum


class Place(StrEnum):
    """Where a message is read: group, private chat on a platform, secure chat."""

    GROUP = "G"
    PRIVATE = "P"
    SECURE = "S"


class Purpose(StrEnum):
    """Why a text may leave the house; nothing leaves without one."""

    CONTACT = "contact"
    INFO = "info"
    ANNOUNCEMENT = "announcement"
    REFERRAL = "referral"
    CRISIS = "crisis"
    ODD_JOB = "odd_job"
    SERVICE = "service"
    STAFF = "staff"


class Label(StrEnum):
    """What a message is about, as ``wijkbot read`` prints it.

    The members stand in order of precedence: when two fit, the earlier one counts.
    ``PERSONAL_DATA`` may stand beside any other.
    """

    CRISIS_SUICIDE = "crisis_suicide"
    CRISIS_VIOLENCE = "crisis_violence"
    CRISIS_MEDICAL = "crisis_medical"
    HOMELESS_TONIGHT = "homeless_tonight"
    STOP = "stop"
    ERASE_ME = "erase_me"
    MINOR = "minor"
    THIRD_PERSON = "third_person"
    HELP_PERSONAL = "help_personal"
    DISTRESS = "distress"
    COMPLAINT = "complaint"
    ABUSE_SPAM = "abuse_spam"
    ODD_JOB_REFUSED = "odd_job_refused"
    ODD_JOB_REQUEST = "odd_job_request"
    ODD_JOB_OFFER = "odd_job_offer"
    INFO = "info"
    AGENDA = "agenda"
    ASKS_BOT = "asks_bot"
    GREETING_THANKS = "greeting_thanks"
    SMALL_TALK = "small_talk"
    PERSONAL_DATA = "personal_data"
    UNCLEAR = "unclear"


CRISIS_LABELS = frozenset(
    {Label.CRISIS_SUICIDE, Label.CRISIS_VIOLENCE, Label.CRISIS_MEDICAL, Label.HOMELESS_TONIGHT}
)
"""Answered with a card that ignores every budget, mute and quiet hour."""

SENSITIVE_LABELS = CRISIS_LABELS | {
    Label.MINOR,
    Label.THIRD_PERSON,
    Label.HELP_PERSONAL,
    Label.DISTRESS,
}
"""C01 to C08: in a group never a name, quote, reply-to or word of the question."""
