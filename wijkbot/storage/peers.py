"""Which questions wait for a neighbour to answer first? An item and a moment, never the words."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, or_, select

from wijkbot.storage.dialect import insert
from wijkbot.storage.tables import waiting_answer


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question that the bot could answer. ``thread_hmac`` "" is the group itself."""

    key: str
    chat_id: int
    thread_hmac: str
    member_hmac: str
    item_id: str
    language: str
    due_at: int


def wait(conn: Connection, waiting: Waiting) -> None:
    """Wait with the answer; what came twice waits once."""
    row = {name: getattr(waiting, name) for name in Waiting.__dataclass_fields__}
    conn.execute(insert(conn, waiting_answer).values(row).on_conflict_do_nothing())


def somebody_wrote(conn: Connection, chat_id: int, thread_hmac: str, member_hmac: str) -> int:
    """Another resident wrote there: the bot stays silent. Returns how many answers fell away.

    A question in the group itself is answered in a thread too, so any thread counts for it.
    """
    here = or_(waiting_answer.c.thread_hmac == thread_hmac, waiting_answer.c.thread_hmac == "")
    where = (
        waiting_answer.c.chat_id == chat_id,
        waiting_answer.c.member_hmac != member_hmac,
        here,
    )
    return conn.execute(delete(waiting_answer).where(*where)).rowcount


def take_due(conn: Connection, now_ms: int, limit: int = 50) -> list[Waiting]:
    """Take the answers whose time has come; they are nobody's any more."""
    due = select(waiting_answer).where(waiting_answer.c.due_at <= now_ms).limit(limit)
    found = conn.execute(due.order_by(waiting_answer.c.id)).all()
    gone = delete(waiting_answer).where(waiting_answer.c.id.in_([row.id for row in found]))
    taken = set(conn.execute(gone.returning(waiting_answer.c.id)).scalars())
    names = Waiting.__dataclass_fields__
    return [
        Waiting(**{name: getattr(row, name) for name in names}) for row in found if row.id in taken
    ]
