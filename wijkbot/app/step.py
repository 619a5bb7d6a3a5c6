"""What is done with one message, as a whole, in one transaction?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from wijkbot.adapter_api import PLATFORM_OPT_OUT, EventKind, IncomingEvent
from wijkbot.app.house import House, local_time, policy_of
from wijkbot.app.language import answer_language
from wijkbot.app.payload import Remembered, remembered_bytes
from wijkbot.app.perform import Moment, perform, timer_after
from wijkbot.app.shelf import Shelf
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
from wijkbot.engine.reading import Reading
from wijkbot.engine.words import SENSITIVE_LABELS, Place, Purpose
from wijkbot.schedule.openings import holiday_name
from wijkbot.storage import chats, conversations, jobs, opt_outs, outbox, rekey, tokens
from wijkbot.storage.chats import Chat
from wijkbot.storage.conversations import Claimed, Progress


@dataclass(frozen=True, slots=True)
class Result:
    """The claim as it goes on, and whether something of a person was erased."""

    claimed: Claimed
    erased: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One message (or the ring of a timer) of a claimed conversation."""

    house: House
    claimed: Claimed
    shelf: Shelf
    known: Remembered
    incoming: IncomingEvent | None
    reading: Reading | None

    def in_transaction(self, done_seq: int, *, is_last: bool) -> Callable[[Connection], Result]:
        """The whole T3: lock the chat, decide on what is true now, write, mark done."""

        def run(conn: Connection) -> Result:
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
            return Result(claimed, erased)

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


def seen(conn: Connection, chat_id: int) -> Chat:
    """The chat of a conversation, as it is now."""
    return _there(chats.get(conn, chat_id))


def _locked(conn: Connection, chat_id: int) -> Chat:
    return _there(chats.lock(conn, chat_id))


def _there(chat: Chat | None) -> Chat:
    if chat is None:
        raise LookupError("a conversation without a chat")
    return chat
