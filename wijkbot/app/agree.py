"""How does a resident's yes get into the ledger, and a STOP out of force again?

The journal knows it before the database does, as with everything that a resident decides.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from wijkbot.app.journal import Journal
from wijkbot.engine.effects import Agree
from wijkbot.engine.words import Purpose
from wijkbot.storage import chats, consents, opt_outs
from wijkbot.storage.chats import Chat
from wijkbot.storage.consents import Agreed
from wijkbot.storage.entries import Consented, OptedIn, OptedOut

ASKED = "question"
WROTE = "wrote"


def agree(
    conn: Connection, journal: Journal, said: Agree, who: tuple[int, str, str], now_ms: int
) -> None:
    """Write down that somebody said yes; ``who`` is their chat, their pseudonym and language.

    Their opt-out of that purpose ends, and that of being answered at all: they just asked.
    That they wrote to us themselves is noted once beside it.
    """
    chat_id, member, language = who
    chat = chats.get(conn, chat_id)
    if chat is None or not chat.is_private:
        return
    wishes = consents.wishes(conn, member)
    lifted = wishes.stopped & {said.purpose.value, Purpose.SERVICE.value}
    _lift(conn, journal, member, sorted(lifted), now_ms)
    sources = {said.purpose: ASKED}
    if Purpose.SERVICE.value not in wishes.agreed:
        sources[Purpose.SERVICE] = WROTE
    for purpose, source in sources.items():
        agreed = Agreed(
            member_hmac=member,
            purpose=purpose.value,
            neighbourhood=chat.neighbourhood,
            channel=chat.channel,
            chat_id=chat.id,
            item_id=said.item,
            item_version=said.version,
            language=language,
            source=source,
        )
        journal.write(_entry(agreed, chat, now_ms))
        consents.give(conn, agreed, now_ms)


def take_back_a_stop(
    conn: Connection, journal: Journal, who: tuple[int, str], now_ms: int
) -> None:
    """START: nothing is stopped any more; ``who`` is the chat and the pseudonym.

    In their private chat what the STOP had ended counts again; in a group they do not read so.
    """
    chat_id, member = who
    _lift(conn, journal, member, opt_outs.of(conn, member), now_ms)
    chat = chats.get(conn, chat_id)
    if chat is None or not chat.is_private:
        return
    for agreed in consents.restore(conn, member, now_ms):
        there = chats.get(conn, agreed.chat_id) if agreed.chat_id is not None else None
        if there is not None:
            journal.write(_entry(agreed, there, now_ms))


def stop(
    conn: Connection,
    journal: Journal,
    who: tuple[str, str],
    purposes: Collection[str],
    now_ms: int,
) -> None:
    """STOP of these purposes; ``who`` is the pseudonym, and where it was said: "chat"."""
    member, source = who
    new = [purpose for purpose in purposes if not opt_outs.has(conn, member, purpose)]
    journal.write(*(OptedOut(member, purpose, now_ms) for purpose in new))
    for purpose in new:
        opt_outs.add(conn, member, purpose, source, now_ms)


def _lift(
    conn: Connection, journal: Journal, member: str, purposes: Collection[str], now_ms: int
) -> None:
    journal.write(*(OptedIn(member, purpose, now_ms) for purpose in purposes))
    for purpose in purposes:
        opt_outs.lift(conn, member, purpose)


def _entry(agreed: Agreed, chat: Chat, now_ms: int) -> Consented:
    return Consented(
        member_hmac=agreed.member_hmac,
        purpose=agreed.purpose,
        neighbourhood=agreed.neighbourhood,
        channel=agreed.channel,
        chat=chat.address_hmac,
        item=agreed.item_id,
        version=agreed.item_version,
        language=agreed.language,
        source=agreed.source,
        at=now_ms,
    )
