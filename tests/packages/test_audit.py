"""Does an audit tell a weakness from silence, and silence from good news?"""

from __future__ import annotations

import json

import pytest

from tests.packages.audit import Heard, read_npm, read_python

GOOD = {"auditReportVersion": 2, "vulnerabilities": {}, "metadata": {}}
BAD = {**GOOD, "vulnerabilities": {"esbuild": {"severity": "moderate", "via": []}}}
NOBODY = {"message": "405 Method Not Allowed", "error": {"summary": "", "detail": ""}}


@pytest.mark.parametrize(
    ("told", "known", "weak", "code"),
    [(GOOD, 51, (), 0), (BAD, 51, ("esbuild: moderate",), 1), (NOBODY, 0, (), 2)],
)
def test_58_what_npm_says_is_read(
    told: object, known: int, weak: tuple[str, ...], code: int
) -> None:
    heard = read_npm(json.dumps(told), 51)
    assert Heard(51, known, weak) == heard
    assert code == heard.code


def test_58_what_pip_audit_skips_is_not_good_news() -> None:
    """By itself it ends with 0 then, and says that it knows of no weakness."""
    fine = {"name": "idna", "version": "3.20", "vulns": []}
    weak = {"name": "jinja2", "version": "3.1.6", "vulns": [{"id": "CVE-0000-1", "aliases": []}]}
    skipped = {"name": "rich", "skip_reason": "Dependency not found"}
    heard = read_python(json.dumps({"dependencies": [fine, weak, skipped], "fixes": []}), 3)
    assert Heard(3, 2, ("jinja2 3.1.6: CVE-0000-1",)) == heard
    assert 1 == heard.code
    assert 2 == read_python(json.dumps({"dependencies": [fine, skipped]}), 2).code
    assert 0 == read_python(json.dumps({"dependencies": [fine]}), 1).code


@pytest.mark.parametrize("text", ["", "Traceback (most recent call last):", "[]"])
def test_58_no_answer_is_not_good_news(text: str) -> None:
    assert 2 == read_python(text, 3).code
    assert 2 == read_npm(text, 3).code
    assert "0 of 3" in read_npm(text, 3).told("pages")
