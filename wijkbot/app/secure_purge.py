"""What does time do to conversations? It ends offers, closes what is silent, and deletes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection

from wijkbot.app.secure_chat import closing
from wijkbot.app.secure_gone import erase, scrub
from wijkbot.app.secure_room import SecureRoom
from wijkbot.app.secure_rows import moments_of, standing_of
from wijkbot.app.staff_sweep import sweep_staff
from wijkbot.securechat.states import Actor, Event, State, next_state
from wijkbot.securechat.timers import due
from wijkbot.storage import secure_chats, secure_messages, secure_purge, secure_queue
from wijkbot.storage.secure_chats import Conversation

EVERY_SECONDS = 600.0
BATCH = 100
_TIMER = frozenset({Actor.TIMER})
_STEPS = 4  # an offer ends, silence closes, and it is deleted: no conversation takes more


@dataclass(slots=True)
class Purged:
    """What one round did."""

    changed: list[bytes] = field(default_factory=list)
    erased: int = 0


async def purging(room: SecureRoom) -> None:
    """Do it every ten minutes, and at the start."""
    while True:
        await purge(room)
        await asyncio.sleep(EVERY_SECONDS)


async def purge(room: SecureRoom) -> int:
    """Do everything that is due now; returns how many conversations were deleted."""
    erased = 0
    last: bytes | None = b""
    while last is not None:
        done, last = await room.house.database.write(partial(_batch, room=room, start=last))
        erased += done.erased
        for conv in done.changed:
            room.wakes.ring(conv)
    await room.house.database.write(lambda c: secure_purge.drop_old_tombstones(c, room.now))
    await room.house.database.write(lambda c: sweep_staff(c, room.now))
    if erased:
        await scrub(room)
    # also for what residents deleted themselves since the last round
    await room.house.database.tidy(secure_purge.TABLES)
    return erased


def _batch(conn: Connection, room: SecureRoom, start: bytes) -> tuple[Purged, bytes | None]:
    """So many conversations after that one; gives the last id, None at the end."""
    found = secure_purge.some_after(conn, start, BATCH)
    done = Purged()
    for seen in found:
        _all_due(conn, room, seen, done)
    return done, found[-1].id if len(found) == BATCH else None


def _all_due(conn: Connection, room: SecureRoom, found: Conversation, done: Purged) -> None:
    seen: Conversation | None = found
    for _ in range(_STEPS):
        if seen is None:
            return
        event = due(State(seen.state), moments_of(seen), room.keeps, room.now)
        if event is None:
            return
        locked = secure_chats.lock(conn, seen.id)
        if locked == seen:
            _happens(conn, room, locked, event, done)
        seen = secure_chats.get(conn, seen.id)


def _happens(
    conn: Connection, room: SecureRoom, seen: Conversation, event: Event, done: Purged
) -> None:
    to = next_state(standing_of(seen), event, _TIMER)
    done.changed.append(seen.id)
    if to is None:
        done.erased += erase(conn, room, seen.id, "purged")
    elif event is Event.OFFER_OVER:
        if seen.pending_to:
            drop_offer(conn, room, seen, seen.pending_to)
        secure_chats.change(conn, seen, pending_to=None, offered_at=None)
    else:
        secure_queue.drop_guests(conn, seen.id)
        secure_chats.change(conn, seen, **closing(room, seen, room.now, event.value))


def drop_offer(conn: Connection, room: SecureRoom, seen: Conversation, colleague: bytes) -> None:
    """A colleague who did not take over loses the wraps that came with the offer."""
    team = room.team.newest(conn)
    keeps = room.settings.policy == "team" or (team and colleague in team.coordinators)
    if not keeps and colleague != seen.assigned_to:
        secure_messages.take_wraps_of(conn, [colleague], seen.id)
