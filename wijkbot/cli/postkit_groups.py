"""In which groups do people post for us? The list of them, and the link of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import typer

from wijkbot.app.hand_page import make_link
from wijkbot.app.house import House, local_time
from wijkbot.cli.staff import with_house
from wijkbot.settings import Settings, SettingsError, load_settings
from wijkbot.settings_sections import LANGUAGES
from wijkbot.storage import hand_groups
from wijkbot.storage.hand_groups import GroupFacts, HandGroup
from wijkbot.storage.postkit_tables import PLATFORMS, SIZES
from wijkbot.understanding.personal_data import DataKind, kinds_of

STALE = timedelta(days=183)
"""After so long somebody should look whether the list is still right."""
NAME_LENGTH = 80
_REFUSED = frozenset({DataKind.PHONE, DataKind.MAIL})


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line says about a group; None says nothing."""

    name: str | None = None
    platform: str | None = None
    neighbourhood: str | None = None
    languages: str | None = None
    size: str | None = None
    is_open: bool | None = None
    consent: bool | None = None


def listing(config: Path) -> None:
    """Print the list."""
    settings = load_settings(config)

    async def work(house: House) -> None:
        found = await house.database.read(hand_groups.listing)
        today = _today(house)
        if not found:
            typer.echo("There is no group yet. Next: wijkbot postkit groups add --help")
        for group in found:
            typer.echo(_group_line(group, today))

    with_house(settings, config, work)


def add(config: Path, wish: Wish) -> None:
    """Put a group on the list, and say what comes next."""
    settings = load_settings(config)
    area = next(iter(settings.areas()))

    async def work(house: House) -> None:
        own = tuple(settings.languages_of(wish.neighbourhood or area)[:1])
        blank = GroupFacts(
            "",
            "whatsapp",
            area,
            own,
            "25-100",
            is_open=False,
            has_consent=False,
            checked_on=_today(house).isoformat(),
        )
        facts = _with(blank, wish, settings)
        now_ms = house.clock.now_ms()
        number = await house.database.write(lambda c: hand_groups.add(c, facts, now_ms))
        typer.echo(f"Group {number} is on the list.")
        if facts.has_consent:
            typer.echo(f"Next, for whoever posts there: wijkbot postkit groups link {number}")
        else:
            typer.echo(
                "It gets no cards before its admin agrees: "
                f"wijkbot postkit groups edit {number} --consent"
            )

    if wish.neighbourhood is not None:
        _check_area(settings, wish.neighbourhood)
    with_house(settings, config, work)


def edit(config: Path, number: int, wish: Wish) -> None:
    """Put it right, and note that somebody looked today."""
    settings = load_settings(config)

    async def work(house: House) -> None:
        group = await _found(house, number)
        facts = replace(_with(group.facts, wish, settings), checked_on=_today(house).isoformat())
        await house.database.write(lambda c: hand_groups.edit(c, number, facts))
        typer.echo(_group_line(await _found(house, number), _today(house)))
        if group.has_link and not facts.has_consent:
            typer.echo("Its link opens nothing any more.")

    with_house(settings, config, work)


def remove(config: Path, number: int) -> None:
    """Take it off the list."""
    settings = load_settings(config)

    async def work(house: House) -> None:
        group = await _found(house, number)
        await house.database.write(lambda c: hand_groups.remove(c, number))
        typer.echo(f"Group {number}, {group.name}, is off the list; its link opens nothing.")

    with_house(settings, config, work)


def link(config: Path, number: int, *, withdraws: bool) -> None:
    """Print a fresh link, or make that none opens it any more."""
    settings = load_settings(config)

    async def work(house: House) -> None:
        group = await _found(house, number)
        if withdraws:
            had = await house.database.write(lambda c: hand_groups.unlink(c, number))
            typer.echo("Its link opens nothing any more." if had else "It had no link.")
            return
        if not group.facts.has_consent:
            remedy = f"ask its admin, then: wijkbot postkit groups edit {number} --consent"
            raise SettingsError("NUMBER", f"nobody agreed for group {number}; {remedy}")
        address = await make_link(house, number)
        typer.echo(f"Give this link to whoever posts in {group.name}, and nobody else.")
        typer.echo("It is shown once, and works until you make another one or withdraw it:")
        typer.echo(f"  {address}")

    with_house(settings, config, work)


def _group_line(group: HandGroup, today: date) -> str:
    facts = group.facts
    told = [
        facts.platform,
        facts.neighbourhood or "-",
        ",".join(facts.languages),
        facts.size_band,
        "open" if facts.is_open else "closed",
        "agreed" if facts.has_consent else "did not agree",
        "has a link" if group.has_link else "no link",
        f"looked at {facts.checked_on}",
    ]
    if today - date.fromisoformat(facts.checked_on) > STALE:
        told.append(f"look again: wijkbot postkit groups edit {group.id}")
    return f"{group.id:>4}  {group.name}: {', '.join(told)}"


def _with(facts: GroupFacts, wish: Wish, settings: Settings) -> GroupFacts:
    """What is known of the group after this command.

    Raises:
        SettingsError: a value is none that we know.
    """
    languages = facts.languages if wish.languages is None else _languages(wish.languages)
    made = GroupFacts(
        name=facts.name if wish.name is None else _name(wish.name),
        platform=_one_of("--platform", wish.platform, facts.platform, PLATFORMS),
        neighbourhood=facts.neighbourhood if wish.neighbourhood is None else wish.neighbourhood,
        languages=languages,
        size_band=_one_of("--size", wish.size, facts.size_band, SIZES),
        is_open=facts.is_open if wish.is_open is None else wish.is_open,
        has_consent=facts.has_consent if wish.consent is None else wish.consent,
        checked_on=facts.checked_on,
    )
    _check_area(settings, made.neighbourhood)
    return made


def _check_area(settings: Settings, area: str) -> None:
    if area not in settings.areas():
        known = ", ".join(name or '""' for name in settings.areas())
        raise SettingsError("--neighbourhood", f"there is no {area!r}; known: {known}")


def _name(told: str) -> str:
    name = " ".join(told.split())
    if not 0 < len(name) <= NAME_LENGTH:
        raise SettingsError("NAME", f"give the group a name of at most {NAME_LENGTH} characters")
    if kinds_of(name) & _REFUSED:
        raise SettingsError("NAME", "it has a phone number or an address; name the group without")
    return name


def _languages(told: str) -> tuple[str, ...]:
    codes = tuple(dict.fromkeys(code.strip().lower() for code in told.split(",")))
    if any(code not in LANGUAGES for code in codes):
        raise SettingsError("--languages", f"choose from {', '.join(LANGUAGES)}, as nl,fr")
    return codes


def _one_of(option: str, told: str | None, before: str, known: Sequence[str]) -> str:
    if told is not None and told not in known:
        raise SettingsError(option, f"choose from: {', '.join(known)}")
    return before if told is None else told


async def _found(house: House, number: int) -> HandGroup:
    group = await house.database.read(lambda c: hand_groups.get(c, number))
    if group is None:
        raise SettingsError(
            "NUMBER", f"there is no group {number}; see: wijkbot postkit groups list"
        )
    return group


def _today(house: House) -> date:
    area = next(iter(house.settings.areas()))
    return local_time(house.settings, area, house.clock.now_ms()).date()
