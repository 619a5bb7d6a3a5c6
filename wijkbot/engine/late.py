"""What is not carried out because it was sent while the bot was away?

A late question is answered as usual. A late command is not carried out: its sender may have
gone on without us, and sees the buttons of then under the texts of now. They read one polite
line for each time that the bot was away. A command is a pressed choice, its number typed, a
start, and whatever would open a dialog. Never too late are: crisis and every help question, the
choice "personal question", STOP, erasure, a text in an open dialog and a press on its current
step (the dialog would hang), and the very first start of a chat.
"""

from __future__ import annotations

from dataclasses import replace

from wijkbot.engine import replies, table
from wijkbot.engine.conversation import Conversation
from wijkbot.engine.effects import BindToken, Withheld
from wijkbot.engine.events import BotJoined, ChatStarted, ChoiceMade, Event, MessageArrived
from wijkbot.engine.replies import Scene
from wijkbot.engine.talk import Turn
from wijkbot.engine.words import SENSITIVE_LABELS, Label, Purpose

NEVER_TOO_LATE = SENSITIVE_LABELS | {Label.STOP, Label.ERASE_ME}


def unless_late(scene: Scene, before: Conversation, event: Event, turn: Turn) -> Turn:
    """The turn as it was decided; in place of a late command the polite line, or silence."""
    # an edit, talk in the group that is not for the bot, or what the rule withheld
    is_silent = all(isinstance(effect, Withheld) for effect in turn.effects)
    if is_silent or not event.facts.is_late or not _is_command(scene, before, event, turn):
        return turn
    received, told = event.facts.received_at, before.late_told_at
    if received is not None and told is not None and received <= told:
        return Turn(before)
    line = replies.say(scene, before, table.TOO_LATE, Purpose.SERVICE)
    return Turn(replace(line.conversation, late_told_at=event.facts.local_now), line.effects)


def _is_command(scene: Scene, before: Conversation, event: Event, turn: Turn) -> bool:
    match event:
        case MessageArrived():
            if before.dialog or event.reading.label in NEVER_TOO_LATE:
                return False
            return _is_number_picked(scene, before, event.text) or _opens_dialog(turn)
        case ChoiceMade(choice):
            is_current = before.dialog in scene.book.dialogs and choice in before.offered
            return not is_current and choice != replies.PERSONAL
        case ChatStarted(is_platform_start=True):
            return False
        case ChatStarted():
            return scene.place.was_told or _opens_dialog(turn)
        case BotJoined():
            return _opens_dialog(turn)
        case _:
            return False


def _is_number_picked(scene: Scene, before: Conversation, text: str) -> bool:
    """A typed number is a press; the menu it was for may be another one than the last."""
    picked = replies.menu_pick(scene, before, text)
    return picked not in {None, replies.PERSONAL} and not any(c.isalpha() for c in text)


def _opens_dialog(turn: Turn) -> bool:
    has_link = any(isinstance(effect, BindToken) for effect in turn.effects)
    return bool(turn.conversation.dialog) or has_link
