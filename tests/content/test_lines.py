"""Does a mistake's line lead to the very line that a moderator must mend?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.content.edits import change, problems, remove

LONG = "Lang. " * 70
TURN = "      - bot: "
SPEAKING_LOOP = "    end: true\n  category:"
LINES: dict[str, tuple[str, str, str, str, str]] = {
    # file, what stood there, what stands there now, start of the line that is told, what is told
    "broken YAML": ("T44*.yaml", "text:\n", "text: {nl: x\n", "  nl:", "no valid YAML"),
    "unknown key": ("T44*.yaml", "purpose:", "purpse:", "purpse:", "'purpse' is unknown"),
    "unknown kind": ("T44*.yaml", "kind: text", "kind: txt", "kind:", "'txt' is unknown"),
    "bad id": ("T44*.yaml", "id: T44", "id: 4 4", "id:", "id:"),
    "taken id": ("T45*.yaml", "id: T45", "id: T44", "id:", "is taken by"),
    "key twice": ("T44*.yaml", "id: T44", "id: T44\nid: T99", "id: T99", "stands here twice"),
    "translation": ("T44*.yaml", "  fr:", "  de:", "text:", "no text in fr"),
    "half Dutch": ("T44*.yaml", "  nl:", "  nl-NL:", "text:", "no text in nl-BE"),
    "field": ("T44*.yaml", 'en: "', 'en: "{org.nme} ', "  en:", "{org.nme} is unknown"),
    "open brace": ("T44*.yaml", 'en: "', 'en: "{oeps ', "  en:", "is no field"),
    "step": ("klus.yaml", "next: words", "next: wrds", "    next: wrds", "'wrds'"),
    "branch": ("klus.yaml", "goto: noted", "goto: notd", "      - {if: [{slot: conf", "'notd'"),
    "choice's step": (
        "klus.yaml",
        "      - id: offer\n",
        "      - id: offer\n        goto: nowhere\n",
        "        goto:",
        "'nowhere'",
    ),
    "choice's title": (
        "klus.yaml",
        "{nl: Volgende week, fr: La semaine prochaine, ",
        "{nl: Volgende week, ",
        "      - {id: later",
        "when.later has no text in fr",
    ),
    "first step": ("klus.yaml", "first: kind", "first: kin", "first:", "first step 'kin'"),
    "unreachable": ("klus.yaml", "goto: too_young", "goto: category", "  too_young:", "never"),
    "no way out": (
        "wis.yaml",
        "    do: erase\n    end: true",
        "    do: erase",
        "  done:",
        "no way out",
    ),
    "loop": (
        "klus.yaml",
        SPEAKING_LOOP,
        "    next: too_young\n  category:",
        "  too_young:",
        "back",
    ),
    "label": ("klus.yaml", "[odd_job_request,", "[odd_jb,", "starts_on:", "'odd_jb' is unknown"),
    "long answer": (
        "F30*.yaml",
        'answer:\n  nl: "',
        f'answer:\n  nl: "{LONG}',
        "  nl:",
        "charact",
    ),
    "FAQ's hours": ("F01*.yaml", "hours: main", "hours: Z99", "hours:", "no hours 'Z99'"),
    "hours' field": ("Z4*.yaml", "price: free\n", "", "kind:", "the field 'price' is missing"),
    "rule": ("Z4*.yaml", "FREQ=WEEKLY;BYDAY=WE", "FREQ=WEKELY", '  - {rrule: "FREQ=WEK', "RRULE"),
    "zone": ("Z4*.yaml", "Europe/Brussels", "Europe", "timezone:", "time zone 'Europe'"),
    "main hours": ("pack.yaml", "main_hours: Z4", "main_hours: Z99", "main_hours:", "'Z99'"),
    "country's hours": ("pack.yaml", "NL: Z1", "NL: Z98", "main_hours_by", "no hours 'Z98'"),
    "old helpline": ("113.yaml", "expires: 2026", "expires: 2027", "expires:", "180 days"),
    "number": ("T12-*.yaml", "{helpline.suicide}", "1813", "  nl:", "1813 stands literally"),
    "review": ("T12-*.yaml", "fr: true, ", "", "  fr:", "was not reviewed in fr"),
    "no card": ("T12-*.yaml", "purpose: crisis", "purpose: info", "purpose:", "is a crisis card"),
    "example": ("klus.example.yaml", "bot: klus.adult", "bot: klus.adlt", TURN, "'klus.adlt'"),
    "played": ("klus.example.yaml", "bot: klus.adult", "bot: T08", TURN, "should say T08"),
    "example's dialog": (
        "wis.example.yaml",
        "dialog: wis",
        "dialog: wiss",
        "",
        "no dialog 'wiss'",
    ),
}


@pytest.mark.parametrize(("name", "old", "new", "line", "what"), LINES.values(), ids=LINES)
def test_mistake_is_told_at_its_own_line(
    pack: Path, name: str, old: str, new: str, line: str, what: str
) -> None:
    path = change(pack, name, old, new)
    told = [problem for problem in problems(pack) if what in problem.what]
    assert told, [str(problem) for problem in problems(pack)]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert {path} == {problem.path for problem in told}
    assert all(lines[problem.line - 1].startswith(line) for problem in told), told


def test_line_of_print_is_file_line_what_and_what_to_do(pack: Path) -> None:
    path = change(pack, "T44*.yaml", "purpose:", "purpse:")
    told = [str(problem) for problem in problems(pack)]
    assert f"{path}:4: the field 'purpse' is unknown; did you mean 'purpose'?" in told


@pytest.mark.parametrize("name", ["T44*.yaml", "klus.yaml", "pack.yaml", "Z4*.yaml", "T02*.yaml"])
def test_file_that_cannot_be_read_is_one_problem_and_no_other_follows(
    pack: Path, name: str
) -> None:
    path = change(pack, name, "kind:", "kind: [")
    (told,) = problems(pack)
    assert (path, "valid YAML" in told.what) == (told.path, True)


def test_all_mistakes_of_one_folder_are_told_in_one_run(pack: Path) -> None:
    change(pack, "T44*.yaml", "text:\n", "text: {nl: x\n")
    change(pack, "T45*.yaml", "purpose:", "purpse:")
    change(pack, "T46*.yaml", "  fr:", "  de:")
    change(pack, "T41*.yaml", "id: T41", "id: T40")
    change(pack, "T42*.yaml", "id: T42", "id: T42\nid: T42")
    change(pack, "T36*.yaml", 'en: "', 'en: "{org.nme} ')
    change(pack, "klus.yaml", "next: words", "next: wrds")
    change(pack, "klus.yaml", "goto: too_young", "goto: category")
    change(pack, "wis.yaml", "    do: erase\n    end: true", "    do: erase")
    remove(pack, "wis.example.yaml")
    change(pack, "klus.example.yaml", "bot: klus.adult", "bot: klus.adlt")
    change(pack, "F30*.yaml", 'answer:\n  nl: "', f'answer:\n  nl: "{LONG}')
    change(pack, "Z1*.yaml", "price: free\n", "")
    change(pack, "Z4*.yaml", "FREQ=WEEKLY;BYDAY=WE", "FREQ=WEKELY")
    change(pack, "113.yaml", "expires: 2026", "expires: 2027")
    change(pack, "T12-*.yaml", "{helpline.suicide}", "1813")
    change(pack, "T13-*.yaml", "fr: true, ", "")
    expected = (
        ("T44-", "no valid YAML"),
        ("T45-", "'purpse' is unknown"),
        ("T46-", "no text in fr"),
        ("T41-", "'T40' is taken"),
        ("T42-", "stands here twice"),
        ("T36-", "{org.nme} is unknown"),
        ("klus.", "'wrds', which does not exist"),
        ("klus.", "'too_young' is never reached"),
        ("wis.", "has no way out"),
        ("wis.", "no example conversation"),
        ("klus.example", "no text 'klus.adlt'"),
        ("F30-", "characters"),
        ("Z1-", "'price' is missing"),
        ("Z4-", "is no RRULE"),
        ("113", "180 days"),
        ("T12-", "1813 stands literally"),
        ("T13-", "was not reviewed in fr"),
    )
    told = problems(pack)
    for stem, what in expected:
        found = [p for p in told if p.path.name.startswith(stem) and what in p.what]
        assert found, (stem, what, [str(problem) for problem in told])
        assert all(problem.line >= 1 and problem.remedy for problem in found)


def test_message_that_the_guide_explains_is_the_one_that_is_told(pack: Path) -> None:
    """docs/content.md shows one message and takes it apart."""
    change(pack, "Z1*.yaml", "FREQ=WEEKLY;BYDAY=TU", "FREQ=WEKELY")
    (told,) = problems(pack)
    guide = Path(__file__).resolve().parents[2] / "docs/content.md"
    shown = f"dialogs{str(told).removeprefix(str(pack))}"
    assert shown in guide.read_text(encoding="utf-8").splitlines()
