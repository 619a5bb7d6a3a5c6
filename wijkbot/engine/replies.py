"""Which answer belongs to this reading, here? The decision table, applied."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from wijkbot.engine import table, talk
from wijkbot.engine.book import DialogBook
from wijkbot.engine.conversation import Conversation, PlaceState
from wijkbot.engine.effects import (
    ChangePlace,
    Effect,
    Offer,
    OptOut,
    PlaceChange,
    Say,
    StaffKind,
    StaffNotice,
    Withheld,
)
from wijkbot.engine.events import Facts
from wijkbot.engine.pick import pick
from wijkbot.engine.policy import PolicySettings, Request, permit
from wijkbot.engine.reading import Reading
from wijkbot.engine.table import REPLIES, Reply
from wijkbot.engine.talk import Turn
from wijkbot.engine.values import Begin, PackWord, Values
from wijkbot.engine.words import CRISIS_LABELS, Label, Place, Purpose

PERSONAL = "menu.personal"
"""The choice of the menu that is a help question."""

_DIALOG_LABELS = frozenset({Label.ODD_JOB_REQUEST, Label.ODD_JOB_OFFER, Label.ERASE_ME})
_KNOWN_SLOTS = {
    Label.ODD_JOB_REQUEST: (("kind", "request"),),
    Label.ODD_JOB_OFFER: (("kind", "offer"),),
}
_NOTICES = {
    Purpose.CRISIS: StaffNotice(StaffKind.CRISIS),
    Purpose.REFERRAL: StaffNotice(StaffKind.REFERRAL),
}
_ALSO_TOLD = {
    Label.THIRD_PERSON: StaffNotice(StaffKind.WORRY),
    Label.COMPLAINT: StaffNotice(StaffKind.COMPLAINT),
    Label.ABUSE_SPAM: StaffNotice(StaffKind.ABUSE),
    Label.PERSONAL_DATA: StaffNotice(StaffKind.PERSONAL_DATA),
}
"""Counted for staff besides crisis and referral: a kind, never a person or a word."""
ABUSE_LIMIT = 3
ABUSE_WITHIN = timedelta(minutes=10)
MUTED_FOR = timedelta(hours=24)
"""After so much abuse in so short a time only a crisis is answered."""
_CHANGES = {
    Purpose.CRISIS: ChangePlace(PlaceChange.CRISIS_SHOWN),
    Purpose.REFERRAL: ChangePlace(PlaceChange.REFERRAL_SHOWN),
    Purpose.INFO: ChangePlace(PlaceChange.ANSWERED),
}
_TIP = ChangePlace(PlaceChange.TIP_SHOWN)


@dataclass(frozen=True, slots=True)
class Scene:
    """What every reply needs to know besides the conversation."""

    book: DialogBook
    place: PlaceState
    facts: Facts
    policy: PolicySettings


def reply(scene: Scene, conversation: Conversation, reading: Reading) -> Turn:
    """Answer a reading outside any dialog (or before it: crisis and help)."""
    label = reading.label
    if label in _DIALOG_LABELS:
        return _dialog_for(scene, conversation, label)
    if label is Label.STOP:
        return stop(scene, conversation)
    if label in CRISIS_LABELS:
        return _crisis(scene, conversation, reading)
    if label is Label.ABUSE_SPAM:
        return _abused(scene, conversation)
    return _informed(scene, conversation, reading)


def stop(scene: Scene, conversation: Conversation) -> Turn:
    """Nothing unasked any more, from now on; any dialog ends, and one line confirms it."""
    turn = fixed(scene, conversation.without_dialog(), Label.STOP)
    return Turn(turn.conversation, (OptOut(), *turn.effects))


def _informed(scene: Scene, conversation: Conversation, reading: Reading) -> Turn:
    """A topic, what may be meant, or the fixed reply of this class."""
    label = reading.label
    if label in {Label.INFO, Label.AGENDA} and reading.faq:
        return item_answer(scene, conversation, reading.faq)
    if label in {Label.INFO, Label.UNCLEAR} and reading.suggestions:
        return _suggest(scene, conversation, reading.suggestions)
    if label in {Label.UNCLEAR, Label.SMALL_TALK} and reading.language == "other":
        return say(scene, conversation, table.OTHER_LANGUAGE, Purpose.SERVICE)
    if label in {Label.GREETING_THANKS, Label.UNCLEAR}:
        pending = _pending(scene, conversation)
        if pending:
            return pending
    return fixed(scene, conversation, label)


def fixed(scene: Scene, conversation: Conversation, label: Label) -> Turn:
    """The fixed reply of the decision table for this class in this place."""
    row = REPLIES.get((label, scene.place.place))
    if row is None:
        return Turn(conversation)
    if row.purpose is Purpose.REFERRAL and scene.place.place is Place.PRIVATE:
        return _told(_refer(scene, conversation, row, label), label)
    if row.item == table.NOT_UNDERSTOOD:
        return not_understood(scene, conversation)
    return _told(say(scene, conversation, row.item, row.purpose, row.key), label)


def not_understood(scene: Scene, conversation: Conversation) -> Turn:
    """Ask for other words; to whom is not understood twice in a row, name the ways to a human."""
    if scene.place.place is Place.GROUP:
        return say(scene, conversation, table.NOT_UNDERSTOOD, Purpose.SERVICE)
    item = table.STILL_UNCLEAR if conversation.unclear else table.NOT_UNDERSTOOD
    missed = replace(conversation, unclear=conversation.unclear + 1)
    return say(scene, missed, item, Purpose.SERVICE)


def _told(turn: Turn, label: Label) -> Turn:
    notice = _ALSO_TOLD.get(label)
    has_said = any(isinstance(effect, Say) for effect in turn.effects)
    return replace(turn, effects=(*turn.effects, notice)) if notice and has_said else turn


def _crisis(scene: Scene, conversation: Conversation, reading: Reading) -> Turn:
    """The card, at once; to somebody who says to be young, with a line for the young."""
    row = REPLIES.get((reading.label, scene.place.place))
    if row is None:
        return Turn(conversation)
    is_private = scene.place.place is Place.PRIVATE
    footers = (table.MINOR_FOOTER,) if is_private and Label.MINOR in reading.also else ()
    chat = _of_chat(scene.facts) if is_private else ()
    turn = say(scene, conversation, row.item, row.purpose, row.key, footers=footers, values=chat)
    if not is_private or not any(isinstance(effect, Say) for effect in turn.effects):
        return turn
    shown = replace(turn.conversation, card=row.item, carded_at=scene.facts.local_now)
    return replace(turn, conversation=shown)


def _abused(scene: Scene, conversation: Conversation) -> Turn:
    now = scene.facts.local_now
    recent = tuple(at for at in conversation.abused_at if now - at < ABUSE_WITHIN)
    muted_until = now + MUTED_FOR if len(recent) + 1 >= ABUSE_LIMIT else None
    counted = replace(conversation, abused_at=(*recent, now), muted_until=muted_until)
    row = REPLIES.get((Label.ABUSE_SPAM, scene.place.place))
    notice = _ALSO_TOLD[Label.ABUSE_SPAM]
    if row is None or conversation.abuse_told:
        return Turn(counted, (notice,))
    told = replace(counted, abuse_told=True)
    turn = say(scene, told, row.item, row.purpose, row.key)
    return replace(turn, effects=(*turn.effects, notice))


def chosen(scene: Scene, conversation: Conversation, choice: str) -> Turn:
    """Answer a choice of the menu or of "Bedoel je …?"."""
    ended = conversation.without_dialog()
    match choice:
        case "menu.hours":
            return item_answer(scene, ended, scene.book.main_hours)
        case "menu.job":
            return _dialog_for(scene, ended, None)
        case "menu.info":
            return say(scene, ended, table.INFO_MENU, Purpose.INFO)
        case _ if choice == PERSONAL:
            return fixed(scene, ended, Label.HELP_PERSONAL)
        case _:
            item = choice.removeprefix("faq.")
            if item in scene.book.items:
                return item_answer(scene, ended, item)
            return say(scene, ended, table.OLD_BUTTON, Purpose.SERVICE)


def item_answer(scene: Scene, conversation: Conversation, item_id: str) -> Turn:
    """Answer from an item: a FAQ's text, or the card of its consultation hour."""
    card = scene.book.items[item_id]
    hours = scene.book.main_hours if card.hours == "main" else card.hours
    target = hours if hours in scene.book.items else item_id
    key = "card" if scene.book.items[target].kind == "hours" else "text"
    footers = (table.PERSONAL_FOOTER,) if scene.place.place is Place.PRIVATE else ()
    return say(scene, conversation, target, Purpose.INFO, key, footers=footers)


def menu_pick(scene: Scene, conversation: Conversation, text: str) -> str | None:
    """The choice of the menu that a text in private means: its number, title or id."""
    if scene.place.place is not Place.PRIVATE:
        return None
    offered = conversation.offered
    number = text.strip().rstrip(".)")
    is_short = len(number) <= talk.MOST_DIGITS
    if is_short and number.isdecimal() and 1 <= int(number) <= len(offered):
        return offered[int(number) - 1]
    menu = scene.book.items.get(table.WELCOME)
    if menu is None:
        return None
    known = [choice.id for choice in menu.choices]
    return pick(text, menu.choices) or (text if text in known else None)


def welcome(scene: Scene, conversation: Conversation) -> Turn:
    """The first text of a private chat that began without a question, with the menu."""
    menu = scene.book.items[table.WELCOME].choices
    offers = tuple(Offer(c.id, f"choice.{c.id}", table.WELCOME) for c in menu)
    turn = say(scene, conversation, table.WELCOME, Purpose.CONTACT, offers=offers)
    opened = replace(turn.conversation, offered=tuple(c.id for c in menu))
    return Turn(opened, (*turn.effects, ChangePlace(PlaceChange.DISCLOSED)))


def answering(item: str, purpose: Purpose, facts: Facts) -> Request:
    """What the rule is asked about an answer: here, and again when it is written down."""
    return Request(
        purpose=purpose,
        is_answer=True,
        local_now=facts.local_now,
        is_holiday=facts.is_holiday,
        has_stopped=facts.has_stopped,
        is_ignored=facts.is_ignored,
        is_tip=item == table.PERSONAL_DATA,
        is_small_answer=item in table.SMALL_ANSWERS,
    )


def say(  # noqa: PLR0913 - a text has this many parts; all but three are optional
    scene: Scene,
    conversation: Conversation,
    item: str,
    purpose: Purpose,
    key: str = "text",
    *,
    offers: tuple[Offer, ...] = (),
    footers: tuple[str, ...] = (),
    values: Values = (),
) -> Turn:
    """One published text, if the rule permits it here and now; else what stands in its place."""
    same_card_at = conversation.carded_at if conversation.card == item else None
    request = replace(answering(item, purpose, scene.facts), same_card_at=same_card_at)
    verdict = permit(request, scene.place, scene.policy)
    if verdict.rule == "answers-are-spent":
        return _limit_reached(scene, conversation)
    if not verdict.is_permitted:
        return Turn(conversation, (Withheld(purpose, verdict.rule),))
    text = Say(
        purpose=purpose,
        item=item,
        version=scene.book.version_of(item),
        key=key,
        values=values,
        offers=offers,
        footers=tuple(f for f in footers if f in scene.book.items),
    )
    changed = _TIP if item == table.PERSONAL_DATA else _CHANGES.get(purpose)
    if item in table.SMALL_ANSWERS and scene.place.place is Place.GROUP:
        changed = _CHANGES[Purpose.INFO]
    extra: list[Effect] = [e for e in (changed, _NOTICES.get(purpose)) if e]
    return Turn(conversation, (text, *extra))


def _limit_reached(scene: Scene, conversation: Conversation) -> Turn:
    shown = scene.place.limit_shown_at
    started = scene.place.hour_started_at
    if shown is not None and started is not None and shown >= started:
        return Turn(conversation, (Withheld(Purpose.INFO, "answers-are-spent"),))
    turn = say(scene, conversation, table.LIMIT_REACHED, Purpose.SERVICE)
    if not any(isinstance(effect, Say) for effect in turn.effects):
        return turn  # nobody read of the limit: a group that waits for its moderator
    return Turn(turn.conversation, (*turn.effects, ChangePlace(PlaceChange.LIMIT_SHOWN)))


def _refer(scene: Scene, conversation: Conversation, row: Reply, label: Label) -> Turn:
    """In private: the full referral, then the short one, then the phone only, then silence."""
    told = len(conversation.referred_at)
    if told >= len(table.REFERRAL_STAIRS):
        return Turn(conversation, (Withheld(Purpose.REFERRAL, "turns-are-spent"),))
    has_stairs = told > 0 and label in {Label.HELP_PERSONAL, Label.DISTRESS}
    item, key = (table.REFERRAL_STAIRS[told], "text") if has_stairs else (row.item, row.key)
    if item == table.REFERRAL_STAIRS[0] and scene.facts.is_secure_chat_open is False:
        item = table.CHAT_CLOSED
    counted = conversation
    if label in {Label.HELP_PERSONAL, Label.DISTRESS}:
        moments = (*conversation.referred_at, scene.facts.local_now)
        counted = replace(conversation, referred_at=moments)
    return say(scene, counted, item, row.purpose, key, values=_of_chat(scene.facts))


def _of_chat(facts: Facts) -> Values:
    """What is known of the secure chat now; a sentence about anything else is left out."""
    is_open, opens_at = facts.is_secure_chat_open, facts.secure_chat_opens_at
    now: Values = (("chat.now", PackWord(table.OPEN_NOW)),) if is_open else ()
    later: Values = (("chat.opens", Begin(opens_at)),) if opens_at and not is_open else ()
    return now + later


def _dialog_for(scene: Scene, conversation: Conversation, label: Label | None) -> Turn:
    wanted = label.value if label else Label.ODD_JOB_REQUEST.value
    for dialog in scene.book.dialogs.values():
        if wanted in dialog.starts_on:
            known = _KNOWN_SLOTS.get(label, ()) if label else ()
            return talk.begin(scene.book, scene.place, conversation, scene.facts, dialog.id, known)
    return not_understood(scene, conversation)


def _pending(scene: Scene, conversation: Conversation) -> Turn | None:
    pending = scene.facts.pending_dialog
    if scene.place.place is not Place.PRIVATE or pending not in scene.book.dialogs:
        return None
    return talk.begin(scene.book, scene.place, conversation, scene.facts, pending)


def _suggest(scene: Scene, conversation: Conversation, items: tuple[str, ...]) -> Turn:
    known = tuple(item for item in items if item in scene.book.items)[:2]
    offers = tuple(Offer(f"faq.{item}", "title", item) for item in known)
    turn = say(scene, conversation, table.SUGGEST, Purpose.SERVICE, offers=offers)
    return Turn(replace(turn.conversation, offered=tuple(o.id for o in offers)), turn.effects)
