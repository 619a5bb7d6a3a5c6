"""Is everything healthy, and if not, what should be done?"""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import typer

from wijkbot.adapter_api import Adapter, Mounted
from wijkbot.app.assemble import make_adapters, open_house
from wijkbot.app.go_live import Gap, go_live_gaps, is_this_machine, relaxation_gap
from wijkbot.app.publish import Checked, check_folder, problems_of
from wijkbot.cli.finding import Finding
from wijkbot.cli.team_health import of_team, team_gaps
from wijkbot.cli.traffic import of_delivery
from wijkbot.clock import Clock
from wijkbot.content.check import expired_helplines
from wijkbot.content.locate import content_dir
from wijkbot.engine.quiet_hours import QuietHours
from wijkbot.settings import Settings, load_settings
from wijkbot.storage import health

CHANNEL_SECONDS = 15.0
"""How long a platform may take to say how it is."""


def doctor(config: Path, *, go_live: bool = False) -> int:
    """Print every finding; 1 when something is wrong, or with ``go_live`` still missing."""
    settings = load_settings(config)
    folder = config.resolve().parent
    today = Clock().now().date()
    own = folder / "dialogs"
    checked = check_folder(own if own.is_dir() else content_dir("dialogs"), settings)
    of_house = asyncio.run(_of_house(settings, folder))
    findings = [*_of_content(checked, today), *of_house]
    findings.extend(_of_settings(settings))
    findings.extend(_of_policy(settings, today))
    for finding in findings:
        mark = "ok  " if not finding.remedy else ("warn" if finding.is_warning else "BAD ")
        typer.echo(f"{mark}  {finding.what}: {finding.state}")
        if finding.remedy:
            typer.echo(f"      -> {finding.remedy}")
    is_well = not any(f.remedy and not f.is_warning for f in findings)
    if go_live:
        gaps = [*_gaps(settings, checked, today), *team_gaps(of_house)]
        is_well = _is_ready(gaps) and is_well
    return 0 if is_well else 1


def _is_ready(gaps: list[Gap]) -> bool:
    """Print what is missing before residents are served, one line each."""
    typer.echo("")
    for gap in gaps:
        typer.echo(f"MISS  {gap.what}: {gap.remedy}")
    typer.echo(
        f"Not ready for residents: {len(gaps)} missing."
        if gaps
        else "Nothing is missing before residents are served."
    )
    return not gaps


def _gaps(settings: Settings, checked: tuple[Checked, ...], today: date) -> list[Gap]:
    """The gaps of every neighbourhood, each with the texts that its residents read; each once."""
    items = {part.scope: part.loaded.items for part in checked}
    found = [
        gap
        for area, neighbourhood in settings.areas().items()
        for gap in go_live_gaps(
            settings, items[area if neighbourhood.content else ""], today, [area]
        )
    ]
    return list(dict.fromkeys(found))


def _of_content(checked: tuple[Checked, ...], today: date) -> list[Finding]:
    problems = problems_of(checked)
    if problems:
        return [Finding("dialogs", f"{len(problems)} problem(s)", "run: wijkbot check")]
    findings = [Finding("dialogs", "right, and every example conversation plays")]
    expired = expired_helplines(checked[0].loaded, today)
    if expired:
        findings.append(
            Finding(
                "helplines",
                f"{len(expired)} were checked too long ago ({', '.join(expired[:3])} …)",
                "call or look up each one, then renew last_checked and expires",
                is_warning=True,
            )
        )
    return findings


async def _of_house(settings: Settings, folder: Path) -> list[Finding]:
    clock = Clock()
    house = await open_house(settings, folder, clock)
    try:
        waiting = await house.database.read(lambda c: health.by_channel(c, clock.now_ms()))
        await house.library.refresh()
        of_chat = await of_team(house, folder)
    finally:
        await house.database.close()
    findings = [
        Finding("database", "reachable, schema is current, the key file fits"),
        Finding("book", f"version {house.library.version}")
        if house.library.version
        else Finding("book", "nothing is published", "run: wijkbot publish"),
        *of_delivery(waiting, list(settings.channels)),
        *of_chat,
    ]
    for name, adapter in make_adapters(settings, folder, clock).items():
        findings.append(await of_channel(name, adapter))
    return findings


async def of_channel(name: str, adapter: Adapter) -> Finding:
    """Ask the platform itself; a pretend app has nothing to ask."""
    what = f"channel {name}"
    if isinstance(adapter, Mounted):
        return Finding(what, "a pretend group app, only for trying out")
    try:
        async with asyncio.timeout(CHANNEL_SECONDS):
            health = await adapter.health()
    except TimeoutError:
        return Finding(what, "no answer of the platform", "look at the network, then ask again")
    finally:
        await adapter.stop()
    if health.ok:
        return Finding(what, health.detail or f"{adapter.name} answers", health.remedy, True)
    return Finding(what, health.detail or "not well", health.remedy or "look at the log")


def _of_settings(settings: Settings) -> list[Finding]:
    findings = []
    if not settings.secure_link():
        findings.append(
            Finding(
                "secure chat",
                "none: a referral gives the phone and the next visiting hour",
                'set [secure_chat] kind = "builtin", or url',
                is_warning=True,
            )
        )
    if settings.organisation.public_url.startswith("http://"):
        findings.append(_of_plain_http(settings))
    return findings


def _of_plain_http(settings: Settings) -> Finding:
    """Only on the machine itself does a browser give a page without https what it seals with."""
    chat, host = settings.secure_chat, urlsplit(settings.organisation.public_url).hostname
    is_broken = chat is not None and chat.is_builtin and not is_this_machine(host or "")
    state = "no https: webhooks of platforms need it"
    if is_broken:
        state = "no https: browsers refuse to open the secure chat"
    remedy = "set [organisation] public_url to an address that begins with https://"
    return Finding("public_url", state, remedy, is_warning=not is_broken)


def _of_policy(settings: Settings, today: date) -> list[Finding]:
    """The exceptions to the rule and their ends, and a pointer that would never be seen."""
    findings = []
    for relaxation in settings.policy.relaxed():
        what = f"relaxation {relaxation.name}"
        gap = relaxation_gap(relaxation, today)
        is_active = relaxation.holds(today)
        people = f"{len(relaxation.workers)} worker(s)"
        state = f"active until {relaxation.until}, for {people}: {relaxation.reason}"
        if not is_active:
            state = f"ended on {relaxation.until}; it does nothing any more"
        remedy = gap.remedy if gap else ""
        findings.append(Finding(what, state, remedy, is_warning=not is_active))
    moment = settings.policy.pointer_moment()
    quiet = QuietHours.parse(settings.policy.quiet)
    if moment is not None and quiet.holds(datetime.combine(today, moment[1])):
        findings.append(
            Finding(
                "pointer",
                f"{settings.policy.pointer} is inside the quiet hours, so it never goes out",
                'choose another hour in [policy] pointer, or "" for none',
                is_warning=True,
            )
        )
    return findings
