"""What was said and what was refused, by which line of the rule? Counts, and no content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import typer

from wijkbot.app import decision_log
from wijkbot.app.decision_log import Decided
from wijkbot.app.house import House
from wijkbot.cli.staff import with_house
from wijkbot.engine.relaxations import active
from wijkbot.settings import SettingsError, load_settings
from wijkbot.storage import counts

FEWEST = 5
"""A smaller number could point to one person, so it is shown as "<5".

Larger ones are rounded down to fives, so that two lists laid side by side do not tell either.
"""
MOST_DAYS = 366


def audit(config: Path, days: int) -> None:
    """Print the log of decisions of the last days."""
    settings = load_settings(config)
    if not 1 <= days <= MOST_DAYS:
        raise SettingsError("--days", f"choose 1 to {MOST_DAYS}")

    async def work(house: House) -> None:
        today = house.clock.now().date()
        first = today - timedelta(days=days - 1)
        stored = await house.database.read(
            lambda c: counts.between(c, first.isoformat(), today.isoformat())
        )
        used = ", ".join(decision_log.versions(stored)) or settings.policy.policy_version()
        typer.echo(f"Decisions from {first} to {today}. The rule: {settings.policy.profile},")
        typer.echo(f"version {used}. G is a group, P a private chat.")
        for found in active(settings.policy.limits.relaxations, today):
            typer.echo(f"Relaxed until {found.until}: {found.name} ({found.reason})")
        lines = table(decision_log.read(stored))
        typer.echo("\n".join(lines) if lines else "Nothing was decided in these days.")

    with_house(settings, config, work)


def table(decided: Iterable[Decided]) -> list[str]:
    """One line for each class, place, purpose and verdict; nothing in it is below five."""
    sums: Counter[tuple[str, str, str, str]] = Counter()
    for one in decided:
        sums[one.place, one.label, one.purpose, one.verdict] += one.count
    if not sums:
        return []
    head = f"{'place':<6} {'class':<18} {'purpose':<13} {'verdict':<28} {'times':>6}"
    rows = [
        f"{place:<6} {label:<18} {purpose:<13} {verdict:<28} {shown(times):>6}"
        for (place, label, purpose, verdict), times in sorted(sums.items())
    ]
    return [head, *rows]


def shown(times: int) -> str:
    """The number in fives, or "<5"."""
    return str(times - times % FEWEST) if times >= FEWEST else f"<{FEWEST}"
