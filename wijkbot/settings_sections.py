"""What may stand in each section of wijkbot.toml? One model a section, with its defaults."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date, time, timedelta
from functools import cached_property
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from wijkbot.engine import relaxations
from wijkbot.engine.policy import PolicySettings
from wijkbot.engine.quiet_hours import QuietHours
from wijkbot.engine.relaxations import Relaxation

Country = Literal["NL", "BE"]
OnCall = Literal["none", "phone", "external"]
LANGUAGES = ("nl", "fr", "en", "tr", "ar", "pl", "uk", "es", "de")
TOKEN_LENGTH = 16
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_POINTER = re.compile(rf"({'|'.join(WEEKDAYS)}) ([01]\d|2[0-3]):([0-5]\d)")
_SPAN = re.compile(
    rf"({'|'.join(WEEKDAYS)})(?:-({'|'.join(WEEKDAYS)}))? "
    r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)"
)
_ORIGIN = re.compile(r"https://[a-z0-9.-]+(:\d{1,5})?|http://(127\.0\.0\.1|localhost)(:\d{1,5})?")
_SMTP = re.compile(r"smtps?://([^\s/@]+@)?[A-Za-z0-9.-]+(:\d{1,5})?/?")
_ADDRESS = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_WORD = re.compile(r"[A-Za-z0-9]{2,30}")
_VERSION_LENGTH = 12


def _known_languages(value: tuple[str, ...]) -> tuple[str, ...]:
    if any(language not in LANGUAGES for language in value):
        raise ValueError(f"choose from {', '.join(LANGUAGES)}")
    return value


Languages = Annotated[tuple[str, ...], AfterValidator(_known_languages)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OrganisationSettings(_Section):
    """``[organisation]``: who runs this bot."""

    name: str = Field(min_length=1)
    country: Country
    languages: Languages = ("nl", "fr", "en")
    public_url: str = "http://127.0.0.1:8080"

    @field_validator("languages")
    @classmethod
    def _at_least_one(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError('name at least one, as ["nl"]')
        return value

    @field_validator("public_url")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("give a full address that begins with https://")
        return value.rstrip("/")


class ServerSettings(_Section):
    """``[server]``: where the pages and webhooks are served."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    metrics_token: str = Field(default="", repr=False)

    @field_validator("metrics_token")
    @classmethod
    def _not_guessable(cls, value: str) -> str:
        is_plain = value.isascii() and value.isprintable()
        if value and (len(value) < TOKEN_LENGTH or not is_plain):
            raise ValueError(f"use at least {TOKEN_LENGTH} letters and digits, made at random")
        return value


class DatabaseSettings(_Section):
    """``[database]``: SQLite beside the configuration, or PostgreSQL."""

    url: str = "sqlite:///wijkbot.db"

    @property
    def is_embedded(self) -> bool:
        """SQLite: one process serves it, and nobody else."""
        return self.url.startswith("sqlite")

    @field_validator("url")
    @classmethod
    def _known(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("use sqlite:///wijkbot.db or postgresql://user@host/name")
        return value


class RelaxationConfig(_Section):
    """``[policy.relaxations.<name>]``: an exception for named workers. ``until`` counts in."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10)]
    until: date
    workers: tuple[str, ...]

    @field_validator("workers")
    @classmethod
    def _named(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(name.strip() for name in value)
        if not names or not all(names):
            raise ValueError('name at least one worker, as ["Ann"]')
        return names


def _known_relaxation(name: str) -> str:
    if name not in relaxations.KNOWN:
        raise ValueError(f"there is no such relaxation; known: {', '.join(relaxations.KNOWN)}")
    return name


class PolicyConfig(_Section):
    """``[policy]``: the limits of every group.

    ``quiet`` is "21:00-08:00", ``pointer`` "MO 10:00" ("" is none), both local time. The section
    is versioned with the configuration file: ``policy_version`` names what holds.
    """

    profile: Literal["strict"] = "strict"
    group_activation: Literal["moderator", "invite"] = "moderator"
    mode: Literal["mention", "listen"] = "mention"
    answers_per_hour: int = Field(default=6, ge=1)
    unsolicited_per_day: int = Field(default=1, ge=0)
    unsolicited_per_week: int = Field(default=3, ge=0)
    quiet: str = "21:00-08:00"
    trial_days: int = Field(default=14, ge=0)
    pointer: str = "MO 10:00"
    peer_first_minutes: int = Field(default=10, ge=0)
    silent_days_at_most: int = Field(default=30, ge=1)
    relaxations: dict[Annotated[str, AfterValidator(_known_relaxation)], RelaxationConfig] = Field(
        default_factory=dict
    )

    @field_validator("quiet")
    @classmethod
    def _readable(cls, value: str) -> str:
        try:
            QuietHours.parse(value)
        except ValueError:
            raise ValueError('write the quiet hours as "21:00-08:00"') from None
        return value

    @field_validator("pointer")
    @classmethod
    def _on_a_day(cls, value: str) -> str:
        if value and not _POINTER.fullmatch(value):
            raise ValueError(
                f'write a day ({" ".join(WEEKDAYS)}) and a time, as "MO 10:00", or "" for none'
            )
        return value

    def pointer_moment(self) -> tuple[int, time] | None:
        """When the pointer is due, local time: the weekday (Monday is 0) and the hour."""
        read = _POINTER.fullmatch(self.pointer)
        if read is None:
            return None
        return WEEKDAYS.index(read[1]), time(int(read[2]), int(read[3]))

    @cached_property
    def limits(self) -> PolicySettings:
        """What the rule asks for with every message; the section is frozen: worked out once."""
        return PolicySettings(
            profile=self.profile,
            answers_per_hour=self.answers_per_hour,
            unasked_per_day=self.unsolicited_per_day,
            unasked_per_week=self.unsolicited_per_week,
            quiet=QuietHours.parse(self.quiet),
            silent_at_most=timedelta(days=self.silent_days_at_most),
            relaxations=self.relaxed(),
            version=self.policy_version(),
        )

    def relaxed(self) -> tuple[Relaxation, ...]:
        """Every configured exception, ended ones too: ask ``relaxations.active`` with a day."""
        return tuple(
            Relaxation(name, one.reason, one.until, one.workers)
            for name, one in self.relaxations.items()
        )

    def policy_version(self) -> str:
        """What this section says, defaults included, in twelve hexadecimal digits.

        Decisions are logged with it, so that they can be laid beside the rule that held.
        """
        said = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:_VERSION_LENGTH]


class CrisisSettings(_Section):
    """``[crisis]``: is a human on call? ``on_call`` is None until somebody has chosen."""

    on_call: OnCall | None = None
    alert_url: str = Field(default="", repr=False)

    @field_validator("alert_url")
    @classmethod
    def _secret_way(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://127.0.0.1")):
            raise ValueError("alerts go to an address that begins with https://")
        return value

    @property
    def stands_by(self) -> OnCall:
        """Who is on call now: nobody, as long as nothing was chosen."""
        return self.on_call or "none"


class GoLiveSettings(_Section):
    """``[go_live]``: what ``doctor --go-live`` asks for before residents are served."""

    insurance_text: str = ""
    shelter: str = ""
    connector: str = ""
    helplines_checked: date | None = None
    vote_date: date | None = None
    dpia_date: date | None = None


class SecureChatSettings(_Section):
    """``[secure_chat]``: the organisation's own secure chat, this server's or another's."""

    kind: Literal["builtin", "external_url"] = "external_url"
    url: str = ""
    policy: Literal["assignee", "team"] = "assignee"
    closed_days: int = Field(default=14, ge=1, le=90)
    silent_days: int = Field(default=30, ge=1, le=90)
    max_days: int = Field(default=90, ge=1, le=365)
    queue_cap: int = Field(default=200, ge=1)
    proxies: int = Field(default=0, ge=0, le=5)
    hours: str = ""
    exit_url: str = "https://www.buienradar.nl/"
    notify_url: str = ""
    smtp_url: str = Field(default="", repr=False)
    notify_email: str = ""
    static_origin: str = ""

    @property
    def is_builtin(self) -> bool:
        """The chat of this very server, at /c."""
        return self.kind == "builtin"

    @field_validator("url", "exit_url")
    @classmethod
    def _secure(cls, value: str) -> str:
        if value and not value.startswith("https://"):
            raise ValueError("the secure chat needs an address that begins with https://")
        return value

    @field_validator("exit_url")
    @classmethod
    def _somewhere(cls, value: str) -> str:
        if not value:
            raise ValueError("name an ordinary page, such as that of the weather")
        return value

    @field_validator("notify_url")
    @classmethod
    def _secure_or_here(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://127.0.0.1:")):
            raise ValueError("workers are told at an address that begins with https://")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _post_office(cls, value: str) -> str:
        if value and not _SMTP.fullmatch(value):
            raise ValueError('write it as "smtps://name:password@smtp.example.org"')
        if value and urlsplit(value).port == 0:
            raise ValueError("a port is a number from 1 to 65535")
        return value

    @field_validator("notify_email")
    @classmethod
    def _reachable(cls, value: str, info: ValidationInfo) -> str:
        if value and not _ADDRESS.fullmatch(value):
            raise ValueError('write one address, as "team@example.org"')
        if value and not info.data.get("smtp_url"):
            raise ValueError("an e-mail needs smtp_url too: the server that sends it")
        return value

    @field_validator("static_origin")
    @classmethod
    def _bare(cls, value: str) -> str:
        if value and not _ORIGIN.fullmatch(value):
            raise ValueError('write https:// and the host alone, as "https://chat.example.org"')
        return value

    @field_validator("hours")
    @classmethod
    def _spans(cls, value: str) -> str:
        week_spans(value)
        return value

    def spans(self) -> tuple[tuple[int, int, int], ...]:
        """When it is staffed: day (Monday is 0), begin and end in minutes after midnight."""
        return week_spans(self.hours)


def week_spans(text: str) -> tuple[tuple[int, int, int], ...]:
    """Read "MO-FR 09:00-17:00, SA 10:00-12:00"; "" is never.

    Raises:
        ValueError: it is written otherwise, or ends before it begins.
    """
    spans = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        read = _SPAN.fullmatch(part)
        if read is None:
            raise ValueError('write the hours as "MO-FR 09:00-17:00, SA 10:00-12:00"')
        first = WEEKDAYS.index(read[1])
        last = WEEKDAYS.index(read[2]) if read[2] else first
        begins, ends = _minutes(read[3]), _minutes(read[4])
        if last < first or ends <= begins:
            raise ValueError(f"{part!r} ends before it begins")
        spans += [(day, begins, ends) for day in range(first, last + 1)]
    return tuple(sorted(spans))


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


class UnderstandingSettings(_Section):
    """``[understanding]``: how messages are understood."""

    semantic: bool = False


def _short_word(value: str) -> str:
    if value and not _WORD.fullmatch(value):
        raise ValueError('use one word of letters and digits, as "zonnewijk"')
    return value


class Neighbourhood(_Section):
    """``[neighbourhoods.<id>]``: one neighbourhood; ``content`` is its overlay folder.

    ``word`` is what residents write after AANMELD; "" is the id itself.
    """

    name: str
    country: Country | None = None
    region: str = ""
    languages: Languages = ()
    content: str = ""
    timezone: str = ""
    word: Annotated[str, AfterValidator(_short_word)] = ""

    @field_validator("timezone")
    @classmethod
    def _on_the_list(cls, value: str) -> str:
        try:
            if value:
                ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError('use a name of the IANA list, as "Europe/Brussels"') from None
        return value


class ChannelSettings(BaseModel):
    """``[channels.<name>]``: one account; the other keys are the adapter's own."""

    model_config = ConfigDict(extra="allow", frozen=True)

    adapter: str
    neighbourhood: str = ""

    def options(self) -> dict[str, Any]:
        """The keys that the adapter itself reads."""
        return dict(self.model_extra or {})
