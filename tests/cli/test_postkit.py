"""Can whoever runs the bot keep the list of groups by hand, give links, and see what is posted?"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from tests.announcer import at_moment
from tests.app.by_hand_house import CHANNELS, MONDAY, OFTEN
from tests.living import living_bot
from wijkbot.app.hand_page import Act, press
from wijkbot.app.house import House
from wijkbot.cli import staff
from wijkbot.cli.main import main
from wijkbot.settings import load_settings

SETTINGS = """
[organisation]
name = "Buurthuis De Brug"
country = "BE"
public_url = "http://127.0.0.1:8080"
[policy]
unsolicited_per_day = 9
unsolicited_per_week = 9
[secure_chat]
url = "https://veilige-chat.example/"
[channels.wijk]
adapter = "sandbox"
"""


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where commands are given: the folder of an organisation, at a moment of our choice."""

    folder: Path
    patch: pytest.MonkeyPatch
    heard: pytest.CaptureFixture[str]

    @property
    def config(self) -> Path:
        return self.folder / "wijkbot.toml"

    def run(self, *command: str, code: int = 0) -> list[str]:
        """What the command says, line by line."""
        self.patch.setattr(sys, "argv", ["wijkbot", *command, "-c", str(self.config)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = "".join(self.heard.readouterr())
        assert code == (ended.value.code or 0), told
        return told.splitlines()

    def kit(self, *command: str, code: int = 0) -> list[str]:
        return self.run("postkit", *command, code=code)

    def press(self, link: str, card: int) -> bool:
        """Press the button of that card on the page behind the link; does it open anything?"""
        found = []

        async def work(house: House) -> None:
            token = link.rpartition("/")[2]
            found.append(await press(house, token, card, 1, Act.DONE))

        staff.with_house(load_settings(self.config), self.config, work)
        return found[0]


@pytest.fixture
def terminal(
    empty_house: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Terminal:
    folder = tmp_path / "house"
    shutil.copytree(empty_house, folder)
    monkeypatch.setattr(staff, "Clock", at_moment(MONDAY))
    return Terminal(folder, monkeypatch, capsys)


def _list_is_kept(terminal: Terminal) -> str:
    """Add, put right, give a link; returns the link that works."""
    assert terminal.kit("groups", "list") == [
        "There is no group yet. Next: wijkbot postkit groups add --help"
    ]
    told = terminal.kit("groups", "add", "Buren Noord", "--languages", "nl,fr")
    assert told[0] == "Group 1 is on the list."
    assert "groups edit 1 --consent" in told[1]
    refused = terminal.kit("groups", "link", "1", code=2)
    assert "nobody agreed for group 1" in refused[0]
    told = terminal.kit("groups", "edit", "1", "--consent", "--size", "100-250")
    assert told == [
        "   1  Buren Noord: whatsapp, -, nl,fr, 100-250, closed, agreed, no link, looked at "
        "2026-11-23"
    ]
    second = ("--platform", "facebook", "--open", "--consent")
    terminal.kit("groups", "add", "Ruilen in de wijk", *second)
    links = [(terminal.kit("groups", "link", "1"))[-1].strip() for _ in range(2)]
    assert links[0] != links[1]
    assert all(re.fullmatch(r"http://127\.0\.0\.1:\d+/post/[\w-]{22}", one) for one in links)
    return links[1]


def test_from_list_to_report_every_step_is_told(terminal: Terminal) -> None:
    link = _list_is_kept(terminal)
    assert terminal.kit() == ["No card is waiting. A card is made with: wijkbot announce --all"]
    announce = ("announce", "--item", "Z4", "--by-hand", "1", "--by-hand", "2", "--yes")
    told = terminal.run(*announce)
    assert "By hand: group 1, Buren Noord (nl-BE+fr) gets a card:" in told
    assert "A card for 2 group(s) by hand" in "\n".join(told)

    assert terminal.press(link, 1)
    told = terminal.kit()
    assert told[0].endswith("Z4       announcement 1  posted in 1 of 2 group(s)")
    assert re.fullmatch(
        r"      By hand 1, Buren Noord \(whatsapp\): posted, ticked \w{3} [\d-]+ [\d:]+\.", told[1]
    )
    assert told[2] == "      By hand 2, Ruilen in de wijk (facebook): not posted yet."
    assert "By hand: 1 of 2 group(s)." in terminal.run("announce", "show", "1")
    _files_are_written(terminal)

    told = terminal.run("announce", "delete", "1", "--yes")
    asked = "1 group(s) by hand: who posted it there is asked on their page to delete it."
    assert told[-1] == asked
    assert "By hand: 1 of 1 group(s)." in terminal.run("announce", "show", "1")
    assert "was deleted; nobody posts it" in terminal.kit("show", "1", code=2)[0]
    _group_goes(terminal, link)


def _files_are_written(terminal: Terminal) -> None:
    told = terminal.kit("show", "1")
    assert told[0] == "nl-BE:"
    assert told[1].startswith("    Zitdag van het onthaal: maandag 23 november")
    out = terminal.folder / "cards"
    terminal.kit("show", "1", "--out", str(out))
    assert sorted(path.name for path in out.iterdir()) == [
        f"card-1-{code}{ending}"
        for code in ("fr", "nl-BE")
        for ending in ("-picture.txt", ".png", ".txt")
    ]
    with Image.open(out / "card-1-fr.png") as picture:
        assert picture.size == (1080, 1080)
    text = (out / "card-1-nl-BE.txt").read_text(encoding="utf-8")
    assert "Dit bericht komt van Buurthuis De Brug." in text


def _group_goes(terminal: Terminal, link: str) -> None:
    assert terminal.press(link, 1)
    told = terminal.kit("groups", "edit", "1", "--no-consent")
    assert told[-1] == "Its link opens nothing any more."
    assert not terminal.press(link, 1)
    terminal.kit("groups", "remove", "1")
    (left,) = terminal.kit("groups", "list")
    assert "Ruilen in de wijk" in left


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("groups", "add", "Bel 0470 12 34 56"), "NAME: it has a phone number"),
        (("groups", "add", " "), "NAME: give the group a name"),
        (("groups", "add", "x", "--platform", "telex"), "--platform: choose from: whatsapp"),
        (("groups", "add", "x", "--size", "7"), "--size: choose from: <25"),
        (("groups", "add", "x", "--languages", "nl,xx"), "--languages: choose from"),
        (("groups", "add", "x", "--neighbourhood", "ver"), "--neighbourhood: there is no 'ver'"),
        (("groups", "remove", "9"), "NUMBER: there is no group 9"),
        (("show", "9"), "NUMBER: there is no card 9"),
    ],
)
def test_mistake_is_one_line(terminal: Terminal, command: tuple[str, ...], told: str) -> None:
    (line,) = terminal.kit(*command, code=2)
    assert told in line


def test_announcement_for_a_group_that_did_not_agree_is_refused(terminal: Terminal) -> None:
    terminal.kit("groups", "add", "Buren Zuid")
    announce = ("announce", "--item", "Z4", "--by-hand", "1", "--yes")
    (line,) = terminal.run(*announce, code=2)
    assert "--by-hand: there is no group 1 that agreed" in line


@pytest.fixture(scope="module")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with settings, key, database and a published book, and no group at all."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "wijkbot.toml").write_text(SETTINGS, encoding="utf-8")

    async def begin() -> None:
        async with living_bot(folder, CHANNELS, at=MONDAY, extra=OFTEN):
            pass

    asyncio.run(begin())
    return folder
