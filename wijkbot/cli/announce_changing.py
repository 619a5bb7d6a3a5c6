"""How does a worker look back on announcements, put one right, or take it back?"""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from wijkbot.app import announce_change
from wijkbot.app.announce_change import Changed
from wijkbot.app.announce_lint import told_in
from wijkbot.app.assemble import make_adapters
from wijkbot.app.house import House
from wijkbot.app.outside_window import window_hours
from wijkbot.cli.announcing import follow, stop_on_personal_data
from wijkbot.cli.announcing import show as show_plan
from wijkbot.cli.postkit import by_hand_lines
from wijkbot.cli.staff import with_house
from wijkbot.cli.subscribing import tell_private
from wijkbot.settings import load_settings
from wijkbot.storage import changes, post_cards
from wijkbot.storage.changes import Announcement, Outcome
from wijkbot.storage.outbox import Status

BACK = timedelta(days=30)
"""So long we know which message of a group was which announcement."""
ACTS = {"": "announced", "edit": "edited", "withdraw": "deleted"}
ASKED = {"edit": "change", "withdraw": "delete"}
WHY = {
    "missing": "it is not there any more: an admin deleted it",
    "not-sent": "it was never sent there",
    "not-known": "it had no answer, or the group moved since: look in the group",
    "unsupported": "this platform, or what the bot may do there, does not let it",
    "content": "the platform does not take the new words: they may be too long",
    "blocked": "the bot may not do that there",
    "gone": "the bot is not in the group any more",
    "left": "the bot is not in the group any more",
    "chat-is-gone": "the bot is not in the group any more",
    "chat-is-closed": "the bot is not in the group any more",
    "withdrawn": "deleted before it was sent",
    "erased": "the group was erased",
    "noise-in-alarm-group": "it is an alarm group",
    "rekeyed": "the group moved",
}
AS_NEW = "nothing can be edited there: who has it gets a new message that says so"
TOO_OLD = "too old: on Telegram a bot deletes what is less than 48 hours old; ask an admin"
STATES = {
    Status.WAITING: "on its way",
    Status.SENDING: "on its way",
    Status.SENT: "done",
    Status.QUEUED: "done",
    Status.DELIVERED: "done",
    Status.UNKNOWN: "no answer of the platform: look in the group",
    Status.EXPIRED: "too late",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says about announcement ``number``; ``wait`` as for a new one."""

    number: int
    item: str = ""
    yes: bool = False
    wait: float | None = None
    allow_personal_data: bool = False


def list_announcements(config: Path) -> None:
    """Tell what was announced and changed, the newest first."""
    settings = load_settings(config)

    async def work(house: House) -> None:
        since = house.clock.now_ms() - int(BACK.total_seconds() * 1000)
        found = await house.database.read(lambda c: changes.recent(c, since))
        if not found:
            typer.echo("Nothing was announced in the last 30 days.")
        for one in found:
            typer.echo(_line(one))

    with_house(settings, config, work)


def show(config: Path, number: int) -> None:
    """Tell what became of it in each group, and of each change."""
    settings = load_settings(config)

    async def work(house: House) -> None:
        found = await house.database.read(lambda c: changes.history(c, number))
        if not found:
            typer.echo(f"There is no announcement {number}. See: wijkbot announce list")
        for one in found:
            typer.echo(_line(one))
            _tell(await announce_change.outcomes(house, [one.id]), one.act)
            if not one.act:
                await _tell_by_hand(house, one.id)

    with_house(settings, config, work)


def edit(config: Path, asked: Asked) -> None:
    """Preview, ask, and put the new words in place of the old ones."""
    settings = load_settings(config)

    async def work(house: House) -> None:
        adapters = make_adapters(settings, config.resolve().parent, house.clock)
        family = await announce_change.found(house, asked.number)
        plan = await announce_change.plan_edit(house, adapters, family, asked.item)
        stop_on_personal_data(told_in(house, plan), is_allowed=asked.allow_personal_data)
        show_plan(house, plan, mark="will read instead")
        for name in sorted({one.group.channel for one in plan.lists}):
            if window_hours(adapters[name]):
                typer.echo(f"{name}: {AS_NEW}")
        if not asked.yes and not typer.confirm(f"Edit it in {len(plan.everywhere)} group(s)?"):
            typer.echo("Nothing was changed.")
            return
        key, author = house.clock.token(12), getpass.getuser()
        made = await announce_change.edit(house, family, plan, key, author)
        if made.caught:
            typer.echo(f"{made.caught} group(s) did not have it yet and get the new words.")
        await _finish(house, made, asked, "edit")

    with_house(settings, config, work)


def delete(config: Path, asked: Asked) -> None:
    """Tell where it stands, ask, and take it back."""
    settings = load_settings(config)

    async def work(house: House) -> None:
        family = await announce_change.found(house, asked.number)
        before = await announce_change.outcomes(house, [one.id for one in family])
        in_groups = [one for one in before if not one.is_private]
        tell_private([one for one in before if one.is_private])
        stands = [one.chat_id for one in in_groups if one.status in changes.STANDS]
        waits = [one.chat_id for one in in_groups if one.status is Status.WAITING]
        for told, groups in (("It stands in", stands), ("It is not sent yet to", waits)):
            if groups:
                typer.echo(f"{told} group(s) {', '.join(str(group) for group in groups)}.")
        if not asked.yes and not typer.confirm("Delete it there?"):
            typer.echo("Nothing was deleted.")
            return
        key, author = house.clock.token(12), getpass.getuser()
        made = await announce_change.withdraw(house, family, key, author)
        if made.caught:
            typer.echo(f"{made.caught} group(s) did not have it yet and do not get it.")
        reached = {one.chat_id for one in await announce_change.outcomes(house, made.ids)}
        for group in stands:
            if group not in reached:
                typer.echo(f"Group {group}: not deleted: {WHY['left']}.")
        await _finish(house, made, asked, "withdraw")

    with_house(settings, config, work)


async def _finish(house: House, made: Changed, asked: Asked, act: str) -> None:
    if made.by_hand:
        told = f"{made.by_hand} group(s) by hand: who posted it there is asked on their page"
        typer.echo(f"{told} to {ASKED[act]} it.")
    if not made.queued:
        return
    typer.echo(f"Queued for {made.queued} group(s). The running bot does it.")
    await follow(house, made.ids, asked.wait, ACTS[act])
    done = {Status.SENT, Status.QUEUED, Status.DELIVERED, Status.WAITING, Status.SENDING}
    found = await announce_change.outcomes(house, made.ids)
    _tell([one for one in found if one.status not in done], act)


async def _tell_by_hand(house: House, number: int) -> None:
    """How far the people are who post it where no bot can be."""
    cards = await house.database.read(lambda c: post_cards.of_announcements(c, [number]))
    numbers = [card.id for card in cards]
    for line in by_hand_lines(await house.database.read(lambda c: post_cards.ticks(c, numbers))):
        typer.echo(line)


def _tell(found: Sequence[Outcome], act: str) -> None:
    tell_private([one for one in found if one.is_private])
    for one in found:
        if one.is_private:  # subscribers are counted, and never listed
            continue
        typer.echo(f"Group {one.chat_id}: {_told(one, act)}.")


def _told(one: Outcome, act: str) -> str:
    """What became of it in that group, in words."""
    state = STATES.get(one.status)
    if state == "done":
        pinned = {None: "", Status.SENT: ", pinned"}.get(one.pin, ", not pinned")
        return f"{ACTS[act] if act else 'sent'}{pinned}"
    if state is not None:
        return state
    if one.error == "expired" and act == "withdraw":
        return f"not deleted: {TOO_OLD}"
    not_done = {"": "not sent", "edit": "not edited", "withdraw": "not deleted"}[act]
    return f"{not_done}: {WHY.get(one.error, one.error)}"


def _line(one: Announcement) -> str:
    moment = datetime.fromtimestamp(one.created_at / 1000, UTC).astimezone()
    of = f"  (of {one.amends})" if one.amends else ""
    told = f"{ACTS[one.act]:<9}  {one.item_id:<8} to {one.queued} group(s){of}"
    return f"{one.id:>4}  {moment:%a %Y-%m-%d %H:%M}  {told}"
