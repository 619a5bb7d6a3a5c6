"""What does the bot do when somebody tells it how to behave, or asks what it knows?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from wijkbot.engine import commands, replies, table, talk
from wijkbot.engine.commands import ADMIN_ONLY, Asked, Command
from wijkbot.engine.conversation import ALARM_MODE, Conversation
from wijkbot.engine.effects import (
    BeSilent,
    CastVote,
    ChangePlace,
    Effect,
    GiveCardCode,
    LeaveGroup,
    MoveTo,
    OptIn,
    OptOut,
    PlaceChange,
    Say,
)
from wijkbot.engine.replies import Scene
from wijkbot.engine.talk import Turn
from wijkbot.engine.values import CardCode, Day, Number, Values
from wijkbot.engine.words import Label, Place, Purpose

SHORT_SILENCE = timedelta(hours=24)
"""So long a silence anybody may ask for; a longer one is the admins' to decide."""

_SAID = {
    Command.ABOUT: table.ABOUT,
    Command.PRIVACY: table.PRIVACY,
    Command.WHO_WAS_IT: table.NOT_ABOUT_OTHERS,
}
IN_BETWEEN = frozenset({Command.ABOUT, Command.PRIVACY, Command.MY_DATA, Command.CARD})
"""Answered in the middle of a dialog too, which then goes on."""
_ABOUT_NEWS = frozenset({Command.SUBSCRIBE, Command.UNSUBSCRIBE})
_BALLOTS = {Command.YES: True, Command.NO: False}


def obey(scene: Scene, conversation: Conversation, asked: Asked) -> Turn | None:
    """Carry out a command; None where it means nothing here."""
    command, is_group = asked.command, scene.place.place is Place.GROUP
    if command in _SAID:
        has_more = command is Command.PRIVACY and not is_group
        key = "private_text" if has_more else "text"
        return replies.say(scene, conversation, _SAID[command], Purpose.SERVICE, key)
    if command in _BALLOTS:
        return vote(scene, conversation, is_yes=_BALLOTS[command])
    if command in ADMIN_ONLY:
        return _of_the_group(scene, conversation, asked) if is_group else None
    if command is Command.HUMAN:
        return replies.fixed(scene, conversation, Label.HELP_PERSONAL)
    if command is Command.CARD:
        return _card_code(scene, conversation)
    if command in _ABOUT_NEWS:
        return _about_news(scene, conversation, asked)
    return _asked_by_me(scene, conversation, command)


def vote(scene: Scene, conversation: Conversation, *, is_yes: bool) -> Turn | None:
    """Count a vote on whether the group keeps the bot; nobody reads who voted what."""
    if not scene.place.is_voting:
        return None
    return Turn(conversation, (CastVote(is_yes),))


def wakes(asked: Asked | None) -> bool:
    """Does this bring back somebody who asked to be ignored?"""
    return asked is not None and asked.command in {Command.START, Command.SUBSCRIBE}


def stops(asked: Asked | None) -> bool:
    """Is this a STOP that names a neighbourhood? It is heard whatever happened before."""
    return asked is not None and asked.command is Command.UNSUBSCRIBE


def _asked_by_me(scene: Scene, conversation: Conversation, command: Command) -> Turn:
    is_group = scene.place.place is Place.GROUP
    if command is Command.MENU:
        return _menu(scene, conversation)
    if command is Command.MY_DATA:
        if is_group:
            return replies.say(scene, conversation, table.ASK_PRIVATE, Purpose.SERVICE)
        return _my_data(scene, conversation)
    return _about_me(scene, conversation, command)


def _menu(scene: Scene, conversation: Conversation) -> Turn:
    if scene.place.place is Place.GROUP:
        return replies.say(scene, conversation, table.GROUP_WELCOME, Purpose.CONTACT)
    return replies.welcome(scene, conversation)


def _about_me(scene: Scene, conversation: Conversation, command: Command) -> Turn:
    """Commands with which a resident decides what the bot may send them."""
    ended = conversation.without_dialog()
    match command:
        case Command.IGNORE_ME:
            out = (Purpose.SERVICE, Purpose.ANNOUNCEMENT, Purpose.ODD_JOB)
            return _then(OptOut(out), replies.say(scene, ended, table.IGNORED, Purpose.SERVICE))
        case Command.STOP_NEWS:
            stop = OptOut((Purpose.ANNOUNCEMENT,))
            return _then(stop, replies.say(scene, ended, table.NO_NEWS, Purpose.SERVICE))
        case Command.STOP_JOBS:
            stop = OptOut((Purpose.ODD_JOB,))
            return _then(stop, replies.say(scene, ended, table.NO_JOBS, Purpose.SERVICE))
        case _:
            return _start(scene, ended)


def _about_news(scene: Scene, conversation: Conversation, asked: Asked) -> Turn:
    """Subscribe or unsubscribe; a question comes before any yes, a stop needs none."""
    if asked.command is Command.UNSUBSCRIBE:
        return replies.stop(scene, conversation)
    if scene.place.place is Place.GROUP:
        return replies.say(scene, conversation, table.ASK_PRIVATE, Purpose.SERVICE)
    turn = _ask_news(scene, conversation)
    return turn if asked.area is None else _then(MoveTo(asked.area), turn)


def _ask_news(scene: Scene, conversation: Conversation) -> Turn:
    for dialog in scene.book.dialogs.values():
        if table.SUBSCRIBE in dialog.starts_on:
            return talk.begin(scene.book, scene.place, conversation, scene.facts, dialog.id)
    return replies.welcome(scene, conversation.without_dialog())


def moved(scene: Scene, word: str, turn: Turn) -> Turn:
    """The turn, in a chat that belongs from now on to the neighbourhood that a link named."""
    area = commands.area_of(scene.book, word) if word else None
    return turn if area is None else _then(MoveTo(area), turn)


def _start(scene: Scene, conversation: Conversation) -> Turn:
    """Whoever had stopped anything gets it back, and reads so; anybody else gets the menu.

    Who never said yes to news or jobs gets none: they read that they can ask again.
    """
    facts = scene.facts
    has_stopped = facts.has_stopped or facts.has_stopped_jobs or facts.is_ignored
    if has_stopped and scene.place.place is Place.GROUP:
        # the group does not read that somebody had stopped
        return _then(OptIn(), _menu(scene, conversation))
    if has_stopped:
        gets_more = (facts.agreed | facts.lapsed) - {Purpose.SERVICE}
        item = table.BACK_AGAIN if gets_more else table.BACK_TO_ASK
        back = replies.say(scene, conversation, item, Purpose.SERVICE)
        return _then(OptIn(), back)
    return _menu(scene, conversation)


def _my_data(scene: Scene, conversation: Conversation) -> Turn:
    facts = scene.facts
    values: Values = (("number.jobs", Number(facts.mine_open_jobs)),)
    has_stopped = facts.has_stopped or facts.has_stopped_jobs
    footers = (table.MY_STOPS,) if has_stopped else ()
    if facts.news_since is not None:
        values = (*values, ("day.news", Day(facts.news_since)))
        footers = (table.MY_NEWS, *footers)
    return replies.say(
        scene, conversation, table.MY_DATA, Purpose.SERVICE, values=values, footers=footers
    )


def _card_code(scene: Scene, conversation: Conversation) -> Turn | None:
    """A code for a worker; a group is told no more than that this is private."""
    if scene.place.place is Place.GROUP:
        return replies.say(scene, conversation, table.ASK_PRIVATE, Purpose.SERVICE)
    code = scene.facts.random_code
    if not code:
        return None
    values: Values = (("number.code", CardCode(code)),)
    turn = replies.say(scene, conversation, table.CARD_CODE, Purpose.SERVICE, values=values)
    was_said = any(isinstance(effect, Say) for effect in turn.effects)
    return _then(GiveCardCode(code), turn) if was_said else turn


def _of_the_group(scene: Scene, conversation: Conversation, asked: Asked) -> Turn:
    is_admin, now = scene.facts.is_admin, scene.facts.local_now
    span = SHORT_SILENCE if asked.hours is None else timedelta(hours=asked.hours)
    is_short = asked.command is Command.SILENCE and span <= SHORT_SILENCE
    if not is_admin and not is_short:
        return replies.say(scene, conversation, table.ADMINS_ONLY, Purpose.SERVICE)
    if asked.command is Command.LEAVE:
        turn = replies.say(scene, conversation, table.GOODBYE, Purpose.SERVICE)
        return Turn(turn.conversation, (*turn.effects, LeaveGroup()))
    if asked.command is Command.SPEAK:
        turn = replies.say(scene, conversation, table.SPEAKS_AGAIN, Purpose.SERVICE)
        # only an alarm group becomes an ordinary one: a vote for listening stands
        was_alarm = scene.place.mode == ALARM_MODE
        normal = (ChangePlace(PlaceChange.ORDINARY),) if was_alarm else ()
        return Turn(turn.conversation, (BeSilent(0), *normal, *turn.effects))
    until = now + min(max(span, timedelta(hours=1)), scene.policy.silent_at_most)
    if scene.place.silent_until is not None and not is_admin:
        until = max(until, scene.place.silent_until)  # nobody shortens what an admin decided
    values: Values = (("day.until", Day(until.date())),)
    turn = replies.say(scene, conversation, table.SILENT, Purpose.SERVICE, values=values)
    hours = -(-int((until - now).total_seconds()) // 3600)
    return Turn(turn.conversation, (BeSilent(hours), *turn.effects))


def _then(effect: Effect, turn: Turn) -> Turn:
    """The effect comes first: the confirmation tells what is already so."""
    return replace(turn, effects=(effect, *turn.effects))
