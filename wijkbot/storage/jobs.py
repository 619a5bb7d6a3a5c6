"""Which odd jobs are noted? Their words are sealed, their person is a pseudonym."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, Text, bindparam, cast, func, select, update

from wijkbot.storage import quick
from wijkbot.storage.dialect import insert
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import meta, odd_job


@dataclass(frozen=True, slots=True)
class JobDraft:
    """An odd job as its resident agreed to it. ``kind`` is "request" or "offer".

    ``words`` and ``area`` are typed by the resident, each on one line: they are sealed together.
    """

    kind: str
    category: str
    words: str
    area: str
    when: str
    member_hmac: str
    chat_id: int | None
    expires_at: int


@dataclass(frozen=True, slots=True)
class Job:
    """A noted odd job; ``words`` is None when they are erased. Times in ms."""

    number: int
    kind: str
    category: str
    words: str | None
    area: str
    when: str
    member_hmac: str
    chat_id: int | None
    status: str
    created_at: int
    expires_at: int


def add(conn: Connection, sealer: Sealer, draft: JobDraft, now_ms: int) -> int:
    """Note an odd job; returns the number that people can say aloud."""
    number = _next_number(conn)
    row = {
        "number": number,
        "kind": draft.kind,
        "category": draft.category,
        "words_sealed": sealer.seal_kept(
            f"{draft.words}\n{draft.area}".encode(), _context(number)
        ),
        "when_text": draft.when,
        "member_hmac": draft.member_hmac,
        "chat_id": draft.chat_id,
        "created_at": now_ms,
        "expires_at": draft.expires_at,
    }
    conn.execute(odd_job.insert().values(row))
    return number


def listing(conn: Connection, sealer: Sealer, *, status: str | None = "open") -> list[Job]:
    """The odd jobs with that status (None: all), oldest first."""
    query = select(odd_job).order_by(odd_job.c.number)
    if status is not None:
        query = query.where(odd_job.c.status == status)
    return [_job(conn, sealer, row) for row in conn.execute(query)]


def find(conn: Connection, sealer: Sealer, number: int) -> Job | None:
    """The odd job with that number, or None."""
    row = conn.execute(select(odd_job).where(odd_job.c.number == number)).first()
    return None if row is None else _job(conn, sealer, row)


def set_status(conn: Connection, number: int, status: str) -> bool:
    """Give an odd job another status; False when there is no such number."""
    changed = update(odd_job).where(odd_job.c.number == number).values(status=status)
    return conn.execute(changed).rowcount == 1


def open_count(conn: Connection, member_hmac: str, now_ms: int) -> int:
    """How many odd jobs of this resident are open now."""
    (row,) = quick.rows(conn, _OPEN, {"b_member": member_hmac, "b_now": now_ms})
    return int(row[0])


_OPEN = (
    select(func.count())
    .select_from(odd_job)
    .where(
        odd_job.c.member_hmac == bindparam("b_member"),
        odd_job.c.status == "open",
        odd_job.c.expires_at > bindparam("b_now", type_=BigInteger),
    )
)
"""Asked for every message: building it takes longer than running it."""


def _next_number(conn: Connection) -> int:
    new = insert(conn, meta).values(name="last_job", value="1")
    following = cast(cast(meta.c.value, BigInteger) + 1, Text)
    counted = new.on_conflict_do_update(index_elements=[meta.c.name], set_={"value": following})
    return int(conn.execute(counted.returning(meta.c.value)).scalar_one())


def _job(conn: Connection, sealer: Sealer, row: Row[Any]) -> Job:
    typed = _typed(conn, sealer, row)
    words, _, area = (typed or "").partition("\n")
    return Job(
        number=row.number,
        kind=row.kind,
        category=row.category,
        words=None if typed is None else words,
        area=area or row.area,
        when=row.when_text,
        member_hmac=row.member_hmac,
        chat_id=row.chat_id,
        status=row.status,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def _typed(conn: Connection, sealer: Sealer, row: Row[Any]) -> str | None:
    words = sealer.open_if_readable(conn, row.words_sealed, _context(row.number))
    return None if words is None else words.decode()


def _context(number: int) -> str:
    return f"odd_job.words:{number}"
