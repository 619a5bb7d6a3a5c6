"""Which reply belongs to which class in which place? The decision table, as data.

A missing entry is silence. In a group only who addresses the bot is answered at all. Source:
the sector's rule that help questions are never answered on social media (docs/the-rule.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from wijkbot.engine.words import Label, Place, Purpose

DISCLOSURE = "T00"
WELCOME = "T01"
GROUP_WELCOME = "T46"
SUGGEST = "T30"
LIMIT_REACHED = "T31"
DIALOG_STOPPED = "T32"
DIALOG_TIMED_OUT = "T33"
DIALOG_WITHDRAWN = "T34"
INVALID_ANSWER = "T35"
UNREADABLE = "T36"
OLD_BUTTON = "T37"
GO_PRIVATE = "T38"
INFO_MENU = "T39"
OTHER_LANGUAGE = "T40"
TOO_LATE = "T49"
PERSONAL_DATA = "T18"
POINTER = "T07"
PERSONAL_FOOTER = "T48"
NOT_UNDERSTOOD = "T21"
STOPPED = "T22"
JOB_LINK = "T04"
STILL_UNCLEAR = "T24"
MINOR_FOOTER = "T25"
NOT_ABOUT_OTHERS = "T45"
SILENT = "T50"
SPEAKS_AGAIN = "T51"
ADMINS_ONLY = "T52"
ABOUT = "T53"
PRIVACY = "T54"
MY_DATA = "T55"
MY_STOPS = "T56"
IGNORED = "T57"
BACK_AGAIN = "T58"
TRIAL_VOTE = "T59"
TRIAL_KEPT = "T60"
GOODBYE = "T61"
ALARM_GROUP = "T62"
ASK_PRIVATE = "T63"
NO_NEWS = "T64"
NO_JOBS = "T65"
CARD_CODE = "T66"
MY_NEWS = "T67"
BACK_TO_ASK = "T68"
CANNOT_OPEN = "T70"

SUBSCRIBE = "subscribe"
"""What the dialog starts on that asks whether somebody wants news: a wish, and no label."""

SMALL_ANSWERS = frozenset(
    {NOT_UNDERSTOOD, "T44", UNREADABLE, SUGGEST, OTHER_LANGUAGE, GROUP_WELCOME}
)
"""Answers that say little: in a group they count among the answers of an hour."""

CHAT_CLOSED = "T09"
"""Stands for the first step when nobody is there to talk with."""

OPEN_NOW = "nu_open"
"""The word of the vocabulary that says that somebody is there now."""

REFERRAL_STAIRS = ("T08", "T08b", "T08c")
"""In private: the full referral, then the short one, then the phone only; then silence."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A fixed text and why it may leave; ``key`` is "private_text" where the item has one."""

    item: str
    purpose: Purpose
    key: str = "text"


_G, _P = Place.GROUP, Place.PRIVATE

REPLIES: dict[tuple[Label, Place], Reply] = {
    (Label.CRISIS_SUICIDE, _G): Reply("T12", Purpose.CRISIS),
    (Label.CRISIS_SUICIDE, _P): Reply("T11", Purpose.CRISIS),
    (Label.CRISIS_VIOLENCE, _G): Reply("T12", Purpose.CRISIS),
    (Label.CRISIS_VIOLENCE, _P): Reply("T13", Purpose.CRISIS),
    (Label.CRISIS_MEDICAL, _G): Reply("T12m", Purpose.CRISIS),
    (Label.CRISIS_MEDICAL, _P): Reply("T11m", Purpose.CRISIS),
    (Label.HOMELESS_TONIGHT, _G): Reply("T14", Purpose.CRISIS),
    (Label.HOMELESS_TONIGHT, _P): Reply("T14", Purpose.CRISIS, "private_text"),
    (Label.HELP_PERSONAL, _G): Reply("T06", Purpose.REFERRAL),
    (Label.HELP_PERSONAL, _P): Reply("T08", Purpose.REFERRAL),
    (Label.DISTRESS, _G): Reply("T06", Purpose.REFERRAL),
    (Label.DISTRESS, _P): Reply("T10", Purpose.REFERRAL),
    (Label.MINOR, _G): Reply("T06", Purpose.REFERRAL),
    (Label.MINOR, _P): Reply("T19", Purpose.REFERRAL),
    (Label.THIRD_PERSON, _G): Reply("T15", Purpose.REFERRAL),
    (Label.THIRD_PERSON, _P): Reply("T15", Purpose.REFERRAL, "private_text"),
    (Label.PERSONAL_DATA, _G): Reply("T18", Purpose.SERVICE),
    (Label.PERSONAL_DATA, _P): Reply("T18", Purpose.SERVICE, "private_text"),
    (Label.COMPLAINT, _G): Reply("T16", Purpose.SERVICE),
    (Label.COMPLAINT, _P): Reply("T16", Purpose.SERVICE),
    (Label.ABUSE_SPAM, _P): Reply("T17", Purpose.SERVICE),
    (Label.ODD_JOB_REFUSED, _G): Reply("T42", Purpose.SERVICE),
    (Label.ODD_JOB_REFUSED, _P): Reply("T42", Purpose.SERVICE),
    (Label.AGENDA, _G): Reply("T41", Purpose.INFO),
    (Label.AGENDA, _P): Reply("T41", Purpose.INFO),
    (Label.ASKS_BOT, _G): Reply("T46", Purpose.CONTACT),
    (Label.ASKS_BOT, _P): Reply("T20", Purpose.CONTACT),
    (Label.GREETING_THANKS, _G): Reply("T44", Purpose.CONTACT),
    (Label.GREETING_THANKS, _P): Reply("T44", Purpose.CONTACT),
    (Label.SMALL_TALK, _G): Reply("T21", Purpose.SERVICE),
    (Label.SMALL_TALK, _P): Reply("T21", Purpose.SERVICE),
    (Label.UNCLEAR, _G): Reply("T21", Purpose.SERVICE),
    (Label.UNCLEAR, _P): Reply("T21", Purpose.SERVICE),
    (Label.INFO, _G): Reply("T21", Purpose.SERVICE),
    (Label.INFO, _P): Reply("T21", Purpose.SERVICE),
    (Label.STOP, _G): Reply("T22", Purpose.SERVICE),
    (Label.STOP, _P): Reply("T22", Purpose.SERVICE),
}
"""INFO stands here for the case that the matcher abstained."""

FIXED_ITEMS = frozenset(
    {
        DISCLOSURE,
        WELCOME,
        GROUP_WELCOME,
        SUGGEST,
        LIMIT_REACHED,
        DIALOG_STOPPED,
        DIALOG_TIMED_OUT,
        DIALOG_WITHDRAWN,
        INVALID_ANSWER,
        UNREADABLE,
        OLD_BUTTON,
        GO_PRIVATE,
        INFO_MENU,
        OTHER_LANGUAGE,
        TOO_LATE,
        PERSONAL_DATA,
        PERSONAL_FOOTER,
        NOT_UNDERSTOOD,
        STOPPED,
        JOB_LINK,
        POINTER,
        STILL_UNCLEAR,
        MINOR_FOOTER,
        NOT_ABOUT_OTHERS,
        SILENT,
        SPEAKS_AGAIN,
        ADMINS_ONLY,
        ABOUT,
        PRIVACY,
        MY_DATA,
        MY_STOPS,
        IGNORED,
        BACK_AGAIN,
        TRIAL_VOTE,
        TRIAL_KEPT,
        GOODBYE,
        ALARM_GROUP,
        ASK_PRIVATE,
        NO_NEWS,
        NO_JOBS,
        CARD_CODE,
        MY_NEWS,
        BACK_TO_ASK,
        CANNOT_OPEN,
        *REFERRAL_STAIRS,
        *(row.item for row in REPLIES.values()),
    }
)
"""Every item that is said by its id: without one of them a book is not published."""
