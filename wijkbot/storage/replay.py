"""What must be done with a restored backup before the bot may run on it?

A backup is the past. Residents erased things since, the bot answered since, and other programs
hold nothing of it any more. All of it is put right in one transaction, before anything is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from wijkbot.storage import consents, erase, opt_outs, secure_purge
from wijkbot.storage.card_tables import card_code
from wijkbot.storage.consents import Agreed
from wijkbot.storage.entries import (
    Consented,
    Entry,
    Erased,
    KeyDestroyed,
    OptedIn,
    OptedOut,
    SecureErased,
)
from wijkbot.storage.outbox import Status
from wijkbot.storage.seal import delete_day_keys
from wijkbot.storage.tables import (
    broadcast,
    channel_state,
    chat,
    conversation,
    inbox,
    lane,
    lease,
    outbox,
    schedule,
    token,
)

Following = Callable[[str, str, int, int], int | None]
"""When a rule (in its zone, planned for that ms) falls due after this moment (ms), if ever."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put right in a restored backup."""

    erasures: int
    opt_outs: int
    day_keys: int
    unknown: int
    passed_over: int
    announcements: int
    planned: int


def put_right(
    conn: Connection,
    entries: Iterable[Entry],
    now_ms: int,
    *,
    is_newest: bool,
    following: Following,
) -> Restored:
    """Bring a restored backup to what is true now.

    ``is_newest``: the bot did not run after the backup was made, so the events that waited in
    it, the open dialogs and the place of each channel still count. Otherwise they were dealt
    with after the backup, and doing so again would answer twice. Doing it twice changes nothing.
    """
    erasures, wishes, keys = _replay(conn, entries)
    unknown = _give_up_sending(conn, now_ms)
    announcements = _stop_announcing(conn)
    passed_over = planned = 0
    if is_newest:
        _let_go(conn, now_ms)
    else:
        passed_over = _pass_over(conn)
        planned = _skip_planned(conn, following, now_ms)
        # a position from the past would make the platform tell again what was answered since
        conn.execute(delete(channel_state).where(channel_state.c.name == "cursor"))
    conn.execute(delete(token))
    conn.execute(delete(card_code))  # of before a STOP, perhaps, or used up since
    conn.execute(delete(lease))
    return Restored(erasures, wishes, keys, unknown, passed_over, announcements, planned)


def _replay(conn: Connection, entries: Iterable[Entry]) -> tuple[int, int, int]:
    erasures = wishes = keys = 0
    talks = secure_purge.by_tombstone(conn)
    for entry in entries:
        match entry:
            case Erased(member, chats, at):
                erasures += erase.erase_until(conn, member, chats, at)
            case OptedOut(member, purpose, at):
                wishes += not opt_outs.has(conn, member, purpose)
                opt_outs.add(conn, member, purpose, "journal", at)
            case OptedIn(member, purpose):
                wishes += opt_outs.has(conn, member, purpose)
                opt_outs.lift(conn, member, purpose)
            case Consented():
                _agree_again(conn, entry)
            case KeyDestroyed(day):
                keys += delete_day_keys(conn, [day])
            case SecureErased(tombstone, at):
                conv = talks.get(bytes.fromhex(tombstone), b"")
                erasures += secure_purge.erase(conn, conv, bytes.fromhex(tombstone), at)
    return erasures, wishes, keys


def _agree_again(conn: Connection, told: Consented) -> None:
    """A yes that the backup lacks; of a chat that it lacks too, the proof and no more."""
    known = any(
        (row["purpose"], row["given_at"]) == (told.purpose, told.at)
        for row in consents.history(conn, told.member_hmac)
    )
    if known:
        return
    place = (chat.c.channel == told.channel, chat.c.address_hmac == told.chat)
    chat_id = conn.execute(select(chat.c.id).where(*place)).scalar()
    agreed = Agreed(
        member_hmac=told.member_hmac,
        purpose=told.purpose,
        neighbourhood=told.neighbourhood,
        channel=told.channel,
        chat_id=chat_id,
        item_id=told.item,
        item_version=told.version,
        language=told.language,
        source=told.source,
    )
    consents.give(conn, agreed, told.at)
    if chat_id is not None:
        area = {"neighbourhood": told.neighbourhood}
        conn.execute(update(chat).where(chat.c.id == chat_id).values(area))


def _give_up_sending(conn: Connection, now_ms: int) -> int:
    """What was not sent yet may have been sent since: nobody knows, and it is not sent again."""
    waits = outbox.c.status.in_([int(Status.WAITING), int(Status.SENDING)])
    row = {
        "status": int(Status.UNKNOWN),
        "values_sealed": None,
        "sent_at": now_ms,
        "error": "restored",
    }
    count = conn.execute(update(outbox).where(waits).values(row)).rowcount
    past = {
        "sent_seq": lane.c.out_seq,
        "due_at": None,
        "attempts": 0,
        "lease": lane.c.lease + 1,
    }
    conn.execute(update(lane).values(past))
    return count


def _stop_announcing(conn: Connection) -> int:
    """An announcement that was on its way went on after the backup: it stops where it is."""
    ends = {"due_at": None, "lease": broadcast.c.lease + 1}
    going = update(broadcast).where(broadcast.c.due_at.is_not(None))
    return conn.execute(going.values(ends)).rowcount


def _skip_planned(conn: Connection, following: Following, now_ms: int) -> int:
    """What fell due after the backup was announced then: go on with the time after now."""
    fell_due = select(schedule).where(schedule.c.next_at <= now_ms)
    rows = conn.execute(fell_due).all()
    for row in rows:
        later = following(row.rule, row.zone, row.next_at, now_ms)
        moved = {"next_at": later, "due_at": later, "lease": schedule.c.lease + 1}
        conn.execute(update(schedule).where(schedule.c.id == row.id).values(moved))
    return len(rows)


def _pass_over(conn: Connection) -> int:
    """The events that waited were answered after the backup, and open dialogs went on."""
    waiting = select(inbox.c.seq).join(conversation, conversation.c.id == inbox.c.conversation_id)
    count = len(conn.execute(waiting.where(inbox.c.seq > conversation.c.done_seq)).all())
    conn.execute(update(inbox).values(payload_sealed=None))
    row = {
        "done_seq": conversation.c.in_seq,
        "due_at": None,
        "state_sealed": None,
        "state_at": None,
        "timer_at": None,
        "attempts": 0,
        "lease": conversation.c.lease + 1,
    }
    conn.execute(update(conversation).values(row))
    return count


def _let_go(conn: Connection, now_ms: int) -> None:
    """No process of the past holds a conversation: what waits is due now."""
    free = {"attempts": 0, "lease": conversation.c.lease + 1}
    waits = conversation.c.in_seq > conversation.c.done_seq
    conn.execute(update(conversation).where(waits).values({**free, "due_at": now_ms}))
    conn.execute(update(conversation).where(~waits).values({**free, "due_at": None}))
