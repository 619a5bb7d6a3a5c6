"""How many messages may an account send now? One row for each, shared by every process.

The row keeps the moment at which the account has caught up with its own rate (GCRA).
"""

from __future__ import annotations

import math

from sqlalchemy import Connection, select, update

from wijkbot.storage.dialect import insert
from wijkbot.storage.tables import limiter

_CAREFUL_PER_S = 20.0  # for an account that had no rate until its platform complained


def configure(conn: Connection, account: str, per_s: float, burst: int) -> None:
    """Set the rate of an account: so many a second, and so many at once after a rest."""
    new = insert(conn, limiter).values(account=account, per_s=per_s, burst=burst)
    rate = {"per_s": new.excluded.per_s, "burst": new.excluded.burst}
    conn.execute(new.on_conflict_do_update(index_elements=[limiter.c.account], set_=rate))


def grant(conn: Connection, account: str, want: int, now_ms: int) -> int:
    """Take up to ``want`` sends; an account without a configured rate gets all."""
    query = select(limiter).where(limiter.c.account == account).with_for_update()
    row = conn.execute(query).first()
    if row is None:
        return want
    gap = 1000 / float(row.per_s)
    start = max(float(row.tat), float(now_ms))
    room = math.floor((now_ms + int(row.burst) * gap - start) / gap + 1e-9)
    given = max(0, min(want, room))
    if given:
        _set(conn, account, start + given * gap)
    return given


def give_back(conn: Connection, account: str, unused: int) -> None:
    """Return sends that were granted and not needed."""
    row = conn.execute(select(limiter).where(limiter.c.account == account)).first()
    if row is not None and unused:
        _set(conn, account, row.tat - unused * 1000 / row.per_s)


def hold(conn: Connection, account: str, until_ms: int) -> None:
    """The platform told the whole account to wait: every process obeys at once."""
    query = select(limiter).where(limiter.c.account == account).with_for_update()
    row = conn.execute(query).first()
    if row is None:
        configure(conn, account, _CAREFUL_PER_S, 1)
        row = conn.execute(query).one()
    # a whole burst at that moment would be too eager: one send, then the rate
    _set(conn, account, max(row.tat, until_ms + (row.burst - 1) * 1000 / row.per_s))


def _set(conn: Connection, account: str, tat: float) -> None:
    conn.execute(update(limiter).where(limiter.c.account == account).values(tat=tat))
