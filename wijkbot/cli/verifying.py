"""Does a server give residents the page of this release? ``verify-web``, from outside."""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import typer

from wijkbot.app.pin import PIN_FILE, read_pin
from wijkbot.clock import Clock
from wijkbot.settings import SettingsError, load_settings
from wijkbot.web.outside.expected import Damaged, Expected, expected
from wijkbot.web.outside.fetching import browserlike, is_safe, origin_of
from wijkbot.web.outside.page_rules import Check
from wijkbot.web.outside.rooms import RESIDENTS, Room, room_of
from wijkbot.web.outside.verify import Looking, verify

SECONDS = 240.0
"""All of it may take so long."""
_PIN = re.compile(r"[0-9a-fA-F]{64}")
_WRONG, _RIGHT = 1, 0


@dataclass(frozen=True, slots=True)
class Asked:
    """Where to look; ``pin`` and ``api`` are "" when the configuration here tells them."""

    url: str
    pin: str = ""
    api: str = ""
    quiet: bool = False


def verify_web(config: Path, asked: Asked) -> int:
    """Print every check; 1 when something is not as it must be."""
    url = _page_of(asked.url)
    try:
        right = _expected(config, asked, room_of(url))
    except Damaged as damaged:
        raise SettingsError("verify-web", str(damaged)) from damaged
    checks = asyncio.run(_look(url, right, quiet=asked.quiet))
    wrong = sum(bool(check.problems) for check in checks)
    made = sum(not check.is_note for check in checks)
    release = f"wijkbot {version('wijkbot')}"
    if wrong:
        typer.echo(f"ALARM: {wrong} of {made} checks failed at {url}, beside {release}.")
        typer.echo('What to do now: docs/secure-chat-hosting.md, "When there is an alarm".')
        return _WRONG
    typer.echo(f"Right: {made} checks; {url} is the page of {release}, byte for byte.")
    return _RIGHT


async def _look(url: str, right: Expected, *, quiet: bool) -> list[Check]:
    """Every check, printed when it is made."""
    is_shown = sys.stderr.isatty()

    def tell(address: str) -> None:
        if is_shown:
            typer.echo(f"…     {_plain(address)}", err=True)

    checks = []
    try:
        async with asyncio.timeout(SECONDS), browserlike() as client:
            looking = Looking(client, right, Clock().now_ms() // 1000, tell)
            async for check in verify(looking, url):
                checks.append(check)
                _print(check, quiet=quiet)
    except TimeoutError:
        check = Check(url, "", (f"not done within {SECONDS:.0f} seconds",))
        checks.append(check)
        _print(check, quiet=quiet)
    return checks


def _print(check: Check, *, quiet: bool) -> None:
    if check.problems:
        for problem in check.problems:
            typer.echo(_plain(f"BAD   {check.what}: {problem}"))
    elif not quiet:
        typer.echo(_plain(f"{'note' if check.is_note else 'ok':<5} {check.what}: {check.fine}"))


def _plain(text: str) -> str:
    """What a server says cannot move the cursor or colour the terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _page_of(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_right = bool(parts.hostname) and parts.port != 0 and is_safe(url)
    except ValueError:
        is_right = False
    if not is_right or parts.username is not None:
        raise SettingsError("URL", "give the page's address, as https://chat.example.org/c")
    return url if parts.path.strip("/") else f"{origin_of(url)}{RESIDENTS.path}"


def _expected(config: Path, asked: Asked, room: Room) -> Expected:
    """What is right, from the options, and else from the configuration when it is here."""
    try:
        pin = asked.pin.strip() or read_pin(config.resolve().parent) or ""
    except ValueError as error:
        raise SettingsError(PIN_FILE, str(error)) from error
    if not _PIN.fullmatch(pin):
        remedy = f"give the 64 digits of {PIN_FILE}, as you got them from the organisation itself"
        raise SettingsError("--pin", remedy)
    if asked.api and not is_safe(asked.api):
        raise SettingsError("--api", "give the server of the chat, as https://bot.example.org")
    api, exit_url = origin_of(asked.api) if asked.api else "", ""
    if config.is_file() and room is RESIDENTS:  # the team's page has no such choices
        settings = load_settings(config)
        if chat := settings.secure_chat:
            exit_url = chat.exit_url
            if chat.static_origin and not api:
                api = origin_of(settings.organisation.public_url)
    return expected(pin.lower(), api, exit_url, room)
