"""Does the doctor say what is missing before residents are served, and which exceptions hold?"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wijkbot.cli.main import app

TODAY = datetime.now(UTC).date()
CONFIG = """[organisation]
name = "Wijkhuis Noord"
country = "BE"
languages = ["nl", "fr", "en"]
public_url = "https://bot.wijkhuisnoord.be"
[channels.proef]
adapter = "sandbox"
"""
SETTLED = f"""[crisis]
on_call = "none"
[go_live]
insurance_text = "Verzekerd via de gemeente"
connector = "Team Noord"
helplines_checked = {TODAY}
"""
OWN = {
    "Buurthuis De Brug": "Wijkhuis Noord",
    "02 000 00 00": "02 345 67 89",
    "debrug.example": "wijkhuisnoord.be",
    "Voorbeeldplein": "Kerkplein",
    "Voorbeeldkade": "Kerkplein",
    "voorbeeld van het pakket": "eigen agenda",
    "confidence: unchecked": "confidence: checked",
}


def _outreach(until: date) -> str:
    return (
        "[policy.relaxations.outreach]\n"
        f'reason = "Het straatwerk kent hen al"\nuntil = {until}\nworkers = ["Ann", "Youssef"]\n'
    )


def _run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new organisation that published its texts, still those of the pack."""
    made = tmp_path_factory.mktemp("doctor") / "wijk"
    assert _run("init", str(made))[0] == 0
    assert _run("publish", "-c", str(made / "wijkbot.toml"))[0] == 0
    return made


def _doctor(folder: Path, config: str, *options: str) -> tuple[int, str]:
    path = folder / "wijkbot.toml"
    path.write_text(config, encoding="utf-8")
    return _run("doctor", "-c", str(path), *options)


def _fill_in(dialogs: Path) -> None:
    """Put in own data, and look up every helpline today."""
    for path in dialogs.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        for example, own in OWN.items():
            text = text.replace(example, own)
        if path.parent.name == "helplines":
            text = re.sub(r"(?m)^last_checked: .*", f"last_checked: {TODAY}", text)
            text = re.sub(r"(?m)^expires: .*", f"expires: {TODAY + timedelta(days=180)}", text)
        path.write_text(text, encoding="utf-8")


def test_going_live_is_refused_until_everything_is_settled(folder: Path) -> None:
    code, told = _doctor(folder, CONFIG, "--go-live")
    missing = [line for line in told.splitlines() if line.startswith("MISS  ")]
    assert code == 1
    assert f"Not ready for residents: {len(missing)} missing." in told
    for key in ("[crisis] on_call", "insurance_text", "connector", "helplines_checked"):
        assert len([line for line in missing if key in line]) == 1, key
    assert any("dialogs/organisation.yaml" in line for line in missing)

    _fill_in(folder / "dialogs")
    code, told = _doctor(folder, CONFIG + SETTLED, "--go-live")
    assert "Nothing is missing before residents are served." in told
    assert code == 0, told


def test_doctor_alone_asks_nothing_of_going_live_and_lists_exceptions(folder: Path) -> None:
    until = TODAY + timedelta(days=30)
    code, told = _doctor(folder, CONFIG + _outreach(until))
    assert f"ok    relaxation outreach: active until {until}, for 2 worker(s): Het" in told
    assert "MISS" not in told
    assert "residents are served" not in told
    assert code == 0, told


def test_exception_without_end_in_sight_is_bad_and_an_ended_one_a_warning(folder: Path) -> None:
    code, told = _doctor(folder, CONFIG + _outreach(TODAY + timedelta(days=400)))
    assert "BAD   relaxation outreach: active until" in told
    assert "or earlier" in told
    assert code == 1
    ended = TODAY - timedelta(days=2)
    code, told = _doctor(folder, CONFIG + _outreach(ended))
    assert f"warn  relaxation outreach: ended on {ended}" in told
    assert code == 0, told


def test_pointer_in_quiet_hours_is_told(folder: Path) -> None:
    _, told = _doctor(folder, CONFIG + '[policy]\npointer = "MO 22:00"\n')
    assert "warn  pointer: MO 22:00 is inside the quiet hours" in told


def test_overlay_of_a_neighbourhood_is_asked_for_its_own_data(folder: Path) -> None:
    """The example of one neighbourhood is a gap, though the others filled theirs in."""
    _fill_in(folder / "dialogs")
    overlay = folder / "kade"
    overlay.mkdir()
    own = (folder / "dialogs" / "organisation.yaml").read_text(encoding="utf-8")
    (overlay / "organisation.yaml").write_text(
        own.replace("02 345 67 89", "02 000 00 00"), encoding="utf-8"
    )
    areas = '[neighbourhoods.noord]\nname = "Noord"\n'
    areas += '[neighbourhoods.kade]\nname = "Kade"\ncontent = "kade"\n'
    _, told = _doctor(folder, CONFIG + SETTLED + areas, "--go-live")
    (missing,) = [line for line in told.splitlines() if line.startswith("MISS  ")]
    assert "phone is still '02 000 00 00'" in missing


def test_secure_chat_of_our_own_needs_a_team_before_residents_come(folder: Path) -> None:
    builtin = '[secure_chat]\nkind = "builtin"\n'
    code, told = _doctor(folder, CONFIG + builtin)
    assert "warn  secure chat: nobody is in the team yet" in told
    assert code == 0, told
    code, told = _doctor(folder, CONFIG + SETTLED + builtin, "--go-live")
    assert "MISS  secure chat: nobody is in the team yet: run: wijkbot staff invite" in told
    assert "write [secure_chat] url" not in told
    assert code == 1


@pytest.mark.parametrize(
    ("url", "line", "expected"),
    [
        ("http://bot.wijkhuisnoord.be", "BAD   public_url: no https: browsers refuse to open", 1),
        ("http://127.0.0.1:8080", "warn  public_url: no https: webhooks", 0),
    ],
)
def test_secure_chat_of_our_own_is_bad_without_https(
    folder: Path, url: str, line: str, expected: int
) -> None:
    config = CONFIG.replace("https://bot.wijkhuisnoord.be", url)
    code, told = _doctor(folder, config + '[secure_chat]\nkind = "builtin"\n')
    assert line in told
    assert code == expected, told
