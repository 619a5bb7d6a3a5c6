"""Did no neighbour answer? Then the bot does, if it may speak unasked now."""

from __future__ import annotations

from dataclasses import replace

import structlog
from sqlalchemy import Connection

from wijkbot.app import decision_log
from wijkbot.app.house import House, local_time
from wijkbot.app.language import answer_language
from wijkbot.app.payload import say_bytes
from wijkbot.engine.conversation import LISTEN_MODE, ORDINARY_MODE, Conversation, PlaceState
from wijkbot.engine.effects import Say
from wijkbot.engine.events import Facts
from wijkbot.engine.policy import Request, permit
from wijkbot.engine.replies import Scene, item_answer
from wijkbot.engine.words import Label, Place, Purpose
from wijkbot.schedule.calendars import holiday_name
from wijkbot.storage import chats, counts, outbox, peers
from wijkbot.storage.broadcasts import LocalDay
from wijkbot.storage.chats import Chat
from wijkbot.storage.outbox import Draft, Lane
from wijkbot.storage.peers import Waiting

log = structlog.get_logger()

ANSWER_LIVES_MS = 3_600_000


async def answer_due(house: House) -> int:
    """Answer what nobody answered; returns how many answers are on their way."""
    now_ms = house.clock.now_ms()
    return await house.database.write(lambda c: _answer_all(c, house, now_ms))


def _answer_all(conn: Connection, house: House, now_ms: int) -> int:
    said = 0
    for waiting in peers.take_due(conn, now_ms):
        chat = chats.lock(conn, waiting.chat_id)
        if chat is not None and _answer(conn, house, chat, waiting, now_ms):
            said += 1
    return said


def _answer(conn: Connection, house: House, chat: Chat, waiting: Waiting, now_ms: int) -> bool:
    local_now = local_time(house.settings, chat.neighbourhood, now_ms)
    day, week = LocalDay.at(local_now)
    country = house.settings.country_of(chat.neighbourhood)
    place = chats.place_of(chat, country, now_ms, day, week)
    if house.settings.policy.mode != LISTEN_MODE:
        place = replace(place, mode=ORDINARY_MODE)  # nobody is listened to any more
    is_holiday = bool(holiday_name(country, "", local_now.date()))
    request = Request(Purpose.INFO, is_answer=False, local_now=local_now, is_holiday=is_holiday)
    verdict = permit(request, place, house.settings.policy.limits)
    rule = verdict.forbidden_by
    counts.add(conn, decision_log.entry(day, Place.GROUP, Purpose.INFO, rule, Label.INFO))
    say = _say_of(house, chat, waiting, place, Facts(local_now)) if verdict.is_permitted else None
    if say is None:
        return False
    languages = house.settings.organisation.languages
    read = "" if waiting.language == "other" else waiting.language
    draft = Draft(
        chat_id=chat.id,
        lane=Lane.BULK,
        key=f"peer-{waiting.key}",
        purpose=say.purpose,
        item_id=say.item,
        item_version=say.version,
        language=answer_language(read, chat.language, "", country, languages),
        values=say_bytes(say),
        expires_at=now_ms + ANSWER_LIVES_MS,
    )
    outbox.append(conn, house.sealer, draft, now_ms)
    chats.count_unasked(conn, chat, day, week)
    log.info("peer-first-answered", channel=chat.channel)
    return True


def _say_of(
    house: House, chat: Chat, waiting: Waiting, place: PlaceState, facts: Facts
) -> Say | None:
    book = house.library.shelf(chat.neighbourhood).book
    if waiting.item_id not in book.items:
        return None  # withdrawn since
    scene = Scene(book, place, facts, house.settings.policy.limits)
    turn = item_answer(scene, Conversation(), waiting.item_id)
    return next((effect for effect in turn.effects if isinstance(effect, Say)), None)
