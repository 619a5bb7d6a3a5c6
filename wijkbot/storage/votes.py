"""Does a group keep the bot? One vote a resident, counted once, and then forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select

from wijkbot.storage.dialect import insert
from wijkbot.storage.tables import vote


@dataclass(frozen=True, slots=True)
class Tally:
    """How a group voted."""

    yes: int = 0
    no: int = 0

    @property
    def keeps_the_bot(self) -> bool:
        """Nobody, or not more people than want it, want it gone."""
        return self.no <= self.yes


def cast(conn: Connection, chat_id: int, member_hmac: str, *, is_yes: bool, now_ms: int) -> None:
    """Note a vote; the last one of a resident counts."""
    new = insert(conn, vote).values(
        chat_id=chat_id, member_hmac=member_hmac, is_yes=is_yes, at=now_ms
    )
    changed = {"is_yes": new.excluded.is_yes, "at": new.excluded.at}
    keys = [vote.c.chat_id, vote.c.member_hmac]
    conn.execute(new.on_conflict_do_update(index_elements=keys, set_=changed))


def count(conn: Connection, chat_id: int) -> Tally:
    """How many voted yes and no."""
    query = (
        select(vote.c.is_yes, func.count())
        .where(vote.c.chat_id == chat_id)
        .group_by(vote.c.is_yes)
    )
    found = {bool(is_yes): int(many) for is_yes, many in conn.execute(query)}
    return Tally(found.get(True, 0), found.get(False, 0))


def forget(conn: Connection, chat_id: int) -> None:
    """Erase the votes of a group."""
    conn.execute(delete(vote).where(vote.c.chat_id == chat_id))
