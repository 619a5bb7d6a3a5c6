"""Can a worker make the link of a neighbourhood, see a list as a number, and announce to it?"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import segno
from sqlalchemy import Connection

from wijkbot.app.assemble import open_house
from wijkbot.clock import Clock
from wijkbot.settings import load_settings
from wijkbot.storage import chats, consents
from wijkbot.storage.chats import Newcomer
from wijkbot.storage.consents import Agreed

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = """
[organisation]
name = "Buurthuis De Brug"
country = "BE"
public_url = "https://bot.example.org"
[secure_chat]
url = "https://veilige-chat.example/"
[neighbourhoods.zonnewijk]
name = "Zonnewijk"
[neighbourhoods.havenkwartier]
name = "Havenkwartier"
word = "haven"
[channels.wijk]
adapter = "whatsapp"
account_sid = "AC00000000000000000000000000000000"
auth_token = "not-a-real-token-0000"
sender = "whatsapp:+32470000000"
"""
SCALE, BORDER = 8, 4
"""How the code is drawn: so many points a square, so many squares around it."""
LINK = "https://wa.me/32470000000?text=AANMELD%20haven"
SATURDAY = "2026-11-21T10:00+00:00"


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command at a moment at which something may be announced."""
    command = ["-m", "tests.announcer", SATURDAY, "1", *arguments]
    return subprocess.run(
        [sys.executable, *command, "-c", str(folder / "wijkbot.toml")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six subscribers of the one neighbourhood, two of the other, and one who only wrote."""
    made = tmp_path_factory.mktemp("cli") / "wijk"
    subprocess.run([sys.executable, "-m", "wijkbot", "init", str(made)], check=True, cwd=ROOT)
    (made / "wijkbot.toml").write_text(SETTINGS)
    published = _run(made, "publish")
    assert 0 == published.returncode, published.stderr
    asyncio.run(_subscribe(made))
    return made


async def _subscribe(folder: Path) -> None:
    clock = Clock()
    house = await open_house(load_settings(folder / "wijkbot.toml"), folder, clock)
    areas = ["zonnewijk"] * 6 + ["havenkwartier"] * 2

    def write(conn: Connection) -> None:
        for number in range(9):
            area = [*areas, "zonnewijk"][number]
            address = f"whatsapp:+3247000010{number}"
            new = [Newcomer("wijk", address, True, neighbourhood=area)]
            (chat_id,) = chats.meet(conn, house.sealer, new, clock.now_ms()).values()
            if number < len(areas):
                agreed = Agreed(
                    f"m{number}", "announcement", area, "wijk", chat_id, "aanmeld", 1, "nl",
                    "question",
                )  # fmt: skip
                consents.give(conn, agreed, clock.now_ms())

    await house.database.write(write)
    await house.database.close()


def test_link_carries_the_word_and_the_code_is_a_picture(folder: Path, tmp_path: Path) -> None:
    qr = tmp_path / "haven.svg"
    made = _run(folder, "whatsapp", "link", "havenkwartier", "--qr", str(qr))
    assert 0 == made.returncode, made.stderr
    assert LINK in made.stdout
    drawn = ElementTree.parse(qr).getroot()
    assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
    assert "AANMELD haven" == drawn.findtext("{http://www.w3.org/2000/svg}title")
    link = "https://wa.me/32470000000?text=AANMELD%20haven"
    assert _modules(drawn) == [
        list(row) for row in segno.make(link, error="m", micro=False).matrix
    ]
    by_word = _run(folder, "whatsapp", "link", "haven", "--qr", str(qr))
    assert by_word.stdout == made.stdout


def _modules(drawn: ElementTree.Element) -> list[list[int]]:
    """The dark and light squares of a drawn code, without the margin around it."""
    path = drawn.find(".//{http://www.w3.org/2000/svg}path")
    assert path is not None and path.get("transform") == f"scale({SCALE})"
    size = round(float(drawn.attrib["width"])) // SCALE
    dark = [[0] * size for _ in range(size)]
    x, y = 0.0, 0.0
    for command, told in re.findall(r"([Mmh])([^Mmh]*)", path.attrib["d"]):
        numbers = [float(one) for one in re.findall(r"-?[\d.]+", told)]
        if command == "h":  # a line along a row, as wide as its squares
            first, last = sorted((x, x + numbers[0]))
            for column in range(int(first), int(last)):
                dark[int(y)][column] = 1
            x += numbers[0]
        elif command == "M":
            x, y = numbers
        else:
            x, y = x + numbers[0], y + numbers[1]
    return [row[BORDER:-BORDER] for row in dark[BORDER:-BORDER]]


def test_link_of_no_neighbourhood_names_those_that_are_there(folder: Path) -> None:
    for name in ("strand", ""):
        made = _run(folder, "whatsapp", "link", *([name] if name else []))
        assert 2 == made.returncode
        assert "zonnewijk, havenkwartier" in made.stderr


def test_groups_shows_lists_as_numbers_and_small_ones_not_at_all(folder: Path) -> None:
    shown = _run(folder, "groups").stdout
    assert "6 subscribers" in shown
    assert "<5 subscribers" in shown
    assert "2 subscribers" not in shown
    assert "+3247" not in shown


def test_announcement_is_previewed_queued_and_told_as_numbers(folder: Path) -> None:
    """Nobody is named; what is told afterwards adds up."""
    sent = _run(folder, "announce", "--item", "Z4", "--subscribers", "zonnewijk", "--yes")
    assert 0 == sent.returncode, sent.stderr
    assert "wijk: 6 subscribers of Zonnewijk" in sent.stdout
    assert "Havenkwartier" not in sent.stdout
    assert "Queued for 6 groups and subscribers." in sent.stdout
    number = sent.stdout.split("Its number is ")[1].split(".")[0]
    told = _run(folder, "announce", "show", number).stdout
    assert "Subscribers, 6: 6 on their way." in told
    assert "Group" not in told
    again = _run(folder, "announce", "--item", "Z4", "--subscribers", "zonnewijk", "--yes")
    assert "Queued for 0 groups and subscribers." in again.stdout, "one a day for each of them"


def test_everywhere_means_subscribers_too(folder: Path) -> None:
    planned = _run(
        folder, "announce", "--item", "Z4", "--all", "--at", "2026-12-02 09:00", "--yes"
    )
    assert 0 == planned.returncode, planned.stderr
    assert "wijk: <5 subscribers of Havenkwartier" in planned.stdout
    listed = [line for line in planned.stdout.splitlines() if "Europe/Brussels" in line]
    assert 2 == len(listed), "one for each neighbourhood"


def test_list_of_nobody_is_told(folder: Path) -> None:
    refused = _run(folder, "announce", "--item", "Z4", "--subscribers", "strand")
    assert 2 == refused.returncode
    assert "there is no neighbourhood 'strand'" in refused.stderr
