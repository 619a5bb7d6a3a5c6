"""Do the README, the decisions and the guides say what is there?"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from wijkbot import adapter_api
from wijkbot.adapter_api import Adapter, Capabilities, ChannelConfig, Message, Port, Reason, Sent

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs/adapters.md").read_text(encoding="utf-8")
DECISIONS = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def help_of(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "wijkbot", *command, "--help"],
        cwd=ROOT, env=os.environ | {"COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def members(protocol: type) -> list[str]:
    named = {*vars(protocol), *getattr(protocol, "__annotations__", {})}
    return sorted(name for name in named if not name.startswith("_"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    dead = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert dead == []


def test_tour_names_every_room_and_only_rooms_that_exist() -> None:
    rooms = {f"wijkbot/{p.parent.name}/" for p in (ROOT / "wijkbot").glob("*/__init__.py")}
    named = set(re.findall(r"^\| `([a-z/]+/)`", README, flags=re.MULTILINE))
    assert rooms <= named
    assert [folder for folder in named if not (ROOT / folder).is_dir()] == []


def test_every_command_of_the_readme_exists_and_none_is_left_out() -> None:
    named = set(re.findall(r"^\| `wijkbot ([a-z-]+)`", README, flags=re.MULTILINE))
    shown = set(re.findall(r"^[\s│|]*([a-z][a-z-]*) {2,}\S", help_of(), flags=re.MULTILINE))
    assert named == shown


def test_every_target_that_the_pages_name_is_one_of_make() -> None:
    told = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = set(re.findall(r"^  ([a-z-]+) ", told, flags=re.MULTILINE))
    assert {"help", "setup", "demo", "test", "check", "fix", "wheel", "chat", "clean"} <= targets
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        used = set(re.findall(r"(?:`|^)make ([a-z-]+)", text, flags=re.MULTILINE))
        assert used <= targets, page.name


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_its_parts_fits_a_page_and_is_listed(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    number = page.stem.partition("-")[0]
    assert text.startswith(f"# {number} ")
    assert re.findall(r"^## (.*)$", text, flags=re.MULTILINE) == ["Question", "Choice", "Price"]
    assert "**Status:**" in text
    assert len(text.splitlines()) <= 50
    title = text.splitlines()[0].removeprefix(f"# {number} ")
    index = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    assert f"| [{number}]({page.name}) | {title} |" in index


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(p.stem[:4]) for p in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("protocol", [Adapter, Port, adapter_api.Mounted])
def test_guide_names_every_member_of_the_seam(protocol: type) -> None:
    assert [name for name in members(protocol) if f"`{name}`" not in GUIDE] == []


@pytest.mark.parametrize("record", [Capabilities, ChannelConfig])
def test_guide_names_every_field(record: Any) -> None:
    assert [f.name for f in fields(record) if f"`{f.name}`" not in GUIDE] == []


def test_guide_names_every_reason_to_refuse() -> None:
    assert [reason for reason in Reason if f"| `{reason}` |" not in GUIDE] == []


async def test_adapter_of_the_guide_runs() -> None:
    code = re.search(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)
    assert code is not None
    module = ModuleType("wijkbot_echo")
    exec(compile(code[1], "docs/adapters.md", "exec"), vars(module))
    now = datetime(2026, 11, 24, 14, tzinfo=UTC)
    adapter = module.create(ChannelConfig("kitchen", "De Brug", "", "", now=lambda: now))
    assert isinstance(adapter, Adapter)
    assert await adapter.send("kitchen", Message("1", "Dag!")) == Sent("1")
    request = adapter_api.WebhookRequest("POST", "", "", {"x-id": "7"}, b"spreekuur?")
    (event,) = (await adapter.read_webhook(request)).events
    assert (event.event_id, event.text, event.received_at) == ("7", "spreekuur?", now)


def test_entry_points_and_extras_cover_every_adapter_folder() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    entries = project["project"]["entry-points"]["wijkbot.adapters"]
    folders = {p.parent.name for p in (ROOT / "adapters").glob("*/__init__.py")}
    assert {f"wijkbot_{name}" for name in entries} == folders
    assert {*project["tool"]["importlinter"]["root_packages"]} == {"wijkbot", *folders}


def test_pins_name_versions_and_no_addresses() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()[1:]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.+!]+", line)] == []
    assert not [line for line in lines if line.lower().startswith("wijkbot")]


def test_changelog_has_a_place_for_the_next_change() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_readme_says_plainly_that_whatsapp_groups_do_not_work() -> None:
    assert "cannot join an existing WhatsApp" in README
