"""What does whoever posts in a group by hand find behind their link, and what do they tick?

The link is the key: nobody gives a name. Looking changes nothing, so that the preview of a chat
app does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from wijkbot.adapter_api import Adapter, Photo
from wijkbot.app.house import House
from wijkbot.app.local_moment import moment_in
from wijkbot.app.post_kit import Ready, picture, ready
from wijkbot.storage import hand_groups, post_cards
from wijkbot.storage.hand_groups import HandGroup
from wijkbot.storage.post_cards import Press, State, Tick

TOKEN_BYTES = 16


class Act(StrEnum):
    """What a button says."""

    DONE = "done"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Shown:
    """A card on the page, as it stands in this group."""

    tick: Tick
    ready: Ready

    @property
    def state(self) -> State:
        """What is to be done."""
        return self.tick.state


@dataclass(frozen=True, slots=True)
class Board:
    """The page of a group, the newest card first. ``is_quiet``: news had better wait now."""

    group: HandGroup
    cards: tuple[Shown, ...]
    is_quiet: bool


async def make_link(house: House, number: int) -> str:
    """The address of a group's page; an earlier one opens nothing any more. Shown once."""
    token, now_ms = house.clock.token(TOKEN_BYTES), house.clock.now_ms()
    await house.database.write(lambda c: hand_groups.link(c, house.sealer, number, token, now_ms))
    return f"{house.settings.organisation.public_url}/post/{token}"


async def board_of(house: House, adapters: Mapping[str, Adapter], token: str) -> Board | None:
    """The page that this token opens; None when it opens nothing."""
    now_ms = house.clock.now_ms()
    group = await house.database.read(lambda c: hand_groups.of_token(c, house.sealer, token))
    if group is None:
        return None
    number = group.id
    ticks = await house.database.read(lambda c: post_cards.board(c, number, now_ms))
    shown = []
    for tick in ticks:
        made = await ready(house, adapters, tick.card, group)
        if made is not None:
            shown.append(Shown(tick, made))
    at = moment_in(house, house.settings.area_of(group.neighbourhood), now_ms)
    quiet = house.settings.policy.limits.quiet
    is_quiet = at.request.is_holiday or quiet.holds(at.request.local_now)
    return Board(group, tuple(shown), is_quiet)


async def picture_of(
    house: House, adapters: Mapping[str, Adapter], token: str, card: int, language: str
) -> Photo | None:
    """The picture of a card in one language; None when this token has no such card."""
    now_ms = house.clock.now_ms()

    def look(conn: Connection) -> tuple[HandGroup, Tick] | None:
        group = hand_groups.of_token(conn, house.sealer, token)
        ticks = post_cards.board(conn, group.id, now_ms) if group else []
        found = next((one for one in ticks if one.card.id == card), None)
        return (group, found) if group and found else None

    found = await house.database.read(look)
    if found is None:
        return None
    group, tick = found
    made = await ready(house, adapters, tick.card, group)
    if made is None:
        return None
    version = next((one for one in made.versions if one.language == language), None)
    return await picture(made, version) if version else None


async def press(house: House, token: str, card: int, edition: int, act: Act) -> bool:
    """Tick or untick a card; twice is once. False: this token has no such card."""
    now_ms = house.clock.now_ms()

    def write(conn: Connection) -> bool:
        group = hand_groups.of_token(conn, house.sealer, token)
        if group is None:
            return False
        pressed = Press(card, group.id, edition)
        if act is Act.UNDO:
            return post_cards.undo(conn, pressed, now_ms)
        return post_cards.tick(conn, pressed, now_ms)

    return await house.database.write(write)
