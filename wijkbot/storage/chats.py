"""What do we know about a chat, and how does that change?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypedDict, Unpack

from sqlalchemy import Connection, RowMapping, Select, Update, bindparam, select, update

from wijkbot.engine.conversation import ALARM_MODE, ORDINARY_MODE, PlaceState
from wijkbot.engine.effects import PlaceChange
from wijkbot.engine.words import Place
from wijkbot.storage import addresses, quick
from wijkbot.storage.dialect import Flavour, flavour, insert, now
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import chat

ADDRESS_TAKES_MS = 2_000
"""So much later, at most, a platform tells that a group it has just announced is an old one."""
_HOUR_MS = 3_600_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Chat:
    """One group or private chat. Times in ms; ``unasked_day`` and ``unasked_week`` are local."""

    id: int
    channel: str
    address_hmac: str
    address_sealed: bytes | None
    is_private: bool
    neighbourhood: str
    language: str
    mode: str
    is_active: bool
    was_told: bool
    silent_until: int | None
    last_crisis_at: int | None
    last_referral_at: int | None
    answers_this_hour: int
    hour_started_at: int | None
    limit_shown_at: int | None
    last_tip_at: int | None
    leave_at: int | None
    trial_ends_at: int | None
    vote_ends_at: int | None
    unasked_today: int
    unasked_day: str
    unasked_this_week: int
    unasked_week: str
    next_send_at: int
    shut_at: int | None
    template_at: int | None
    created_at: int
    left_at: int | None
    erase_at: int | None


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A chat as an event tells about it; used only when it is not known yet."""

    channel: str
    address: str
    is_private: bool
    neighbourhood: str = ""
    language: str = "nl"
    mode: str = "mention"
    is_active: bool = True


class Settings(TypedDict, total=False):
    """What :func:`configure` can set; ``silent_until`` in ms, None ends the silence."""

    neighbourhood: str
    language: str
    mode: str
    is_active: bool
    silent_until: int | None


def get(conn: Connection, chat_id: int) -> Chat | None:
    """The chat, or None."""
    return _known_as(quick.first(conn, _GET, {"b_id": chat_id}))


def get_each(conn: Connection, chat_ids: Collection[int]) -> dict[int, Chat]:
    """Those of these chats that are there, by id."""
    if not chat_ids:
        return {}
    of = flavour(conn)
    found = quick.rows(conn, _among(of), {"b_ids": of.many(sorted(set(chat_ids)))})
    return {row.id: Chat(**row._asdict()) for row in found}


@cache
def _among(of: Flavour) -> Select[Any]:
    return select(chat).where(of.is_among(chat.c.id, "b_ids"))


def lock(conn: Connection, chat_id: int) -> Chat | None:
    """The chat, which nobody else can change until this transaction ends."""
    return _known_as(quick.first(conn, _LOCK, {"b_id": chat_id}))


_GET = select(chat).where(chat.c.id == bindparam("b_id"))
_LOCK = _GET.with_for_update()


def find(conn: Connection, sealer: Sealer, channel: str, address: str) -> Chat | None:
    """The chat at that address of the platform, or None."""
    where = (chat.c.channel == channel, chat.c.address_hmac == pseudonym(sealer, channel, address))
    return _one(conn.execute(select(chat).where(*where)).mappings().first())


def groups(
    conn: Connection,
    *,
    channel: str | None = None,
    neighbourhood: str | None = None,
    waiting: bool = False,
) -> list[Chat]:
    """The active groups the bot is in, oldest first; ``waiting``: also those not served yet."""
    query = select(chat).where(~chat.c.is_private, chat.c.left_at.is_(None))
    if not waiting:
        query = query.where(chat.c.is_active)
    if channel is not None:
        query = query.where(chat.c.channel == channel)
    if neighbourhood is not None:
        query = query.where(chat.c.neighbourhood == neighbourhood)
    return [Chat(**row) for row in conn.execute(query.order_by(chat.c.id)).mappings()]


def address(conn: Connection, sealer: Sealer, found: Chat) -> str | None:
    """Where the platform finds this chat; None once it is erased."""
    return open_address(conn, sealer, found.id, found.address_sealed)


def open_address(
    conn: Connection, sealer: Sealer, chat_id: int, sealed: bytes | None
) -> str | None:
    """The address in a sealed column; None when it is erased or unreadable."""
    opened = sealer.open_if_readable(conn, sealed, _context(chat_id))
    return None if opened is None else opened.decode()


def meet(
    conn: Connection, sealer: Sealer, newcomers: Iterable[Newcomer], now_ms: int
) -> dict[tuple[str, str], int]:
    """The ids of these chats by (channel, address); unknown ones are made.

    A chat that was erased or left gets its address back: somebody wrote there again. A former
    address leads to the group that moved.
    """
    unique = {(new.channel, new.address): new for new in newcomers}
    hashed = {key: pseudonym(sealer, *key) for key in unique}
    names = {(key[0], name) for key, name in hashed.items()}
    known = _known(conn, names)
    if len(known) < len(names):
        known |= addresses.known(conn, names - set(known))
    if len(known) < len(names):
        rest = {name: unique[key] for key in unique
                if (name := (key[0], hashed[key])) not in known}  # fmt: skip
        _make(conn, rest, now_ms)
        _give_address(conn, sealer, rest)
        known |= _known(conn, names)
    return {key: known[key[0], hashed[key]] for key in unique}


def _make(conn: Connection, rest: Mapping[tuple[str, str], Newcomer], now_ms: int) -> None:
    """Make those of these chats that are not there at all."""
    rows = [
        {
            "channel": new.channel,
            "address_hmac": hashed,
            "is_private": new.is_private,
            "neighbourhood": new.neighbourhood,
            "language": new.language,
            "mode": new.mode,
            "is_active": new.is_active,
            "created_at": now_ms,
        }
        # one order for everybody: two batches can never wait for each other
        for (_, hashed), new in sorted(rest.items(), key=lambda one: one[0])
    ]
    conn.execute(insert(conn, chat).on_conflict_do_nothing(), rows)


def _give_address(
    conn: Connection, sealer: Sealer, rest: Mapping[tuple[str, str], Newcomer]
) -> None:
    """Keep the address of new chats, and of those whose erasure or leave is over."""
    back: list[dict[str, object]] = []
    of = flavour(conn)
    for part in _parts(of, set(rest)):
        for row in quick.rows(conn, _named(of, is_whole=False), part):
            address_ = rest[row.channel, row.address_hmac].address.encode()
            back.append({"b_id": row.id, "b_sealed": sealer.seal_kept(address_, _context(row.id))})
    quick.change(conn, _BACK, back)


def _known(conn: Connection, names: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The ids of the chats that are there and whole, by channel and pseudonym."""
    found = {}
    of = flavour(conn)
    for part in _parts(of, names):
        for row in quick.rows(conn, _named(of, is_whole=True), part):
            found[row.channel, row.address_hmac] = int(row.id)
    return found


@cache
def _named(of: Flavour, *, is_whole: bool) -> Select[Any]:
    found = select(chat.c.id, chat.c.channel, chat.c.address_hmac).where(
        chat.c.channel == bindparam("b_channel"),
        of.is_among(chat.c.address_hmac, "b_names"),
    )
    if is_whole:
        found = found.where(chat.c.address_sealed.is_not(None), chat.c.erase_at.is_(None))
    return found.order_by(chat.c.id)


_BACK = (
    update(chat)
    .where(chat.c.id == bindparam("b_id"))
    .values(address_sealed=bindparam("b_sealed"), erase_at=None, left_at=None)
)


def _parts(of: Flavour, names: set[tuple[str, str]]) -> Iterator[dict[str, object]]:
    """The pseudonyms of each channel, in portions that a query can hold."""
    by_channel: dict[str, list[str]] = {}
    for channel, name in sorted(names):
        by_channel.setdefault(channel, []).append(name)
    for channel, hmacs in by_channel.items():
        for start in range(0, len(hmacs), 500):
            yield {"b_channel": channel, "b_names": of.many(hmacs[start : start + 500])}


def wait_for_old_address(conn: Connection, found: Chat, now_ms: int) -> None:
    """A new group may be one we know under a new address, told in a second event that comes next.

    So where other groups are served, what it is to be told waits a moment; a crisis card does
    not.
    """
    others = (chat.c.channel == found.channel, ~chat.c.is_private, chat.c.left_at.is_(None))
    known = select(chat.c.id).where(*others, chat.c.was_told, chat.c.id != found.id).limit(1)
    if conn.execute(known).first() is not None:
        until = now(conn, now_ms) + ADDRESS_TAKES_MS
        conn.execute(update(chat).where(chat.c.id == found.id).values(next_send_at=until))


def place_of(found: Chat, country: str, now_ms: int, day: str, week: str) -> PlaceState:
    """The snapshot that the engine gets; ``day`` and ``week`` are the local ones of now."""
    is_same_hour = found.hour_started_at is not None and now_ms - found.hour_started_at < _HOUR_MS
    return PlaceState(
        place=Place.PRIVATE if found.is_private else Place.GROUP,
        country=country,
        is_active=found.is_active,
        mode=found.mode,
        was_told=found.was_told,
        silent_until=_moment(found.silent_until),
        last_crisis_at=_moment(found.last_crisis_at),
        last_referral_at=_moment(found.last_referral_at),
        answers_this_hour=found.answers_this_hour if is_same_hour else 0,
        hour_started_at=_moment(found.hour_started_at) if is_same_hour else None,
        limit_shown_at=_moment(found.limit_shown_at),
        last_tip_at=_moment(found.last_tip_at),
        is_voting=found.vote_ends_at is not None and now_ms < found.vote_ends_at,
        unasked_today=found.unasked_today if found.unasked_day == day else 0,
        unasked_this_week=found.unasked_this_week if found.unasked_week == week else 0,
    )


def apply_change(conn: Connection, found: Chat, change: PlaceChange, now_ms: int) -> None:
    """Write one change of the place; ``found`` comes from :func:`lock` in this transaction."""
    is_new_hour = found.hour_started_at is None or now_ms - found.hour_started_at >= _HOUR_MS
    values: dict[PlaceChange, dict[str, object]] = {
        PlaceChange.DISCLOSED: {"was_told": True},
        PlaceChange.CRISIS_SHOWN: {"last_crisis_at": now_ms},
        PlaceChange.REFERRAL_SHOWN: {"last_referral_at": now_ms},
        PlaceChange.LIMIT_SHOWN: {"limit_shown_at": now_ms},
        PlaceChange.TIP_SHOWN: {"last_tip_at": now_ms},
        PlaceChange.ALARM_GROUP: {"mode": ALARM_MODE},
        PlaceChange.ORDINARY: {"mode": ORDINARY_MODE},
        PlaceChange.ACTIVATED: {"is_active": True, "left_at": None},
        PlaceChange.CLOSED: {"is_active": False},
        PlaceChange.ANSWERED: (
            {"hour_started_at": now_ms, "answers_this_hour": 1}
            if is_new_hour
            else {"answers_this_hour": found.answers_this_hour + 1}
        ),
    }
    row = values[change]
    parameters = {f"b_{name}": value for name, value in row.items()}
    quick.change(conn, _setting(tuple(row)), {"b_id": found.id, **parameters})


@cache
def _setting(columns: tuple[str, ...]) -> Update:
    """Sets these columns of one chat. Most answers do it: building it takes longer."""
    given: dict[str, Any] = {name: bindparam(f"b_{name}") for name in columns}
    return update(chat).where(chat.c.id == bindparam("b_id")).values(given)


def count_unasked(conn: Connection, found: Chat, day: str, week: str) -> None:
    """Count one unsolicited message on its local day and week; ``found`` is locked."""
    today = found.unasked_today + 1 if found.unasked_day == day else 1
    this_week = found.unasked_this_week + 1 if found.unasked_week == week else 1
    row = {
        "unasked_today": today,
        "unasked_day": day,
        "unasked_this_week": this_week,
        "unasked_week": week,
    }
    conn.execute(update(chat).where(chat.c.id == found.id).values(row))


def configure(conn: Connection, chat_id: int, **settings: Unpack[Settings]) -> None:
    """Set what a moderator decides about a chat."""
    conn.execute(update(chat).where(chat.c.id == chat_id).values(dict(settings)))


def move(conn: Connection, sealer: Sealer, chat_id: int, channel: str, address: str) -> None:
    """Give a chat another address."""
    row = {
        "address_hmac": pseudonym(sealer, channel, address),
        "address_sealed": sealer.seal_kept(address.encode(), _context(chat_id)),
    }
    conn.execute(update(chat).where(chat.c.id == chat_id).values(row))


def pseudonym(sealer: Sealer, channel: str, address: str) -> str:
    """The name under which the chat at that address is found."""
    return sealer.pseudonym("chat", channel, address)


def _context(chat_id: int) -> str:
    return f"chat.address:{chat_id}"


def _one(row: RowMapping | None) -> Chat | None:
    return None if row is None else Chat(**row)


def _known_as(row: Any) -> Chat | None:
    return None if row is None else Chat(**row._asdict())


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else _EPOCH + timedelta(milliseconds=ms)
