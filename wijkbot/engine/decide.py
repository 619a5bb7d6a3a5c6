"""What happens next in this conversation? ``decide`` is the whole engine seen from outside."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from wijkbot.engine import late, replies, table, talk
from wijkbot.engine.book import DialogBook
from wijkbot.engine.conversation import Conversation, PlaceState
from wijkbot.engine.effects import ChangePlace, Effect, PlaceChange, Say, StopTimer
from wijkbot.engine.events import (
    BotJoined,
    BotLeft,
    ChatStarted,
    ChoiceMade,
    DeliveryReported,
    Event,
    MemberLeft,
    MessageArrived,
    TimePassed,
)
from wijkbot.engine.pick import is_back, is_stop, pick
from wijkbot.engine.policy import PolicySettings
from wijkbot.engine.replies import Scene
from wijkbot.engine.talk import Turn
from wijkbot.engine.words import CRISIS_LABELS, SENSITIVE_LABELS, Label, Place, Purpose


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
            return _joined(scene, conversation)
        case BotLeft():
            left = (ChangePlace(PlaceChange.CLOSED), StopTimer())
            return Turn(conversation.without_dialog(), left)
        case MemberLeft():
            return Turn(conversation.without_dialog(), (StopTimer(),))
        case TimePassed():
            return _timed_out(scene, conversation)
        case DeliveryReported():
            return Turn(conversation)
        case _:
            assert_never(event)


def _message(scene: Scene, conversation: Conversation, event: MessageArrived) -> Turn:
    is_group = scene.place.place is Place.GROUP
    if is_group and not event.is_addressed:
        return Turn(conversation)
    if event.reading.label in CRISIS_LABELS:
        return replies.reply(scene, conversation, event.reading)
    if event.is_edit:
        return Turn(conversation)
    if not event.text.strip():
        return replies.say(scene, conversation, table.UNREADABLE, Purpose.SERVICE)
    if conversation.dialog:
        return _in_dialog(scene, conversation, event)
    picked = replies.menu_pick(scene, conversation, event.text)
    if picked:
        return _choice(scene, conversation, picked)
    return replies.reply(scene, conversation, event.reading)


def _in_dialog(scene: Scene, conversation: Conversation, event: MessageArrived) -> Turn:
    book, place, facts = scene.book, scene.place, scene.facts
    dialog = book.dialogs.get(conversation.dialog)
    step = dialog.step(conversation.step) if dialog else None
    if dialog is None or step is None:
        return _end(scene, conversation, table.DIALOG_WITHDRAWN)
    if is_stop(event.text):
        return _end(scene, conversation, table.DIALOG_STOPPED)
    if is_back(event.text):
        return talk.back(book, place, conversation, facts)
    picked = pick(event.text, talk.choices_of(step))
    if not picked:
        interrupted = _interrupted(scene, conversation, event)
        if interrupted:
            return interrupted
    turn = talk.answer(book, place, conversation, facts, picked or event.text)
    return turn or talk.ask_again(book, conversation)


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
    if conversation.dialog and conversation.dialog in scene.book.dialogs:
        turn = talk.answer(scene.book, scene.place, conversation, scene.facts, choice)
        if turn is not None and choice in conversation.offered:
            return turn
    if choice.startswith(("menu.", "faq.")):
        return replies.chosen(scene, conversation, choice)
    return replies.say(scene, conversation, table.OLD_BUTTON, Purpose.SERVICE)


def _started(scene: Scene, conversation: Conversation, event: ChatStarted) -> Turn:
    if event.dialog and event.dialog in scene.book.dialogs:
        return talk.begin(scene.book, scene.place, conversation, event.facts, event.dialog)
    return replies.welcome(scene, conversation.without_dialog())


def _joined(scene: Scene, conversation: Conversation) -> Turn:
    if scene.place.place is Place.PRIVATE:
        pending = scene.facts.pending_dialog
        if pending in scene.book.dialogs:
            return talk.begin(scene.book, scene.place, conversation, scene.facts, pending)
        return Turn(conversation)
    turn = replies.say(scene, conversation, table.GROUP_WELCOME, Purpose.CONTACT)
    told = ChangePlace(PlaceChange.DISCLOSED)
    return Turn(turn.conversation, (*turn.effects, told))


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
