"""How many messages may an account send now? One row for each, shared by every process.

The row keeps the moment at which the account has caught up with its own rate (GCRA).
"""

from __future__ import annotations

import math

from sqlalchemy import Connection, bindparam, delete, select, update

from wijkbot.storage import quick
from wijkbot.storage.dialect import insert, moment, now
from wijkbot.storage.tables import limiter

_CAREFUL_PER_S = 20.0  # for an account that had no rate until its platform complained
# moments of this size are rounded to a quarter of a microsecond: a send must not fall through
_GRAIN_MS = 0.001


_LOOK = select(limiter).where(limiter.c.account == bindparam("b_account"))
_ROW = _LOOK.with_for_update()


def configure(conn: Connection, account: str, per_s: float, burst: int) -> None:
    """Set the rate of an account: so many a second, and so many at once after a rest."""
    new = insert(conn, limiter).values(account=account, per_s=per_s, burst=burst)
    rate = {"per_s": new.excluded.per_s, "burst": new.excluded.burst}
    conn.execute(new.on_conflict_do_update(index_elements=[limiter.c.account], set_=rate))


def lift(conn: Connection, account: str, now_ms: int) -> None:
    """No rate any more for this account; a wait that its platform asked for is kept."""
    where = (limiter.c.account == account, limiter.c.tat <= now(conn, now_ms))
    conn.execute(delete(limiter).where(*where))


def grant(conn: Connection, account: str, want: int, now_ms: int) -> int:
    """Take up to ``want`` sends; an account without a configured rate gets all."""
    row = quick.first(conn, _ROW, {"b_account": account})
    if row is None:
        return want
    now_ms = moment(conn, now_ms)  # after the lock: waiting for it took time
    gap = 1000 / float(row.per_s)
    start = max(float(row.tat), float(now_ms))
    room = math.floor((now_ms + int(row.burst) * gap - start + _GRAIN_MS) / gap)
    given = max(0, min(want, room))
    if given:
        _set(conn, account, start + given * gap)
    return given


def wait_ms(conn: Connection, account: str, now_ms: int) -> int:
    """How many ms until this account may send one more."""
    row = quick.first(conn, _LOOK, {"b_account": account})
    if row is None:
        return 0
    free_at = float(row.tat) - (int(row.burst) - 1) * 1000 / float(row.per_s)
    # the same grain as in `grant`: else rounding would make somebody wait a moment too long
    return max(0, math.ceil(free_at - moment(conn, now_ms) - _GRAIN_MS))


def give_back(conn: Connection, account: str, unused: int) -> None:
    """Return sends that were granted and not needed, in the transaction that took them."""
    if not unused:
        return
    row = quick.first(conn, _ROW, {"b_account": account})
    if row is not None:
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
    quick.change(conn, _MOVE, {"b_account": account, "b_tat": tat})


_MOVE = (
    update(limiter)
    .where(limiter.c.account == bindparam("b_account"))
    .values(tat=bindparam("b_tat"))
)
