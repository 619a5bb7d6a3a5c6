"""Does `wijkbot export-web` write what another party needs, and say why when it cannot?"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wijkbot.app.pin import PIN_FILE
from wijkbot.cli.main import app
from wijkbot.settings import settings_from
from wijkbot.web.secure.built import built_files
from wijkbot.web.secure.headers import SECURE_HEADERS
from wijkbot.web.secure.resident_page import CHAT_LANGUAGES

ORIGIN, API, PIN = "https://chat.example", "https://bot.example", "ab" * 32
CONFIG = f"""[organisation]
name = "Wijkhuis Noord"
country = "BE"
languages = ["fr", "nl"]
public_url = "{API}"
[secure_chat]
kind = "builtin"
static_origin = "{ORIGIN}"
[channels.proef]
adapter = "sandbox"
"""


def _run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.output + str(done.exception or "")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An organisation whose page another party will serve; nothing is published yet."""
    folder = tmp_path / "wijk"
    assert 0 == _run("init", str(folder))[0]
    path = folder / "wijkbot.toml"
    path.write_text(CONFIG, encoding="utf-8")
    (folder / PIN_FILE).write_text(f"{PIN}\n")
    assert 0 == _run("db", "upgrade", "-c", str(path))[0]
    return path


def test_everything_the_page_loads_is_in_the_folder_and_nothing_else(config: Path) -> None:
    target = config.parent / "page"
    at = (str(target), "-c", str(config))
    assert "wijkbot publish" in _run("export-web", *at)[1]
    assert 0 == _run("publish", "-c", str(config))[0]
    code, told = _run("export-web", *at)
    assert 0 == code, told
    assert f"wijkbot verify-web {ORIGIN}/c --api {API} --pin {PIN}" in told
    built = built_files("c")
    loaded = [built["c"]["script"], built["c"]["icon"]]
    loaded += [one["href"] for one in (*built["c"]["styles"], *built["words"].values())]
    wanted = {href.removeprefix("/") for href in loaded}
    wanted |= {f"c/{code}/index.html" for code in CHAT_LANGUAGES}
    wanted |= {"c/index.html", "static/c/licences.txt", "README.md", "nginx.conf", "Caddyfile"}
    found = {
        path.relative_to(target).as_posix(): path.read_bytes()
        for path in target.rglob("*")
        if path.is_file()
    }
    sums = found.pop("SHA256SUMS").decode()
    assert wanted == set(found)
    lines = {f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in found.items()}
    assert lines == set(sums.splitlines())
    page = found["c/index.html"].decode()
    assert page == found["c/fr/index.html"].decode(), "the first language of the organisation"
    assert f'"api": "{API}"' in page and 'href="/c/uk/"' in page
    assert 0 == _run("export-web", *at)[0], "again, over the old one"


def test_both_web_servers_get_every_header_and_close_the_rest(config: Path) -> None:
    assert 0 == _run("publish", "-c", str(config))[0]
    target = config.parent / "page"
    assert 0 == _run("export-web", str(target), "-c", str(config))[0]
    wider = f"connect-src 'self' {API};"
    wanted = {name: value.replace("connect-src 'self';", wider) for name, value in
              SECURE_HEADERS.items()}  # fmt: skip
    assert wider in wanted["Content-Security-Policy"]
    nginx, caddy = (target / "nginx.conf").read_text(), (target / "Caddyfile").read_text()
    added = dict(re.findall(r'^    add_header (\S+) "([^"]*)" always;$', nginx, re.MULTILINE))
    assert wanted == added
    added = dict(re.findall(r'^        ([A-Z][A-Za-z-]+) "([^"]*)"$', caddy, re.MULTILINE))
    assert wanted == added
    for told in (nginx, caddy):
        assert told.count("{") == told.count("}")
        assert "chat.example" in told and "404" in told
    assert "access_log off" in nginx
    assert 2 == caddy.count("import safe"), "also when something goes wrong"


def test_hours_of_helplines_are_not_copied(config: Path) -> None:
    """A copy cannot know when they are over; the numbers stand there."""
    assert 0 == _run("publish", "-c", str(config))[0]
    target = config.parent / "page"
    assert 0 == _run("export-web", str(target), "-c", str(config))[0]
    page = (target / "c/nl/index.html").read_text()
    phones = page[page.index('<ul class="phones">') : page.index('<section class="about"')]
    assert "tel:112" in phones and "tel:1813" in phones
    assert not re.search(r"\d\d:\d\d|24/7|uur", phones)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (f'static_origin = "{ORIGIN}"\n', "", "secure_chat.static_origin: name who will serve"),
        (f'"{API}"', '"http://bot.example"', "organisation.public_url: it is where the chat is"),
        (f'"{API}"', f'"{ORIGIN}"', "organisation.public_url: it is where the chat is"),
        (f'"{ORIGIN}"', f'"{ORIGIN}/c"', "write https:// and the host alone"),
        (f'"{ORIGIN}"', '"http://chat.example"', "write https:// and the host alone"),
        (f'"{ORIGIN}"', '"*"', "write https:// and the host alone"),
    ],
)
def test_what_is_missing_is_said_in_one_line(config: Path, old: str, new: str, told: str) -> None:
    config.write_text(CONFIG.replace(old, new, 1), encoding="utf-8")
    code, said = _run("export-web", str(config.parent / "page"), "-c", str(config))
    assert 1 == code
    assert told in said


def test_without_a_pin_or_into_a_folder_in_use_nothing_is_written(config: Path) -> None:
    assert 0 == _run("publish", "-c", str(config))[0]
    at = ("-c", str(config))
    assert "holds something else" in _run("export-web", str(config.parent), *at)[1]
    (config.parent / PIN_FILE).unlink()
    target = config.parent / "page"
    assert "first make the team" in _run("export-web", str(target), *at)[1]
    assert not target.exists()


@pytest.mark.parametrize(("origin", "door"), [(ORIGIN, ORIGIN), ("", API)])
def test_links_lead_to_who_serves_the_page(origin: str, door: str) -> None:
    settings = settings_from(
        {
            "organisation": {"name": "x", "country": "BE", "public_url": API},
            "secure_chat": {"kind": "builtin", "static_origin": origin},
            "channels": {"proef": {"adapter": "sandbox"}},
        }
    )
    assert f"{door}/c" == settings.secure_link()
