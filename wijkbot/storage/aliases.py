"""Which two addresses are of one person, and how do two persons become that one?

A platform may know somebody by a number and by an id of its own. The id is the canonical
address; the number is kept as a keyed pseudonym that leads to the same chat and member.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from wijkbot.storage import chats, consents, rekey
from wijkbot.storage.card_tables import card_code
from wijkbot.storage.chats import Chat, Newcomer
from wijkbot.storage.dialect import flavour, insert
from wijkbot.storage.inbox import conversation_key
from wijkbot.storage.receipt_tables import chat_alias
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tables import (
    chat,
    conversation,
    odd_job,
    opt_out,
    token,
    vote,
    waiting_answer,
)

_OF_A_MEMBER = (card_code, odd_job, token, waiting_answer)


def resolve(
    conn: Connection, sealer: Sealer, channel: str, addresses: Sequence[str]
) -> dict[str, str]:
    """The canonical address of each of these that is the second one of somebody known."""
    named = {chats.pseudonym(sealer, channel, address): address for address in addresses}
    found = {}
    for row in _known(conn, channel, list(named)):
        canonical = chats.open_address(conn, sealer, row.chat_id, row.address_sealed)
        if canonical is not None:
            found[named[row.alias_hmac]] = canonical
    return found


def unknown(
    conn: Connection, sealer: Sealer, channel: str, pairs: Mapping[str, str]
) -> dict[str, str]:
    """Those of these pairs (alias to canonical address) that are not on the list so."""
    wanted = {
        chats.pseudonym(sealer, channel, alias): (alias, canonical)
        for alias, canonical in pairs.items()
    }
    left = dict(pairs)
    for row in _known(conn, channel, list(wanted)):
        alias, canonical = wanted[row.alias_hmac]
        if row.address_hmac == chats.pseudonym(sealer, channel, canonical):
            del left[alias]
    return left


def link(conn: Connection, sealer: Sealer, newcomer: Newcomer, alias: str, now_ms: int) -> str:
    """From now on ``alias`` is a second address of the newcomer's chat.

    What is known of the alias as a person of its own is taken into the one person: dialogs,
    waiting messages, consents, and every opt-out of either. Returns the pseudonym of the person
    that is no more, "" when there was none. An alias that belonged to another canonical address
    (a number that was given to somebody else) is only pointed at the new one.
    """
    channel = newcomer.channel
    old_member = sealer.member(channel, alias)
    member = sealer.member(channel, newcomer.address)
    was_person = chats.find(conn, sealer, channel, alias)
    if was_person is not None:
        _join(conn, sealer, was_person, newcomer, (old_member, member), now_ms)
    place = (channel, newcomer.address)
    chat_id = chats.meet(conn, sealer, [newcomer], now_ms)[place]
    row = {
        "channel": channel,
        "alias_hmac": chats.pseudonym(sealer, channel, alias),
        "chat_id": chat_id,
        "member_hmac": member,
        "at": now_ms,
    }
    new = insert(conn, chat_alias).values(row)
    changed = {name: new.excluded[name] for name in ("chat_id", "member_hmac", "at")}
    keys = [chat_alias.c.channel, chat_alias.c.alias_hmac]
    conn.execute(new.on_conflict_do_update(index_elements=keys, set_=changed))
    return "" if was_person is None else old_member


def forget(conn: Connection, member_hmac: str) -> None:
    """The resident erased everything: nothing leads from one address to the other any more."""
    conn.execute(delete(chat_alias).where(chat_alias.c.member_hmac == member_hmac))


def _known(conn: Connection, channel: str, names: list[str]) -> list[Row[Any]]:
    of = flavour(conn)
    columns = (chat_alias.c.alias_hmac, chat_alias.c.chat_id)
    query = (
        select(*columns, chat.c.address_hmac, chat.c.address_sealed)
        .join(chat, chat.c.id == chat_alias.c.chat_id)
        .where(chat_alias.c.channel == channel, of.is_among(chat_alias.c.alias_hmac, "b_names"))
    )
    return list(conn.execute(query, {"b_names": of.many(names)}))


def _join(
    conn: Connection,
    sealer: Sealer,
    was: Chat,
    newcomer: Newcomer,
    member: tuple[str, str],
    now_ms: int,
) -> None:
    """The person known by the alias becomes the one of the canonical address."""
    there = chats.find(conn, sealer, newcomer.channel, newcomer.address)
    # which row stays does not matter: the older one, as when a group moves
    chats_ = (was.id, was.id) if there is None else (there.id, was.id)
    consents.merge(conn, member, chats_, now_ms)
    kept = rekey.take_over(conn, sealer, was, there, now_ms)
    chats.move(conn, sealer, kept, newcomer.channel, newcomer.address)
    _join_members(conn, *member)
    _join_conversations(conn, sealer, kept, *member)
    is_erased = was.erase_at is not None or (there is not None and there.erase_at is not None)
    if is_erased:  # somebody writes there now, so the address is needed
        conn.execute(update(chat).where(chat.c.id == kept).values(erase_at=None))


def _join_members(conn: Connection, old: str, new: str) -> None:
    """Opt-outs of either hold for the one person; the rest just changes its name."""
    mine = select(opt_out.c.purpose).where(opt_out.c.member_hmac == new)
    double = opt_out.c.purpose.in_(mine.scalar_subquery())
    conn.execute(delete(opt_out).where(opt_out.c.member_hmac == old, double))
    voted = select(vote.c.chat_id).where(vote.c.member_hmac == new)
    conn.execute(delete(vote).where(vote.c.member_hmac == old, vote.c.chat_id.in_(voted)))
    for table in (opt_out, vote, *_OF_A_MEMBER):
        renamed = update(table).where(table.c.member_hmac == old)
        conn.execute(renamed.values(member_hmac=new))


def _join_conversations(
    conn: Connection, sealer: Sealer, chat_id: int, old: str, new: str
) -> None:
    """The dialog that was held last goes on; what waits in the other one is still handled."""
    rows = conn.execute(
        select(conversation.c.id, conversation.c.last_at)
        .where(conversation.c.chat_id == chat_id, conversation.c.member_hmac.in_([old, new]))
        .order_by(conversation.c.last_at.desc(), conversation.c.id.desc())
    ).all()
    for row in rows[1:]:
        aside = sealer.pseudonym("conversation", "joined", str(row.id))
        joined = update(conversation).where(conversation.c.id == row.id)
        conn.execute(joined.values(member_hmac=new, key=aside))
    for row in rows[:1]:
        key = conversation_key(sealer, chat_id, new)
        goes_on = update(conversation).where(conversation.c.id == row.id)
        conn.execute(goes_on.values(member_hmac=new, key=key))
