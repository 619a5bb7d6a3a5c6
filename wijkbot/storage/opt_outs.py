"""Who wants nothing unasked any more? Keyed pseudonyms, kept until the resident takes it back."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, select

from wijkbot.storage import consents, quick
from wijkbot.storage.dialect import insert
from wijkbot.storage.tables import opt_out


def add(conn: Connection, member_hmac: str, purpose: str, source: str, now_ms: int) -> None:
    """This resident wants no messages of that purpose; the first moment is the one kept.

    What they had agreed to for it until then ends with it.
    """
    row = {"member_hmac": member_hmac, "purpose": purpose, "source": source, "at": now_ms}
    conn.execute(insert(conn, opt_out).values(row).on_conflict_do_nothing())
    consents.withdraw(conn, member_hmac, purpose, consents.STOPPED, now_ms)


def has(conn: Connection, member_hmac: str, purpose: str) -> bool:
    """Whether this resident opted out of that purpose."""
    where = (opt_out.c.member_hmac == member_hmac, opt_out.c.purpose == purpose)
    return conn.execute(select(opt_out.c.at).where(*where)).first() is not None


def of(conn: Connection, member_hmac: str) -> list[str]:
    """Everything this resident opted out of."""
    return [row.purpose for row in quick.rows(conn, _OF, {"b_member": member_hmac})]


_OF = (
    select(opt_out.c.purpose)
    .where(opt_out.c.member_hmac == bindparam("b_member"))
    .order_by(opt_out.c.purpose)
)
"""Asked for every message: building it takes longer than running it."""


def lift(conn: Connection, member_hmac: str, purpose: str) -> None:
    """The resident asked for these messages again."""
    where = (opt_out.c.member_hmac == member_hmac, opt_out.c.purpose == purpose)
    conn.execute(delete(opt_out).where(*where))
