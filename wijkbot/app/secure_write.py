"""How does a message come into a conversation? Checked before it is stored, and never twice.

The checks run on a snapshot first, beside everything else: what is refused never waits for the
writer, and costs others nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from wijkbot.app.secure_refusal import Nowhere, Turned
from wijkbot.app.secure_room import SecureRoom
from wijkbot.app.secure_rows import add_wrapset, message_row, raced, standing_of
from wijkbot.app.secure_team import Team
from wijkbot.securechat.encoding import NO_HASH, RECOVERY, RESIDENT, Refused, b64
from wijkbot.securechat.envelope import Envelope, check
from wijkbot.securechat.points import Signer
from wijkbot.securechat.states import Actor, Event, State, next_state
from wijkbot.securechat.timers import minute
from wijkbot.securechat.wrapset import Wrapset, check_start
from wijkbot.storage import secure_chats, secure_messages, secure_queue
from wijkbot.storage.secure_chats import Conversation


@dataclass(frozen=True, slots=True)
class Writing:
    """A message of ``signer``, who acts as these; ``wrapset`` starts the epoch it is in."""

    signer: Signer
    actors: frozenset[Actor]
    envelope: Envelope
    wrapset: Wrapset | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """The place of a message, and whether it came just now."""

    seq: int
    is_new: bool


Admit = Callable[[Conversation, Team], Writing]
"""Who writes, as the conversation and the team are now; raises Refused for whoever may not."""


def already(conn: Connection, envelope: Envelope) -> Stored | None:
    """The same message, when it is there: an answer was lost, and it was sent again."""
    there = secure_messages.seq_of(conn, envelope.conv, envelope.by, envelope.n)
    return Stored(there[0], is_new=False) if there and there[1] == envelope.hash else None


def check_writing(conn: Connection, seen: Conversation, writing: Writing, team: Team) -> State:
    """Nothing is wrong with this message now; gives the state it leads to.

    Raises:
        Refused: as docs/secure-chat-api.md says for a message.
    """
    reopens = seen.state == State.CLOSED and writing.wrapset is not None
    event = Event.REOPEN if reopens else Event.WRITE
    to = next_state(standing_of(seen), event, writing.actors)
    epoch = seen.epoch
    if writing.wrapset is not None:
        epoch += 1
        try:
            check_start(writing.wrapset, epoch, team.manifest, seen.kem, writing.signer)
        except Refused as refused:
            raise _told(refused, seen) from refused
    last = secure_messages.last_of(conn, seen.id, writing.signer.id)
    n, digest = (last.n, last.hash) if last else (0, NO_HASH)
    try:
        check(writing.envelope, writing.signer, epoch, n, digest)
    except Refused as refused:
        if refused.code == "chain":
            more = {"n": n, "hash": b64(digest)}
            raise Turned(refused.code, refused.detail, more=more) from refused
        raise _told(refused, seen) from refused
    if writing.wrapset is None:
        _check_readers(conn, seen, team)
    return to or State.WAITING


def store(conn: Connection, room: SecureRoom, conv: bytes, admit: Admit) -> Stored:
    """Check once more under the lock, and store.

    Raises:
        Refused: as :func:`check_writing`; Nowhere when it is deleted meanwhile.
    """
    seen = secure_chats.lock(conn, conv)
    if seen is None:
        raise Nowhere
    team = room.team.current(conn, room.now)
    writing = admit(seen, team)
    if there := already(conn, writing.envelope):
        return there
    to = check_writing(conn, seen, writing, team)
    now = room.now
    changed: dict[str, object] = {"last_at": minute(now)}
    if writing.wrapset is not None:
        add_wrapset(conn, writing.wrapset)
        changed["epoch"] = writing.wrapset.e
    if seen.state == State.CLOSED:
        changed |= reopened(seen, to, now)
    seq = secure_messages.append(conn, seen, message_row(writing.envelope, now), **changed)
    if seq is None:
        raise raced()
    if writing.wrapset is not None and to is State.ASSIGNED:
        keep_wraps(conn, room, conv, team, {seen.assigned_to, seen.pending_to})
    return Stored(seq, is_new=True)


def reopened(seen: Conversation, to: State, now: int) -> dict[str, object]:
    """What changes when a closed conversation goes on: it waits again, at the end of the queue."""
    return {
        "state": to.value,
        "version": seen.version + 1,
        "was_with": seen.assigned_to or seen.was_with,
        "assigned_to": None,
        "pending_to": None,
        "offered_at": None,
        "is_returning": True,
        "closed_for": "",
        "purge_at": None,
        "queued_at": minute(now),
    }


def keep_wraps(
    conn: Connection, room: SecureRoom, conv: bytes, team: Team, others: set[bytes | None]
) -> None:
    """Who may read an assigned conversation: these, coordinators, guests; the rest loses it."""
    if room.settings.policy == "team":
        return
    keepers = {RESIDENT, RECOVERY, *team.coordinators, *secure_queue.guests(conn, conv)}
    secure_messages.take_wraps(conn, conv, keepers | {who for who in others if who})


def _check_readers(conn: Connection, seen: Conversation, team: Team) -> None:
    """Somebody who left the team has the key of this epoch: the next one has to begin."""
    members = {who.id for who in team.manifest.members} | {RESIDENT, RECOVERY}
    if not secure_messages.receivers(conn, seen.id, seen.epoch) <= members:
        raise Refused("manifest", "the team has changed: start a new epoch")


def _told(refused: Refused, seen: Conversation) -> Refused:
    if refused.code != "epoch":
        return refused
    return Turned(refused.code, refused.detail, more={"e": seen.epoch})
