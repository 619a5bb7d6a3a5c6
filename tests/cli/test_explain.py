"""Does `wijkbot explain` tell a moderator what was understood, why, and what would be said?"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

LADDER = "wie heeft er een ladder te leen"
FOOD = "wanneer is de voedselbank ope"
CRISIS = "ik wil niet meer leven"


def _run(
    *arguments: str, cwd: Path | None = None, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wijkbot", *arguments],
        cwd=cwd, input=typed, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@cache
def _told(*arguments: str) -> str:
    done = _run("explain", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _object(*arguments: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(_told("--json", *arguments))
    return made


def test_topic_is_told_with_examples_and_thresholds() -> None:
    """The item, the example that spoke with its matching parts, and both thresholds."""
    told = _told(FOOD)
    assert "Taken for: a practical question (info). Language: Dutch." in told
    assert 'Why: the topic F18 "Voedselhulp" is ' in told
    assert "from: [wanneer is de voedselbank ope]n" in told
    assert "is needed in a group where nobody called the bot: " in told
    assert "is needed to somebody who called it, or in private: enough." in told
    assert "the runner-up is F" in told


def test_words_may_stand_without_quotes_or_come_from_standard_input() -> None:
    """A moderator need not know the shell, and need not leave words in its history."""
    assert _told(*FOOD.split()) == _told(FOOD)
    done = _run("explain", "-", typed=f"{FOOD}\n")
    assert done.stdout == _told(FOOD)


def test_crisis_is_told_with_the_phrase_and_the_cards() -> None:
    """What decided, that nothing could have changed it, and the numbers in each place."""
    told = _told(CRISIS)
    assert "(crisis_suicide)" in told.splitlines()[0]
    assert "niet meer leven" in told.splitlines()[1]
    assert "A crisis on the list always gets its card" in told
    assert "(the list decided already)" in told
    group, private = told.split("In private it says:")
    assert "112" in group
    assert "1813" in private


def test_silence_has_a_reason() -> None:
    """Nobody called the bot: that is why it is silent."""
    (line,) = [line for line in _told(CRISIS).splitlines() if "it says nothing" in line]
    assert line == (
        "In a group where nobody called the bot it says nothing: it only answers who calls it by"
        " its name or replies to it."
    )


def test_what_would_be_said_is_what_read_says() -> None:
    """The label, the item and every text are those of `wijkbot read`, at each place."""
    places: dict[str, dict[str, object]] = {
        "group": {"place": "group", "addressed": False},
        "group_addressed": {"place": "group"},
        "private": {"place": "private"},
    }
    asked = [(text, key) for text in (FOOD, CRISIS, LADDER) for key in places]
    typed = "\n".join(json.dumps({"text": t, "lang": "nl", **places[key]}) for t, key in asked)
    lines = _run("read", "-", typed=typed).stdout.splitlines()
    for (text, key), line in zip(asked, lines, strict=True):
        told, read = _object(text), json.loads(line)
        assert [said["text"] for said in told["said"][key]] == read["reply"], (text, key)
        assert (told["label"], told["language"]) == (read["label"], read["language"])
        assert told["faq"] == read["faq"] or key == "group"


def test_buttons_are_shown() -> None:
    """A dialog begins in private: its choices stand between brackets."""
    told = _object(LADDER)
    choices = told["said"]["private"][0]["choices"]
    assert choices
    assert f"  | [{choices[0]}]" in _told(LADDER)


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_personal_data_are_never_said_back(form: tuple[str, ...]) -> None:
    """Only the kind is named: no digit of the number, no street."""
    text = "ik woon in de Zonnebloemstraat 97 en mijn nummer is 0478 56 83 91"
    told = _told(*form, text)
    for piece in ("0478", "56 83 91", "Zonnebloem", "97"):
        assert piece not in told, piece
    assert "phone" in told
    assert "address" in told


def test_mistakes_are_one_line_and_exit_2(tmp_path: Path) -> None:
    """No message, an unknown language, a configuration that is not there, broken content."""
    wijk = tmp_path / "wijk"
    assert _run("init", str(wijk)).returncode == 0
    config = str(wijk / "wijkbot.toml")
    stop = wijk / "dialogs" / "alarm" / "stop.yaml"
    lists = yaml.safe_load(stop.read_text(encoding="utf-8"))
    lists["phrases"]["nl"].append("a*")
    stop.write_text(yaml.safe_dump(lists, allow_unicode=True), encoding="utf-8")
    _fails(_run("explain", "-c", config, FOOD), "'a*' is too short a beginning")
    (wijk / "dialogs" / "broken.yaml").write_text("kind: [", encoding="utf-8")
    _fails(_run("explain", "-c", config, FOOD), "broken.yaml")
    _fails(_run("explain", ""), "between quotes")
    _fails(_run("explain", "--lang", "xx", FOOD), "use one of nl, fr, en")
    _fails(_run("explain", "-c", str(tmp_path / "no.toml"), FOOD), "there is no such file")


def _fails(done: subprocess.CompletedProcess[str], word: str) -> None:
    assert done.returncode == 2, done.stdout
    (line,) = done.stderr.strip().splitlines()
    assert word in line


def test_failing_example_conversation_is_no_hindrance(tmp_path: Path) -> None:
    """Whoever looks for the reason needs the explanation."""
    wijk = tmp_path / "wijk"
    assert _run("init", str(wijk)).returncode == 0
    example = wijk / "dialogs" / "wis.example.yaml"
    text = example.read_text(encoding="utf-8")
    example.write_text(text.replace("bot: ", "bot: T44 # ", 1), encoding="utf-8")
    assert _run("check", str(wijk / "dialogs")).returncode == 1
    done = _run("explain", "-c", str(wijk / "wijkbot.toml"), FOOD)
    assert done.returncode == 0, done.stderr


def test_configuration_elsewhere_brings_its_own_dialogs(tmp_path: Path) -> None:
    """With -c the content beside it counts, wherever the command is run."""
    wijk = tmp_path / "wijk"
    assert _run("init", str(wijk)).returncode == 0
    topic = wijk / "dialogs" / "faq" / "F18-voedselbank.yaml"
    changed = topic.read_text(encoding="utf-8").replace('nl-BE: "', 'nl-BE: "Eigen woorden. ')
    topic.write_text(changed.replace('nl-NL: "', 'nl-NL: "Eigen woorden. '), encoding="utf-8")
    config = str(wijk / "wijkbot.toml")
    assert "Eigen woorden." in _run("explain", FOOD, "-c", config, cwd=tmp_path).stdout


def test_help_shows_an_example() -> None:
    """As every command does."""
    done = _run("explain", "--help")
    assert done.returncode == 0
    assert "Example: wijkbot explain" in done.stdout
