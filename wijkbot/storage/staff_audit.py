"""Who of the team did what, and when? Never what was said."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from wijkbot.storage.staff_tables import staff_audit

KEPT_MINUTES = 400 * 24 * 60
"""Over a year: somebody looks at a year's work in the month after it."""
PAGE = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was done; ``minute`` since 1970. ``about`` is another account.

    ``item`` is the info card that was sent, to nobody that this table knows.
    """

    id: int
    account: int | None
    action: str
    about: int | None
    conv: bytes | None
    minute: int
    item: str = ""


def note(  # noqa: PLR0913 - most lines name only some of what they may
    conn: Connection,
    account: int | None,
    action: str,
    now: int,
    *,
    about: int | None = None,
    conv: bytes | None = None,
    item: str = "",
) -> None:
    """Write down that an account did something (None: whoever runs the bot); ``now`` in s."""
    row = {
        "account_id": account,
        "action": action,
        "about_id": about,
        "conv": conv,
        "item": item,
        "minute": now // 60,
    }
    conn.execute(staff_audit.insert().values(row))


def page(conn: Connection, before: int | None = None) -> list[Line]:
    """The newest lines, or those before that number; at most :data:`PAGE`."""
    query = select(staff_audit).order_by(staff_audit.c.id.desc()).limit(PAGE)
    if before is not None:
        query = query.where(staff_audit.c.id < before)
    return [
        Line(row.id, row.account_id, row.action, row.about_id, row.conv, row.minute, row.item)
        for row in conn.execute(query)
    ]


def sweep(conn: Connection, now: int) -> int:
    """Take away what was kept long enough; returns how many lines. ``now`` in seconds."""
    old = staff_audit.c.minute < now // 60 - KEPT_MINUTES
    return conn.execute(delete(staff_audit).where(old)).rowcount
