"""Does a chat that moves take along all that is known of it, whichever address was heard first?"""

from __future__ import annotations

from sqlalchemy import Connection, select

from tests.storage.house import House
from wijkbot.storage import rekey
from wijkbot.storage.card_tables import card_code
from wijkbot.storage.columns import metadata
from wijkbot.storage.tables import alert, chat, vote, waiting_answer

_MOVED = {"alert", "card_code", "chat_alias", "consent", "conversation", "lane", "odd_job"}
_MOVED |= {"vote", "waiting_answer"}


def test_every_table_that_names_a_chat_is_moved() -> None:
    """A table that is forgotten makes the database refuse the whole move, for ever."""
    named = {
        table.name
        for table in metadata.sorted_tables
        if any(key.column.table is chat for key in table.foreign_keys)
    }
    assert named == _MOVED


def _fill(conn: Connection, chat_id: int, name: str) -> None:
    at = {"at": 1}
    conn.execute(alert.insert().values(key=name, chat_id=chat_id, label="distress", **at))
    for member, is_yes in (("both", name == "young"), (name, True)):
        row = {"chat_id": chat_id, "member_hmac": member, "is_yes": is_yes}
        conn.execute(vote.insert().values(**row, **at))
    conn.execute(waiting_answer.insert().values(key=name, chat_id=chat_id, due_at=1,
                                                member_hmac="m", item_id="F01"))  # fmt: skip
    conn.execute(card_code.insert().values(chat_id=chat_id, code_hmac=name, conversation_id=1,
                                           member_hmac="m", language="nl", given_at=1,
                                           expires_at=2))  # fmt: skip


async def test_what_both_addresses_know_becomes_one(house: House) -> None:
    old, young = await house.chat("group-old"), await house.chat("group-new")
    await house.write(lambda c: _fill(c, old, "old"))
    await house.write(lambda c: _fill(c, young, "young"))
    moved = await house.write(
        lambda c: rekey.rekey(c, house.sealer, "street", "group-old", "group-new", house.now)
    )
    assert moved == old

    def rows(conn: Connection) -> tuple[set[str], dict[str, bool], set[str], list[str]]:
        alerts = conn.execute(select(alert.c.key).where(alert.c.chat_id == old)).scalars()
        votes = conn.execute(select(vote).where(vote.c.chat_id == old)).all()
        waits = conn.execute(select(waiting_answer.c.key)).scalars()
        codes = conn.execute(select(card_code.c.code_hmac)).scalars()
        by_member = {row.member_hmac: bool(row.is_yes) for row in votes}
        return set(alerts), by_member, set(waits), list(codes)

    assert await house.database.read(rows) == (
        {"old", "young"},
        {"both": True, "old": True, "young": True},
        {"old", "young"},
        ["old"],
    )
