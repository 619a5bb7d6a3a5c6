"""Does `wijkbot quality` show a moderator which examples to mend?"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wijkbot", *arguments],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new organisation with the dialogs of the pack."""
    made = tmp_path / "wijk"
    done = _run("init", str(made))
    assert done.returncode == 0, done.stderr
    return made


def _processor_seconds() -> float:
    """What finished commands used: the same on a busy machine."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _topic(folder: Path, name: str) -> tuple[Path, dict[str, Any]]:
    (path,) = (folder / "dialogs" / "faq").glob(f"{name}-*.yaml")
    return path, yaml.safe_load(path.read_text(encoding="utf-8"))


def _done(*arguments: str) -> subprocess.CompletedProcess[str]:
    done = _run(*arguments)
    assert done.returncode == 0, done.stderr
    return done


def test_pack_is_reported_in_time_with_worst_topics_first() -> None:
    """Under 20 seconds; progress on stderr alone; figures that add up."""
    began = _processor_seconds()
    done = _run("quality", "--json")
    assert _processor_seconds() - began < 20
    assert done.returncode == 0, done.stderr
    assert "examples as if each were new" in done.stderr
    found = json.loads(done.stdout)
    topics = found["topics"]
    assert [t["accuracy"] for t in topics] == sorted(t["accuracy"] for t in topics)
    total = found["total"]
    assert sum(topic["examples"] for topic in topics) == total["examples"]
    assert sum(topic["right"] for topic in topics) == total["right"]
    assert 0.5 < total["accuracy"] < 1
    assert total["wrong"]["group"] <= total["wrong"]["addressed"] < total["answered"]["addressed"]
    assert found["thresholds"]["group"] >= found["thresholds"]["addressed"]
    assert set(found["languages"]) == {"nl", "fr", "en", "tr", "ar", "pl", "uk", "es", "de"}


def test_report_is_told_in_words() -> None:
    """Every part has its sentence, and what to do about look-alikes stands there."""
    told = _run("quality").stdout
    for sentence in (
        "would find their own topic first",
        "Topics, worst first",
        "Topics that look alike",
        "Add an example to one of them that only fits there",
        "How far a topic must be ahead",
        "in 100 questions without a topic get an answer",
    ):
        assert sentence in told, sentence


def test_double_and_missing_examples_are_reported(folder: Path) -> None:
    """A double is named with both its topics, which look alike; and what is missing where."""
    path, topic = _topic(folder, "F18")
    other = _topic(folder, "F28")[1]["examples"]["fr"][0]
    topic["examples"]["fr"] = [topic["examples"]["fr"][0], other]
    del topic["examples"]["de"]
    path.write_text(yaml.safe_dump(topic, allow_unicode=True), encoding="utf-8")
    config = str(folder / "wijkbot.toml")
    found = json.loads(_done("quality", "--json", "-c", config).stdout)
    told = _done("quality", "-c", config).stdout
    (double,) = [double for double in found["doubles"] if "F18" in double["items"]]
    assert sorted(double["items"]) == ["F18", "F28"]
    assert f"{other}: in F" in told
    (pair,) = [pair for pair in found["look_alikes"] if pair["items"] == ["F18", "F28"]]
    assert pair["confused"] >= 1
    assert other in {pair["first"], pair["second"]}
    few = {(f["item"], f["language"]): (f["has"], f["wanted"]) for f in found["too_few"]}
    assert few["F18", "fr"] == (2, 4)
    assert few["F18", "de"] == (0, 3)
    assert ("F18", "nl") not in few
    (line,) = [line for line in told.splitlines() if "German 0/3" in line]
    assert "F18" in line
    assert "French 2/4" in line


def test_broken_content_is_no_report(folder: Path) -> None:
    """One line that names the file, and exit 2."""
    (folder / "dialogs" / "broken.yaml").write_text("kind: [", encoding="utf-8")
    done = _run("quality", "-c", str(folder / "wijkbot.toml"))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "broken.yaml" in done.stderr.splitlines()[0]


def test_help_shows_an_example() -> None:
    """As every command does."""
    done = _run("quality", "--help")
    assert done.returncode == 0
    assert "Example: wijkbot quality" in done.stdout
