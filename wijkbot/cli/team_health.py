"""Can residents write to the team today, and still in a month? What the doctor says of it."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from pathlib import Path

from wijkbot.app import pin
from wijkbot.app.go_live import Gap
from wijkbot.app.house import House
from wijkbot.app.staff_team import Team, team
from wijkbot.cli.finding import Finding
from wijkbot.securechat.manifest import DAY, read_manifest
from wijkbot.securechat.points import sha256

SOON_DAYS = 30
NOW_DAYS = 7
_WHAT = "secure chat"
_NOBODY = "nobody is in the team yet"
_SIGN = "a coordinator signs the list again: /werk, Team"


async def of_team(house: House, folder: Path) -> list[Finding]:
    """The findings of a secure chat that this server keeps; none of another one."""
    chat = house.settings.secure_chat
    if chat is None or not chat.is_builtin:
        return []
    now = house.clock.now_ms() // 1000
    found = await team(house)
    return [*_of_root(found, folder), *_of_list(found, now)]


def team_gaps(findings: Iterable[Finding]) -> list[Gap]:
    """Those of these findings without which no resident may be sent to the chat."""
    return [
        Gap(f"{one.what}: {one.state}", one.remedy)
        for one in findings
        if one.what == _WHAT and one.remedy and (one.state == _NOBODY or not one.is_warning)
    ]


def _of_root(found: Team, folder: Path) -> list[Finding]:
    if found.root is None:
        remedy = "run: wijkbot staff invite NAME --role admin --role coordinator"
        return [Finding(_WHAT, _NOBODY, remedy, is_warning=True)]
    try:
        stands = pin.read_pin(folder)
    except ValueError:
        stands = ""
    if stands == sha256(found.root.root_sig).hex():
        return [Finding(_WHAT, "the root is the one of organisation-root.pin")]
    remedy = (
        f"put {pin.PIN_FILE} back from your backup; never make it from the database:"
        " if you never changed it, somebody else changed the database"
    )
    state = f"{pin.PIN_FILE} is missing" if stands is None else "the root is not the pinned one"
    return [Finding(_WHAT, state, remedy)]


def _of_list(found: Team, now: int) -> list[Finding]:
    if found.listed is None:
        return []
    left = ceil((read_manifest(found.listed.manifest).expires - now) / DAY)
    if left <= 0:
        return [Finding(_WHAT, "the list of the team is over: residents cannot write", _SIGN)]
    state = f"the list of the team holds for {left} more day(s)"
    if left > SOON_DAYS:
        return [Finding(_WHAT, state)]
    return [Finding(_WHAT, state, _SIGN, is_warning=left > NOW_DAYS)]
