"""How is the database copied, and put back? With one line for the next step."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer

from wijkbot.app.assemble import KEY_FILE, database_url
from wijkbot.app.journal import JOURNAL, Journal, JournalProblem
from wijkbot.app.run import lock_folder
from wijkbot.clock import Clock
from wijkbot.schedule import recurrence
from wijkbot.settings import load_settings
from wijkbot.storage import backup, seal
from wijkbot.storage.entries import Entry
from wijkbot.storage.replay import Restored
from wijkbot.storage.restore import Wishes, restore
from wijkbot.storage.seal import Sealer
from wijkbot.storage.url import parse_url

_SECOND = 1.0
_MB = 1_000_000


def back_up(config: Path, target: Path | None, *, force: bool) -> None:
    """Copy the database into a file, while the bot runs."""
    settings = load_settings(config)
    folder = config.resolve().parent
    url = database_url(settings, folder)
    clock = Clock()
    named = f"wijkbot-{clock.now():%Y%m%d-%H%M%S}{backup.suffix(url)}"
    file = target or Path(named)
    if file.is_dir():
        file /= named
    size = backup.back_up(url, file, clock.now_ms(), Progress("copied"), replaces=force)
    typer.echo(f"{file} is a whole copy of the database ({size / _MB:.1f} MB).")
    typer.echo(
        f"Next: keep a copy of {folder / KEY_FILE} elsewhere, never beside this file: without it"
        " the copy cannot be read."
    )
    if (folder / JOURNAL).exists():
        typer.echo(
            f"And copy {folder / JOURNAL} often: a restore needs the newest one, not one of now."
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of a restore."""

    force: bool
    replay: bool
    journals: Sequence[Path]
    without_journal: bool


def put_back(config: Path, source: Path, asked: Asked) -> None:
    """Put a backup in the place of the database."""
    settings = load_settings(config)
    folder = config.resolve().parent
    url = database_url(settings, folder)
    clock = Clock()
    sealer = Sealer(seal.load_key_file(folder / KEY_FILE), clock.random_bytes)
    with ExitStack() as stack:
        if parse_url(url).drivername == "sqlite":
            stack.enter_context(lock_folder(folder))
        entries = _journaled(folder, sealer, asked)
        wishes = Wishes(entries, _following, replaces=asked.force, is_newest=asked.replay)
        done = restore(url, source, sealer, wishes, clock.now_ms(), Progress("put back"))
    _tell(done, source)


def _journaled(folder: Path, sealer: Sealer, asked: Asked) -> list[Entry]:
    """The entries of all journals, in the order of their moments."""
    if asked.without_journal:
        typer.echo("No journal: erasures since the backup are NOT repeated.", err=True)
        return []
    entries: list[Entry] = []
    for path in asked.journals or [folder / JOURNAL]:
        journal = Journal(path, sealer.key_file, Clock().random_bytes)
        read = journal.read()
        if read.unreadable and not read.entries:
            remedy = "name the journal that belongs to this key file with --journal"
            raise JournalProblem(path, "nothing in this journal can be read", remedy)
        if read.unreadable:
            typer.echo(
                f"{path}: {read.unreadable} line(s) were spoiled by a crash or the disk, and are"
                " passed over.",
                err=True,
            )
        entries += read.entries
    return sorted(entries, key=lambda entry: entry.at)


def _following(rule: str, zone: str, planned: int, now_ms: int) -> int | None:
    at, now = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (planned, now_ms))
    later = recurrence.due(rule, zone, at, now).following
    return None if later is None else round(later.timestamp() * 1000)


def _tell(done: Restored, source: Path) -> None:
    typer.echo(f"{source} is the database now.")
    typer.echo(f"  {done.erasures} erasures replayed")
    typer.echo(f"  {done.opt_outs} opt-outs replayed")
    typer.echo(f"  {done.day_keys} destroyed day keys removed again")
    typer.echo(f"  {done.unknown} messages marked unknown: they are not sent again")
    if done.announcements:
        typer.echo(f"  {done.announcements} announcements stopped half-way")
    if done.planned:
        typer.echo(f"  {done.planned} planned announcements passed over: their time is past")
    if done.passed_over:
        typer.echo(f"  {done.passed_over} events passed over: they were answered after the backup")
    typer.echo("Next: wijkbot doctor, then wijkbot serve.")


class Progress:
    """One line on standard error for each second that the work goes on."""

    def __init__(self, verb: str) -> None:
        self._verb = verb
        self._told_at = time.monotonic()

    def __call__(self, done: int, whole: int) -> None:
        """Tell, when a second went by since the last time."""
        if whole and time.monotonic() - self._told_at >= _SECOND:
            self._told_at = time.monotonic()
            print(f"{100 * done // whole:3d}% {self._verb}", file=sys.stderr, flush=True)
