"""What was written in a conversation, and for whom was its key wrapped? Sealed, every byte."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, bindparam, delete, func, select, update

from wijkbot.storage.dialect import insert
from wijkbot.storage.secure_chats import Conversation
from wijkbot.storage.secure_tables import (
    sc_blob,
    sc_conversation,
    sc_draft,
    sc_message,
    sc_recipient,
    sc_wrapset,
)

PAGE = 200
"""So many messages in one answer."""

# what is asked for every message is built once: building a statement takes longer than running it
_IN_CONV = sc_message.c.conv == bindparam("b_conv")
_BY_SENDER = (_IN_CONV, sc_message.c.sender == bindparam("b_sender"))
_LAST = (
    select(sc_message.c.n, sc_message.c.hash)
    .where(*_BY_SENDER)
    .order_by(sc_message.c.n.desc())
    .limit(1)
)
_SEQ = select(sc_message.c.seq, sc_message.c.hash).where(
    *_BY_SENDER, sc_message.c.n == bindparam("b_n", type_=BigInteger)
)
_PAGE = (
    select(sc_message)
    .where(_IN_CONV, sc_message.c.seq > bindparam("b_after", type_=BigInteger))
    .order_by(sc_message.c.seq)
    .limit(PAGE)
)
_ADD = sc_message.insert()
_RECEIVERS = (
    select(sc_recipient.c.receiver)
    .distinct()
    .select_from(
        sc_recipient.join(
            sc_wrapset,
            (sc_recipient.c.conv == sc_wrapset.c.conv)
            & (sc_recipient.c.number == sc_wrapset.c.number),
        )
    )
    .where(
        sc_wrapset.c.conv == bindparam("b_conv"),
        sc_wrapset.c.e == bindparam("b_e", type_=BigInteger),
    )
)
_GOING_ON = (
    update(sc_conversation)
    .where(
        sc_conversation.c.id == bindparam("b_conv"),
        sc_conversation.c.state == bindparam("b_state"),
        sc_conversation.c.version == bindparam("b_version", type_=BigInteger),
        sc_conversation.c.last_seq == bindparam("b_last_seq", type_=BigInteger),
    )
    .values(last_seq=bindparam("b_seq", type_=BigInteger))
)

Columns = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Last:
    """The newest message of one sender: its number and its hash."""

    n: int
    hash: bytes


def last_of(conn: Connection, conv: bytes, sender: bytes) -> Last | None:
    """The newest message of that sender, through all epochs."""
    row = conn.execute(_LAST, {"b_conv": conv, "b_sender": sender}).first()
    return Last(row.n, row.hash) if row else None


def seq_of(conn: Connection, conv: bytes, sender: bytes, n: int) -> tuple[int, bytes] | None:
    """The place and the hash of message ``n`` of that sender."""
    row = conn.execute(_SEQ, {"b_conv": conv, "b_sender": sender, "b_n": n}).first()
    return (row.seq, row.hash) if row else None


def append(conn: Connection, seen: Conversation, message: Columns, **changed: Any) -> int | None:
    """Add a message to a conversation that is locked, and change it; returns its place.

    None when the conversation is not any more what was seen.
    """
    seq = seen.last_seq + 1
    as_seen = {
        "b_conv": seen.id,
        "b_state": seen.state,
        "b_version": seen.version,
        "b_last_seq": seen.last_seq,
    }
    if conn.execute(_GOING_ON.values(changed), {**as_seen, "b_seq": seq}).rowcount != 1:
        return None
    conn.execute(_ADD, {**message, "conv": seen.id, "seq": seq})
    return seq


def page_after(conn: Connection, seen: Conversation, after: int) -> Sequence[Row[Any]]:
    """The messages after that place, in order; at most PAGE."""
    if seen.last_seq <= after:
        return ()
    return conn.execute(_PAGE, {"b_conv": seen.id, "b_after": after}).all()


def senders(conn: Connection, conv: bytes) -> set[bytes]:
    """Who wrote in it, or gave its key."""
    wrote = select(sc_message.c.sender).where(sc_message.c.conv == conv)
    gave = select(sc_wrapset.c.sender).where(sc_wrapset.c.conv == conv)
    return set(conn.execute(wrote.union(gave)).scalars())


def add_wrapset(
    conn: Connection, conv: bytes, wrapset: Columns, recipients: Sequence[Columns]
) -> bool:
    """Add a wrapset; False when that very one is there already."""
    mine = sc_wrapset.c.conv == conv
    same = select(sc_wrapset.c.number).where(mine, sc_wrapset.c.hash == wrapset["hash"])
    if conn.execute(same).first() is not None:
        return False
    top = select(func.coalesce(func.max(sc_wrapset.c.number), 0)).where(mine)
    number = int(conn.execute(top).scalar_one()) + 1
    place = {"conv": conv, "number": number}
    conn.execute(insert(conn, sc_wrapset).values({**wrapset, **place}))
    conn.execute(insert(conn, sc_recipient).values([{**one, **place} for one in recipients]))
    return True


def commit_of(conn: Connection, conv: bytes, epoch: int) -> bytes | None:
    """What all wrapsets of that epoch promise the same of."""
    where = (sc_wrapset.c.conv == conv, sc_wrapset.c.e == epoch)
    found = conn.execute(select(sc_wrapset.c.commit).where(*where).limit(1)).first()
    return found.commit if found else None


def wrapsets(conn: Connection, conv: bytes) -> Sequence[Row[Any]]:
    """All of them, in the order in which they came."""
    query = select(sc_wrapset).where(sc_wrapset.c.conv == conv)
    return conn.execute(query.order_by(sc_wrapset.c.number)).all()


def recipients(conn: Connection, conv: bytes) -> Sequence[Row[Any]]:
    """Of all wrapsets, in the order of wrapset and id."""
    query = select(sc_recipient).where(sc_recipient.c.conv == conv)
    return conn.execute(query.order_by(sc_recipient.c.number, sc_recipient.c.receiver)).all()


def epochs_open_to(conn: Connection, conv: bytes, reader: bytes) -> set[int]:
    """Of which epochs somebody has the key."""
    joined = sc_wrapset.join(
        sc_recipient,
        (sc_recipient.c.conv == sc_wrapset.c.conv)
        & (sc_recipient.c.number == sc_wrapset.c.number),
    )
    mine = (sc_recipient.c.receiver == reader, sc_recipient.c.ct.is_not(None))
    query = select(sc_wrapset.c.e).select_from(joined)
    return set(conn.execute(query.where(sc_wrapset.c.conv == conv, *mine)).scalars())


def receivers(conn: Connection, conv: bytes, epoch: int) -> set[bytes]:
    """For whom the key of that epoch was ever wrapped."""
    return set(conn.execute(_RECEIVERS, {"b_conv": conv, "b_e": epoch}).scalars())


def take_wraps(conn: Connection, conv: bytes, keepers: Collection[bytes]) -> int:
    """Take the wraps of everybody but these; what a signature covers stays."""
    others = sc_recipient.c.receiver.not_in(list(keepers))
    return _take(conn, sc_recipient.c.conv == conv, others)


def take_wraps_of(conn: Connection, readers: Collection[bytes], conv: bytes | None = None) -> int:
    """Take the wraps of these, in one conversation or in all."""
    where = [] if conv is None else [sc_recipient.c.conv == conv]
    return _take(conn, sc_recipient.c.receiver.in_(list(readers)), *where)


def _take(conn: Connection, *where: Any) -> int:
    gone = update(sc_recipient).where(*where, sc_recipient.c.ct.is_not(None))
    return conn.execute(gone.values(kem=None, enc=None, ct=None)).rowcount


def add_blob(conn: Connection, conv: bytes, blob: bytes, sealed: bytes, now: int) -> str:
    """Add a photo: "new", "same" when it is there, "taken" when other bytes are."""
    row = {"conv": conv, "id": blob, "sealed": sealed, "at": now}
    adding = insert(conn, sc_blob).values(row).on_conflict_do_nothing()
    if conn.execute(adding.returning(sc_blob.c.id)).first() is not None:
        return "new"
    return "same" if blob_of(conn, conv, blob) == sealed else "taken"


def blob_of(conn: Connection, conv: bytes, blob: bytes) -> bytes | None:
    """The sealed photo."""
    where = (sc_blob.c.conv == conv, sc_blob.c.id == blob)
    return conn.execute(select(sc_blob.c.sealed).where(*where)).scalar()


def photos_since(conn: Connection, conv: bytes, since: int) -> int:
    """How many photos came since then."""
    query = select(func.count()).where(sc_blob.c.conv == conv, sc_blob.c.at >= since)
    return int(conn.execute(query).scalar_one())


def set_draft(conn: Connection, conv: bytes, author: bytes, draft: Columns) -> None:
    """The draft of a trainee; each has one."""
    new = insert(conn, sc_draft).values({**draft, "conv": conv, "author": author})
    keys = ["conv", "author"]
    conn.execute(new.on_conflict_do_update(index_elements=keys, set_=dict(draft)))


def drafts(conn: Connection, conv: bytes) -> Sequence[Row[Any]]:
    """All drafts of a conversation."""
    query = select(sc_draft).where(sc_draft.c.conv == conv).order_by(sc_draft.c.author)
    return conn.execute(query).all()


def drop_draft(conn: Connection, conv: bytes, author: bytes, draft: bytes | None = None) -> bool:
    """Take a draft away."""
    where = [sc_draft.c.conv == conv, sc_draft.c.author == author]
    where += [] if draft is None else [sc_draft.c.draft == draft]
    return conn.execute(delete(sc_draft).where(*where)).rowcount > 0
