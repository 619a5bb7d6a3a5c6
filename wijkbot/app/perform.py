"""How do effects become rows? All of one decision in the one transaction that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from sqlalchemy import Connection

from wijkbot.app.agree import agree, stop, take_back_a_stop
from wijkbot.app.journal import Journal
from wijkbot.app.payload import NOWHERE, Spot, say_bytes, span_ms
from wijkbot.app.press import with_tokens
from wijkbot.engine.conversation import PlaceState
from wijkbot.engine.effects import (
    Agree,
    BeSilent,
    BindToken,
    CastVote,
    ChangePlace,
    Effect,
    Erase,
    GiveCardCode,
    LeaveGroup,
    MoveTo,
    NoteOddJob,
    OptIn,
    OptOut,
    Say,
    StaffNotice,
    StartTimer,
    StopTimer,
    Withheld,
)
from wijkbot.engine.events import Facts
from wijkbot.engine.pointing import pointing
from wijkbot.engine.policy import PolicySettings, permit
from wijkbot.engine.reading import Reading
from wijkbot.engine.replies import answering
from wijkbot.engine.values import OwnWords
from wijkbot.engine.words import Place, Purpose
from wijkbot.storage import card_codes, chats, erase, glance, jobs, outbox, stays, tokens, votes
from wijkbot.storage.card_codes import Given
from wijkbot.storage.entries import Erased
from wijkbot.storage.jobs import JobDraft
from wijkbot.storage.outbox import Draft, Lane
from wijkbot.storage.seal import Sealer
from wijkbot.storage.tokens import Bound

ANSWER_LIVES = timedelta(hours=12)
"""An answer that could not be sent for so long is not sent any more; a crisis card always is."""
GOODBYE_TAKES = timedelta(minutes=1)
"""So long the bot stays after it was told to leave, to say goodbye."""
_HOUR_MS = 3_600_000
TOKEN_LIVES = timedelta(minutes=30)
CARD_CODE_LIVES = timedelta(hours=24)
JOB_LIVES = timedelta(days=14)
STOPPED = "stopped"
"""Why what waited for somebody was not sent: they wrote STOP before it could go."""
_ALL_NEWS = frozenset({Purpose.ANNOUNCEMENT, Purpose.ODD_JOB})
"""Who stops both wants nothing more: a code that they gave away before is over too."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Where and when these effects are performed. ``key`` is unique for the event.

    ``spot`` is that of the event itself and ``reading`` that of its text; ``offered`` are the
    choices of the step that is open now, first asked in ``round``.
    """

    chat_id: int
    conversation_id: int
    member_hmac: str
    language: str
    key: str
    now_ms: int
    place: PlaceState
    facts: Facts
    policy: PolicySettings
    journal: Journal
    spot: Spot = NOWHERE
    reading: Reading | None = None
    offered: tuple[str, ...] = ()
    round: str = ""


@dataclass(frozen=True, slots=True)
class Performed:
    """What is to go out, and by which line of the rule an effect (its place) is not said."""

    drafts: list[Draft]
    refused: Mapping[int, str]


def perform(
    conn: Connection, sealer: Sealer, effects: tuple[Effect, ...], moment: Moment
) -> Performed:
    """Perform effects in order."""
    drafts: list[Draft] = []
    refused: dict[int, str] = {}
    for index, effect in enumerate(effects):
        match effect:
            case Say():
                rule = _forbidden_by(effect, moment)
                if rule:
                    refused[index] = rule
                else:
                    drafts.append(_draft(conn, sealer, effect, moment, index))
            case ChangePlace(change):
                chat = chats.lock(conn, moment.chat_id)
                if chat is not None:
                    chats.apply_change(conn, chat, change, moment.now_ms)
            case StartTimer() | StopTimer() | Withheld() | StaffNotice():
                continue  # the timer and the counts are booked beside what all messages book
            case OptOut() | OptIn() | Agree() | CastVote():
                # anonymous admins share one id: one of them decides nothing for the others
                if moment.member_hmac:
                    _wished(conn, effect, moment)
            case BeSilent() | LeaveGroup() | MoveTo():
                _about_the_chat(conn, effect, moment)
            case _:
                _about_the_person(conn, sealer, effect, moment)
    return Performed(drafts, refused)


def erases(effects: tuple[Effect, ...]) -> bool:
    """Whether something of a person goes."""
    return any(isinstance(effect, Erase) for effect in effects)


def _about_the_person(
    conn: Connection,
    sealer: Sealer,
    effect: NoteOddJob | BindToken | GiveCardCode | Erase,
    moment: Moment,
) -> None:
    member, now_ms = moment.member_hmac, moment.now_ms
    match effect:
        case NoteOddJob():
            _note(conn, sealer, effect, moment)
        case BindToken(token, dialog):
            if not member:  # anonymous admins share one id: a link of one would be everybody's
                return
            bound = Bound(dialog, member, now_ms + span_ms(TOKEN_LIVES))
            tokens.bind(conn, sealer, token, bound)
        case GiveCardCode(code):
            card_codes.give(conn, sealer, code, _given(moment), now_ms)
        case Erase():
            chats_ = erase.private_chats(conn, member)
            moment.journal.write(Erased(member, chats_, now_ms))
            erase.erase_member(conn, member, now_ms)
        case _:
            assert_never(effect)


def _wished(conn: Connection, effect: OptOut | OptIn | Agree | CastVote, moment: Moment) -> None:
    """What a resident wants of the bot; the journal knows it before the database does."""
    member, now_ms = moment.member_hmac, moment.now_ms
    match effect:
        case OptOut(purposes):
            stop(conn, moment.journal, (member, "chat"), purposes, now_ms)
            if set(purposes) >= _ALL_NEWS:
                card_codes.withdraw(conn, member)
                if moment.place.place is Place.PRIVATE:
                    outbox.drop_waiting(conn, moment.chat_id, STOPPED, now_ms)
        case OptIn():
            take_back_a_stop(conn, moment.journal, (moment.chat_id, member), now_ms)
        case Agree():
            who = (moment.chat_id, member, moment.language)
            agree(conn, moment.journal, effect, who, now_ms)
        case CastVote(is_yes):
            votes.cast(conn, moment.chat_id, member, is_yes=is_yes, now_ms=now_ms)
        case _:
            assert_never(effect)


def _about_the_chat(
    conn: Connection, effect: BeSilent | LeaveGroup | MoveTo, moment: Moment
) -> None:
    match effect:
        case BeSilent(hours):
            until = moment.now_ms + hours * _HOUR_MS if hours else None
            chats.configure(conn, moment.chat_id, silent_until=until)
        case LeaveGroup():
            # not before the goodbye is out
            stays.leave_later(conn, moment.chat_id, moment.now_ms + span_ms(GOODBYE_TAKES))
        case MoveTo(area):
            if moment.place.place is Place.PRIVATE:  # a group is moved by its moderator alone
                chats.configure(conn, moment.chat_id, neighbourhood=area)
        case _:
            assert_never(effect)


def timer_after(effects: tuple[Effect, ...], current: int | None, now_ms: int) -> int | None:
    """When the conversation's timer rings after these effects; the last one counts."""
    for effect in effects:
        match effect:
            case StartTimer(seconds):
                current = now_ms + seconds * 1000
            case StopTimer():
                current = None
            case _:
                continue
    return current


def _forbidden_by(say: Say, moment: Moment) -> str:
    """The line of the rule that forbids this text by now, under the chat's lock, or ""."""
    has_own_words = any(isinstance(value, OwnWords) for _, value in say.values)
    asked = answering(say.item, say.purpose, moment.facts)
    verdict = permit(replace(asked, has_own_words=has_own_words), moment.place, moment.policy)
    return verdict.forbidden_by


def _draft(conn: Connection, sealer: Sealer, say: Say, moment: Moment, index: int) -> Draft:
    """The message of an effect."""
    is_crisis = say.purpose is Purpose.CRISIS
    said = with_tokens(sealer, say, moment.offered, moment.round, moment.conversation_id)
    return Draft(
        chat_id=moment.chat_id,
        lane=Lane.CRISIS if is_crisis else _lane(conn, moment),
        key=f"{moment.key}-{index}",
        purpose=say.purpose,
        item_id=say.item,
        item_version=say.version,
        language=moment.language,
        values=say_bytes(said, _spot(say, moment)),
        conversation_id=moment.conversation_id,
        expires_at=None if is_crisis else moment.now_ms + span_ms(ANSWER_LIVES),
    )


def _given(moment: Moment) -> Given:
    """For whom a code is that is given now."""
    return Given(
        chat_id=moment.chat_id,
        conversation_id=moment.conversation_id,
        member_hmac=moment.member_hmac,
        language=moment.language,
        expires_at=moment.now_ms + span_ms(CARD_CODE_LIVES),
    )


def _spot(say: Say, moment: Moment) -> Spot:
    """In a group in its topic, and pointing at who asked only where that tells nothing."""
    if moment.place.place is not Place.GROUP:
        return Spot(thread=moment.spot.thread)
    may = pointing(say, moment.reading)
    return Spot(
        thread=moment.spot.thread,
        answer_to=moment.spot.answer_to if may.replies else "",
        asker=moment.spot.asker if may.at_asker else "",
        is_for_one=may.to_one,
    )


def _lane(conn: Connection, moment: Moment) -> Lane:
    """Whose last answer is not out yet lets all others in the group go first.

    A group takes few messages a minute, so the answers to one member's flood go out when nobody
    else waits, in their own order, behind the announcements that wait.
    """
    if moment.place.place is not Place.GROUP:
        return Lane.REPLY
    is_flood = glance.has_open_answer(conn, moment.conversation_id)
    return Lane.BULK if is_flood else Lane.REPLY


def _note(conn: Connection, sealer: Sealer, job: NoteOddJob, moment: Moment) -> None:
    draft = JobDraft(
        kind=job.kind,
        category=job.category,
        words=job.words,
        area=job.area,
        when=job.when,
        member_hmac=moment.member_hmac,
        chat_id=moment.chat_id,
        expires_at=moment.now_ms + span_ms(JOB_LIVES),
    )
    jobs.add(conn, sealer, draft, moment.now_ms)
