"""What is done with one message, as a whole, in one transaction?

Steps of several conversations share a transaction, and with it one wait for the disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Connection

from wijkbot.adapter_api import (
    PLATFORM_OPT_IN,
    PLATFORM_OPT_OUT,
    EventKind,
    IncomingEvent,
    SenderKind,
)
from wijkbot.app import coming, decision_log
from wijkbot.app.alarm_groups import is_alarm_title
from wijkbot.app.chat_door import ChatDoor, chat_door
from wijkbot.app.fetch_unread import with_unread
from wijkbot.app.house import House, local_time
from wijkbot.app.info_card import fresh_code
from wijkbot.app.language import answer_language
from wijkbot.app.ledger import Ledger
from wijkbot.app.payload import Remembered, Spot, remembered_bytes
from wijkbot.app.perform import Moment, erases, perform, timer_after
from wijkbot.app.press import chosen
from wijkbot.app.shelf import Shelf
from wijkbot.engine import commands
from wijkbot.engine.commands import Command
from wijkbot.engine.conversation import PlaceState
from wijkbot.engine.decide import Decision, decide
from wijkbot.engine.effects import Erase, Say, StaffKind, StaffNotice
from wijkbot.engine.events import (
    BotJoined,
    BotLeft,
    ChatStarted,
    ChoiceMade,
    Event,
    Facts,
    MemberLeft,
    MessageArrived,
    NotOpened,
    TimePassed,
)
from wijkbot.engine.reading import Reading
from wijkbot.engine.words import SENSITIVE_LABELS, Place, Purpose
from wijkbot.schedule.calendars import holiday_name
from wijkbot.storage import alerts, chats, consents, jobs, rekey, tokens
from wijkbot.storage.alerts import AlertDraft
from wijkbot.storage.broadcasts import LocalDay
from wijkbot.storage.chats import Chat
from wijkbot.storage.conversations import Advance, Claimed, Progress


@dataclass(frozen=True, slots=True)
class Result:
    """The claim as it goes on, and whether something of a person was erased."""

    claimed: Claimed
    erased: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One message (or the ring of a timer) of a claimed conversation.

    ``is_last``: the conversation is let go after it.
    """

    house: House
    claimed: Claimed
    shelf: Shelf
    known: Remembered
    incoming: IncomingEvent | None
    reading: Reading | None
    done_seq: int
    is_last: bool

    def take(self, conn: Connection, ledger: Ledger) -> bool:
        """The whole T3: lock the chat, decide on what is true now, book it as done.

        Gives whether something of a person was erased.
        """
        house, claimed = self.house, self.claimed
        now_ms = house.clock.now_ms()
        chat = coming.locked(conn, claimed.chat_id)
        is_in_already = coming.is_in_already(self.incoming, chat)
        chat = coming.let_in(conn, house, self.incoming, chat)
        moment = self._moment(conn, chat, now_ms)
        decision = self._decided(conn, ledger, chat, moment, is_silent=is_in_already)
        timer_at = timer_after(decision.effects, claimed.timer_at, now_ms)
        moment = self._of_round(moment, decision)
        progress = Progress(self.done_seq, self._state(decision, moment), timer_at)
        ledger.advance(Advance(claimed, progress, keeps=not self.is_last))
        if self.incoming and self.incoming.is_private:
            ledger.wake(chat.id)
        has_left = coming.has_ended(self.incoming, chat)
        erased = erases(decision.effects)
        if erased or has_left:
            ledger.write(conn)  # they take away what stands there by now
        if has_left:  # of a private chat: a group is left as soon as it is told
            rekey.leave(conn, chat.id, now_ms)
        pending = moment.facts.pending_dialog
        if pending and decision.conversation.dialog == pending:
            tokens.spend(conn, claimed.member_hmac, now_ms)
        effects = decision.effects
        performed = perform(conn, house.sealer, effects, moment)
        ledger.send(performed.drafts)
        ledger.count([*decision_log.counted(effects, performed, self.reading, moment)])
        coming.begin_stay(conn, house, self.incoming, chat)
        self._tell_on_call(conn, chat, decision, now_ms)
        return erased

    def _tell_on_call(self, conn: Connection, chat: Chat, decision: Decision, now_ms: int) -> None:
        """Somebody in danger wrote to the bot: its class, and for a group which one."""
        crisis = self.house.settings.crisis
        is_crisis = StaffNotice(StaffKind.CRISIS) in decision.effects
        if not is_crisis or crisis.stands_by == "none" or self.reading is None:
            return
        key = self.house.sealer.pseudonym("crisis", str(self.claimed.id), str(self.done_seq))
        group = None if chat.is_private else chat.id
        alert = AlertDraft(key, self.reading.label.value, group)
        alerts.raise_all(conn, self.house.sealer, [alert], now_ms)

    def _of_round(self, moment: Moment, decision: Decision) -> Moment:
        """Which choices are open, and since which message: a step that is asked again goes on."""
        before, after = self.known.conversation, decision.conversation
        if not after.dialog:
            return moment
        is_same = (before.dialog, before.step, before.trail) == (
            after.dialog,
            after.step,
            after.trail,
        )
        round_ = self.known.round if is_same and self.known.round else moment.key
        return replace(moment, offered=after.offered, round=round_)

    def _state(self, decision: Decision, moment: Moment) -> bytes | None:
        """What is kept: after an erasure nothing at all."""
        if any(isinstance(effect, Erase) for effect in decision.effects):
            return None
        language = self._language_read() or self.known.language
        thread = moment.spot.thread if decision.conversation.dialog else ""
        return remembered_bytes(Remembered(decision.conversation, language, thread, moment.round))

    def _spot(self) -> Spot:
        """Where the event happened; a timer rings where its dialog is held."""
        incoming = self.incoming
        if incoming is None:
            return Spot(thread=self.known.thread)
        if incoming.kind is EventKind.UNREADABLE:  # no reply: its id is none of the platform's
            return Spot(incoming.thread)
        return Spot(incoming.thread, incoming.event_id, incoming.sender)

    def _decided(
        self, conn: Connection, ledger: Ledger, chat: Chat, moment: Moment, *, is_silent: bool
    ) -> Decision:
        """What is to be done; what waited for this message goes out with it."""
        decision = self._decide(moment)
        known = (self.shelf.book, self.known.conversation)
        answered = with_unread(conn, self.house, chat, self.incoming, decision, known)
        ledger.send(answered.drafts)
        return _silent(answered.decision) if is_silent else answered.decision

    def _decide(self, moment: Moment) -> Decision:
        event = self._event(moment.facts)
        conversation = self.known.conversation
        decision = decide(self.shelf.book, moment.place, conversation, event, moment.policy)
        if self.incoming and self.incoming.payload in {PLATFORM_OPT_OUT, PLATFORM_OPT_IN}:
            return _silent(decision)
        return decision

    def _event(self, facts: Facts) -> Event:
        incoming = self.incoming
        if incoming is None:
            return TimePassed(facts)
        match incoming.kind:
            case EventKind.CHOICE:
                sealer, pressed = self.house.sealer, incoming.choice_id
                return ChoiceMade(chosen(sealer, self.claimed.id, self.known, pressed), facts)
            case EventKind.START:
                is_theirs = incoming.payload == PLATFORM_OPT_IN
                word = "" if is_theirs else incoming.payload
                return ChatStarted(facts, facts.pending_dialog, word, is_theirs)
            case EventKind.BOT_JOINED:
                return BotJoined(facts, is_alarm_group=is_alarm_title(incoming.chat_title))
            case EventKind.BOT_LEFT:
                return BotLeft(facts)
            case EventKind.MEMBER_LEFT:
                return MemberLeft(facts)
            case EventKind.UNREADABLE:
                return NotOpened(facts)
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
                    message=self._named(incoming.event_id),
                    edits=self._named(incoming.edits),
                    is_platform_stop=incoming.payload == PLATFORM_OPT_OUT,
                )

    def _moment(self, conn: Connection, chat: Chat, now_ms: int) -> Moment:
        house = self.house
        settings = house.settings
        area = settings.area_of(chat.neighbourhood)
        country = settings.country_of(area)
        local_now = local_time(settings, area, now_ms)
        place = chats.place_of(chat, country, now_ms, *LocalDay.at(local_now))
        return Moment(
            chat_id=chat.id,
            conversation_id=self.claimed.id,
            member_hmac=self.claimed.member_hmac,
            language=self._language(chat, country, area),
            key=f"{self.claimed.id}-{self.done_seq}",
            now_ms=now_ms,
            place=place,
            facts=self._facts(conn, country, local_now, now_ms, place),
            policy=settings.policy.limits,
            journal=house.journal,
            spot=self._spot(),
            reading=self.reading,
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
        wishes = consents.wishes(conn, member)
        stopped = wishes.stopped
        is_private = place.place is Place.PRIVATE  # only there the answer names the secure chat
        door = chat_door(conn, self.house, now_ms) if is_private else ChatDoor()
        opens_at = door.opens_at.astimezone(local_now.tzinfo) if door.opens_at else None
        facts = Facts(
            local_now=local_now,
            is_holiday=bool(holiday_name(country, "", local_now.date())),
            is_secure_chat_open=door.is_open,
            secure_chat_opens_at=opens_at,
            is_admin=self._is_admin(),
            has_stopped=Purpose.ANNOUNCEMENT in stopped,
            has_stopped_jobs=Purpose.ODD_JOB in stopped,
            is_ignored=Purpose.SERVICE in stopped,
            agreed=_purposes(wishes.agreed),
            lapsed=_purposes(wishes.lapsed),
            news_since=_day(wishes.agreed.get(Purpose.ANNOUNCEMENT), local_now),
            mine_open_jobs=jobs.open_count(conn, member, now_ms),
            random_token=self.house.clock.token(12),
            random_code=fresh_code(conn, self.house) if is_private and self._asks_code() else "",
            received_at=self.incoming.received_at if self.incoming else None,
        )
        pending = self._pending(conn, now_ms, place, is_late=facts.is_late)
        return replace(facts, pending_dialog=pending)

    def _asks_code(self) -> bool:
        """Whether this message asks for the code of an info card; then one is drawn."""
        text = self.incoming.text if self.incoming else ""
        asked = commands.find(self.shelf.book, text) if text else None
        return asked is not None and asked.command is Command.CARD

    def _named(self, event_id: str) -> str:
        """A message as the conversation remembers it: a keyed pseudonym."""
        return self.house.sealer.pseudonym("message", event_id) if event_id else ""

    def _is_admin(self) -> bool:
        """What the platform said when the message came in; only an admin can be anonymous."""
        incoming = self.incoming
        if incoming is None:
            return False
        return incoming.is_admin or incoming.sender_kind is SenderKind.ANONYMOUS_ADMIN

    def _pending(self, conn: Connection, now_ms: int, place: PlaceState, *, is_late: bool) -> str:
        """What this resident asked for in a group, if they came here by their own link.

        A late start is not carried out, so its token is left for the next tap on the link.
        """
        sealer, member = self.house.sealer, self.claimed.member_hmac
        incoming = self.incoming
        if incoming is None or place.place is not Place.PRIVATE:
            return ""
        token = incoming.payload
        if incoming.kind is EventKind.START and not (token and is_late):
            return (tokens.use(conn, sealer, token, member, now_ms) or "") if token else ""
        is_at_the_door = incoming.kind in {EventKind.BOT_JOINED, EventKind.START}
        if is_at_the_door or not self.known.conversation.dialog:
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
        read, offered = self._language_read(), self.house.settings.languages_of(area)
        spoken = "" if read == "other" else read
        return answer_language(spoken, chat.language, self.known.language, country, offered)


def take_all(conn: Connection, steps: Sequence[Step]) -> list[Result]:
    """Take steps of different conversations in one transaction; a result for each.

    Raises:
        LeaseLost: one of the conversations is somebody else's; nothing of this may stay.
    """
    house = steps[0].house
    ledger = Ledger(house.sealer, house.clock.now_ms())
    # one order for everybody: two processes can never wait for each other's chats
    ordered = sorted(steps, key=lambda s: (s.claimed.chat_id, not coming.is_greeting(s.incoming)))
    erased = {step.claimed.id: step.take(conn, ledger) for step in ordered}
    ledger.write(conn)
    return [Result(ledger.claim_of(s.claimed.id), erased[s.claimed.id]) for s in steps]


def _silent(decision: Decision) -> Decision:
    """The same, without a word."""
    silent = tuple(effect for effect in decision.effects if not isinstance(effect, Say))
    return Decision(decision.conversation, silent)


def seen(conn: Connection, chat_id: int) -> Chat:
    """The chat of a conversation, as it is now."""
    return coming.there(chats.get(conn, chat_id))


def _purposes(names: Iterable[str]) -> frozenset[Purpose]:
    return frozenset(Purpose(name) for name in names)


def _day(at_ms: int | None, local_now: datetime) -> date | None:
    """The day of that moment where the neighbourhood is."""
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, local_now.tzinfo).date()
