"""Where was a channel, and which secrets does its adapter keep? Sealed, all of it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, delete, select

from wijkbot.storage.dialect import insert
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import channel_state

_CURSOR = "cursor"
_KEPT = "kept."


def save_cursor(conn: Connection, sealer: Sealer, channel: str, cursor: str, now_ms: int) -> None:
    """Remember where the channel is; in the transaction of the events it belongs to."""
    _put(conn, sealer, (channel, _CURSOR), cursor.encode(), now_ms)


def cursor(conn: Connection, sealer: Sealer, channel: str) -> str | None:
    """Where the channel was, or None at the very start."""
    value = _get(conn, sealer, channel, _CURSOR)
    return None if value is None else value.decode()


def keep(
    conn: Connection, sealer: Sealer, place: tuple[str, str], value: bytes, now_ms: int
) -> None:
    """Keep a secret of an adapter; ``place`` is (channel, name)."""
    _put(conn, sealer, (place[0], _KEPT + place[1]), value, now_ms)


def alter(
    conn: Connection,
    sealer: Sealer,
    place: tuple[str, str],
    change: Callable[[bytes | None], bytes],
    now_ms: int,
) -> None:
    """Keep what ``change`` makes of what was kept; its row is locked until the commit."""
    channel, name = place[0], _KEPT + place[1]
    empty = sealer.seal_kept(b"", _context(channel, name))
    new = insert(conn, channel_state).values(
        channel=channel, name=name, value_sealed=empty, changed_at=now_ms
    )
    keys = [channel_state.c.channel, channel_state.c.name]
    lock = {"changed_at": new.excluded.changed_at}
    conn.execute(new.on_conflict_do_update(index_elements=keys, set_=lock))
    _put(conn, sealer, (channel, name), change(_get(conn, sealer, channel, name) or None), now_ms)


def kept(conn: Connection, sealer: Sealer, channel: str, name: str) -> bytes | None:
    """What was kept under that name, or None."""
    return _get(conn, sealer, channel, _KEPT + name)


def forget(conn: Connection, channel: str, name: str) -> None:
    """Keep nothing under that name any more."""
    mine = (channel_state.c.channel == channel, channel_state.c.name == _KEPT + name)
    conn.execute(delete(channel_state).where(*mine))


def _put(
    conn: Connection, sealer: Sealer, place: tuple[str, str], value: bytes, now_ms: int
) -> None:
    sealed = sealer.seal_kept(value, _context(*place))
    new = insert(conn, channel_state).values(
        channel=place[0], name=place[1], value_sealed=sealed, changed_at=now_ms
    )
    row = {"value_sealed": new.excluded.value_sealed, "changed_at": new.excluded.changed_at}
    keys = [channel_state.c.channel, channel_state.c.name]
    conn.execute(new.on_conflict_do_update(index_elements=keys, set_=row))


def _get(conn: Connection, sealer: Sealer, channel: str, name: str) -> bytes | None:
    where = (channel_state.c.channel == channel, channel_state.c.name == name)
    sealed = conn.execute(select(channel_state.c.value_sealed).where(*where)).scalar()
    return None if sealed is None else sealer.open(conn, sealed, _context(channel, name))


def _context(channel: str, name: str) -> str:
    return f"channel_state:{channel}:{name}"
