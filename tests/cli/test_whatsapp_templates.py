"""Does `wijkbot whatsapp templates` show what to submit, and say when one is not there?"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wijkbot.adapter_api import Approval, TemplateState, TemplateText
from wijkbot.app.assemble import ensure_key
from wijkbot.app.reach import Reach
from wijkbot.cli.main import app
from wijkbot.cli.reaching import in_words
from wijkbot.cli.template_report import ask, name_of, texts_of
from wijkbot.clock import Clock
from wijkbot.content.load import load
from wijkbot.content.locate import content_dir

TOML = """
[organisation]
name = "De Brug"
country = "BE"
[channels.zonnewijk]
adapter = "sandbox"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "wijkbot.toml"
    path.write_text(TOML, encoding="utf-8")
    ensure_key(tmp_path, Clock())
    return path


def test_every_template_is_shown_ready_to_submit(config: Path) -> None:
    done = CliRunner().invoke(app, ["whatsapp", "templates", "-c", str(config)])
    assert done.exit_code == 0, done.output
    for name in ("wijkbot_w01_nl", "wijkbot_w01_fr", "wijkbot_w01_en", "wijkbot_w02_nl"):
        assert f"\n{name}  " in f"\n{done.output}"
    assert "category marketing" in done.output
    assert "{{1}} for example: Buurthuis De Brug" in done.output
    assert "there is no WhatsApp" in done.output


def test_without_templates_it_says_what_to_put_back(config: Path) -> None:
    own = config.parent / "dialogs"
    shutil.copytree(content_dir("dialogs"), own)
    shutil.rmtree(own / "templates")
    done = CliRunner().invoke(app, ["whatsapp", "templates", "-c", str(config)])
    assert done.exit_code != 0
    assert "templates/" in str(done.exception)


class Answering:
    """A platform that tells one thing of all templates."""

    def __init__(self, approval: Approval) -> None:
        self.approval = approval

    async def template_states(self, wanted: list[TemplateText]) -> list[TemplateState]:
        return [TemplateState(one.name, one.language, self.approval, "why") for one in wanted]


@pytest.mark.parametrize("approval", list(Approval))
def test_one_that_is_not_there_is_told_and_fails(
    approval: Approval, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = texts_of(load(content_dir("dialogs")).items)
    code = asyncio.run(ask("buurt", Answering(approval), wanted))  # type: ignore[arg-type]
    is_well = approval in {Approval.APPROVED, Approval.WAITS}
    assert code == (0 if is_well else 1)
    told = capsys.readouterr().out
    assert all(name_of(one) in told for one in wanted)
    assert "(why)" in told


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (Reach(30, 212), "212 by template, 30 freely."),
        (Reach(30, 212, has_template=False), "There is no template W01"),
        (
            Reach(30, 5000, room=200, tier=250),
            "Today 200 of the first; with the rest it takes about 21 days at a tier of 250.",
        ),
        (Reach(2, 5000), "about 20 days at the tier of a new number (250 a day)"),
        (Reach(2, 5000, is_full=True), "WhatsApp takes no more people now"),
        (Reach(3, 0), "0 by template, <5 freely."),
    ],
)
def test_who_can_be_reached_is_told_in_numbers(found: Reach, told: str) -> None:
    assert told in in_words(found)
