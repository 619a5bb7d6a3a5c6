"""Can a worker plan an announcement in the terminal, follow it, and take it off the list?"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.living import SATURDAY, living_bot
from wijkbot.app.assemble import open_house
from wijkbot.clock import Clock
from wijkbot.settings import load_settings
from wijkbot.storage import chats
from wijkbot.storage.chats import Newcomer

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = """
[organisation]
name = "Buurthuis De Brug"
country = "BE"
[secure_chat]
url = "https://veilige-chat.example/"
[channels.wijk]
adapter = "sandbox"
"""


def _run(folder: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wijkbot", *arguments, "-c", str(folder / "wijkbot.toml")],
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An organisation whose bot is in one group, and does not run."""
    made = tmp_path_factory.mktemp("cli") / "wijk"
    subprocess.run([sys.executable, "-m", "wijkbot", "init", str(made)], check=True)
    assert 0 == _run(made, "publish").returncode
    asyncio.run(_join(made))
    return made


async def _join(folder: Path) -> None:
    clock = Clock()
    house = await open_house(load_settings(folder / "wijkbot.toml"), folder, clock)
    area = next(iter(house.settings.areas()))
    new = [Newcomer("proef", "group", False, neighbourhood=area)]
    await house.database.write(lambda c: chats.meet(c, house.sealer, new, clock.now_ms()))
    await house.database.close()


def test_announcement_is_planned_listed_and_cancelled(folder: Path) -> None:
    """Once and every week; the list shows them in order; a cancelled one is gone."""
    group = ("--item", "Z4", "--group", "1")
    weekly = _run(folder, "announce", *group, "--at", "2090-11-25 09:00", "--every",
                  "FREQ=WEEKLY;BYDAY=MO", "--yes")  # fmt: skip
    assert 0 == weekly.returncode, weekly.stderr
    assert "would get" in weekly.stdout, "the preview"
    assert "Mon 2090-11-27 09:00  Europe/Brussels  Z4" in weekly.stdout
    refused = _run(folder, "announce", *group, "--at", "2090-11-25 09:00", typed="n\n")
    assert "Nothing was planned." in refused.stdout
    once = _run(folder, "announce", *group, "--at", "2090-11-25 09:00", typed="y\n")
    assert 0 == once.returncode, once.stderr
    listed = _run(folder, "schedules").stdout.splitlines()
    assert ["Sat 2090-11-25 09:00", "Mon 2090-11-27 09:00"] == [line[6:26] for line in listed]
    assert "once" in listed[0]
    assert "FREQ=WEEKLY;BYDAY=MO" in listed[1]
    left = _run(folder, "schedules", "--cancel", listed[1].split()[0]).stdout
    assert "Cancelled: 1." in left
    assert "FREQ=WEEKLY" not in left
    again = _run(folder, "schedules", "--cancel", "1")
    assert 2 == again.returncode
    (line,) = again.stderr.strip().splitlines()
    assert "wijkbot schedules" in line


def test_wrong_time_is_one_clear_line(folder: Path) -> None:
    """Exit 2, and what to write."""
    for wrong, word in (
        (("--at", "next week"), "2026-11-25 09:00"),
        (("--every", "FREQ=DAILY"), "--at"),
        (("--at", "2090-11-25 23:00"), "quiet hours"),
    ):
        done = _run(folder, "announce", "--item", "Z4", "--group", "1", "--yes", *wrong)
        assert 2 == done.returncode, done.stdout + done.stderr
        (line,) = done.stderr.strip().splitlines()
        assert word in line


async def _announce(folder: Path, *arguments: str) -> str:
    command = ("announce", "--item", "Z4", "--all", "--yes", *arguments)
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.announcer", SATURDAY.isoformat(), "1", *command),
        *("-c", str(folder / "wijkbot.toml")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=ROOT,
    )
    told, _ = await started.communicate()
    assert 0 == started.returncode, told.decode()
    return told.decode()


async def test_progress_is_shown_until_everything_is_sent(tmp_path: Path) -> None:
    """With a running bot: how many are sent, and the final counts. Without: that it waits."""
    policy = {"group_activation": "invite", "unsolicited_per_day": 9, "unsolicited_per_week": 9}
    (tmp_path / "wijkbot.toml").write_text(
        f"{SETTINGS}\n[policy]\nunsolicited_per_day = 9\nunsolicited_per_week = 9\n"
    )
    channels = {"wijk": {"adapter": "sandbox"}}
    async with living_bot(tmp_path, channels, extra={"policy": policy}) as living:
        for _ in range(100):
            if await living.bot.house.database.read(chats.groups):
                break
            await asyncio.sleep(0.05)
        shown = await _announce(tmp_path, "--wait", "20")
        assert "Queued for 1 group(s)." in shown
        assert ["sent 1 of 1", "1 sent."] == shown.splitlines()[-2:]
        assert "not running" not in shown
    waits = await _announce(tmp_path, "--wait", "1")
    assert [
        "sent 0 of 1",
        "The bot is not running; it goes out when it starts.",
        "0 sent, 1 on their way.",
    ] == waits.splitlines()[-3:]
    short = await _announce(tmp_path)
    assert "sent 0" not in short, "no terminal: it does not wait"
