"""What may stand in each section of wijkbot.toml? One model a section, with its defaults."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date, time, timedelta
from functools import cached_property
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
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
    """``[secure_chat]``: the organisation's own secure chat."""

    kind: Literal["external_url"] = "external_url"
    url: str = ""

    @field_validator("url")
    @classmethod
    def _secure(cls, value: str) -> str:
        if value and not value.startswith("https://"):
            raise ValueError("the secure chat needs an address that begins with https://")
        return value


class UnderstandingSettings(_Section):
    """``[understanding]``: how messages are understood."""

    semantic: bool = False


class Neighbourhood(_Section):
    """``[neighbourhoods.<id>]``: one neighbourhood; ``content`` is its overlay folder."""

    name: str
    country: Country | None = None
    region: str = ""
    languages: Languages = ()
    content: str = ""
    timezone: str = ""

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
