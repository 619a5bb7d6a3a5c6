"""What does a worker see of a conversation, and what do they write in it?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from wijkbot.app import secure_rows
from wijkbot.app.secure_page import Page, next_page
from wijkbot.app.secure_refusal import Nowhere
from wijkbot.app.secure_room import SecureRoom
from wijkbot.app.secure_rows import Json
from wijkbot.app.secure_team import Team
from wijkbot.app.secure_work import Worker, acting, actors_of
from wijkbot.app.secure_write import Stored, Writing, already, check_writing, store
from wijkbot.securechat.bundle import Draft, read_draft
from wijkbot.securechat.encoding import Refused, b64
from wijkbot.securechat.envelope import read_envelope
from wijkbot.securechat.manifest import READING_ROLES, Member
from wijkbot.securechat.states import Actor, State
from wijkbot.securechat.timers import minute
from wijkbot.securechat.wrapset import read_wrapset
from wijkbot.storage import secure_chats, secure_messages, secure_queue
from wijkbot.storage.secure_chats import Conversation
from wijkbot.storage.secure_listing import Listed, listing


@dataclass(frozen=True, slots=True)
class Readable:
    """A conversation before somebody who may read it, and the team they are in."""

    worker: Worker
    seen: Conversation
    team: Team
    member: Member

    @property
    def actors(self) -> set[Actor]:
        """As whom they act, as far as it shows without looking for wraps."""
        return acting(self.worker, self.seen, self.member)


def readable(conn: Connection, room: SecureRoom, worker: Worker, conv: bytes) -> Readable:
    """The conversation, for somebody who may read it now, and as whom they do.

    Reading is claiming: one that waits is nobody's to read.

    Raises:
        Nowhere: it is not there, or not theirs.
    """
    seen = secure_chats.get(conn, conv)
    team = room.team.newest(conn)
    member = team.manifest.member(worker.member) if team else None
    if seen is None or team is None or member is None:
        raise Nowhere
    if not _may_read(room, worker, seen, member, lambda: secure_queue.guests(conn, conv)):
        raise Nowhere
    return Readable(worker, seen, team, member)


def _may_read(
    room: SecureRoom,
    worker: Worker,
    seen: Conversation,
    member: Member,
    guests: Callable[[], set[bytes]],
) -> bool:
    if seen.state == State.WAITING:
        return False
    reads_all = room.settings.policy == "team" and member.role in READING_ROLES
    acts = not acting(worker, seen, member).isdisjoint({Actor.ASSIGNEE, Actor.COORDINATOR})
    return acts or reads_all or worker.member in guests()


async def queue(room: SecureRoom, worker: Worker) -> Json:
    """What waits, and what is theirs."""

    def look(conn: Connection) -> Json:
        found = listing(conn, worker.member, sees_others=worker.steps_in)
        return {
            "waiting": [_waiting(one, worker.member) for one in found.waiting],
            "mine": [_mine(one, found.said.get(one.id, 0)) for one in found.mine],
            "offered": [_other(one) for one in found.offered],
            "beside": [_mine(one, found.said.get(one.id, 0)) for one in found.beside],
            "others": [_other(one) for one in found.others],
        }

    return await room.house.database.read(look)


def _waiting(seen: Listed, member: bytes) -> Json:
    return {
        "conv": b64(seen.id),
        "since": seen.created_at,
        "lang": seen.lang,
        "returning": seen.is_returning,
        "version": seen.version,
        "was_mine": seen.was_with == member,
    }


def _mine(seen: Listed, unread_after: int) -> Json:
    return {
        "conv": b64(seen.id),
        "state": seen.state,
        "version": seen.version,
        "last_at": seen.last_at,
        "last_seq": seen.last_seq,
        "unread_after": unread_after,
        "lang": seen.lang,
        "pending_to": b64(seen.pending_to) if seen.pending_to else None,
    }


def _other(seen: Listed) -> Json:
    return {
        "conv": b64(seen.id),
        "version": seen.version,
        "last_at": seen.last_at,
        "lang": seen.lang,
        "assigned_to": b64(seen.assigned_to) if seen.assigned_to else None,
        "pending_to": b64(seen.pending_to) if seen.pending_to else None,
    }


async def news(
    room: SecureRoom, worker: Worker, conv: bytes, after: int, version: int | None, wait: int
) -> Json:
    """The messages after a place; waits so many seconds for something new."""

    def read(conn: Connection) -> tuple[Conversation, Sequence[Row[Any]]]:
        seen = readable(conn, room, worker, conv).seen
        return seen, secure_messages.page_after(conn, seen, after)

    async def look() -> Page:
        seen, messages = await room.house.database.read(read)
        return Page(seen, messages, await room.known.around(), seen.version)

    return await next_page(room, conv, look, (after, version), wait)


async def keys(room: SecureRoom, worker: Worker, conv: bytes) -> Json:
    """All wrapsets, and the public keys of the resident to check them with."""

    def look(conn: Connection) -> Json:
        at = readable(conn, room, worker, conv)
        told = secure_rows.keys_json(conn, conv, worker.member, at.team)
        return {**told, "resident": {"kem": b64(at.seen.kem), "sig": b64(at.seen.sig)}}

    return await room.house.database.read(look)


async def write(room: SecureRoom, worker: Worker, conv: bytes, row: Json) -> Stored:
    """Take a message of who talks in it, and once only."""
    envelope = read_envelope(row["envelope"], conv)
    wrapset = read_wrapset(row["wrapset"], conv) if "wrapset" in row else None

    def admit(seen: Conversation, team: Team) -> Writing:
        member = team.manifest.member(worker.member)
        if member is None or seen.assigned_to != worker.member:
            raise Nowhere
        actors = frozenset(acting(worker, seen, member))
        return Writing(member.signer, actors, envelope, wrapset)

    def look(conn: Connection) -> Stored | None:
        at = readable(conn, room, worker, conv)
        if there := already(conn, envelope):
            return there
        team = room.team.holding(at.team, room.now)
        writing = admit(at.seen, team)
        if at.seen.state == State.CLOSED:
            raise Refused("closed", "the conversation is closed")
        check_writing(conn, at.seen, writing, team)
        return None

    database = room.house.database
    if there := await database.read(look):
        return there
    stored = await database.write(lambda c: store(c, room, conv, admit))
    if stored.is_new:
        room.wakes.ring(conv, queue=False)
    return stored


async def check_reads(room: SecureRoom, worker: Worker, conv: bytes) -> set[Actor]:
    """Nothing happens when they may read it; gives as whom they do.

    Raises:
        Nowhere: they may not.
    """
    return await room.house.database.read(lambda c: readable(c, room, worker, conv).actors)


async def check_writes(room: SecureRoom, worker: Worker, conv: bytes) -> None:
    """Nothing happens when they talk in it.

    Raises:
        Nowhere: they do not.
    """
    if Actor.ASSIGNEE not in await check_reads(room, worker, conv):
        raise Nowhere


async def drafts(room: SecureRoom, worker: Worker, conv: bytes) -> Json:
    """The drafts: a trainee sees their own, who talks sees all."""

    def look(conn: Connection) -> Json:
        at = readable(conn, room, worker, conv)
        actors = actors_of(conn, worker, at.seen, at.member)
        rows = secure_messages.drafts(conn, conv)
        mine = [row for row in rows if actors or row.author == worker.member]
        return {
            "drafts": [
                {
                    "author": b64(row.author),
                    "draft": b64(row.draft),
                    "e": row.e,
                    "iv": b64(row.iv),
                    "ct": b64(row.ct),
                }
                for row in mine
            ]
        }

    return await room.house.database.read(look)


async def put_draft(room: SecureRoom, worker: Worker, conv: bytes, row: Json) -> None:
    """The draft of somebody who looks on; it replaces their earlier one."""
    draft: Draft = read_draft(row)

    def keep(conn: Connection) -> None:
        seen = readable(conn, room, worker, conv).seen
        if worker.member not in secure_queue.guests(conn, conv):
            raise Nowhere
        if draft.e != seen.epoch:
            raise Refused("epoch", "the draft is for another epoch than the newest")
        secure_messages.set_draft(
            conn,
            conv,
            worker.member,
            {
                "draft": draft.id,
                "e": draft.e,
                "iv": draft.sealed.iv,
                "ct": draft.sealed.ct,
                "at": minute(room.now),
            },
        )

    await room.house.database.write(keep)
    room.wakes.ring(conv, queue=False)


async def drop_drafts(room: SecureRoom, worker: Worker, conv: bytes) -> None:
    """A trainee takes their draft away; who talks takes all of them away."""

    def drop(conn: Connection) -> None:
        actors = readable(conn, room, worker, conv).actors
        for row in secure_messages.drafts(conn, conv):
            if Actor.ASSIGNEE in actors or row.author == worker.member:
                secure_messages.drop_draft(conn, conv, row.author)

    await room.house.database.write(drop)
    room.wakes.ring(conv, queue=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a conversation stood when it was rung for, read once for all consoles."""

    seen: Conversation
    guests: set[bytes]
    team: Team

    def seq_for(self, room: SecureRoom, worker: Worker) -> int | None:
        """The newest place, for somebody who may read it; None for others."""
        member = self.team.manifest.member(worker.member)
        if member is None or not _may_read(room, worker, self.seen, member, lambda: self.guests):
            return None
        return self.seen.last_seq


async def standing(room: SecureRoom, conv: bytes) -> Standing | None:
    """Look at a conversation; None when it is gone."""

    def look(conn: Connection) -> Standing | None:
        seen, team = secure_chats.get(conn, conv), room.team.newest(conn)
        if seen is None or team is None:
            return None
        return Standing(seen, secure_queue.guests(conn, conv), team)

    return await room.house.database.read(look)
