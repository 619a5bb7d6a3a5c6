"""How does a waiting message become a decision? Claim a conversation, read, decide, finish.

The state, the outgoing rows and the mark "done" are one transaction, so a crash between two
steps repeats the message and nothing that it caused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from wijkbot.adapter_api import PLATFORM_OPT_OUT, EventKind, IncomingEvent
from wijkbot.app.language import answer_language
from wijkbot.app.library import Library
from wijkbot.app.payload import Remembered, event_from, remembered_bytes, remembered_from
from wijkbot.app.perform import Moment, perform, timer_after
from wijkbot.app.shelf import Shelf
from wijkbot.clock import Clock
from wijkbot.engine.conversation import PlaceState
from wijkbot.engine.decide import Decision, decide
from wijkbot.engine.effects import Erase, Say
from wijkbot.engine.events import (
    BotJoined,
    BotLeft,
    ChatStarted,
    ChoiceMade,
    Event,
    Facts,
    MemberLeft,
    MessageArrived,
    TimePassed,
)
from wijkbot.engine.policy import PolicySettings
from wijkbot.engine.quiet_hours import QuietHours
from wijkbot.engine.reading import Reading
from wijkbot.engine.words import SENSITIVE_LABELS, Place, Purpose
from wijkbot.schedule.openings import holiday_name
from wijkbot.settings import Settings
from wijkbot.storage import chats, conversations, jobs, opt_outs, outbox, rekey, tokens
from wijkbot.storage.chats import Chat
from wijkbot.storage.conversations import Claimed, Progress, Waiting
from wijkbot.storage.database import Database
from wijkbot.storage.errors import LeaseLost
from wijkbot.storage.seal import Sealer
from wijkbot.understanding.matcher import Level

log = structlog.get_logger()

POLL_SECONDS = 0.5
STALE_COMMAND = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class House:
    """What the engine's loop works with."""

    database: Database
    sealer: Sealer
    clock: Clock
    settings: Settings
    library: Library


class Converser:
    """Takes waiting conversations and brings each one a step further, in order."""

    def __init__(self, house: House, wake: asyncio.Event, wake_sender: asyncio.Event) -> None:
        self._house = house
        self._wake = wake
        self._wake_sender = wake_sender

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._wake.clear()
            if not await self.work():
                try:
                    await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
                except TimeoutError:
                    continue

    async def work(self) -> bool:
        """Process what waits now; True when there was something."""
        house = self._house
        now_ms = house.clock.now_ms()
        claimed = await house.database.write(
            lambda c: conversations.claim(c, house.sealer, now_ms)
        )
        for conversation in claimed:
            try:
                await self._bring_on(conversation)
            except LeaseLost:
                log.warning("lease-lost")
            except Exception:
                log.exception("conversation-failed", attempts=conversation.attempts)
                await self._give_back(conversation)
        if claimed:
            self._wake_sender.set()
        return bool(claimed)

    async def _give_back(self, claimed: Claimed) -> None:
        house = self._house
        now_ms = house.clock.now_ms()
        wait = outbox.backoff_ms(claimed.attempts)
        await house.database.write(
            lambda c: conversations.give_back(c, claimed, now_ms, after_ms=wait)
        )

    async def _bring_on(self, claimed: Claimed) -> None:
        house = self._house
        if claimed.is_poison:
            now_ms = house.clock.now_ms()
            log.error("message-dead", attempts=claimed.attempts)
            await house.database.write(lambda c: conversations.bury(c, claimed, "poison", now_ms))
            return
        if claimed.timer_rang and not claimed.messages:
            await self._step(claimed, None, is_last=True)
            return
        for index, waiting in enumerate(claimed.messages):
            is_last = index == len(claimed.messages) - 1
            claimed = await self._step(claimed, waiting, is_last=is_last)

    async def _step(self, claimed: Claimed, waiting: Waiting | None, *, is_last: bool) -> Claimed:
        house = self._house
        incoming = event_from(waiting.payload) if waiting and waiting.payload else None
        known = remembered_from(claimed.state)
        chat = await house.database.read(lambda c: _seen(c, claimed.chat_id))
        shelf = await self._shelf(chat, known)
        reading = self._read(shelf, incoming, known, chat)
        step = _Step(house, claimed, shelf, known, incoming, reading)
        done_seq = waiting.seq if waiting else claimed.done_seq
        result = await house.database.write(step.in_transaction(done_seq, is_last=is_last))
        if result.erased:
            await house.database.scrub()
        return result.claimed

    async def _shelf(self, chat: Chat, known: Remembered) -> Shelf:
        """The book on which an open dialog began, unless that dialog was withdrawn since."""
        library = self._house.library
        current = library.shelf(chat.neighbourhood)
        began = known.conversation.book_version
        is_open = known.conversation.dialog in current.book.dialogs
        if not is_open or began in {0, current.book.version}:
            return current
        if not library.has(began):
            await library.open_version(began)
        return library.shelf(chat.neighbourhood, began)

    def _read(
        self, shelf: Shelf, incoming: IncomingEvent | None, known: Remembered, chat: Chat
    ) -> Reading | None:
        if incoming is None or incoming.kind is not EventKind.MESSAGE:
            return None
        level: Level = "addressed" if incoming.addressed or incoming.is_private else "group"
        hint = known.language or incoming.language or chat.language
        return shelf.reader.read(incoming.text, hint, level)


@dataclass(frozen=True, slots=True)
class _Result:
    claimed: Claimed
    erased: bool


@dataclass(frozen=True, slots=True)
class _Step:
    house: House
    claimed: Claimed
    shelf: Shelf
    known: Remembered
    incoming: IncomingEvent | None
    reading: Reading | None

    def in_transaction(self, done_seq: int, *, is_last: bool) -> Callable[[Connection], _Result]:
        """The whole T3: lock the chat, decide on what is true now, write, mark done."""

        def run(conn: Connection) -> _Result:
            house, claimed = self.house, self.claimed
            now_ms = house.clock.now_ms()
            chat = _locked(conn, claimed.chat_id)
            moment = self._moment(conn, chat, now_ms, done_seq)
            decision = self._decide(moment)
            timer_at = timer_after(decision.effects, claimed.timer_at, now_ms)
            state = self._state(decision)
            progress = Progress(done_seq, state, timer_at)
            if is_last:
                conversations.finish(conn, house.sealer, claimed, now_ms, progress)
            else:
                claimed = conversations.proceed(conn, house.sealer, claimed, now_ms, progress)
            if self.incoming and self.incoming.is_private:
                # whoever writes again can be answered again, after a block or a STOP too
                outbox.resume(conn, chat.id)
            if self.incoming and self.incoming.kind is EventKind.BOT_LEFT:
                rekey.leave(conn, chat.id, now_ms)
            pending = moment.facts.pending_dialog
            if pending and decision.conversation.dialog == pending:
                tokens.spend(conn, claimed.member_hmac, now_ms)
            erased = perform(conn, house.sealer, decision.effects, moment)
            return _Result(claimed, erased)

        return run

    def _state(self, decision: Decision) -> bytes | None:
        """What is kept: after an erasure nothing at all."""
        if any(isinstance(effect, Erase) for effect in decision.effects):
            return None
        language = self._language_read() or self.known.language
        return remembered_bytes(Remembered(decision.conversation, language))

    def _decide(self, moment: Moment) -> Decision:
        event = self._event(moment.facts)
        conversation = self.known.conversation
        decision = decide(self.shelf.book, moment.place, conversation, event, moment.policy)
        if self.incoming and self.incoming.payload == PLATFORM_OPT_OUT:
            silent = tuple(e for e in decision.effects if not isinstance(e, Say))
            return Decision(decision.conversation, silent)
        return decision

    def _event(self, facts: Facts) -> Event:
        incoming = self.incoming
        if incoming is None:
            return TimePassed(facts)
        match incoming.kind:
            case EventKind.CHOICE:
                return ChoiceMade(incoming.choice_id, facts)
            case EventKind.START:
                return ChatStarted(facts, dialog=facts.pending_dialog)
            case EventKind.BOT_JOINED:
                return BotJoined(facts)
            case EventKind.BOT_LEFT:
                return BotLeft(facts)
            case EventKind.MEMBER_LEFT:
                return MemberLeft(facts)
            case _:
                reading = self.reading
                if reading is None:
                    raise ValueError(f"an event of kind {incoming.kind} is no conversation")
                return MessageArrived(
                    incoming.text,
                    reading,
                    facts,
                    is_addressed=incoming.addressed or incoming.is_private,
                    is_edit=incoming.edited,
                )

    def _moment(self, conn: Connection, chat: Chat, now_ms: int, seq: int) -> Moment:
        house = self.house
        settings = house.settings
        area = chat.neighbourhood if chat.neighbourhood in settings.areas() else ""
        area = area or next(iter(settings.areas()))
        country = settings.country_of(area)
        local_now = local_time(settings, area, now_ms)
        place = chats.place_of(
            chat, country, now_ms, local_now.date().isoformat(), f"{local_now:%G-W%V}"
        )
        return Moment(
            chat_id=chat.id,
            conversation_id=self.claimed.id,
            member_hmac=self.claimed.member_hmac,
            language=self._language(chat, country, area),
            key=f"{self.claimed.id}-{seq}",
            now_ms=now_ms,
            place=place,
            facts=self._facts(conn, country, local_now, now_ms, place),
            policy=policy_of(settings),
        )

    def _facts(
        self,
        conn: Connection,
        country: str,
        local_now: datetime,
        now_ms: int,
        place: PlaceState,
    ) -> Facts:
        member = self.claimed.member_hmac
        return Facts(
            local_now=local_now,
            is_holiday=bool(holiday_name(country, "", local_now.date())),
            has_stopped=opt_outs.has(conn, member, Purpose.ANNOUNCEMENT),
            mine_open_jobs=jobs.open_count(conn, member, now_ms),
            pending_dialog=self._pending(conn, now_ms, place),
            random_token=self.house.clock.token(12),
        )

    def _pending(self, conn: Connection, now_ms: int, place: PlaceState) -> str:
        """What this resident asked for in a group, if they came here by their own link."""
        sealer, member = self.house.sealer, self.claimed.member_hmac
        incoming = self.incoming
        if incoming is None or place.place is not Place.PRIVATE:
            return ""
        if incoming.kind is EventKind.START:
            token = incoming.payload
            return (tokens.use(conn, sealer, token, member, now_ms) or "") if token else ""
        if incoming.kind is EventKind.BOT_JOINED or not self.known.conversation.dialog:
            return tokens.pending(conn, member, now_ms) or ""
        return ""

    def _language_read(self) -> str:
        """The language of the message; in an open dialog that of the dialog.

        An answer such as a street or a number tells nothing, a cry for help does.
        """
        if self.reading is None:
            return ""
        is_open = bool(self.known.conversation.dialog and self.known.language)
        if is_open and self.reading.label not in SENSITIVE_LABELS:
            return self.known.language
        return self.reading.language

    def _language(self, chat: Chat, country: str, area: str) -> str:
        settings = self.house.settings
        offered = settings.areas()[area].languages or settings.organisation.languages
        read = self._language_read()
        return answer_language(
            "" if read == "other" else read, chat.language, self.known.language, country, offered
        )


def _seen(conn: Connection, chat_id: int) -> Chat:
    return _there(chats.get(conn, chat_id))


def _locked(conn: Connection, chat_id: int) -> Chat:
    return _there(chats.lock(conn, chat_id))


def _there(chat: Chat | None) -> Chat:
    if chat is None:
        raise LookupError("a conversation without a chat")
    return chat


def local_time(settings: Settings, area: str, now_ms: int) -> datetime:
    """The wall time of a neighbourhood."""
    utc = datetime.fromtimestamp(now_ms / 1000, UTC)
    return utc.astimezone(ZoneInfo(settings.timezone_of(area)))


def policy_of(settings: Settings) -> PolicySettings:
    """The limits of the rule as configured."""
    policy = settings.policy
    return PolicySettings(
        profile=policy.profile,
        answers_per_hour=policy.answers_per_hour,
        unasked_per_day=policy.unsolicited_per_day,
        unasked_per_week=policy.unsolicited_per_week,
        quiet=QuietHours.parse(policy.quiet),
    )
