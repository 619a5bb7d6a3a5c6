"""What happens next in this conversation? ``decide`` is the whole engine seen from outside."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from wijkbot.engine import commands, control, late, replies, table, talk
from wijkbot.engine.book import DialogBook
from wijkbot.engine.commands import Asked, Command
from wijkbot.engine.conversation import ALARM_MODE, Conversation, PlaceState
from wijkbot.engine.dialog import Dialog
from wijkbot.engine.effects import (
    ChangePlace,
    Effect,
    OptOut,
    PlaceChange,
    Say,
    StopTimer,
    Withheld,
)
from wijkbot.engine.events import (
    BotJoined,
    BotLeft,
    ChatStarted,
    ChoiceMade,
    DeliveryReported,
    Event,
    MemberLeft,
    MessageArrived,
    NotOpened,
    TimePassed,
)
from wijkbot.engine.pick import is_back, is_firm_stop, is_stop, pick
from wijkbot.engine.policy import PolicySettings
from wijkbot.engine.replies import Scene
from wijkbot.engine.talk import Turn
from wijkbot.engine.words import CRISIS_LABELS, SENSITIVE_LABELS, Label, Place, Purpose

VOTE_YES, VOTE_NO = "vote.yes", "vote.no"
"""The choices under the question whether the group keeps the bot."""
NOT_OPENED_PAUSE = timedelta(hours=24)
"""So long it is not said again that a message cannot be opened."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The conversation as it is from now on, and what must be done, in order."""

    conversation: Conversation
    effects: tuple[Effect, ...] = ()


def decide(
    book: DialogBook,
    place: PlaceState,
    conversation: Conversation,
    event: Event,
    policy: PolicySettings = PolicySettings(),  # noqa: B008 - frozen, so safe to share
) -> Decision:
    """Decide over one event. The same arguments give the same decision, always."""
    current = conversation.fresh(event.facts.local_now)
    scene = Scene(book, place, event.facts, policy)
    turn = late.unless_late(scene, current, event, _turn(scene, current, event))
    if turn.conversation.unclear == current.unclear and isinstance(event, MessageArrived):
        # something was understood in between: the next miss is a first one again
        turn = replace(turn, conversation=replace(turn.conversation, unclear=0))
    return Decision(turn.conversation, _with_disclosure(place, turn.effects))


def _turn(scene: Scene, conversation: Conversation, event: Event) -> Turn:
    match event:
        case MessageArrived():
            return _message(scene, conversation, event)
        case ChoiceMade():
            return _choice(scene, conversation, event.choice)
        case ChatStarted():
            return _started(scene, conversation, event)
        case BotJoined():
            return _joined(scene, conversation, is_alarm=event.is_alarm_group)
        case BotLeft() | MemberLeft():
            return _left(scene.place, conversation, event)
        case NotOpened():
            return _not_opened(scene, conversation)
        case TimePassed():
            return _timed_out(scene, conversation)
        case DeliveryReported():
            return Turn(conversation)
        case _:
            assert_never(event)


def _left(place: PlaceState, conversation: Conversation, event: BotLeft | MemberLeft) -> Turn:
    """Who walks out of their private chat wants nothing unasked any more, as with STOP."""
    effects: tuple[Effect, ...] = (StopTimer(),)
    if isinstance(event, BotLeft):
        effects = (ChangePlace(PlaceChange.CLOSED), *effects)
    elif place.place is Place.PRIVATE:
        effects = (OptOut(), *effects)
    return Turn(conversation.without_dialog(), effects)


def _message(scene: Scene, conversation: Conversation, event: MessageArrived) -> Turn:
    is_group = scene.place.place is Place.GROUP
    if is_group and not event.is_addressed:
        return Turn(conversation)
    if event.reading.label in CRISIS_LABELS:
        return replies.reply(scene, conversation, event.reading)
    if event.is_edit:
        return _amended(scene, conversation, event)
    if event.is_platform_stop:
        return replies.stop(scene, conversation)
    asked = commands.find(scene.book, event.text)
    is_heard = _is_about_me(conversation, event) or control.stops(asked)
    withheld = "" if is_heard else _unheard(scene, conversation, asked)
    if withheld:
        return Turn(conversation, (Withheld(Purpose.SERVICE, withheld),))
    return _answered(scene, conversation, event, asked)


def _amended(scene: Scene, conversation: Conversation, event: MessageArrived) -> Turn:
    """An edit changes a draft, and nothing else; never into something that says who or where."""
    if Label.PERSONAL_DATA in (event.reading.label, *event.reading.also):
        return Turn(conversation)
    changed = talk.amend(scene.book, scene.place, conversation, scene.facts, event)
    return changed or Turn(conversation)


def _is_about_me(conversation: Conversation, event: MessageArrived) -> bool:
    """Stop and erasure work for everybody, everywhere, to the end of their dialog."""
    return bool(conversation.dialog) or event.reading.label in {Label.STOP, Label.ERASE_ME}


def _unheard(scene: Scene, conversation: Conversation, asked: Asked | None) -> str:
    """Why nothing but a crisis is answered to this person now, or ""."""
    muted_until, now = conversation.muted_until, scene.facts.local_now
    if muted_until is not None and now < muted_until:
        return "muted-after-abuse"
    if scene.facts.is_ignored and not control.wakes(asked):
        return "resident-is-ignored"
    return ""


def _answered(
    scene: Scene, conversation: Conversation, event: MessageArrived, asked: Asked | None
) -> Turn:
    is_need = event.reading.label in SENSITIVE_LABELS
    if asked is not None and not is_need and _comes_first(conversation, asked):
        obeyed = control.obey(scene, conversation, asked)
        if obeyed is not None:
            return obeyed
    is_heard = is_need or _is_about_me(conversation, event)
    if _is_alarm_group(scene) and not is_heard:
        return Turn(conversation, (Withheld(Purpose.INFO, "noise-in-alarm-group"),))
    if not event.text.strip():
        return replies.say(scene, conversation, table.UNREADABLE, Purpose.SERVICE)
    if conversation.dialog:
        return _in_dialog(scene, conversation, event)
    picked = replies.menu_pick(scene, conversation, event.text)
    if picked:
        return _choice(scene, conversation, picked)
    is_menu = asked is not None and asked.command is Command.MENU
    if asked is not None and is_menu and not is_need:
        return control.obey(scene, conversation, asked) or Turn(conversation)
    return replies.reply(scene, conversation, event.reading)


def _comes_first(conversation: Conversation, asked: Asked) -> bool:
    """A whole message that is a command; but "help" may also be a choice of the menu.

    In an open dialog only what leaves the dialog where it is, and what no answer reads like.
    """
    if asked.command is Command.MENU:
        return False
    is_link = asked.command is Command.SUBSCRIBE and asked.area is not None
    return not conversation.dialog or is_link or asked.command in control.IN_BETWEEN


def _is_alarm_group(scene: Scene) -> bool:
    return scene.place.place is Place.GROUP and scene.place.mode == ALARM_MODE


def _in_dialog(scene: Scene, conversation: Conversation, event: MessageArrived) -> Turn:
    book, place, facts = scene.book, scene.place, scene.facts
    dialog = book.dialogs.get(conversation.dialog)
    step = dialog.step(conversation.step) if dialog else None
    if dialog is None or step is None:
        return _end(scene, conversation, table.DIALOG_WITHDRAWN)
    if is_firm_stop(event.text) and _gets_news(scene, dialog):
        return replies.stop(scene, conversation)
    if is_stop(event.text):
        return _end(scene, conversation, table.DIALOG_STOPPED)
    if is_back(event.text):
        return talk.back(book, place, conversation, facts)
    picked = pick(event.text, talk.choices_of(step))
    if not picked:
        interrupted = _interrupted(scene, conversation, event)
        if interrupted:
            return interrupted
    turn = talk.answer(book, place, conversation, facts, picked or event.text, event.message)
    return turn or talk.ask_again(book, conversation)


def _gets_news(scene: Scene, dialog: Dialog) -> bool:
    """Whoever is sent things unasked, or is asked whether they want that, means them by STOP."""
    asks_for_it = table.SUBSCRIBE in dialog.starts_on
    return asks_for_it or bool(scene.facts.agreed - {Purpose.SERVICE})


def _interrupted(scene: Scene, conversation: Conversation, event: MessageArrived) -> Turn | None:
    """A help question or personal data in the middle of a dialog comes before the dialog.

    The dialog stays open at its step, with nothing of the text in it.
    """
    reading = event.reading
    if reading.label in SENSITIVE_LABELS or reading.label in {Label.STOP, Label.ERASE_ME}:
        return replies.reply(scene, conversation, reading)
    if Label.PERSONAL_DATA in (reading.label, *reading.also):
        return replies.fixed(scene, conversation, Label.PERSONAL_DATA)
    return None


def _choice(scene: Scene, conversation: Conversation, choice: str) -> Turn:
    withheld = "" if conversation.dialog else _unheard(scene, conversation, None)
    if withheld:
        return Turn(conversation, (Withheld(Purpose.SERVICE, withheld),))
    if conversation.dialog and conversation.dialog in scene.book.dialogs:
        turn = talk.answer(scene.book, scene.place, conversation, scene.facts, choice)
        if turn is not None and choice in conversation.offered:
            return turn
    if choice in {VOTE_YES, VOTE_NO}:
        counted = control.vote(scene, conversation, is_yes=choice == VOTE_YES)
        if counted is not None:
            return counted
    if _is_alarm_group(scene) and choice != replies.PERSONAL:
        return Turn(conversation, (Withheld(Purpose.INFO, "noise-in-alarm-group"),))
    if choice.startswith(("menu.", "faq.")):
        return replies.chosen(scene, conversation, choice)
    return replies.say(scene, conversation, table.OLD_BUTTON, Purpose.SERVICE)


def _started(scene: Scene, conversation: Conversation, event: ChatStarted) -> Turn:
    asked = commands.find(scene.book, event.word.replace("_", " ")) if event.word else None
    if asked is not None and asked.command is Command.SUBSCRIBE:
        return control.obey(scene, conversation, asked) or Turn(conversation)
    return control.moved(scene, event.word, _opened(scene, conversation, event))


def _opened(scene: Scene, conversation: Conversation, event: ChatStarted) -> Turn:
    wants_all_back = scene.facts.is_ignored or event.is_platform_start
    if wants_all_back:  # who presses start wants to be heard again
        return control.obey(scene, conversation, Asked(Command.START)) or Turn(conversation)
    withheld = _unheard(scene, conversation, None)
    if withheld:
        return Turn(conversation, (Withheld(Purpose.SERVICE, withheld),))
    if event.dialog and event.dialog in scene.book.dialogs:
        return talk.begin(scene.book, scene.place, conversation, event.facts, event.dialog)
    return replies.welcome(scene, conversation.without_dialog())


def _joined(scene: Scene, conversation: Conversation, *, is_alarm: bool) -> Turn:
    if scene.place.place is Place.PRIVATE:
        pending = scene.facts.pending_dialog
        if pending in scene.book.dialogs:
            return talk.begin(scene.book, scene.place, conversation, scene.facts, pending)
        return Turn(conversation)
    item = table.ALARM_GROUP if is_alarm else table.GROUP_WELCOME
    quiet = (ChangePlace(PlaceChange.ALARM_GROUP),) if is_alarm else ()
    turn = replies.say(scene, conversation, item, Purpose.CONTACT)
    if not any(isinstance(effect, Say) and effect.item == item for effect in turn.effects):
        # it was here within the hour, and said all it may: nobody asked for a line about that
        return Turn(conversation, (Withheld(Purpose.CONTACT, "answers-are-spent"), *quiet))
    # who comes in greets, and answers nobody: that is none of the answers of an hour
    greeted = tuple(e for e in turn.effects if e != ChangePlace(PlaceChange.ANSWERED))
    told = ChangePlace(PlaceChange.DISCLOSED)
    return Turn(turn.conversation, (*greeted, told, *quiet))


def _not_opened(scene: Scene, conversation: Conversation) -> Turn:
    """Say once a day that a message stayed shut; whether it was for the bot nobody knows.

    An open dialog stays where it is: its answer may have been the message that stayed shut.
    """
    now, told = scene.facts.local_now, conversation.not_opened_at
    if told is not None and timedelta() <= now - told < NOT_OPENED_PAUSE:
        return Turn(conversation, (Withheld(Purpose.SERVICE, "not-opened-told"),))
    withheld = _unheard(scene, conversation, None)
    if not withheld and _is_alarm_group(scene):
        withheld = "noise-in-alarm-group"
    if withheld:
        return Turn(conversation, (Withheld(Purpose.SERVICE, withheld),))
    key = "text" if scene.place.place is Place.GROUP else "private_text"
    turn = replies.say(scene, conversation, table.CANNOT_OPEN, Purpose.SERVICE, key)
    if not any(isinstance(effect, Say) for effect in turn.effects):
        return turn
    return replace(turn, conversation=replace(turn.conversation, not_opened_at=now))


def _timed_out(scene: Scene, conversation: Conversation) -> Turn:
    if not conversation.dialog:
        return Turn(conversation, (StopTimer(),))
    return _end(scene, conversation, table.DIALOG_TIMED_OUT)


def _end(scene: Scene, conversation: Conversation, item: str) -> Turn:
    turn = replies.say(scene, conversation.without_dialog(), item, Purpose.SERVICE)
    return Turn(turn.conversation, (*turn.effects, StopTimer()))


def _with_disclosure(place: PlaceState, effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """Add "I am a computer" to the first ordinary answer of this chat, as its last line."""
    if place.was_told or ChangePlace(PlaceChange.DISCLOSED) in effects:
        return effects
    for index, effect in enumerate(effects):
        if isinstance(effect, Say) and effect.purpose is not Purpose.CRISIS:
            told = replace(effect, footers=(*effect.footers, table.DISCLOSURE))
            changed = ChangePlace(PlaceChange.DISCLOSED)
            return (*effects[:index], told, *effects[index + 1 :], changed)
    return effects
