"""How does a group get rid of the bot, or keep it? Trial, vote, and leaving."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import Connection

from wijkbot.adapter_api import Adapter, Queued, Refused, Sent, Unknown, Unsupported
from wijkbot.app.announce import forbidden_by
from wijkbot.app.house import House
from wijkbot.app.language import answer_language
from wijkbot.app.local_moment import LocalMoment, moment_in
from wijkbot.app.payload import say_bytes, span_ms
from wijkbot.app.perform import GOODBYE_TAKES
from wijkbot.engine import table
from wijkbot.engine.conversation import ALARM_MODE
from wijkbot.engine.decide import VOTE_NO, VOTE_YES
from wijkbot.engine.effects import Offer, Say
from wijkbot.engine.words import Purpose
from wijkbot.storage import chats, outbox, stays
from wijkbot.storage.chats import Chat
from wijkbot.storage.outbox import Draft, Lane

log = structlog.get_logger()

LOOK_SECONDS = 5.0
AGAIN = timedelta(minutes=1)
TRIAL_AGAIN = timedelta(minutes=15)
ASKED_LIVES = timedelta(hours=12)


async def tend_trials(house: House) -> int:
    """Ask the groups whose trial is over, and count where the vote is; returns how many."""
    now_ms = house.clock.now_ms()
    due = await house.database.read(lambda c: stays.due_trials(c, now_ms))
    handled = 0
    for chat_id in due:
        handled += await house.database.write(lambda c, at=chat_id: _tend(c, house, at, now_ms))  # type: ignore[misc]
    return handled


def _tend(conn: Connection, house: House, chat_id: int, now_ms: int) -> int:
    chat = chats.lock(conn, chat_id)
    if chat is None or chat.trial_ends_at is None or chat.trial_ends_at > now_ms:
        return 0  # another process was here first
    # what the bot says by itself here is bound like any announcement
    at = moment_in(house, chat.neighbourhood, now_ms)
    if chat.vote_ends_at is None:
        if chat.mode == ALARM_MODE:
            stays.end_vote(conn, chat_id)  # where the bot is quiet it asks nothing either
            return 0
        if forbidden_by(house, chat, at):
            # the question waits for the morning, and for its turn; others go first meanwhile
            stays.try_later(conn, chat_id, now_ms + span_ms(TRIAL_AGAIN))
            return 0
        _speak(conn, house, chat, table.TRIAL_VOTE, at)
        stays.begin_vote(conn, chat_id, now_ms)
        log.info("trial-over", channel=chat.channel)
        return 1
    tally = stays.end_vote(conn, chat_id)
    item = table.TRIAL_KEPT if tally.keeps_the_bot else table.GOODBYE
    if not forbidden_by(house, chat, at):
        _speak(conn, house, chat, item, at)
    if not tally.keeps_the_bot:
        stays.leave_later(conn, chat_id, now_ms + span_ms(GOODBYE_TAKES))
    log.info(
        "vote-counted", channel=chat.channel, status="kept" if tally.keeps_the_bot else "left"
    )
    return 1


def _speak(conn: Connection, house: House, chat: Chat, item: str, at: LocalMoment) -> None:
    shelf = house.library.shelf(chat.neighbourhood)
    offers = (
        tuple(Offer(choice, f"choice.{choice}", item) for choice in (VOTE_YES, VOTE_NO))
        if item == table.TRIAL_VOTE
        else ()
    )
    version = shelf.book.version_of(item)
    say = Say(Purpose.ANNOUNCEMENT, item, version, offers=offers)
    languages = house.settings.organisation.languages
    draft = Draft(
        chat_id=chat.id,
        lane=Lane.BULK,
        key=f"stay-{chat.id}-{item}-{at.now_ms}",
        purpose=say.purpose,
        item_id=item,
        item_version=version,
        language=answer_language("", chat.language, "", at.country, languages),
        values=say_bytes(say),
        expires_at=at.now_ms + span_ms(ASKED_LIVES),
    )
    outbox.append(conn, house.sealer, draft, at.now_ms)
    chats.count_unasked(conn, chat, *at.day)


async def leave_due(house: House, channel: str, adapter: Adapter) -> int:
    """Leave what is due now; returns how many groups the bot is out of."""
    now_ms = house.clock.now_ms()
    due = await house.database.read(lambda c: stays.due_to_leave(c, channel, now_ms))
    out = 0
    for chat in due:
        address = await house.database.read(lambda c, of=chat: chats.address(c, house.sealer, of))  # type: ignore[misc]
        if address is None or await _is_out(adapter, address):
            await house.database.write(lambda c, at=chat.id: stays.left(c, at, now_ms))  # type: ignore[misc]
            log.info("group-left", channel=channel)
            out += 1
        else:
            later = now_ms + span_ms(AGAIN)
            await house.database.write(
                lambda c, at=chat.id, when=later: stays.leave_later(c, at, when)  # type: ignore[misc]
            )
    return out


async def _is_out(adapter: Adapter, address: str) -> bool:
    match await adapter.leave(address):
        case Sent() | Queued() | Unsupported():
            return True  # where nobody can leave, nothing is answered any more either
        case Refused(permanent=is_final):
            return is_final
        case Unknown():
            return False
