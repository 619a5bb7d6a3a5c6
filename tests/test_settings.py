"""Is every mistake in the configuration one line that names the key and the remedy?"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from tests.written_settings import (
    CHANNEL,
    ORGANISATION,
    SMALLEST,
    check_mistake,
    read_settings,
)
from wijkbot.settings import ChannelSettings, Settings, SettingsError, load_settings

GUIDE = Path(__file__).resolve().parents[1] / "docs/configuration.md"


@pytest.fixture(autouse=True)
def _own_environment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test sets itself counts."""
    monkeypatch.delenv("WIJKBOT_STRICT", raising=False)


MISTAKES = {
    "unknown section": (
        SMALLEST + "[organization]\nname = 'x'\n",
        "organization",
        "did you mean 'organisation'?",
    ),
    "unknown key": (SMALLEST + "[server]\nprot = 1\n", "server.prot", "did you mean 'port'?"),
    "unknown key of a neighbourhood": (
        SMALLEST + "[neighbourhoods.zon]\nname = 'Zon'\ncontry = 'BE'\n",
        "neighbourhoods.zon.contry",
        "did you mean 'country'?",
    ),
    "unknown key of the secure chat": (
        SMALLEST + "[secure_chat]\nurll = 'https://a.example'\n",
        "secure_chat.urll",
        "did you mean 'url'?",
    ),
    "unknown key like no other": (SMALLEST + "[server]\nqqqq = 1\n", "server.qqqq", "remove it"),
    "no organisation": (CHANNEL, "organisation", "add it to wijkbot.toml"),
    "no name": (CHANNEL + "[organisation]\ncountry = 'NL'\n", "organisation.name", "add it"),
    "a country far away": (
        '[organisation]\nname = "x"\ncountry = "LU"\n' + CHANNEL,
        "organisation.country",
        "'NL' or 'BE'",
    ),
    "no channels": (ORGANISATION, "channels", "add at least one"),
    "a channel without a platform": (
        ORGANISATION + "[channels.buurt]\ntoken = 'x'\n",
        "channels.buurt.adapter",
        "add it",
    ),
    "a neighbourhood that is not there": (
        SMALLEST + 'neighbourhood = "maan"\n[neighbourhoods.zon]\nname = "Zon"\n',
        "channels.buurt-telegram.neighbourhood",
        "known: zon",
    ),
    "a sandbox beside a real channel": (
        SMALLEST + '[channels.proef]\nadapter = "sandbox"\n',
        "channels",
        "a process of its own",
    ),
    "a sandbox for the whole network": (
        ORGANISATION + '[channels.proef]\nadapter = "sandbox"\n[server]\nhost = "0.0.0.0"\n',
        "server.host",
        "use 127.0.0.1",
    ),
    "a secure chat without https": (
        SMALLEST + '[secure_chat]\nurl = "http://chat.example"\n',
        "secure_chat.url",
        "https://",
    ),
    "quiet hours that nobody can read": (
        SMALLEST + '[policy]\nquiet = "s avonds"\n',
        "policy.quiet",
        '"21:00-08:00"',
    ),
    "a language that is not offered": (
        ORGANISATION + 'languages = ["nl", "tlh"]\n' + CHANNEL,
        "organisation.languages",
        "choose from nl, fr, en",
    ),
    "no language at all": (
        ORGANISATION + "languages = []\n" + CHANNEL,
        "organisation.languages",
        "at least one",
    ),
    "a language of a neighbourhood": (
        SMALLEST + '[neighbourhoods.zon]\nname = "Zon"\nlanguages = ["tlh"]\n',
        "neighbourhoods.zon.languages",
        "choose from",
    ),
    "a clock of another planet": (
        SMALLEST + '[neighbourhoods.zon]\nname = "Zon"\ntimezone = "Mars/Noord"\n',
        "neighbourhoods.zon.timezone",
        "Europe/Brussels",
    ),
    "an address without https": (
        ORGANISATION + 'public_url = "bot.example.org"\n' + CHANNEL,
        "organisation.public_url",
        "https://",
    ),
    "a database of another kind": (
        SMALLEST + '[database]\nurl = "mysql://a/b"\n',
        "database.url",
        "postgresql://",
    ),
    "a token that can be guessed": (
        SMALLEST + "[server]\nmetrics_token = 'geheim'\n",
        "server.metrics_token",
        "at least 16",
    ),
    "a port out of reach": (SMALLEST + "[server]\nport = 70000\n", "server.port", "65535"),
    "no answers at all": (
        SMALLEST + "[policy]\nanswers_per_hour = 0\n",
        "policy.answers_per_hour",
        "greater than or equal to 1",
    ),
    "a secret file that is away": (
        SMALLEST + 'token = { file = "away.token" }\n',
        "channels.buurt-telegram.token",
        "check path and rights",
    ),
}


@pytest.mark.parametrize(("text", "key", "remedy"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_one_line_with_key_and_remedy(
    tmp_path: Path, text: str, key: str, remedy: str
) -> None:
    check_mistake(tmp_path, text, key, remedy)


def test_broken_toml_names_the_file_and_the_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="line 2") as caught:
        read_settings(tmp_path, "[organisation]\nname = De Brug\n")
    assert caught.value.key == str(tmp_path / "wijkbot.toml")
    assert "mend that line" in caught.value.remedy
    assert len(str(caught.value).splitlines()) == 1


def test_file_that_is_no_text_is_one_line_too(tmp_path: Path) -> None:
    path = tmp_path / "wijkbot.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="no valid TOML"):
        load_settings(path)


def test_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="wijkbot init"):
        load_settings(tmp_path / "wijkbot.toml")


def test_smallest_configuration_gets_every_default(tmp_path: Path) -> None:
    settings = read_settings(tmp_path, SMALLEST)
    assert settings.organisation.languages == ("nl", "fr", "en")
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 8080)
    assert settings.policy.group_activation == "moderator"
    assert settings.secure_chat is None
    assert settings.areas()[""].name == "De Brug"
    assert settings.neighbourhood_of("buurt-telegram") == ""
    assert settings.timezone_of("") == "Europe/Brussels"


def test_neighbourhood_has_its_own_country_clock_and_folder(tmp_path: Path) -> None:
    area = '[neighbourhoods.haven]\nname = "Haven"\ncountry = "NL"\ncontent = "wijken/haven"\n'
    settings = read_settings(tmp_path, SMALLEST + area)
    assert settings.country_of("haven") == "NL"
    assert settings.timezone_of("haven") == "Europe/Amsterdam"
    assert settings.neighbourhoods["haven"].content == str(tmp_path / "wijken/haven")
    assert settings.neighbourhood_of("buurt-telegram") == "haven"


def test_dates_of_going_live_are_dates(tmp_path: Path) -> None:
    dates = "helplines_checked = 2026-11-21\nvote_date = 2026-10-01\n"
    settings = read_settings(tmp_path, SMALLEST + "[go_live]\n" + dates)
    assert settings.go_live.helplines_checked == date(2026, 11, 21)
    assert settings.go_live.vote_date == date(2026, 10, 1)


def test_secret_comes_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "telegram.token").write_text("  123:abc\n", encoding="utf-8")
    settings = read_settings(tmp_path, SMALLEST + 'token = { file = "telegram.token" }\n')
    assert settings.channels["buurt-telegram"].options() == {"token": "123:abc"}


def test_secret_file_that_is_no_text_is_refused_without_showing_it(tmp_path: Path) -> None:
    (tmp_path / "telegram.token").write_bytes(b"geheim\xff")
    with pytest.raises(SettingsError, match="cannot be read") as caught:
        read_settings(tmp_path, SMALLEST + 'token = { file = "telegram.token" }\n')
    assert "geheim" not in str(caught.value)


def test_secret_comes_from_the_environment_for_a_channel_with_a_hyphen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIJKBOT_CHANNELS__BUURT_TELEGRAM__TOKEN", "123:abc")
    settings = read_settings(tmp_path, SMALLEST)
    assert list(settings.channels) == ["buurt-telegram"]
    assert settings.channels["buurt-telegram"].options() == {"token": "123:abc"}


def test_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIJKBOT_SERVER__PORT", "9001")
    monkeypatch.setenv("WIJKBOT_ORGANISATION__LANGUAGES", '["fr"]')
    settings = read_settings(tmp_path, SMALLEST + '[server]\nport = 9000\nhost = "::1"\n')
    assert (settings.server.port, settings.server.host) == (9001, "::1")
    assert settings.organisation.languages == ("fr",)


def test_unreadable_variable_is_one_line_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIJKBOT_ORGANISATION__LANGUAGES", "nl,fr")
    with pytest.raises(SettingsError, match="WIJKBOT_ORGANISATION") as caught:
        read_settings(tmp_path, SMALLEST)
    assert caught.value.key == "organisation"
    assert '["nl", "fr"]' in caught.value.remedy


def test_wrong_variable_is_one_line_with_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIJKBOT_SERVER__PRT", "1")
    with pytest.raises(SettingsError, match=r"^server\.prt: .*did you mean 'port'"):
        read_settings(tmp_path, SMALLEST)


def _sections(model: type[BaseModel] = Settings, above: str = "") -> dict[str, type[BaseModel]]:
    """Every section of the file with the model behind it; a section in a section as "a.b"."""
    found: dict[str, type[BaseModel]] = {}
    for name, field in model.model_fields.items():
        kinds: list[Any] = [field.annotation, *get_args(field.annotation)]
        for kind in kinds:
            if isinstance(kind, type) and get_origin(kind) is None and issubclass(kind, BaseModel):
                found[f"{above}{name}"] = kind
                found |= _sections(kind, f"{above}{name}.")
    return found


def _chapter(section: str) -> str:
    """The chapter `[section]`, or `[section.<name>]` of which there are several."""
    pages = re.split(r"^## ", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    heading = rf"`\[{re.escape(section)}(\]|\.<)"
    (chapter,) = (page for page in pages if re.match(heading, page))
    return chapter


def test_no_section_hides_from_the_guide() -> None:
    assert {"organisation", "policy", "policy.relaxations", "channels"} <= set(_sections())


@pytest.mark.parametrize("section", sorted(_sections()))
def test_guide_explains_exactly_the_keys_of_a_section(section: str) -> None:
    explained = re.findall(r"^\| `(\w+)` \|", _chapter(section), flags=re.MULTILINE)
    above = f"{section}."
    below = {name.removeprefix(above) for name in _sections() if name.startswith(above)}
    keys = set(_sections()[section].model_fields) - below
    assert keys <= set(explained)
    if _sections()[section] is not ChannelSettings:
        assert set(explained) == keys


@pytest.mark.parametrize("platform", ["matrix", "telegram", "whatsapp"])
def test_guide_explains_exactly_the_keys_of_an_adapter(platform: str) -> None:
    """The adapter's own list is the one it refuses unknown keys with."""
    module = __import__(f"wijkbot_{platform}.options", fromlist=["_KNOWN"])
    _, _, after = _chapter("channels").partition(f'### `adapter = "{platform}"`')
    explained = re.findall(r"^\| `(\w+)` \|", after.split("\n### ")[0], flags=re.MULTILINE)
    assert sorted(explained) == sorted(vars(module)["_KNOWN"])


def test_examples_and_defaults_of_the_guide_can_be_used(tmp_path: Path) -> None:
    """Every whole block of TOML in the guide is a configuration, with an organisation added."""
    blocks = re.findall(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) >= 2
    (tmp_path / "telegram.token").write_text("1:a", encoding="utf-8")
    for block in blocks:
        read_settings(tmp_path, ORGANISATION + block + ("" if "[channels." in block else CHANNEL))
