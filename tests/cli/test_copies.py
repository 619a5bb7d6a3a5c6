"""Can an operator copy and put back the database, and does each refusal say the next step?"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.living import free_port
from wijkbot.app.journal import Journal
from wijkbot.cli.main import app
from wijkbot.clock import Clock
from wijkbot.storage.entries import Erased, OptedOut
from wijkbot.storage.seal import create_key_file, load_key_file


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wijkbot", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = done.stderr.strip().splitlines()
    assert [word for word in words if word not in line] == []


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `wijkbot init` makes, once for all tests of this file."""
    made = tmp_path_factory.mktemp("new") / "wijk"
    assert run("init", str(made), cwd=made.parent).returncode == 0
    return made


@pytest.fixture
def folder(organisation: Path, tmp_path: Path) -> Path:
    made = shutil.copytree(organisation, tmp_path / "wijk")
    journal_of(made).begin()
    return made


def journal_of(folder: Path, name: str = "wijkbot.journal") -> Journal:
    return Journal(folder / name, load_key_file(folder / "wijkbot.key"), os.urandom)


@contextmanager
def served(folder: Path) -> Iterator[None]:
    """The folder while `wijkbot serve` runs on it."""
    port = free_port()
    serving = subprocess.Popen(
        [sys.executable, "-m", "wijkbot", "serve"],
        cwd=folder,
        env={**os.environ, "WIJKBOT_SERVER__PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail("serve did not come up")
        yield
    finally:
        serving.terminate()
        serving.wait(30)


def test_a_served_database_is_copied_without_the_key_and_put_back_after(folder: Path) -> None:
    with served(folder):
        (folder / "wijkbot.key").rename(folder / "elsewhere")
        done = run("db", "backup", "copy.db", cwd=folder)
        (folder / "elsewhere").rename(folder / "wijkbot.key")
        assert (done.returncode, done.stderr) == (0, "")
        assert "MB" in done.stdout
        assert "wijkbot.key elsewhere" in done.stdout
        assert (folder / "copy.db").stat().st_mode & 0o777 == 0o600
        refused(run("db", "backup", "copy.db", cwd=folder), "exists already", "--force")
        refused(run("db", "restore", "copy.db", "--force", cwd=folder), "stop it first")
    done = run("db", "restore", "copy.db", "--force", cwd=folder)
    assert done.returncode == 0, done.stderr
    for line in ("0 erasures replayed", "0 opt-outs replayed", "0 messages marked unknown"):
        assert line in done.stdout
    assert "wijkbot doctor" in done.stdout
    with served(folder):
        pass


def test_a_folder_gets_a_file_with_the_moment_in_its_name(folder: Path) -> None:
    (folder / "copies").mkdir()
    assert run("db", "backup", "copies", cwd=folder).returncode == 0
    (made,) = (folder / "copies").iterdir()
    assert made.match("wijkbot-*-*.db")


def test_what_the_journal_says_is_counted_and_a_spoiled_line_is_told(folder: Path) -> None:
    run("db", "backup", "copy.db", cwd=folder)
    journal = Journal(
        folder / "wijkbot.journal", load_key_file(folder / "wijkbot.key"), os.urandom
    )
    journal.write(Erased("a", (), Clock().now_ms()), OptedOut("a", "announcement", 1))
    with journal.path.open("ab") as file:
        file.write(b"half a li")
    done = run("db", "restore", "copy.db", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "1 line(s) were spoiled" in done.stderr
    assert "1 opt-outs replayed" in done.stdout
    with sqlite3.connect(folder / "wijkbot.db") as conn:
        assert conn.execute("SELECT member_hmac FROM opt_out").fetchall() == [("a",)]


def test_journals_of_other_machines_are_replayed_too(folder: Path) -> None:
    run("db", "backup", "copy.db", cwd=folder)
    for name in ("one", "two"):
        journal_of(folder, name).write(OptedOut(name, "announcement", 1))
    done = run("db", "restore", "copy.db", "--journal", "one", "--journal", "two", cwd=folder)
    assert "2 opt-outs replayed" in done.stdout, done.stderr


def test_a_lost_journal_is_not_passed_over_in_silence(folder: Path) -> None:
    run("db", "backup", "copy.db", cwd=folder)
    (folder / "wijkbot.journal").unlink()
    refused(run("db", "restore", "copy.db", cwd=folder), "wijkbot.journal", "--journal")
    done = run("db", "restore", "copy.db", "--without-journal", cwd=folder)
    assert (done.returncode, "NOT repeated" in done.stderr) == (0, True)


def test_another_key_file_is_refused(folder: Path) -> None:
    run("doctor", cwd=folder)  # binds the database to its key file
    run("db", "backup", "copy.db", cwd=folder)
    (folder / "wijkbot.key").unlink()
    create_key_file(folder / "wijkbot.key", bytes(32))
    refused(run("db", "restore", "copy.db", cwd=folder), "another database", "put back")


def test_what_is_not_there_or_no_backup_is_refused(folder: Path) -> None:
    refused(run("db", "restore", "nothing.db", cwd=folder), "nothing.db", "look at its name")
    (folder / "letter.txt").write_text("dear all", encoding="utf-8")
    refused(run("db", "restore", "letter.txt", cwd=folder), "not a backup", "wijkbot db backup")
    refused(run("db", "backup", "no/folder/copy.db", cwd=folder), "cannot be written")
    refused(run("db", "backup", "wijkbot.db", "--force", cwd=folder), "the database itself")
    (folder / "wijkbot.db").unlink()
    refused(run("db", "backup", "copy.db", cwd=folder), "no database", "database.url")


def test_help_shows_examples() -> None:
    for command in (("db",), ("db", "backup"), ("db", "restore"), ("db", "upgrade")):
        shown = CliRunner().invoke(app, [*command, "--help"]).output
        assert "Example: wijkbot db" in shown
