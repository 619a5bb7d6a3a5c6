"""Is an announcement that tells something about a person stopped, and never repeated?"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_announce_later import _join, _run
from wijkbot.app.announce_lint import notes_on, public_of
from wijkbot.content.load import load
from wijkbot.content.locate import content_dir
from wijkbot.understanding.personal_data import DataKind, kinds_of

PRIVATE = "Bel Sofie op 0470 12 34 56 of mail sofie.voorbeeld@gmail.com."
SECRETS = ("0470", "sofie.voorbeeld")
FINE = "Vrijdag repetitie in de Molenstraat 12. Vragen? Bel 02 000 00 00 of 0800 13 500."
LONG = (
    "In het weekend maken wij samen met alle buren van deze straat een lange tafel"
    " waar je mee kunt eten en drinken tot laat."
)
HOME = "Vrijdag koffie bij oma Voorbeeld, zij woont in de Molenstraat 12."


def _news(text: str) -> str:
    lines = "\n".join(f'  {language}: "Nieuws.\\n{text}"' for language in ("nl", "fr", "en"))
    return f"kind: text\nid: N1\npurpose: announcement\ntext:\n{lines}\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An organisation whose bot is in one group, and does not run."""
    folder = tmp_path_factory.mktemp("lint") / "wijk"
    subprocess.run([sys.executable, "-m", "wijkbot", "init", str(folder)], check=True)
    assert 0 == _run(folder, "publish").returncode
    asyncio.run(_join(folder))
    return folder


@pytest.fixture
def folder(made: Path) -> Iterator[Path]:
    """The same, without any news."""
    yield made
    (made / "dialogs" / "texts" / "N1-nieuws.yaml").unlink(missing_ok=True)


def _publish(folder: Path, text: str) -> str:
    (folder / "dialogs" / "texts" / "N1-nieuws.yaml").write_text(_news(text), encoding="utf-8")
    done = _run(folder, "publish")
    assert 0 == done.returncode, done.stderr
    return done.stderr


def _announce(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    at = ("--at", "2090-11-25 09:00")
    return _run(folder, "announce", "--item", "N1", "--group", "1", "--yes", *at, *more)


def test_number_of_a_person_is_refused_with_kind_and_line(folder: Path) -> None:
    noted = _publish(folder, PRIVATE)
    assert "N1-nieuws.yaml:5: an announcement should not hold" in noted
    planned = _run(folder, "schedules").stdout
    done = _announce(folder)
    assert 1 == done.returncode
    assert "line 2: a phone number" in done.stderr
    assert "line 2: somebody's mail address" in done.stderr
    assert "--allow-personal-data" in done.stderr
    assert planned == _run(folder, "schedules").stdout
    assert not [s for s in SECRETS if s in done.stderr + done.stdout + noted]


def test_what_everybody_may_know_is_planned_when_the_worker_says_so(folder: Path) -> None:
    _publish(folder, PRIVATE)
    done = _announce(folder, "--allow-personal-data")
    assert 0 == done.returncode, done.stderr
    assert "Planned." in done.stdout


def test_where_somebody_lives_is_refused_too(folder: Path) -> None:
    _publish(folder, HOME)
    done = _announce(folder)
    assert (1, True) == (done.returncode, "line 2: a home address" in done.stderr)


def test_place_of_an_activity_and_public_numbers_are_planned(folder: Path) -> None:
    """The worker is asked to look at the address once more; nothing is stopped."""
    assert "personal data" not in _publish(folder, FINE)
    done = _announce(folder)
    assert 0 == done.returncode, done.stderr
    assert "line 2: an address. Take it out if somebody lives there." in done.stderr
    assert "phone" not in done.stderr


def test_hard_sentence_is_shown_below_the_preview_and_stops_nothing(folder: Path) -> None:
    """In what the group reads: its French text is not judged as Dutch."""
    _publish(folder, LONG)
    done = _announce(folder)
    assert 0 == done.returncode, done.stderr
    preview, _, after = done.stdout.partition("Hard to read: ")
    assert "lange tafel" in preview
    assert after.startswith("N1 (nl): sentence 2 has 24 words; make two of it; 20 is the most\n")
    assert "(fr)" not in after
    assert "Planned." in after


def test_plain_announcement_gets_no_note(folder: Path) -> None:
    _publish(folder, FINE)
    assert "Hard to read" not in _announce(folder).stdout


def test_starter_pack_tells_nothing_about_anybody() -> None:
    assert () == notes_on(load(content_dir("dialogs")))


def test_contacts_of_the_organisation_and_of_helplines_are_public() -> None:
    public = public_of(load(content_dir("dialogs")).items.values(), "0470 00 00 00")
    text = "02 535 45 42, Voorbeeldplein 1, Voorbeeldkade 2, 0470/00.00.00"
    assert {DataKind.PHONE, DataKind.ADDRESS} == kinds_of(text)
    assert frozenset() == kinds_of(text, public)
