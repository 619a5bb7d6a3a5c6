"""Does every mistake of a moderator become one clear line: file, line, what, what to do?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.content.edits import change, problems
from wijkbot.content.load import load
from wijkbot.content.yaml_lines import read_source


def test_pack_is_right_and_its_examples_play(pack: Path) -> None:
    """Nothing to mend in what we ship."""
    assert () == problems(pack)


MISTAKES: list[tuple[str, str, str, str, str]] = [
    ("T44*.yaml", "purpose:", "purpse:", "'purpse' is unknown", "did you mean 'purpose'?"),
    ("T44*.yaml", "kind: text", "kind: txt", "the kind 'txt' is unknown", "'text'"),
    ("T44*.yaml", "  fr:", "  de:", "T44.text has no text in fr", "add 'fr'"),
    ("T44*.yaml", "  fr:", "  xx:", "'xx' is no language", "mend"),
    ("T45*.yaml", "id: T45", "id: T44", "the id 'T44' is taken", "change it"),
    ("T44*.yaml", "kind: text", "kind: text\nkind: text", "stands here twice", "keep one"),
    ("T44*.yaml", 'nl: "', 'nl: "{org.nme} ', "the field {org.nme} is unknown", "{org.name}?"),
    ("T44*.yaml", 'nl: "', 'nl: "{slot.x} ', "the field {slot.x} is unknown", "use one of"),
    ("T44*.yaml", 'nl: "', 'nl: "{oeps ', "is no field", "{{"),
    ("T44*.yaml", "text:", "text: [", "this is no valid YAML", "look at"),
    ("klus.yaml", "next: words", "next: wrds", "does not exist", "did you mean"),
    ("klus.yaml", "first: kind", "first: kin", "the first step 'kin'", "did you mean 'kind'?"),
    ("klus.yaml", "    end: true", "    next: too_young", "comes back to itself", "ask something"),
    ("wis.yaml", "    do: erase\n    end: true", "    do: erase", "has no way out", "end: true"),
    ("klus.yaml", "type: own_words", "type: own_words\n    harmless: true", "no choices", "leave"),
    ("klus.yaml", "[odd_job_request", "[help_personal", "tells something", "leave out"),
    ("klus.yaml", "slot: words", "slot: word", "has no 'words'", "slot: words"),
    ("klus.yaml", "[odd_job_request", "[odd_job_requst", "is unknown", "use a known label"),
    ("Z4*.yaml", "price: free\n", "", "the field 'price' is missing", "add it"),
    ("Z4*.yaml", "FREQ=WEEKLY;BYDAY=WE", "FREQ=WEKELY", "is no RRULE", "FREQ=WEEKLY"),
    ("Z4*.yaml", "Europe/Brussels", "Europe/Brusel", "time zone", "Europe/Brussels"),
    ("Z4*.yaml", 'from: "13:00"', 'from: "17:00"', "ends before it begins", "from/until"),
    ("113.yaml", "expires: 2026", "expires: 2027", "more than 180 days", "check it again"),
    ("F30*.yaml", 'answer:\n  nl: "', 'answer:\n  nl: "' + "Lang. " * 70, "characters", "350"),
    ("F01*.yaml", "hours: main", "hours: Z99", "there are no hours 'Z99'", "main"),
    ("pack.yaml", "main_hours: Z4", "main_hours: Z99", "there are no hours 'Z99'", "kind hours"),
    ("alarm/stop.yaml", "label: stop", "label: stopp", "the label 'stopp' is unknown", "'stop'?"),
    ("klus.example.yaml", "bot: klus.adult", "bot: klus.adlt", "the bot has no text", "name"),
    ("klus.example.yaml", "bot: klus.adult", "bot: T08", "should say T08", "mend the example"),
]


@pytest.mark.parametrize(
    ("name", "old", "new", "what", "todo"), MISTAKES, ids=[f"{m[0]}-{m[3][:30]}" for m in MISTAKES]
)
def test_mistake_is_told_with_its_line_and_remedy(
    pack: Path, name: str, old: str, new: str, what: str, todo: str
) -> None:
    """One of the lines names the file, a line of it, the mistake and the remedy."""
    path = change(pack, name, old, new)
    length = len(path.read_text(encoding="utf-8").splitlines())
    told = [p for p in problems(pack) if what in p.what and todo in p.remedy]
    assert told, [str(p) for p in problems(pack)]
    assert any(p.path == path and 1 <= p.line <= length for p in told)


def test_line_is_the_one_of_the_mistake(pack: Path) -> None:
    """Not the first line of the file, but where it stands."""
    path = change(pack, "klus.yaml", "next: words", "next: wrds")
    lines = path.read_text(encoding="utf-8").splitlines()
    (told,) = [p for p in problems(pack) if "'wrds'" in p.what]
    assert "next: wrds" in lines[told.line - 1]


def test_all_mistakes_come_at_once(pack: Path) -> None:
    """One run tells all of them."""
    change(pack, "T44*.yaml", "purpose:", "purpse:")
    change(pack, "klus.yaml", "next: words", "next: wrds")
    change(pack, "Z4*.yaml", "price: free\n", "")
    texts = " | ".join(str(problem) for problem in problems(pack))
    for part in ("'purpse'", "'wrds'", "'price'"):
        assert part in texts


def test_dialog_without_an_example_fails(pack: Path) -> None:
    """Examples are part of a dialog."""
    (pack / "wis.example.yaml").unlink()
    assert any("no example conversation" in p.what for p in problems(pack))


@pytest.mark.parametrize(
    ("edit", "what"),
    [
        (lambda t: t.replace("{helpline.suicide}", "1813", 1), "stands literally"),
        (lambda t: t.replace("reviewed:", "reviewed: {} #", 1), "was not reviewed"),
    ],
    ids=["literal number", "not reviewed"],
)
def test_crisis_text_is_guarded(pack: Path, edit: Callable[[str], str], what: str) -> None:
    """The wrong country's number, and an unread translation, cannot be published."""
    (path,) = pack.rglob("T12-*.yaml")
    path.write_text(edit(path.read_text(encoding="utf-8")), encoding="utf-8")
    assert any(what in p.what for p in problems(pack))


@given(st.text(max_size=400))
def test_any_file_gives_problems_and_no_exception(tmp_path_factory: object, text: str) -> None:
    """Whatever stands in a file, the loader tells it with a line."""
    folder = tmp_path_factory.mktemp("any")  # type: ignore[attr-defined]
    path = folder / "x.yaml"
    path.write_bytes(text.encode("utf-8", errors="replace"))
    read_source(path)
    loaded = load(folder)
    assert loaded.items or loaded.examples or loaded.problems
    assert all(problem.line >= 1 for problem in loaded.problems)


@pytest.mark.parametrize(
    "text",
    [
        "kind: text\nid: X\na: " + "{a: " * 800 + "}" * 800,
        "kind: text\nid: " + "9" * 5000,
        "kind: text\nid: &a [*a]",
        "kind: text\nid: !!int --5",
        "kind: !!python/object:os.system x",
        "? [kind]\n: text",
        "\ufeffkind: text",
        "- kind: text",
        "kind: text\n---\nkind: text",
        "",
    ],
    ids=str.split("deep digits alias signs object key bom list two empty"),
)
def test_odd_files_are_told_with_a_line(tmp_path: Path, text: str) -> None:
    """What a program would choke on is one more mistake to mend."""
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    told = load(tmp_path).problems
    assert told and all((path, True) == (p.path, p.line >= 1) for p in told)


def test_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    """A letter é of an old editor."""
    (tmp_path / "x.yaml").write_bytes("kind: text\nid: é".encode("latin-1"))
    (told,) = load(tmp_path).problems
    assert "save it as UTF-8" == told.remedy


def test_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A typing mistake in the command."""
    (told,) = load(tmp_path / "dialgos").problems
    assert "there is no such folder" == told.what
