"""Does `wijkbot staff` let the first one in, and does the doctor warn before the list is over?"""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.securechat.office import DAY, found, open_office
from wijkbot.app import pin
from wijkbot.cli.main import app
from wijkbot.cli.team_health import of_team
from wijkbot.storage import migrate

CONFIG = """[organisation]
name = "Wijkhuis Noord"
country = "BE"
public_url = "https://chat.example"
[secure_chat]
kind = "builtin"
[channels.proef]
adapter = "sandbox"
"""


def _run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.output + str(done.exception or "")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "wijk"
    assert 0 == _run("init", str(folder))[0]
    path = folder / "wijkbot.toml"
    path.write_text(CONFIG, encoding="utf-8")
    migrate.upgrade(f"sqlite:///{folder}/wijkbot.db")
    return path


def test_first_link_is_for_an_admin_who_coordinates(config: Path) -> None:
    at = ("-c", str(config))
    code, told = _run("staff", "invite", "Ann", "--role", "worker", *at)
    assert 1 == code
    assert "--role admin --role coordinator" in told
    code, told = _run("staff", "invite", "Ann", "--role", "admin", "--role", "coordinator", *at)
    assert 0 == code
    link = told.split()[-1]
    assert link.startswith("https://chat.example/werk/uitnodiging#")
    assert len(link.partition("#")[2]) >= 43
    assert "twelve words" in told
    listed = _run("staff", "list", *at)[1]
    assert "Ann" in listed
    assert "invited" in listed
    assert link.partition("#")[2] not in listed


def test_account_that_is_not_there_cannot_be_revoked_or_invited_again(config: Path) -> None:
    at = ("-c", str(config))
    assert "there is no such account" in _run("staff", "revoke", "3", *at)[1]
    assert "there is no such account" in _run("staff", "invite", "--account", "3", *at)[1]


@pytest.mark.parametrize(
    ("days", "words", "is_warning", "is_bad"),
    [
        (0, "holds for 60 more", False, False),
        (29, "holds for 31 more", False, False),
        (30, "holds for 30 more", True, False),
        (52, "holds for 8 more", True, False),
        (53, "holds for 7 more", False, True),
        (61, "residents cannot write", False, True),
    ],
)
async def test_doctor_warns_30_and_7_days_before_the_list_is_over(
    config: Path, days: int, words: str, is_warning: bool, is_bad: bool
) -> None:
    url = f"sqlite:///{config.parent}/wijkbot.db"
    async with open_office(config.parent, url) as office, office.tab() as tab:
        await found(office, tab)
        office.wait(days * DAY)
        root, listed = await of_team(office.bot.house, office.folder)
        assert not root.remedy
        assert words in listed.state
        assert (is_warning, is_bad) == (
            bool(listed.remedy and listed.is_warning),
            bool(listed.remedy and not listed.is_warning),
        )


async def test_doctor_says_that_the_root_is_not_the_pinned_one(config: Path) -> None:
    url = f"sqlite:///{config.parent}/wijkbot.db"
    async with open_office(config.parent, url) as office, office.tab() as tab:
        (nobody,) = await of_team(office.bot.house, office.folder)
        assert "wijkbot staff invite" in nobody.remedy
        await found(office, tab)
        path = office.folder / pin.PIN_FILE
        path.write_text("ab" * 32, encoding="ascii")
        assert "not the pinned one" in (await of_team(office.bot.house, office.folder))[0].state
        path.unlink()
        assert "missing" in (await of_team(office.bot.house, office.folder))[0].state
