"""What can a worker do with a conversation? Take it, pass it on, give it back, close it.

Every step names the version it was seen in: of two at once, one happens. What is not the asker's
is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from wijkbot.app.secure_chat import closing
from wijkbot.app.secure_purge import drop_offer
from wijkbot.app.secure_refusal import Nowhere
from wijkbot.app.secure_room import SecureRoom
from wijkbot.app.secure_rows import ABUSIVE, Json, add_wrapset, raced, standing_of
from wijkbot.app.secure_team import Team
from wijkbot.app.secure_write import keep_wraps
from wijkbot.securechat.encoding import ID_LENGTH, Refused, number, unb64
from wijkbot.securechat.manifest import READING_ROLES, TRAINEE, Member
from wijkbot.securechat.points import Signer
from wijkbot.securechat.states import Actor, Event, State, next_state
from wijkbot.securechat.timers import minute
from wijkbot.securechat.wrapset import Wrapset, check_later, check_recipients, read_wrapset
from wijkbot.storage import secure_chats, secure_messages, secure_queue, staff_audit
from wijkbot.storage.secure_chats import Conversation

_EPOCHS_AT_MOST = 50


@dataclass(frozen=True, slots=True)
class Worker:
    """Who asks: an account, its id in the team, and whether it may step in for others."""

    account: int
    member: bytes
    steps_in: bool = False


@dataclass(frozen=True, slots=True)
class Desk:
    """A conversation before a worker: as it is, as whom they act, and the team of now."""

    room: SecureRoom
    worker: Worker
    seen: Conversation
    team: Team
    member: Member

    @property
    def signer(self) -> Signer:
        """As whom they sign."""
        return self.member.signer


Act = Callable[[Connection, Desk], None]


def actors_of(conn: Connection, worker: Worker, seen: Conversation, member: Member) -> set[Actor]:
    """As whom this worker can act in this conversation."""
    actors = acting(worker, seen, member)
    is_reader = member.role in READING_ROLES
    if is_reader and seen.epoch in secure_messages.epochs_open_to(conn, seen.id, worker.member):
        actors.add(Actor.READER)
    return actors


def acting(worker: Worker, seen: Conversation, member: Member) -> set[Actor]:
    """The same, as far as it shows without looking for wraps."""
    actors: set[Actor] = set()
    if member.role in READING_ROLES:
        if seen.assigned_to == worker.member:
            actors.add(Actor.ASSIGNEE)
        if seen.pending_to == worker.member:
            actors.add(Actor.OFFERED)
        if worker.steps_in and member.role == "coordinator":
            actors.add(Actor.COORDINATOR)
    return actors


def desk(conn: Connection, room: SecureRoom, worker: Worker, conv: bytes) -> Desk:
    """The conversation, locked, for somebody of the team of now.

    Raises:
        Nowhere: there is none, or they are not of the team; Turned: no_team.
    """
    seen = secure_chats.lock(conn, conv)
    team = room.team.current(conn, room.now)
    member = team.manifest.member(worker.member)
    if seen is None or member is None:
        raise Nowhere
    return Desk(room, worker, seen, team, member)


async def step(
    room: SecureRoom, worker: Worker, conv: bytes, event: Event, version: object, act: Act
) -> int:
    """Do one step of the state machine; returns the version after it.

    Raises:
        Refused: unknown (not theirs), version (somebody was faster), or what ``act`` raises.
    """

    def once(conn: Connection) -> int:
        at = desk(conn, room, worker, conv)
        to = _allowed(conn, at, event)
        if at.seen.version != number(version):
            raise raced()
        act(conn, at)
        return _after(conn, at, event, to)

    now = await room.house.database.write(once)
    room.wakes.ring(conv)
    return now


def _allowed(conn: Connection, at: Desk, event: Event) -> State:
    """Where the step leads; to whom it is not theirs, the conversation is not there."""
    actors = actors_of(conn, at.worker, at.seen, at.member)
    try:
        to = next_state(standing_of(at.seen), event, actors)
    except Refused as refused:
        if refused.code == "unknown" or not actors:
            raise Nowhere from refused
        raise
    return to or State.CLOSED


def _after(conn: Connection, at: Desk, event: Event, to: State) -> int:
    """Say in the audit that it was done; never what was said."""
    now = secure_chats.get(conn, at.seen.id)
    if now is None or now.state != to:
        raise raced()
    staff_audit.note(conn, at.worker.account, event.value, at.room.now, conv=at.seen.id)
    return now.version


def change(conn: Connection, at: Desk, **values: Any) -> None:
    """Change it, unless somebody was faster.

    Raises:
        Turned: version.
    """
    if not secure_chats.change(conn, at.seen, **values):
        raise raced()


async def claim(room: SecureRoom, worker: Worker, conv: bytes, row: Json) -> int:
    """Take a conversation that waits; the others lose its key, unless the whole team reads."""

    def act(conn: Connection, at: Desk) -> None:
        change(conn, at, state=State.ASSIGNED.value, assigned_to=worker.member)
        keep_wraps(conn, room, conv, at.team, {worker.member})

    who = worker.account.to_bytes(8, "big")
    room.limits.ask(who, "claim")
    room.limits.take(who, "claim")
    return await step(room, worker, conv, Event.CLAIM, row["version"], act)


async def release(room: SecureRoom, worker: Worker, conv: bytes, row: Json) -> int:
    """Give it back to the queue, with its key for everybody who may take it."""

    def act(conn: Connection, at: Desk) -> None:
        _drop_open_offer(conn, at)
        pass_on(conn, at, row["wrapsets"], at.team.readers)
        secure_queue.drop_guests(conn, conv)
        change(
            conn,
            at,
            state=State.WAITING.value,
            assigned_to=None,
            pending_to=None,
            offered_at=None,
            was_with=worker.member,
            queued_at=minute(room.now),
        )

    return await step(room, worker, conv, Event.RELEASE, row["version"], act)


async def offer(room: SecureRoom, worker: Worker, conv: bytes, row: Json) -> int:
    """Ask a colleague to take it over."""
    to = unb64(row["to"], ID_LENGTH)

    def act(conn: Connection, at: Desk) -> None:
        if to not in at.team.readers or to == at.seen.assigned_to:
            raise Refused("wrapset", "offer it to another worker of the team")
        pass_on(conn, at, row["wrapsets"], {to})
        change(conn, at, pending_to=to, offered_at=room.now)

    return await step(room, worker, conv, Event.OFFER, row["version"], act)


async def withdraw(room: SecureRoom, worker: Worker, conv: bytes, row: Json) -> int:
    """Take the question back."""
    return await step(room, worker, conv, Event.WITHDRAW, row["version"], _end_offer)


async def decline(room: SecureRoom, worker: Worker, conv: bytes, row: Json) -> int:
    """Not now: it stays with who had it."""
    return await step(room, worker, conv, Event.DECLINE, row["version"], _end_offer)


async def accept(room: SecureRoom, worker: Worker, conv: bytes, row: Json) -> int:
    """Take it over; who had it can read it no more."""

    def act(conn: Connection, at: Desk) -> None:
        mine = {"assigned_to": worker.member, "pending_to": None, "offered_at": None}
        change(conn, at, was_with=at.seen.assigned_to, **mine)
        secure_queue.drop_guests(conn, conv)
        keep_wraps(conn, room, conv, at.team, {worker.member})

    return await step(room, worker, conv, Event.ACCEPT, row["version"], act)


async def close(room: SecureRoom, worker: Worker, conv: bytes, row: Json) -> int:
    """End the talk; ``abusive``: this conversation can not be opened again."""
    if not isinstance(row["abusive"], bool):
        raise Refused("shape", "abusive is true or false")
    reason = ABUSIVE if row["abusive"] else "member"
    event = Event.CLOSE_ABUSIVE if row["abusive"] else Event.CLOSE

    def act(conn: Connection, at: Desk) -> None:
        _drop_open_offer(conn, at)
        secure_queue.drop_guests(conn, conv)
        change(conn, at, **closing(room, at.seen, room.now, reason))

    return await step(room, worker, conv, event, row["version"], act)


async def invite_guest(room: SecureRoom, worker: Worker, conv: bytes, row: Json) -> int:
    """Let a trainee look on."""
    to = unb64(row["to"], ID_LENGTH)

    def once(conn: Connection) -> int:
        at = _own_desk(conn, room, worker, conv)
        guest = at.team.manifest.member(to)
        if at.seen.version != number(row["version"]):
            raise raced()
        if guest is None or guest.role != TRAINEE:
            raise Refused("wrapset", "only a trainee of the team looks on")
        pass_on(conn, at, row["wrapsets"], {to})
        secure_queue.add_guest(conn, conv, to, minute(room.now))
        change(conn, at)
        staff_audit.note(conn, worker.account, "guest", room.now, conv=conv)
        return at.seen.version + 1

    version = await room.house.database.write(once)
    room.wakes.ring(conv)
    return version


async def dismiss_guest(room: SecureRoom, worker: Worker, conv: bytes, guest: bytes) -> None:
    """They look on no more, and lose the key."""

    def once(conn: Connection) -> None:
        at = _own_desk(conn, room, worker, conv)
        if not secure_queue.drop_guest(conn, conv, guest):
            raise Nowhere
        secure_messages.take_wraps_of(conn, [guest], conv)
        secure_messages.drop_draft(conn, conv, guest)
        change(conn, at)

    await room.house.database.write(once)
    room.wakes.ring(conv)


def pass_on(conn: Connection, at: Desk, told: object, to: Collection[bytes]) -> None:
    """Store the key of every epoch that the asker can open, for exactly these.

    Raises:
        Refused: shape, wrapset, manifest, epoch, signature.
    """
    conv = at.seen.id
    if not isinstance(told, list) or len(told) > _EPOCHS_AT_MOST:
        raise Refused("shape", "wrapsets: a list with one for each epoch")
    wrapsets: Mapping[int, Wrapset] = {
        one.e: one for one in (read_wrapset(json, conv) for json in told)
    }
    mine = secure_messages.epochs_open_to(conn, conv, at.worker.member)
    if len(wrapsets) != len(told) or wrapsets.keys() != mine:
        raise Refused("wrapset", "one wrapset for each epoch that you can open")
    for epoch, wrapset in wrapsets.items():
        commit = secure_messages.commit_of(conn, conv, epoch) or b""
        check_later(wrapset, epoch, commit, at.team.manifest, at.signer)
        check_recipients(wrapset, to)
        add_wrapset(conn, wrapset)


def _own_desk(conn: Connection, room: SecureRoom, worker: Worker, conv: bytes) -> Desk:
    """The conversation, open, for its assignee or a coordinator.

    Raises:
        Nowhere: it is not theirs; Turned: version, when it is not assigned.
    """
    at = desk(conn, room, worker, conv)
    actors = actors_of(conn, worker, at.seen, at.member)
    if actors.isdisjoint({Actor.ASSIGNEE, Actor.COORDINATOR}):
        raise Nowhere
    if at.seen.state != State.ASSIGNED:
        raise raced()
    return at


def _end_offer(conn: Connection, at: Desk) -> None:
    _drop_open_offer(conn, at)
    change(conn, at, pending_to=None, offered_at=None)


def _drop_open_offer(conn: Connection, at: Desk) -> None:
    if at.seen.pending_to:
        drop_offer(conn, at.room, at.seen, at.seen.pending_to)
