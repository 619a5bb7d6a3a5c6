"""Are the limits of the rule, and the exceptions to it, read as they are written?"""

from __future__ import annotations

import re
from datetime import date, time
from pathlib import Path

import pytest

from tests.written_settings import SMALLEST, check_mistake, read_settings
from wijkbot.engine.relaxations import Relaxation
from wijkbot.settings import PolicyConfig

OUTREACH = """[policy.relaxations.outreach]
reason = "Het straatwerk kent deze jongeren al"
until = 2027-03-31
workers = ["Ann", "Youssef"]
"""


@pytest.fixture(autouse=True)
def _own_environment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test sets itself counts."""
    monkeypatch.delenv("WIJKBOT_STRICT", raising=False)


MISTAKES = {
    "listening without a vote": (
        SMALLEST + "[policy]\nmode = 'listen'\n",
        "policy.mode",
        "listening needs a group's vote and a DPIA",
    ),
    "a trial of less than nothing": (
        SMALLEST + "[policy]\ntrial_days = -1\n",
        "policy.trial_days",
        "greater than or equal to 0",
    ),
    "a pointer in another language": (
        SMALLEST + "[policy]\npointer = 'maandag 10:00'\n",
        "policy.pointer",
        '"MO 10:00"',
    ),
    "a pointer at no time of the day": (
        SMALLEST + "[policy]\npointer = 'MO 24:00'\n",
        "policy.pointer",
        "MO TU WE TH FR SA SU",
    ),
    "a silence of no days": (
        SMALLEST + "[policy]\nsilent_days_at_most = 0\n",
        "policy.silent_days_at_most",
        "greater than or equal to 1",
    ),
    "nobody of that kind on call": (
        SMALLEST + "[crisis]\non_call = 'maybe'\n",
        "crisis.on_call",
        "'none', 'phone' or 'external'",
    ),
    "a relaxation that does not exist": (
        SMALLEST + OUTREACH.replace("outreach", "anything"),
        "policy.relaxations.anything",
        "known: outreach",
    ),
    "a relaxation that does not exist, and says nothing": (
        SMALLEST + "[policy.relaxations.anything]\n",
        "policy.relaxations.anything",
        "known: outreach",
    ),
    "a relaxation without an end": (
        SMALLEST + OUTREACH.replace("until = 2027-03-31\n", ""),
        "policy.relaxations.outreach.until",
        "add it",
    ),
    "a relaxation for a reason of one word": (
        SMALLEST + OUTREACH.replace("Het straatwerk kent deze jongeren al", "zomaar     "),
        "policy.relaxations.outreach.reason",
        "at least 10 characters",
    ),
    "a relaxation for nobody": (
        SMALLEST + OUTREACH.replace('["Ann", "Youssef"]', "[]"),
        "policy.relaxations.outreach.workers",
        "at least one worker",
    ),
    "a relaxation for a worker without a name": (
        SMALLEST + OUTREACH.replace("Youssef", " "),
        "policy.relaxations.outreach.workers",
        "at least one worker",
    ),
    "unknown key of a relaxation": (
        SMALLEST + OUTREACH + 'untill = "x"\n',
        "policy.relaxations.outreach.untill",
        "did you mean 'until'?",
    ),
}


@pytest.mark.parametrize(("text", "key", "remedy"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_in_the_rule_is_one_line_with_key_and_remedy(
    tmp_path: Path, text: str, key: str, remedy: str
) -> None:
    check_mistake(tmp_path, text, key, remedy)


def test_nobody_is_on_call_until_somebody_chose_so(tmp_path: Path) -> None:
    unchosen = read_settings(tmp_path, SMALLEST).crisis
    assert (unchosen.on_call, unchosen.stands_by) == (None, "none")
    chosen = read_settings(tmp_path, SMALLEST + "[crisis]\non_call = 'phone'\n").crisis
    assert (chosen.on_call, chosen.stands_by) == ("phone", "phone")


def test_trial_pointer_and_silence_have_the_limits_of_the_rule(tmp_path: Path) -> None:
    policy = read_settings(tmp_path, SMALLEST).policy
    assert (policy.trial_days, policy.pointer, policy.silent_days_at_most) == (14, "MO 10:00", 30)
    assert policy.relaxed() == ()


@pytest.mark.parametrize(
    ("written", "moment"),
    [("MO 10:00", (0, time(10))), ("SU 23:59", (6, time(23, 59))), ("", None)],
)
def test_pointer_is_read_as_weekday_and_hour(
    written: str, moment: tuple[int, time] | None
) -> None:
    assert PolicyConfig(pointer=written).pointer_moment() == moment


def test_relaxation_reaches_the_engine_with_reason_end_and_names(tmp_path: Path) -> None:
    assert read_settings(tmp_path, SMALLEST + OUTREACH).policy.relaxed() == (
        Relaxation(
            "outreach",
            "Het straatwerk kent deze jongeren al",
            date(2027, 3, 31),
            ("Ann", "Youssef"),
        ),
    )


def test_relaxation_comes_from_the_environment_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIJKBOT_POLICY__RELAXATIONS__OUTREACH__UNTIL", "2027-01-31")
    (relaxation,) = read_settings(tmp_path, SMALLEST + OUTREACH).policy.relaxed()
    assert relaxation.until == date(2027, 1, 31)
    assert relaxation.workers == ("Ann", "Youssef")


def test_version_of_the_policy_follows_what_holds_and_nothing_else(tmp_path: Path) -> None:
    plain = read_settings(tmp_path, SMALLEST).policy.policy_version()
    assert re.fullmatch("[0-9a-f]{12}", plain)
    written_out = SMALLEST + "[policy]\nanswers_per_hour = 6\n[server]\nport = 9000\n"
    assert read_settings(tmp_path, written_out).policy.policy_version() == plain
    other = read_settings(tmp_path, SMALLEST + "[policy]\nanswers_per_hour = 7\n").policy
    longer = read_settings(tmp_path, SMALLEST + OUTREACH).policy
    later = read_settings(tmp_path, SMALLEST + OUTREACH.replace("2027-03", "2027-01")).policy
    assert len({plain, *(one.policy_version() for one in (other, longer, later))}) == 4
