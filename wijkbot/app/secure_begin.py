"""How does a conversation begin? Nothing is stored unless everything holds."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from wijkbot.app.secure_chat import TOKEN_BYTES, read_code
from wijkbot.app.secure_gone import day_of, tombstone_of
from wijkbot.app.secure_limits import SITE
from wijkbot.app.secure_refusal import Turned
from wijkbot.app.secure_room import SecureRoom
from wijkbot.app.secure_rows import Json, add_wrapset, message_row
from wijkbot.app.secure_team import no_team
from wijkbot.app.staff_hours import hours, opens_at
from wijkbot.securechat.encoding import ID_LENGTH, NO_HASH, RESIDENT, Refused, b64, unb64
from wijkbot.securechat.envelope import Envelope, check, read_envelope
from wijkbot.securechat.points import Signer, check_public, sha256
from wijkbot.securechat.states import State
from wijkbot.securechat.timers import HOUR, minute
from wijkbot.securechat.work import FRESH_LENGTH, Work, check_work, make_challenge, read_work
from wijkbot.securechat.wrapset import Wrapset, check_start, read_wrapset
from wijkbot.settings_sections import LANGUAGES
from wijkbot.storage import secure_chats, secure_messages, secure_site
from wijkbot.storage.secure_chats import Code
from wijkbot.storage.staff_sessions import presence

SAME_SECONDS = HOUR
"""So long the same request is answered with a token again: an answer may have been lost."""
FULL_RETRY = 300


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a browser sends to begin."""

    conv: bytes
    kem: bytes
    sig: bytes
    code: Code
    lang: str
    wrapset: Wrapset
    envelope: Envelope
    work: Work | None

    @property
    def signer(self) -> Signer:
        """As whom this resident signs."""
        return Signer(RESIDENT, self.sig)


@dataclass(frozen=True, slots=True)
class Begun:
    """A token for the tab; ``is_new`` is False when the same was there already."""

    token: str
    seq: int
    is_new: bool


def read_beginning(row: Json) -> Beginning:
    """Read the request.

    Raises:
        Refused: shape.
    """
    conv = unb64(row["conv"], ID_LENGTH)
    if row["lang"] not in LANGUAGES:
        raise Refused("shape", f"lang is one of {', '.join(LANGUAGES)}")
    return Beginning(
        conv=conv,
        kem=check_public(unb64(row["kem"])),
        sig=check_public(unb64(row["sig"])),
        code=read_code(row),
        lang=row["lang"],
        wrapset=read_wrapset(row["wrapset"], conv),
        envelope=read_envelope(row["envelope"], conv),
        work=read_work(row["pow"]) if row.get("pow") is not None else None,
    )


async def begin(room: SecureRoom, who: bytes, row: Json) -> Begun:
    """Store a new conversation with its first message.

    Raises:
        Refused: as docs/secure-chat-api.md says; nothing is stored then.
    """
    new = read_beginning(row)
    token = room.house.clock.random_bytes(TOKEN_BYTES)

    def look(conn: Connection) -> bool:
        if _is_same(conn, room, new):
            return True
        _check_turn(room, who, new)
        _check(conn, room, new)
        return False

    def store(conn: Connection) -> Begun:
        hashed = sha256(token)
        if _is_same(conn, room, new):
            secure_chats.add_token(conn, new.conv, hashed, minute(room.now))
            return Begun(b64(token), 1, is_new=False)
        _check(conn, room, new)
        _store(conn, room, new)
        secure_chats.add_token(conn, new.conv, hashed, minute(room.now))
        return Begun(b64(token), 1, is_new=True)

    await room.house.database.read(look)
    begun = await room.house.database.write(store)
    room.known.forget(new.conv)
    if begun.is_new:
        room.limits.take(who, "create_hour", "create_day")
        room.limits.take(SITE, "create_site", "create_without_work")
        room.wakes.ring(new.conv)
    return begun


def _is_same(conn: Connection, room: SecureRoom, new: Beginning) -> bool:
    """The very same request came before, a short while ago, and nothing happened since."""
    seen = secure_chats.get(conn, new.conv)
    if seen is None or (seen.kem, seen.sig) != (new.kem, new.sig):
        return False
    return (
        seen.last_seq == 1
        and room.now - seen.created_at < SAME_SECONDS
        and secure_messages.seq_of(conn, new.conv, RESIDENT, 1) == (1, new.envelope.hash)
        and secure_chats.code_of(conn, new.conv) == new.code
        and new.wrapset.hash in {row.hash for row in secure_messages.wrapsets(conn, new.conv)}
    )


def needs_work(room: SecureRoom, who: bytes) -> bool:
    """Very many begin, or many behind one address: work is asked, and nobody is refused."""
    names = ("create_hour", "create_day")
    is_crowded = room.limits.wait("create_without_work", SITE) > 0
    return is_crowded or any(room.limits.wait(name, who) > 0 for name in names)


def _check_turn(room: SecureRoom, who: bytes, new: Beginning) -> None:
    room.limits.ask(SITE, "create_site")
    if needs_work(room, who):
        if new.work is None:
            raise Refused("pow", "read config again: work is asked")
        check_work(room.work_key, new.work, new.conv, room.now)


def _check(conn: Connection, room: SecureRoom, new: Beginning) -> None:
    team = room.team.current(conn, room.now)
    if new.envelope.e != 1 or new.envelope.n != 1:
        raise Refused("shape", "a conversation begins with message 1 of epoch 1")
    check_start(new.wrapset, 1, team.manifest, new.kem, new.signer)
    check(new.envelope, new.signer, 1, 0, NO_HASH)
    if secure_chats.was_deleted(conn, tombstone_of(new.conv)) or secure_chats.get(conn, new.conv):
        raise Refused("taken", "choose another id")
    if secure_chats.waiting(conn) >= room.settings.queue_cap:
        raise Turned("full", "so many wait that this would be a lie", retry_after=FULL_RETRY)


def _store(conn: Connection, room: SecureRoom, new: Beginning) -> None:
    now = minute(room.now)
    row = {
        "id": new.conv,
        "state": State.WAITING.value,
        "lang": new.lang,
        "created_at": now,
        "queued_at": now,
        "last_at": now,
        "kem": new.kem,
        "sig": new.sig,
    }
    if not secure_chats.add(conn, row, new.code):
        raise Refused("taken", "draw another code")
    seen = secure_chats.lock(conn, new.conv)
    add_wrapset(conn, new.wrapset)
    if seen is None or secure_messages.append(conn, seen, message_row(new.envelope, now)) is None:
        raise Refused("taken", "choose another id")
    secure_chats.count(conn, day_of(now), "begun")


async def config(room: SecureRoom, who: bytes) -> Json:
    """What a browser needs before anything else; changes nothing.

    Raises:
        Turned: no_team, slow.
    """
    room.limits.ask(who, "config")
    room.limits.take(who, "config")

    def look(conn: Connection) -> Json:
        team = room.team.current(conn, room.now)
        salt = secure_site.salt(conn)
        if salt is None:
            raise no_team()
        here = presence(conn, room.now)
        waiting = secure_chats.waiting(conn)
        return {
            "site_salt": b64(salt),
            "root_sig": b64(team.kept.root_sig),
            "manifest": team.kept.manifest,
            "cert": team.kept.cert,
            "presence": here,
            "opens_at": _opens_at(conn, room) if here == "closed" else None,
            "waiting": waiting,
            "is_full": waiting >= room.settings.queue_cap,
        }

    told = await room.house.database.read(look)
    return {**told, **_rules(room, who)}


def _opens_at(conn: Connection, room: SecureRoom) -> int | None:
    return opens_at(hours(conn, room.house), room.house)


def _rules(room: SecureRoom, who: bytes) -> Json:
    fresh = room.house.clock.random_bytes(FRESH_LENGTH)
    asked = needs_work(room, who)
    work = make_challenge(room.work_key, fresh, room.now).as_json() if asked else None
    keeps = room.settings
    return {
        "organisation": room.house.settings.organisation.name,
        "pow": work,
        "keeps": {
            "closed_days": keeps.closed_days,
            "silent_days": keeps.silent_days,
            "max_days": keeps.max_days,
        },
        "now": room.now,
    }
