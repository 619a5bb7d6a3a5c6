"""What can a resident do? Begin, come back, read, write, change the code, close, delete.

Everything but beginning and coming back is asked with the token of a tab, of which only the hash
is kept.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Row

from wijkbot.app import secure_rows
from wijkbot.app.secure_gone import erase_now
from wijkbot.app.secure_page import Page, next_page
from wijkbot.app.secure_refusal import Nowhere, UnknownToken
from wijkbot.app.secure_room import SecureRoom
from wijkbot.app.secure_rows import Json, raced, standing_of
from wijkbot.app.secure_team import Team, no_team
from wijkbot.app.secure_write import Stored, Writing, already, check_writing, store
from wijkbot.securechat.bundle import RESIDENT_KDF, check_blob, check_kdf, read_bundle
from wijkbot.securechat.encoding import HASH_LENGTH, ID_LENGTH, RESIDENT, Refused, b64, lp, unb64
from wijkbot.securechat.envelope import read_envelope
from wijkbot.securechat.points import Signer, sha256
from wijkbot.securechat.states import Actor, Event, State, next_state
from wijkbot.securechat.timers import DAY, minute, purge_at
from wijkbot.securechat.wrapset import read_wrapset
from wijkbot.storage import secure_chats, secure_messages, secure_queue
from wijkbot.storage.secure_chats import Code, Conversation

TOKEN_BYTES = 32
_RESIDENT = frozenset({Actor.RESIDENT})
_NOTHING = bytes(HASH_LENGTH)
PHOTOS_A_DAY = 10
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tab:
    """A resident who is in, in one tab."""

    conv: bytes
    token_hash: bytes


def token_hash(token: str) -> bytes:
    """What is kept of a token.

    Raises:
        UnknownToken: it is none.
    """
    try:
        return sha256(unb64(token, TOKEN_BYTES))
    except Refused as refused:
        raise UnknownToken from refused


def read_code(row: Json) -> Code:
    """The half of a return code that the server may know.

    Raises:
        Refused: shape.
    """
    bundle = read_bundle(row["bundle"])
    return Code(
        unb64(row["locator_hash"], HASH_LENGTH),
        unb64(row["auth_hash"], HASH_LENGTH),
        check_kdf(row["kdf"], RESIDENT_KDF),
        bundle.iv,
        bundle.ct,
    )


async def come_back(room: SecureRoom, who: bytes, row: Json) -> Json:
    """Let somebody in who knows the return code.

    Raises:
        Refused: unknown, for every reason alike; slow.
    """
    locator, auth = unb64(row["locator"], ID_LENGTH), unb64(row["auth"], HASH_LENGTH)
    room.limits.ask_return(who)
    room.limits.take(who, "return")
    token = room.house.clock.random_bytes(TOKEN_BYTES)
    locator_hash, auth_hash = sha256(lp("wb1/loc", locator)), sha256(auth)

    def let_in(conn: Connection) -> Json | None:
        found = secure_chats.by_locator(conn, locator_hash)
        # compared in any case: it takes as long when nobody is there
        is_right = hmac.compare_digest(found.auth_hash if found else _NOTHING, auth_hash)
        seen = secure_chats.lock(conn, found.conv) if found and is_right else None
        if found is None or seen is None:
            return None
        secure_chats.add_token(conn, found.conv, sha256(token), minute(room.now))
        return {
            "conv": b64(found.conv),
            "kem": b64(seen.kem),
            "sig": b64(seen.sig),
            "kdf": found.kdf,
            "bundle": {"iv": b64(found.bundle_iv), "ct": b64(found.bundle_ct)},
            "token": b64(token),
        }

    told = await room.house.database.write(let_in)
    if told is None:
        room.limits.missed(who)
        raise Nowhere
    room.limits.hit(who)
    room.known.forget(unb64(told["conv"]))  # the oldest of many tabs was let go for this one
    return told


async def tab_of(room: SecureRoom, token: str) -> Tab:
    """Whose token it is.

    Raises:
        UnknownToken: nobody's.
    """
    hashed = token_hash(token)
    seen, _ = await _looked(room, hashed, lambda _conn, _seen: None)
    return Tab(seen.id, hashed)


async def tab_as_known(room: SecureRoom, token: str) -> Tab:
    """As :func:`tab_of`, from memory where it can be: for what looks at the token again itself."""
    hashed = token_hash(token)
    seen = room.known.opened_by(hashed)
    return Tab(seen.id, hashed) if seen else await tab_of(room, token)


async def _looked(
    room: SecureRoom, hashed: bytes, more: Callable[[Connection, Conversation], T]
) -> tuple[Conversation, T]:
    found = await room.known.look(hashed, more)
    if found is None:
        raise UnknownToken
    return found


async def news(room: SecureRoom, tab: Tab, after: int, version: int | None, wait: int) -> Json:
    """The messages after a place; waits so many seconds for something new.

    Raises:
        UnknownToken: everything was deleted meanwhile.
    """

    def more(conn: Connection, seen: Conversation) -> Sequence[Row[Any]]:
        return secure_messages.page_after(conn, seen, after)

    async def look() -> Page:
        seen = room.known.opened_by(tab.token_hash)
        messages: Sequence[Row[Any]] = ()
        if seen is None or seen.last_seq > after:
            seen, messages = await _looked(room, tab.token_hash, more)
        around = await room.known.around()
        return Page(seen, messages, around, seen.version + around.team)

    room.limits.begin_poll(tab.token_hash)
    try:
        return await next_page(room, tab.conv, look, (after, version), wait)
    finally:
        room.limits.end_poll(tab.token_hash)


async def keys(room: SecureRoom, tab: Tab) -> Json:
    """All wrapsets, and the lists of the team that they and the messages need."""

    def look(conn: Connection) -> Json:
        team = room.team.newest(conn)
        if team is None:
            raise no_team()
        return secure_rows.keys_json(conn, tab.conv, RESIDENT, team)

    return await room.house.database.read(look)


async def write(room: SecureRoom, tab: Tab, row: Json) -> Stored:
    """Take a message, and once only.

    Raises:
        Refused: as docs/secure-chat-api.md says.
    """
    envelope = read_envelope(row["envelope"], tab.conv)
    wrapset = read_wrapset(row["wrapset"], tab.conv) if "wrapset" in row else None

    def admit(seen: Conversation, _team: Team) -> Writing:
        return Writing(Signer(RESIDENT, seen.sig), _RESIDENT, envelope, wrapset)

    def look(conn: Connection) -> Stored | None:
        seen = secure_chats.by_token(conn, tab.token_hash)
        if seen is None:
            raise UnknownToken
        if there := already(conn, envelope):
            return there
        room.limits.ask(tab.conv, "messages_minute", "messages_day")
        team = room.team.current(conn, room.now)
        check_writing(conn, seen, admit(seen, team), team)
        return None

    database = room.house.database
    if there := await database.read(look):
        return there
    try:
        stored = await database.write(lambda c: store(c, room, tab.conv, admit))
    except Nowhere:
        raise UnknownToken from None
    if stored.is_new:
        room.limits.take(tab.conv, "messages_minute", "messages_day")
        # only with a new epoch can it wait for a worker again
        room.wakes.ring(tab.conv, queue=wrapset is not None)
    return stored


async def put_blob(room: SecureRoom, conv: bytes, blob: bytes, sealed: bytes) -> str:
    """Keep a sealed photo: "new", "same" or "taken".

    Raises:
        Refused: shape, closed, slow (ten a day).
    """
    check_blob(sealed)
    now = room.now

    def keep(conn: Connection) -> str:
        seen = secure_chats.lock(conn, conv)
        if seen is None:
            raise Nowhere
        if secure_messages.blob_of(conn, conv, blob) is None:
            if seen.state == State.CLOSED:
                raise Refused("closed", "the conversation is closed")
            if secure_messages.photos_since(conn, conv, now - DAY) >= PHOTOS_A_DAY:
                room.limits.ask(conv, "photos_day")
        return secure_messages.add_blob(conn, conv, blob, sealed, minute(now))

    room.limits.ask(conv, "photos_day")
    kept = await room.house.database.write(keep)
    if kept == "new":
        room.limits.take(conv, "photos_day")
    return kept


async def blob_of(room: SecureRoom, conv: bytes, blob: bytes) -> bytes:
    """A sealed photo of this conversation.

    Raises:
        Nowhere: there is none, or it is another's.
    """
    sealed = await room.house.database.read(lambda c: secure_messages.blob_of(c, conv, blob))
    if sealed is None:
        raise Nowhere
    return sealed


async def new_code(room: SecureRoom, tab: Tab, row: Json) -> None:
    """Another return code; the old one is dead at once.

    Raises:
        Refused: taken.
    """
    code = read_code(row)

    def change(conn: Connection) -> bool:
        if secure_chats.lock(conn, tab.conv) is None:
            raise UnknownToken
        return secure_chats.set_code(conn, tab.conv, code)

    if not await room.house.database.write(change):
        raise Refused("taken", "draw another code")


async def close(room: SecureRoom, tab: Tab) -> None:
    """End the talk; doing it twice changes nothing."""
    now = room.now

    def end(conn: Connection) -> None:
        seen = secure_chats.lock(conn, tab.conv)
        if seen is None:
            raise UnknownToken
        if seen.state != State.CLOSED:
            next_state(standing_of(seen), Event.CLOSE, _RESIDENT)
            if not secure_chats.change(conn, seen, **closing(room, seen, now, "resident")):
                raise raced()
            secure_queue.drop_guests(conn, tab.conv)

    await room.house.database.write(end)
    room.wakes.ring(tab.conv)


def closing(room: SecureRoom, seen: Conversation, now: int, reason: str) -> dict[str, Any]:
    """What changes when a conversation is closed."""
    return {
        "state": State.CLOSED.value,
        "closed_for": reason,
        "pending_to": None,
        "offered_at": None,
        "purge_at": purge_at(now, secure_rows.moments_of(seen), room.keeps),
    }


async def delete(room: SecureRoom, tab: Tab) -> None:
    """Everything goes now."""
    await erase_now(room, tab.conv, "deleted")
