"""In which groups, where no bot can be, does a person post for us? A list kept by hand.

Names, sizes and languages of groups: nothing about their members, nor about whoever posts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, fields

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, select, update

from wijkbot.storage.postkit_tables import hand_group, post
from wijkbot.storage.seal import Sealer


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """What is known of such a group. ``checked_on``: the ISO day on which somebody looked.

    ``platform`` and ``size_band`` are of ``PLATFORMS`` and ``SIZES``; ``languages`` are codes.
    """

    name: str
    platform: str
    neighbourhood: str
    languages: tuple[str, ...]
    size_band: str
    is_open: bool
    has_consent: bool
    checked_on: str


@dataclass(frozen=True, slots=True)
class HandGroup:
    """A group of the list, by its number. ``has_link``: whoever posts there has a page."""

    id: int
    facts: GroupFacts
    has_link: bool

    @property
    def name(self) -> str:
        """What it is called."""
        return self.facts.name

    @property
    def neighbourhood(self) -> str:
        """The id of its neighbourhood."""
        return self.facts.neighbourhood

    @property
    def languages(self) -> tuple[str, ...]:
        """The codes of what is written there."""
        return self.facts.languages


def add(conn: Connection, facts: GroupFacts, now_ms: int) -> int:
    """Put it on the list; returns its number."""
    row = {**_row(facts), "added_at": now_ms}
    return int(
        conn.execute(insert(hand_group).values(row).returning(hand_group.c.id)).scalar_one()
    )


def edit(conn: Connection, number: int, facts: GroupFacts) -> None:
    """From now on this is known of it; without consent its link opens nothing any more."""
    row: dict[str, object] = _row(facts)
    if not facts.has_consent:
        row |= _NO_LINK
    conn.execute(update(hand_group).where(hand_group.c.id == number).values(row))


def remove(conn: Connection, number: int) -> None:
    """It goes from the list, with what was ticked there."""
    conn.execute(delete(post).where(post.c.group_id == number))
    conn.execute(delete(hand_group).where(hand_group.c.id == number))


def get(conn: Connection, number: int) -> HandGroup | None:
    """The group with that number."""
    found = conn.execute(select(hand_group).where(hand_group.c.id == number)).mappings().first()
    return None if found is None else _group(found)


def listing(conn: Connection, numbers: Collection[int] | None = None) -> list[HandGroup]:
    """All of them, or those with these numbers, in the order of their numbers."""
    query = select(hand_group).order_by(hand_group.c.id)
    if numbers is not None:
        query = query.where(hand_group.c.id.in_(numbers))
    return [_group(row) for row in conn.execute(query).mappings()]


def lock_consenting(
    conn: Connection, neighbourhood: str, numbers: Iterable[int] | None
) -> list[HandGroup]:
    """The groups of a neighbourhood that agreed, all or of these numbers, locked."""
    where: list[ColumnElement[bool]] = [
        hand_group.c.neighbourhood == neighbourhood,
        hand_group.c.has_consent,
    ]
    if numbers is not None:
        where.append(hand_group.c.id.in_(list(numbers)))
    query = select(hand_group).where(*where).order_by(hand_group.c.id).with_for_update()
    return [_group(row) for row in conn.execute(query).mappings()]


def link(conn: Connection, sealer: Sealer, number: int, token: str, now_ms: int) -> None:
    """From now on this token opens the page of the group, and an earlier one nothing."""
    row = {"link_hmac": _hmac(sealer, token), "linked_at": now_ms}
    conn.execute(update(hand_group).where(hand_group.c.id == number).values(row))


def unlink(conn: Connection, number: int) -> bool:
    """No token opens its page any more; False when none did."""
    where = (hand_group.c.id == number, hand_group.c.link_hmac.is_not(None))
    return conn.execute(update(hand_group).where(*where).values(_NO_LINK)).rowcount == 1


def of_token(conn: Connection, sealer: Sealer, token: str) -> HandGroup | None:
    """The group whose page this token opens; None when it opens nothing."""
    where = (hand_group.c.link_hmac == _hmac(sealer, token), hand_group.c.has_consent)
    found = conn.execute(select(hand_group).where(*where)).mappings().first()
    return None if found is None else _group(found)


_NO_LINK: dict[str, object] = {"link_hmac": None, "linked_at": None}
_FACTS = [field.name for field in fields(GroupFacts)]


def _row(facts: GroupFacts) -> dict[str, object]:
    return {**asdict(facts), "languages": ",".join(facts.languages)}


def _group(found: RowMapping) -> HandGroup:
    told = {name: found[name] for name in _FACTS}
    told["languages"] = tuple(told["languages"].split(","))
    return HandGroup(found["id"], GroupFacts(**told), found["link_hmac"] is not None)


def _hmac(sealer: Sealer, token: str) -> str:
    return sealer.pseudonym("post", token)
