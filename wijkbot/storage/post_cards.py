"""What should a person post in which groups, and what did they tick?

A card has an edition: each change of its words is the next one. A tick remembers the edition that
was seen, so that a press that crosses a change never counts for words that nobody posted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, case, delete, func, select, update

from wijkbot.storage.announce_tables import photo
from wijkbot.storage.dialect import insert
from wijkbot.storage.postkit_tables import hand_group, post, post_card
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import broadcast

DAY_MS = 86_400_000
LIVES_MS = 7 * DAY_MS
"""So long a card waits for whoever posts it; after that it is no news."""
KEPT_MS = 30 * DAY_MS
"""So long the report knows who posted it, as it does of messages."""


@dataclass(frozen=True, slots=True)
class CardDraft:
    """A card to be made. ``key`` is its identity: "b12" comes from announcement 12.

    ``said`` is the text that it says, as an outbox row seals it.
    """

    key: str
    purpose: str
    item_id: str
    item_version: int
    said: bytes
    neighbourhood: str
    broadcast_id: int | None = None
    photo_id: int | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A card; times in ms. ``said_sealed`` opens with :func:`said`."""

    id: int
    key: str
    purpose: str
    item_id: str
    item_version: int
    said_sealed: bytes
    neighbourhood: str
    broadcast_id: int | None
    photo_id: int | None
    edition: int
    made_at: int
    withdrawn_at: int | None
    expires_at: int


class State(StrEnum):
    """What is to be done with a card in one group, or was."""

    WAITS = "waits"
    CHANGED = "changed"
    POSTED = "posted"
    TO_REMOVE = "to-remove"
    REMOVED = "removed"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Tick:
    """How a card stands in one group. ``done_at`` (ms): when somebody last ticked."""

    card: Card
    group_id: int
    group: str
    platform: str
    edition: int
    is_removed: bool
    done_at: int | None

    @property
    def state(self) -> State:
        """What is to be done now."""
        is_withdrawn, was_posted = self.card.withdrawn_at is not None, self.edition > 0
        if is_withdrawn and not was_posted:
            return State.VOID
        if is_withdrawn:
            return State.REMOVED if self.is_removed else State.TO_REMOVE
        if not was_posted:
            return State.WAITS
        return State.POSTED if self.edition >= self.card.edition else State.CHANGED


def source_of(conn: Connection, broadcast_id: int) -> Row[Any]:
    """What an announcement is made of: its item, version and audience; it is locked."""
    columns = ("act", "item_id", "item_version", "audience", "due_at", "expires_at")
    query = select(*(broadcast.c[name] for name in columns)).with_for_update()
    return conn.execute(query.where(broadcast.c.id == broadcast_id)).one()


def is_made(conn: Connection, key: str) -> bool:
    """Whether there is a card with this key."""
    return conn.execute(select(post_card.c.id).where(post_card.c.key == key)).first() is not None


def make(
    conn: Connection, sealer: Sealer, draft: CardDraft, groups: Iterable[int], now_ms: int
) -> int | None:
    """Make a card for these groups; with a key that is known nothing changes, and None comes.

    Its photo is kept for as long as the card.
    """
    row = {
        "key": draft.key,
        "purpose": draft.purpose,
        "item_id": draft.item_id,
        "item_version": draft.item_version,
        "said_sealed": sealer.seal(draft.said, _context(draft.key)),
        "neighbourhood": draft.neighbourhood,
        "broadcast_id": draft.broadcast_id,
        "photo_id": draft.photo_id,
        "made_at": now_ms,
        "expires_at": now_ms + LIVES_MS,
    }
    new = insert(conn, post_card).values(row).on_conflict_do_nothing().returning(post_card.c.id)
    made = conn.execute(new).scalar()
    if made is None:
        return None
    conn.execute(post.insert(), [{"card_id": made, "group_id": number} for number in groups])
    _keep_photo(conn, draft.photo_id, now_ms)
    return int(made)


def counts_since(conn: Connection, groups: Collection[int], since: int) -> dict[int, int]:
    """How many cards each of these groups got since that moment (ms); none is not there."""
    query = (
        select(post.c.group_id, func.count())
        .join(post_card, post_card.c.id == post.c.card_id)
        .where(post.c.group_id.in_(groups), post_card.c.made_at >= since)
        .where(post_card.c.withdrawn_at.is_(None))
        .group_by(post.c.group_id)
    )
    return {row[0]: row[1] for row in conn.execute(query)}


def edit(conn: Connection, sealer: Sealer, draft: CardDraft, now_ms: int) -> bool:
    """The card with that key says this from now on; whoever posted it is asked to change it.

    False when there is none, it was withdrawn, or it says just this.
    """
    row = {
        "item_id": draft.item_id,
        "item_version": draft.item_version,
        "said_sealed": sealer.seal(draft.said, _context(draft.key)),
        "edition": post_card.c.edition + 1,
        "expires_at": now_ms + LIVES_MS,
    }
    now_said = (post_card.c.item_id == draft.item_id) & (
        post_card.c.item_version == draft.item_version
    )
    where = (post_card.c.key == draft.key, post_card.c.withdrawn_at.is_(None), ~now_said)
    changed = update(post_card).where(*where).values(row).returning(post_card.c.photo_id)
    found = conn.execute(changed).first()
    if found is not None:
        _keep_photo(conn, found.photo_id, now_ms)
    return found is not None


def withdraw(conn: Connection, key: str, now_ms: int) -> int:
    """Nobody posts it any more, its photo goes, and whoever posted it is asked to delete it.

    Returns in how many groups it stands.
    """
    where = (post_card.c.key == key, post_card.c.withdrawn_at.is_(None))
    row = {"withdrawn_at": now_ms, "expires_at": now_ms + LIVES_MS, "photo_id": None}
    found = conn.execute(select(post_card.c.id, post_card.c.photo_id).where(*where)).first()
    if found is None:
        return 0
    conn.execute(update(post_card).where(*where).values(row))
    conn.execute(delete(photo).where(photo.c.id == found.photo_id))
    stands = select(func.count()).where(post.c.card_id == found.id, post.c.edition > 0)
    return int(conn.execute(stands).scalar_one())


def said(conn: Connection, sealer: Sealer, card: Card) -> bytes | None:
    """What the card says; None when it can never be read again."""
    return sealer.open_if_readable(conn, card.said_sealed, _context(card.key))


def board(conn: Connection, group_id: int, now_ms: int) -> list[Tick]:
    """What whoever posts in that group sees now, the newest first."""
    alive = (post.c.group_id == group_id, post_card.c.expires_at > now_ms)
    query = _ticks().where(*alive).order_by(post_card.c.made_at.desc(), post_card.c.id.desc())
    gone = (State.VOID, State.REMOVED)
    return [one for one in map(_tick, conn.execute(query).mappings()) if one.state not in gone]


def ticks(conn: Connection, card_ids: Collection[int]) -> list[Tick]:
    """How these cards stand in each of their groups, by card and group."""
    query = _ticks().where(post.c.card_id.in_(card_ids))
    ordered = query.order_by(post.c.card_id, post.c.group_id)
    return [_tick(row) for row in conn.execute(ordered).mappings()]


def recent(conn: Connection, since: int) -> list[Card]:
    """The cards that may be posted or taken away after that moment (ms), the newest first."""
    query = _cards().where(post_card.c.expires_at > since)
    return [Card(*row) for row in conn.execute(query.order_by(post_card.c.id.desc()))]


def get(conn: Connection, number: int) -> Card | None:
    """The card with that number."""
    row = conn.execute(_cards().where(post_card.c.id == number)).first()
    return None if row is None else Card(*row)


def of_announcements(conn: Connection, numbers: Collection[int]) -> list[Card]:
    """The cards that these announcements made."""
    query = _cards().where(post_card.c.broadcast_id.in_(numbers))
    return [Card(*row) for row in conn.execute(query.order_by(post_card.c.id))]


@dataclass(frozen=True, slots=True)
class Press:
    """A press on the page: on which card, in which group, and the edition that was seen."""

    card_id: int
    group_id: int
    edition: int


def tick(conn: Connection, press: Press, now_ms: int) -> bool:
    """It was posted, or deleted when it was withdrawn; twice is once. False: no such card.

    What was posted counts as the edition that was seen, and never as a later one.
    """
    found = _of_press(conn, press, now_ms)
    if found is None:
        return False
    is_withdrawn = found.card.withdrawn_at is not None
    if is_withdrawn and found.edition:
        _set(conn, press, {"is_removed": True, "done_at": now_ms}, ~post.c.is_removed)
        return True
    seen = min(press.edition, found.card.edition)
    row = {"edition": seen, "edition_before": post.c.edition, "done_at": now_ms}
    _set(conn, press, row, post.c.edition < seen)
    return True


def undo(conn: Connection, press: Press, now_ms: int) -> bool:
    """The last tick was a mistake; twice is once. False: no such card."""
    found = _of_press(conn, press, now_ms)
    if found is None:
        return False
    if found.is_removed:
        _set(conn, press, {"is_removed": False})
        return True
    back = post.c.edition_before
    _set(conn, press, {"edition": back, "done_at": case((back == 0, None), else_=post.c.done_at)})
    return True


def sweep(conn: Connection, now_ms: int, limit: int) -> int:
    """What was made a month ago and is no news any more goes; returns how many cards."""
    over = (post_card.c.made_at < now_ms - KEPT_MS, post_card.c.expires_at < now_ms)
    old = list(conn.execute(select(post_card.c.id).where(*over).limit(limit)).scalars())
    conn.execute(delete(post).where(post.c.card_id.in_(old)))
    conn.execute(delete(post_card).where(post_card.c.id.in_(old)))
    return len(old)


def _of_press(conn: Connection, press: Press, now_ms: int) -> Tick | None:
    mine = (post.c.card_id == press.card_id, post.c.group_id == press.group_id)
    # the card is locked, so that no change of it crosses the press
    held = select(post_card.c.id).where(post_card.c.id == press.card_id).with_for_update()
    conn.execute(held)
    row = conn.execute(_ticks().where(*mine, post_card.c.expires_at > now_ms)).mappings().first()
    return None if row is None else _tick(row)


def _set(conn: Connection, press: Press, row: dict[str, Any], *where: Any) -> None:
    mine = (post.c.card_id == press.card_id, post.c.group_id == press.group_id)
    conn.execute(update(post).where(*mine, *where).values(row))


def _keep_photo(conn: Connection, number: int | None, now_ms: int) -> None:
    until = now_ms + LIVES_MS
    shorter = (photo.c.id == number, photo.c.expires_at < until)
    conn.execute(update(photo).where(*shorter).values(expires_at=until))


_NAMES = [field.name for field in fields(Card)]


def _cards() -> Any:
    return select(*(post_card.c[name] for name in _NAMES))


def _ticks() -> Any:
    return (
        select(
            post.c.group_id,
            hand_group.c.name.label("group"),
            hand_group.c.platform,
            post.c.edition.label("posted"),
            post.c.is_removed,
            post.c.done_at,
            *(post_card.c[name].label(f"card_{name}") for name in _NAMES),
        )
        .join(post_card, post_card.c.id == post.c.card_id)
        .join(hand_group, hand_group.c.id == post.c.group_id)
    )


def _tick(found: RowMapping) -> Tick:
    card = Card(**{name: found[f"card_{name}"] for name in _NAMES})
    return Tick(
        card,
        found["group_id"],
        found["group"],
        found["platform"],
        found["posted"],
        found["is_removed"],
        found["done_at"],
    )


def _context(key: str) -> str:
    return f"post_card.said:{key}"
