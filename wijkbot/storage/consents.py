"""What may somebody be sent that they did not ask for just now? Only what they said yes to.

A row is one yes: it is made once, and ended once. Giving it again, in other words or for
another neighbourhood, is a new row. So the ledger tells at any later moment what was agreed to,
in which words, and until when. An opt-out is the stricter word: it ends every yes to its purpose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from wijkbot.engine.words import Purpose
from wijkbot.storage import quick
from wijkbot.storage.consent_tables import consent
from wijkbot.storage.dialect import among, insert
from wijkbot.storage.tables import chat, opt_out

STOPPED = "stop"
"""Ended by STOP or its like: START gives it back."""
MOVED = "moved"
"""Ended by a later yes: to newer words, or for another neighbourhood."""
ERASED = "erased"
"""Ended because the resident had everything erased."""
PURPOSES = (Purpose.SERVICE, Purpose.ANNOUNCEMENT, Purpose.ODD_JOB)
"""What can be agreed to, each by itself."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """One yes: to which purpose, where, and the published words that were answered.

    ``source`` tells how: "question" (they said yes to it), "wrote" (they wrote to the bot
    themselves) or "start" (they took back a STOP).
    """

    member_hmac: str
    purpose: str
    neighbourhood: str
    channel: str
    chat_id: int | None
    item_id: str
    item_version: int
    language: str
    source: str


class Wishes(NamedTuple):
    """What a resident decided: stopped, agreed to (since when, ms), ended by a STOP."""

    stopped: frozenset[str]
    agreed: Mapping[str, int]
    lapsed: frozenset[str]


class Size(NamedTuple):
    """How many private chats of a channel agreed to a purpose for a neighbourhood."""

    neighbourhood: str
    channel: str
    purpose: str
    members: int


def give(conn: Connection, agreed: Agreed, now_ms: int) -> None:
    """Somebody said yes; an earlier yes to the same purpose ends with it.

    An opt-out is not lifted here: :func:`wijkbot.storage.opt_outs.lift` does that.
    """
    mine = (consent.c.member_hmac == agreed.member_hmac, consent.c.purpose == agreed.purpose)
    _end(conn, MOVED, now_ms, *mine)
    row = {**asdict(agreed), "given_at": now_ms}
    conn.execute(insert(conn, consent).values(row).on_conflict_do_nothing())


def withdraw(conn: Connection, member_hmac: str, purpose: str, why: str, at: int) -> int:
    """The yes to that purpose ends; returns how many rows that were: 0 or 1.

    A yes that was given after ``at`` stays.
    """
    mine = (consent.c.member_hmac == member_hmac, consent.c.purpose == purpose)
    return _end(conn, why, at, *mine, consent.c.given_at <= at)


def restore(conn: Connection, member_hmac: str, now_ms: int) -> list[Agreed]:
    """Give back what a STOP had ended, for each purpose the last; returns what was given.

    What was erased since is not given back.
    """
    lapsed = select(consent).where(consent.c.member_hmac == member_hmac, _LAPSED)
    last = {row.purpose: row for row in conn.execute(lapsed.order_by(consent.c.id)).all()}
    is_open = (consent.c.member_hmac == member_hmac, consent.c.withdrawn_at.is_(None))
    open_now = set(conn.execute(select(consent.c.purpose).where(*is_open)).scalars())
    given = [
        Agreed(**{name: getattr(row, name) for name in _NAMES} | {"source": "start"})
        for purpose, row in sorted(last.items())
        if purpose not in open_now
    ]
    for agreed in given:
        give(conn, agreed, now_ms)
    return given


def wishes(conn: Connection, member_hmac: str) -> Wishes:
    """Everything this resident decided about what they are sent, in one look."""
    stopped, lapsed = set(), set()
    agreed = {}
    for purpose, kind, at in quick.rows(conn, _WISHES, {"b_member": member_hmac}):
        if kind == _IS_STOPPED:
            stopped.add(purpose)
        elif kind == _IS_AGREED:
            agreed[purpose] = at
        else:
            lapsed.add(purpose)
    return Wishes(frozenset(stopped), agreed, frozenset(lapsed))


def history(conn: Connection, member_hmac: str) -> list[dict[str, Any]]:
    """Every row of this resident, the oldest first: the proof."""
    query = select(consent).where(consent.c.member_hmac == member_hmac).order_by(consent.c.id)
    return [dict(row) for row in conn.execute(query).mappings()]


def subscribed(conn: Connection, chat_ids: Collection[int]) -> frozenset[int]:
    """Those of these private chats whose resident wants announcements there, now."""
    if not chat_ids:
        return frozenset()
    query = select(consent.c.chat_id).select_from(_SUBSCRIPTIONS)
    mine = among(conn, consent.c.chat_id, sorted(set(chat_ids)))
    return frozenset(conn.execute(query.where(mine, is_agreed())).scalars())


def next_subscribers(
    conn: Connection, neighbourhood: str | None, after: int, limit: int
) -> list[int]:
    """The next private chats after that number that get announcements of a neighbourhood."""
    query = select(consent.c.chat_id).distinct().select_from(_SUBSCRIPTIONS)
    query = query.where(consent.c.chat_id > after, is_agreed(), _is_there())
    if neighbourhood is not None:
        query = query.where(consent.c.neighbourhood == neighbourhood)
    return list(conn.execute(query.order_by(consent.c.chat_id).limit(limit)).scalars())


def sizes(conn: Connection) -> list[Size]:
    """How many agreed to what, where: numbers, and never who."""
    columns = (consent.c.neighbourhood, consent.c.channel, consent.c.purpose)
    query = select(*columns, func.count()).select_from(_SUBSCRIPTIONS)
    query = query.where(_wanted(consent.c.purpose), _is_there())
    rows = conn.execute(query.group_by(*columns).order_by(*columns))
    return [Size(*row) for row in rows]


def erase(conn: Connection, member_hmac: str, at: int) -> int:
    """Every yes until that moment ends; of each remains that it was there, and its words."""
    mine = (consent.c.member_hmac == member_hmac, consent.c.given_at <= at)
    count = _end(conn, ERASED, at, *mine)
    bare = {"chat_id": None, "neighbourhood": "", "channel": "", "language": ""}
    conn.execute(update(consent).where(*mine).values(bare))
    return count


def merge(conn: Connection, member: tuple[str, str], chats: tuple[int, int], now_ms: int) -> None:
    """The first member and chat turn out to be the second: what they agreed to is one list.

    Where both said yes to a purpose the newer one counts; where either one said STOP, neither
    does. The opt-out itself is for the caller to carry over.
    """
    old, new = member
    is_open = consent.c.withdrawn_at.is_(None)
    newest: dict[str, int] = {}
    both = select(consent.c.id, consent.c.purpose).where(
        consent.c.member_hmac.in_([old, new]), is_open
    )
    for row in conn.execute(both.order_by(consent.c.given_at, consent.c.id)).all():
        if row.purpose in newest:
            _end(conn, MOVED, now_ms, consent.c.id == newest[row.purpose])
        newest[row.purpose] = row.id
    either = select(opt_out.c.purpose).where(opt_out.c.member_hmac.in_([old, new]))
    stopped = consent.c.purpose.in_(either)
    _end(conn, STOPPED, now_ms, consent.c.member_hmac.in_([old, new]), stopped)
    moved = update(consent).where(consent.c.member_hmac == old)
    conn.execute(moved.values(member_hmac=new))
    conn.execute(update(consent).where(consent.c.chat_id == chats[0]).values(chat_id=chats[1]))


def sweep(conn: Connection, before: int, limit: int) -> int:
    """Delete what ended before that moment (ms): the proof is not needed any more."""
    old = select(consent.c.id).where(consent.c.withdrawn_at < before).limit(limit)
    return conn.execute(delete(consent).where(consent.c.id.in_(old))).rowcount


def is_agreed(purpose: Purpose = Purpose.ANNOUNCEMENT) -> ColumnElement[bool]:
    """Whether a row of the ledger (beside its chat) lets that purpose into its chat now.

    The chat must still be one of the neighbourhood that they said yes to.
    """
    return and_(consent.c.purpose == purpose.value, _wanted(literal(purpose.value)))


def _wanted(purpose: ColumnElement[Any]) -> ColumnElement[bool]:
    """Not withdrawn, not stopped, and not ignored; an opt-out is the stricter word."""
    stopped = exists().where(
        opt_out.c.member_hmac == consent.c.member_hmac,
        or_(opt_out.c.purpose == purpose, opt_out.c.purpose == Purpose.SERVICE.value),
    )
    same_place = consent.c.neighbourhood == chat.c.neighbourhood
    return and_(consent.c.withdrawn_at.is_(None), same_place, ~stopped)


def _is_there() -> ColumnElement[bool]:
    return and_(chat.c.is_private, chat.c.left_at.is_(None), chat.c.erase_at.is_(None))


def _end(conn: Connection, why: str, at: int, *where: ColumnElement[bool]) -> int:
    ended = update(consent).where(consent.c.withdrawn_at.is_(None), *where)
    return conn.execute(ended.values(withdrawn_at=at, withdrawn_by=why)).rowcount


_NAMES: Iterable[str] = tuple(Agreed.__slots__)
_SUBSCRIPTIONS = consent.join(chat, chat.c.id == consent.c.chat_id)
_LAPSED = and_(consent.c.withdrawn_by == STOPPED, consent.c.chat_id.is_not(None))
_IS_STOPPED, _IS_AGREED, _IS_LAPSED = 0, 1, 2
_MINE: BindParameter[str] = bindparam("b_member")
_WISHES = (
    select(opt_out.c.purpose, literal(_IS_STOPPED), opt_out.c.at)
    .where(opt_out.c.member_hmac == _MINE)
    .union_all(
        select(
            consent.c.purpose,
            case((consent.c.withdrawn_at.is_(None), _IS_AGREED), else_=_IS_LAPSED),
            consent.c.given_at,
        ).where(consent.c.member_hmac == _MINE, or_(consent.c.withdrawn_at.is_(None), _LAPSED))
    )
)
"""Asked for every message: building it takes longer than running it."""
