"""Can a worker in the terminal announce with a photo, put it right, take it back, look back?"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image

from tests.living import SATURDAY, LivingBot, living_bot
from wijkbot.storage import chats
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import GROUP, Line

ROOT = Path(__file__).resolve().parents[2]
LIMITS = {"unsolicited_per_day": 9, "unsolicited_per_week": 9}
SETTINGS = """
[organisation]
name = "Buurthuis De Brug"
country = "BE"
[policy]
unsolicited_per_day = 9
unsolicited_per_week = 9
[secure_chat]
url = "https://veilige-chat.example/"
[channels.wijk]
adapter = "sandbox"
"""
CHANNELS = {"wijk": {"adapter": "sandbox"}}


@asynccontextmanager
async def _serving(folder: Path) -> AsyncIterator[LivingBot]:
    (folder / "wijkbot.toml").write_text(SETTINGS, encoding="utf-8")
    policy = {"policy": {"group_activation": "invite", **LIMITS}}
    async with living_bot(folder, CHANNELS, extra=policy) as living:
        for _ in range(100):
            if await living.bot.house.database.read(chats.groups):
                break
            await asyncio.sleep(0.05)
        yield living


def _poster(folder: Path) -> Path:
    written = io.BytesIO()
    Image.new("RGB", (400, 300), (20, 110, 90)).save(written, "JPEG")
    made = folder / "affiche.jpg"
    made.write_bytes(written.getvalue())
    return made


async def _run(folder: Path, *command: str, typed: str = "", code: int = 0) -> list[str]:
    """What the command says, line by line."""
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.announcer", SATURDAY.isoformat(), "1", "announce"),
        *(*command, "-c", str(folder / "wijkbot.toml")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=ROOT,
    )
    told, _ = await started.communicate(typed.encode())
    assert code == started.returncode, told.decode()
    return told.decode().splitlines()


def _line(living: LivingBot) -> Line | None:
    adapter = living.bot.adapters["wijk"]
    assert isinstance(adapter, SandboxAdapter)
    return next((n for n in adapter.world.lines(GROUP) if n.number > 1), None)


async def _edited(tmp_path: Path, living: LivingBot) -> None:
    told = await _run(tmp_path, "edit", "1", "--item", "Z1", typed="n\n")
    assert "will read instead" in told[0]
    assert "Nothing was changed." in told[-1]
    told = await _run(tmp_path, "edit", "1", "--item", "Z1", "--yes", "--wait", "60")
    assert ["edited 1 of 1", "1 edited."] == told[-2:]
    line = _line(living)
    assert line is not None
    assert line.text in "\n".join(told).replace("\n    ", "\n").replace("    ", "")


async def _deleted(tmp_path: Path, living: LivingBot) -> None:
    told = await _run(tmp_path, "delete", "1", typed="n\n")
    assert "It stands in group(s) 1." == told[0]
    assert "Nothing was deleted." in told[-1]
    told = await _run(tmp_path, "delete", "1", "--yes", "--wait", "60")
    assert "1 deleted." == told[-1]
    assert _line(living) is None
    told = await _run(tmp_path, "delete", "1", "--yes", code=2)
    assert ["wijkbot: NUMBER: announcement 1 was deleted already"] == told

    told = await _run(tmp_path, "list")
    assert ["deleted", "edited", "announced"] == [one[27:37].strip() for one in told]
    told = await _run(tmp_path, "show", "1")
    assert "Group 1: sent, pinned." in told
    assert "Group 1: edited." in told
    assert "Group 1: deleted." in told


async def test_from_photo_to_deletion_every_step_is_told(tmp_path: Path) -> None:
    async with _serving(tmp_path) as living:
        photo = ("--photo", str(_poster(tmp_path)), "--alt", "De affiche van het onthaal")
        extras = (*photo, "--ics", "--pin", "--silent")
        told = await _run(tmp_path, "--item", "Z4", "--all", *extras, "--wait", "60", typed="y\n")
        shown = "\n".join(told)
        assert "With a photo (400 by 300 points, " in shown
        assert "in words: De affiche van het onthaal" in shown
        assert "With the next opening for a calendar, pinned where the bot may, without" in shown
        assert "Its number is 1. Later: wijkbot announce edit 1, wijkbot announce delete 1" in told
        assert "1 sent." == told[-1]
        line = _line(living)
        assert line is not None
        assert line.photo is not None
        assert line.attachment is not None
        assert line.is_silent

        await _edited(tmp_path, living)
        await _deleted(tmp_path, living)


async def test_what_could_not_be_changed_is_told_for_each_group(tmp_path: Path) -> None:
    async with _serving(tmp_path) as living:
        await _run(tmp_path, "--item", "Z4", "--all", "--yes", "--wait", "60")
        line = _line(living)
        assert line is not None
        await living.bot.adapters["wijk"].withdraw(GROUP, str(line.number))
        told = await _run(tmp_path, "edit", "1", "--item", "Z1", "--yes", "--wait", "60")
        assert told[-2:] == [
            "0 edited, 1 refused.",
            "Group 1: not edited: it is not there any more: an admin deleted it.",
        ]


async def test_what_was_not_sent_yet_is_stopped(tmp_path: Path) -> None:
    """Nobody runs: the announcement waits, and is taken back before it went anywhere."""
    async with _serving(tmp_path):
        pass
    await _run(tmp_path, "--item", "Z4", "--all", "--yes")
    told = await _run(tmp_path, "delete", "1", "--yes")
    assert [
        "It is not sent yet to group(s) 1.",
        "1 group(s) did not have it yet and do not get it.",
    ] == told
    assert "Group 1: not sent: deleted before it was sent." in await _run(tmp_path, "show", "1")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ((), "--item: say which"),
        (("--item", "Z4", "--all", "--photo", "no.jpg", "--alt", "x"), "cannot be read"),
        (("--item", "Z4", "--all", "--alt", "a poster"), "--alt: it tells what is on a photo"),
        (("--item", "T03", "--all", "--ics"), "--ics: only a consultation hour"),
        (("--item", "T07", "--all", "--pin"), "--item: the pointer goes by itself"),
        (("edit", "9"), "NUMBER: there is no announcement 9; see: wijkbot announce list"),
    ],
)
async def test_mistake_is_one_line_before_anything_is_sent(
    tmp_path: Path, command: tuple[str, ...], told: str
) -> None:
    async with _serving(tmp_path):
        (line,) = await _run(tmp_path, *command, code=2)
        assert told in line
