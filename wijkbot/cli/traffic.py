"""Do messages get through on each channel, and if not, what should be done?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wijkbot.cli.finding import Finding
from wijkbot.storage.health import Backlog, ChannelBacklog, Rate, total

LATE_MS = 300_000
"""Five minutes: whoever asked a question has put the phone away."""

_SECOND_MS = 1_000
_NOTHING = ChannelBacklog(Backlog(), None)


def of_delivery(waiting: Mapping[str, ChannelBacklog], channels: Sequence[str]) -> list[Finding]:
    """What waits, what is stuck and how fast each account may send."""
    backlog = total(waiting)
    findings = [Finding("waiting", f"{backlog.waiting_in} in, {backlog.waiting_out} out")]
    for name in dict.fromkeys([*channels, *waiting]):
        figures = waiting.get(name, _NOTHING)
        findings += _of_channel(name, figures, is_configured=name in channels)
    if backlog.dead:
        findings.append(
            Finding(
                "dead letters",
                f"{backlog.dead} given up on",
                "see why, and put them in again or drop them: wijkbot queue",
                is_warning=True,
            )
        )
    if backlog.needs_template:
        findings.append(
            Finding(
                "templates",
                f"{backlog.needs_template} of them could go by an approved template only",
                "see which are not there yet: wijkbot whatsapp templates",
                is_warning=True,
            )
        )
    if backlog.unknown:
        findings.append(
            Finding(
                "unknown",
                f"{backlog.unknown} message(s) that may have arrived or not",
                "look in the chats, then drop them: wijkbot queue",
                is_warning=True,
            )
        )
    if backlog.suspended:
        findings.append(
            Finding(
                "suspended",
                f"{backlog.suspended} chat(s) refuse the bot, and get nothing",
                "nothing to mend: it ends when somebody writes there or lets the bot in again",
                is_warning=True,
            )
        )
    return findings


def _of_channel(name: str, figures: ChannelBacklog, *, is_configured: bool) -> list[Finding]:
    waits = figures.backlog
    findings = []
    if waits.waiting_in:
        remedy = "is wijkbot serve running? then look for errors in its log"
        told = f"{waits.waiting_in} in; oldest unprocessed {_told(waits.oldest_in_ms)}"
        is_late = waits.oldest_in_ms > LATE_MS
        findings.append(Finding(f"waiting on {name}", told, remedy if is_late else ""))
    if waits.waiting_out:
        told = f"{waits.waiting_out} out; oldest unsent {_told(waits.oldest_out_ms)}"
        remedy = _unsent(figures.rate, is_configured=is_configured)
        is_late = waits.oldest_out_ms > LATE_MS
        # an announcement may wait for a whole night, so it is no proof that anything is broken
        findings.append(
            Finding(f"waiting on {name}", told, remedy if is_late else "", is_warning=True)
        )
    if figures.rate is not None:
        findings.append(_of_rate(name, figures.rate))
    return findings


def _unsent(rate: Rate | None, *, is_configured: bool) -> str:
    if not is_configured:
        return "this channel is not in wijkbot.toml: put it back; what expires is not sent"
    if rate is not None and rate.held_ms > LATE_MS:
        return "the platform told the account to wait: send less"
    return "is wijkbot serve running? quiet hours hold announcements; else look at its log"


def _of_rate(name: str, rate: Rate) -> Finding:
    told = f"at most {rate.per_s:g} a second, {rate.burst} at once"
    if rate.held_ms < _SECOND_MS:
        return Finding(f"rate of {name}", told)
    return Finding(
        f"rate of {name}",
        f"{told}; held for {_told(rate.held_ms)}",
        "the platform asked for this: wait, it goes on by itself",
        is_warning=True,
    )


def _told(ms: int) -> str:
    seconds = ms // _SECOND_MS
    for size, name in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= size * 2 or (seconds >= size and name != "days"):
            return f"{seconds // size} {name}"
    return f"{seconds} s"
