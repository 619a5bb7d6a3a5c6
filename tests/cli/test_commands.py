"""Does every command do its work, and does every fault give one clear line and exit code?"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from wijkbot.content.locate import content_dir


def _run(
    *arguments: str, cwd: Path | None = None, typed: str = "", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wijkbot", *arguments],
        cwd=cwd,
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **(env or {})},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new organisation, made by `wijkbot init`."""
    made = tmp_path / "wijk"
    done = _run("init", str(made))
    assert 0 == done.returncode, done.stderr
    return made


def _fails(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """One line, exit 2, and it names what is wrong and what to do."""
    assert 2 == done.returncode, done.stdout + done.stderr
    (line,) = done.stderr.strip().splitlines()
    for word in words:
        assert word in line
    assert "Traceback" not in done.stderr


def test_init_makes_a_folder_that_serves_and_checks(folder: Path) -> None:
    """Configuration, key file (mode 600) and dialogs; the check passes."""
    assert 0o600 == (folder / "wijkbot.key").stat().st_mode & 0o777
    assert (folder / "dialogs" / "klus.yaml").is_file()
    done = _run("check", str(folder / "dialogs"))
    assert 0 == done.returncode, done.stderr
    again = _run("init", str(folder))
    _fails(again, "wijkbot.toml", "choose another folder")


def test_check_reports_all_mistakes_with_file_and_line(folder: Path) -> None:
    """Broken YAML, an unknown key and a missing translation, all in one run, exit 1."""
    dialogs = folder / "dialogs"
    (dialogs / "broken.yaml").write_text("kind: text\n  id: [", encoding="utf-8")
    thanks = dialogs / "texts" / "T44-groet.yaml"
    thanks.write_text(thanks.read_text().replace("purpose:", "purpse:"), encoding="utf-8")
    hours = dialogs / "texts" / "T45-daar-praten-we-niet-over.yaml"
    kept = [line for line in hours.read_text().splitlines() if not line.startswith("  fr:")]
    hours.write_text("\n".join(kept), encoding="utf-8")
    done = _run("check", str(dialogs))
    assert 1 == done.returncode
    assert "broken.yaml:" in done.stderr
    assert "did you mean 'purpose'?" in done.stderr
    assert "T45.text has no text in fr" in done.stderr


def test_publish_refuses_a_broken_edit_and_says_so(folder: Path) -> None:
    """The old texts stay; a good edit gets the next book."""
    config = str(folder / "wijkbot.toml")
    first = _run("publish", "-c", config)
    assert "Published as book 1" in first.stdout
    thanks = folder / "dialogs" / "texts" / "T44-groet.yaml"
    good = thanks.read_text(encoding="utf-8")
    thanks.write_text("kind: text", encoding="utf-8")
    broken = _run("publish", "-c", config)
    assert 1 == broken.returncode
    assert "the old texts stay" in broken.stderr
    thanks.write_text(good.replace("Graag gedaan!", "Met plezier!"), encoding="utf-8")
    assert "Published as book 2" in _run("publish", "-c", config).stdout


def test_read_judges_500_lines_in_order(tmp_path: Path) -> None:
    """One object a line, in order; a line that is no JSON gets an error object and exit 1."""
    asked = ["wanneer is het spreekuur?", "ik kan mijn huur niet betalen", "mooi weer vandaag"]
    lines = [json.dumps({"text": asked[n % 3], "place": "group"}) for n in range(500)]
    source = tmp_path / "messages.jsonl"
    source.write_text("\n".join(lines), encoding="utf-8")
    done = _run("read", str(source))
    assert 0 == done.returncode, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert 500 == len(results)
    labels = ["info", "help_personal", "small_talk"]
    assert [labels[n % 3] for n in range(500)] == [r["label"] for r in results]
    lines[7] = "this is no JSON"
    bad = _run("read", "-", typed="\n".join(lines))
    assert 1 == bad.returncode
    results = [json.loads(line) for line in bad.stdout.splitlines()]
    assert 500 == len(results)
    assert "line 8" in results[7]["error"]


def test_chat_talks_in_the_terminal() -> None:
    """A private chat that begins with the menu, and a crisis card."""
    done = _run("chat", "--country", "NL", typed="ik wil niet meer leven\n\n")
    assert "Ik ben een computer" in done.stdout
    assert "Bel 113." in done.stdout
    _fails(_run("chat", "--lang", "xx"), "--lang", "nl, fr or en")


def test_doctor_says_what_to_do(folder: Path) -> None:
    """Nothing is published yet: the next step stands under it."""
    config = str(folder / "wijkbot.toml")
    before = _run("doctor", "-c", config)
    assert 1 == before.returncode
    assert "run: wijkbot publish" in before.stdout
    _run("publish", "-c", config)
    after = _run("doctor", "-c", config)
    assert 0 == after.returncode, after.stdout
    assert "warn  secure chat" in after.stdout
    line = folder / "dialogs" / "helplines" / "113.yaml"
    kept = [n for n in line.read_text().splitlines() if not n.startswith(("last_", "expires"))]
    kept += ["last_checked: 2020-01-01", "expires: 2020-06-01"]
    line.write_text("\n".join(kept), encoding="utf-8")
    warned = _run("doctor", "-c", config)
    assert "warn  helplines" in warned.stdout
    assert "renew last_checked" in warned.stdout


def test_missing_configuration(tmp_path: Path) -> None:
    """The remedy is the command that makes one."""
    _fails(_run("serve", "-c", str(tmp_path / "no.toml")), "no.toml", "wijkbot init")


def test_unknown_key_and_unknown_adapter(folder: Path) -> None:
    """A misspelt key gets a suggestion; an unknown adapter the list of known ones."""
    config = folder / "wijkbot.toml"
    good = config.read_text(encoding="utf-8")
    config.write_text(good.replace("[policy]", "[polcy]"), encoding="utf-8")
    _fails(_run("serve", "-c", str(config)), "polcy", "did you mean 'policy'?")
    config.write_text(good.replace('adapter = "sandbox"', 'adapter = "signal"'), encoding="utf-8")
    _fails(_run("serve", "-c", str(config)), "channels.proef.adapter", "'signal'", "telegram")


def test_missing_token(folder: Path) -> None:
    """The key is named, before anything starts."""
    config = folder / "wijkbot.toml"
    good = config.read_text(encoding="utf-8")
    config.write_text(
        good.replace('adapter = "sandbox"', 'adapter = "telegram"'), encoding="utf-8"
    )
    _fails(_run("serve", "-c", str(config)), "channels.proef.token")


def test_database_newer_than_the_code(folder: Path) -> None:
    """A schema from the future is refused with a clear line."""
    engine = create_engine(f"sqlite:///{folder / 'wijkbot.db'}")
    with engine.begin() as conn:
        conn.execute(text("update alembic_version set version_num = '9999_future'"))
    engine.dispose()
    _fails(_run("serve", "-c", str(folder / "wijkbot.toml")), "newer")


def test_port_in_use(folder: Path) -> None:
    """The port is named, and what to do."""
    config = folder / "wijkbot.toml"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config.write_text(f"{config.read_text()}\n[server]\nport = {port}\n", encoding="utf-8")
        _fails(_run("serve", "-c", str(config)), "server.port", str(port), "in use")


def test_two_plugins_with_one_name(folder: Path, tmp_path: Path) -> None:
    """Both origins are named; neither is renamed."""
    other = tmp_path / "other" / "other_sandbox-1.0.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other-sandbox\nVersion: 1.0\n")
    (other / "entry_points.txt").write_text("[wijkbot.adapters]\nsandbox = other:create\n")
    done = _run(
        "serve",
        *("-c", str(folder / "wijkbot.toml")),
        env={"PYTHONPATH": str(tmp_path / "other")},
    )
    _fails(done, "sandbox", "wijkbot", "other-sandbox", "uninstall one")


def test_every_command_helps_with_an_example() -> None:
    """--help of each command shows an example."""
    for command in (
        *("demo", "init", "serve", "check", "publish", "chat", "read"),
        *("announce", "schedules", "groups", "jobs", "doctor"),
    ):
        done = _run(command, "--help", env={"COLUMNS": "120"})
        assert 0 == done.returncode
        assert "Example: " in done.stdout, command
    assert "Example: " in _run("db", "upgrade", "--help").stdout


def test_running_bot_takes_a_new_text_within_five_seconds(folder: Path) -> None:
    """`publish` beside a running `serve`: the book of /health moves on."""
    config = folder / "wijkbot.toml"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config.write_text(f"{config.read_text()}\n[server]\nport = {port}\n", encoding="utf-8")
    serving = subprocess.Popen(
        [sys.executable, "-m", "wijkbot", "serve", "-c", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert 1 == _book(port, 1, seconds=30)
        thanks = folder / "dialogs" / "texts" / "T44-groet.yaml"
        changed = thanks.read_text().replace("Graag gedaan!", "Met plezier!")
        thanks.write_text(changed, encoding="utf-8")
        assert 0 == _run("publish", "-c", str(config)).returncode
        assert 2 == _book(port, 2, seconds=5)
        second = _run("serve", "-c", str(config), env={"WIJKBOT_SERVER__PORT": "0"})
        _fails(second, "another wijkbot serves this folder")
    finally:
        serving.terminate()
        assert 0 == serving.wait(10)


def _book(port: int, wanted: int, *, seconds: float) -> int:
    import httpx

    deadline = time.monotonic() + seconds
    book = 0
    while time.monotonic() < deadline and book != wanted:
        try:
            book = int(httpx.get(f"http://127.0.0.1:{port}/health").json()["book"])
        except (httpx.HTTPError, KeyError):
            book = 0
        time.sleep(0.1)
    return book


def test_wheel_folder_is_found_from_anywhere() -> None:
    """The pack comes with the package, wherever the command is run."""
    assert (content_dir("dialogs") / "pack.yaml").is_file()
