"""How does a dialog go on? From an answer, or a first step, to the next question."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile

from wijkbot.engine import table
from wijkbot.engine.book import DialogBook
from wijkbot.engine.conversation import Conversation, PlaceState
from wijkbot.engine.dialog import Branch, Condition, Dialog, DialogChoice, SlotType, Step
from wijkbot.engine.effects import (
    Agree,
    BindToken,
    Effect,
    Erase,
    NoteOddJob,
    Offer,
    OptOut,
    Say,
    StaffKind,
    StaffNotice,
    StartTimer,
    StopTimer,
)
from wijkbot.engine.events import Facts, MessageArrived
from wijkbot.engine.pick import YES_NO, pick
from wijkbot.engine.values import (
    OWN_WORDS_LIMIT,
    ChoiceTitle,
    Link,
    Number,
    OwnWords,
    Value,
    Values,
)
from wijkbot.engine.words import Place, Purpose

_FREE = frozenset({SlotType.OWN_WORDS, SlotType.WORD, SlotType.NUMBER})
"""Answers on which nothing else in a dialog depends: an edit may change them afterwards."""
STEP_LIMIT = 50
"""A dialog that moves on this often without an answer is a loop: a bug that must be loud."""

MOST_DIGITS = 9
"""Digits of the longest number that is an answer; Python refuses to read thousands of them."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The conversation after a move, and what it asks for."""

    conversation: Conversation
    effects: tuple[Effect, ...] = ()


class DialogLoop(Exception):
    """A dialog went round without waiting for an answer; ``wijkbot check`` refuses those."""


def begin(
    book: DialogBook,
    place: PlaceState,
    conversation: Conversation,
    facts: Facts,
    dialog_id: str,
    known: tuple[tuple[str, str], ...] = (),
) -> Turn:
    """Open a dialog at its first step; ``known`` are slots that need no question."""
    dialog = book.dialogs[dialog_id]
    opened = replace(
        conversation.without_dialog(), book_version=book.version, dialog=dialog_id, slots=known
    )
    return _enter(_Scene(book, place, facts, dialog), opened, dialog.first)


def answer(
    book: DialogBook,
    place: PlaceState,
    conversation: Conversation,
    facts: Facts,
    text: str,
    source: str = "",
) -> Turn | None:
    """Take an answer to the open step; None when the text is no valid answer to it.

    ``source`` names the message, so that an edit of it can be followed.
    """
    dialog = book.dialogs[conversation.dialog]
    step = dialog.step(conversation.step)
    if step is None:
        return None
    taken = _take(step, text)
    if taken is None:
        return None
    value, goto = taken
    moved = conversation.with_slot(step.slot or step.id, value, source)
    moved = replace(moved, trail=(*conversation.trail, step.id), misses=0)
    scene = _Scene(book, place, facts, dialog)
    return _enter(scene, moved, goto or _next(step, moved, place))


def amend(
    book: DialogBook,
    place: PlaceState,
    conversation: Conversation,
    facts: Facts,
    event: MessageArrived,
) -> Turn | None:
    """A message that filled a slot was changed: the draft follows, and the step is shown again.

    None when it filled none, when it decided the way of the dialog, or is no valid answer now.
    Without words it was taken back: they are forgotten, and their step is asked anew.
    """
    dialog = book.dialogs.get(conversation.dialog)
    slot = next((name for name, message in conversation.sources if message == event.edits), "")
    if dialog is None or not slot or not event.edits:
        return None
    step = next((one for one in dialog.steps if (one.slot or one.id) == slot), None)
    if step is None or step.slot_type not in _FREE:
        return None
    if not event.text.strip():
        return _forget(_Scene(book, place, facts, dialog), conversation, step)
    taken = _take(step, event.text)
    if taken is None or taken[0] == conversation.slot(slot):
        return None
    changed = conversation.with_slot(slot, taken[0], event.edits)
    return _enter(_Scene(book, place, facts, dialog), changed, conversation.step)


def back(book: DialogBook, place: PlaceState, conversation: Conversation, facts: Facts) -> Turn:
    """Ask the step before again; at the first step, that one."""
    dialog = book.dialogs[conversation.dialog]
    earlier = conversation.trail[-1] if conversation.trail else conversation.step
    step = dialog.step(earlier)
    slot = step.slot or step.id if step else earlier
    kept = tuple((name, value) for name, value in conversation.slots if name != slot)
    again = replace(conversation, slots=kept, trail=conversation.trail[:-1])
    return _enter(_Scene(book, place, facts, dialog), again, earlier)


def _forget(scene: _Scene, conversation: Conversation, step: Step) -> Turn:
    """What followed stays answered: nothing else depends on words that were typed freely."""
    slot = step.slot or step.id
    emptied = replace(
        conversation,
        slots=tuple((name, value) for name, value in conversation.slots if name != slot),
        sources=tuple((name, message) for name, message in conversation.sources if name != slot),
        trail=tuple(takewhile(lambda one: one != step.id, conversation.trail)),
    )
    return _enter(scene, emptied, step.id)


def ask_again(book: DialogBook, conversation: Conversation) -> Turn:
    """Say that the answer did not fit, and how it should look; with the choices again."""
    dialog = book.dialogs[conversation.dialog]
    step = dialog.step(conversation.step)
    if step is None:
        return Turn(conversation)
    missed = replace(conversation, misses=conversation.misses + 1)
    item, key = (
        (dialog.id, f"{step.id}.invalid")
        if step.has_invalid_text
        else (table.INVALID_ANSWER, "text")
    )
    say = Say(
        purpose=Purpose(step.purpose),
        item=item,
        version=book.version_of(item),
        key=key,
        values=_values(dialog, conversation) if item == dialog.id else (),
        offers=_offers(dialog, step),
    )
    return Turn(missed, (say, _timer(dialog)))


@dataclass(frozen=True, slots=True)
class _Scene:
    book: DialogBook
    place: PlaceState
    facts: Facts
    dialog: Dialog


def _enter(scene: _Scene, conversation: Conversation, step_id: str) -> Turn:
    effects: tuple[Effect, ...] = ()
    for _ in range(STEP_LIMIT):
        if not step_id:
            return Turn(conversation.without_dialog(), (*effects, StopTimer()))
        step = scene.dialog.step(step_id)
        if step is None:
            return _withdrawn(scene, conversation, effects)
        if step.place is Place.PRIVATE and scene.place.place is Place.GROUP:
            return _move_to_private(scene, conversation, effects)
        # a slot that was filled beforehand needs no question; a step gone back to does
        is_open = step.id in conversation.trail or not conversation.slot(step.slot or step.id)
        if step.slot_type is not SlotType.NONE and is_open:
            asked = replace(
                conversation, step=step.id, offered=tuple(c.id for c in choices_of(step))
            )
            return Turn(asked, (*effects, _ask(scene, step, conversation), _timer(scene.dialog)))
        if step.slot_type is SlotType.NONE:
            # what is done comes first: an erasure must not take its own confirmation along
            done = _done(scene, step, conversation)
            effects = (*effects, *done, _ask(scene, step, conversation))
        step_id = _next(step, conversation, scene.place)
    raise DialogLoop(scene.dialog.id)


def choices_of(step: Step) -> tuple[DialogChoice, ...]:
    """The choices of a step; yes/no steps have the standard ones."""
    if step.slot_type is SlotType.YES_NO and not step.choices:
        return YES_NO
    return step.choices


def _take(step: Step, text: str) -> tuple[str, str] | None:
    least, most = step.limits
    words = " ".join(text.split())
    match step.slot_type:
        case SlotType.CHOICE | SlotType.YES_NO:
            choices = choices_of(step)
            picked = pick(text, choices)
            goto = next((c.goto for c in choices if c.id == picked), "")
            return (picked, goto) if picked else None
        case SlotType.NUMBER:
            is_number = words.isdecimal() and len(words) <= MOST_DIGITS
            ok = is_number and least <= int(words) <= (most or 10**6)
            return (str(int(words)), "") if ok else None
        case SlotType.OWN_WORDS | SlotType.WORD:
            limit = min(most or OWN_WORDS_LIMIT, OWN_WORDS_LIMIT)
            return (words, "") if max(least, 1) <= len(words) <= limit else None
        case SlotType.NONE:
            return None


def _next(step: Step, conversation: Conversation, place: PlaceState) -> str:
    for branch in step.branches:
        if _holds(branch, conversation, place):
            return branch.goto
    return ""


def _holds(branch: Branch, conversation: Conversation, place: PlaceState) -> bool:
    return all(_is_met(condition, conversation, place) for condition in branch.when)


def _is_met(condition: Condition, conversation: Conversation, place: PlaceState) -> bool:
    if condition.places:
        met = place.place in condition.places
    else:
        met = conversation.slot(condition.slot) in condition.is_in
    return met is not condition.is_not


def _ask(scene: _Scene, step: Step, conversation: Conversation) -> Say:
    dialog = scene.dialog
    return Say(
        purpose=Purpose(step.purpose),
        item=dialog.id,
        version=scene.book.version_of(dialog.id),
        key=f"{step.id}.ask",
        values=_values(dialog, conversation),
        offers=_offers(dialog, step),
    )


def _offers(dialog: Dialog, step: Step) -> tuple[Offer, ...]:
    return tuple(
        Offer(choice.id, f"{step.id}.{choice.id}", dialog.id) for choice in choices_of(step)
    )


def _values(dialog: Dialog, conversation: Conversation) -> Values:
    found: list[tuple[str, Value]] = []
    for name, text in conversation.slots:
        step = next((s for s in dialog.steps if (s.slot or s.id) == name), None)
        if step is not None:
            found.append((f"slot.{name}", _value(dialog, step, text)))
    return tuple(found)


def _value(dialog: Dialog, step: Step, text: str) -> Value:
    if step.slot_type in {SlotType.CHOICE, SlotType.YES_NO}:
        return ChoiceTitle(dialog.id, step.id, text)
    if step.slot_type is SlotType.NUMBER:
        return Number(int(text))
    return OwnWords(text)


def _timer(dialog: Dialog) -> StartTimer:
    return StartTimer(dialog.timeout_minutes * 60)


_AGREES = {"agree_news": Purpose.ANNOUNCEMENT, "agree_jobs": Purpose.ODD_JOB}
_REFUSES = {"refuse_news": Purpose.ANNOUNCEMENT, "refuse_jobs": Purpose.ODD_JOB}


def _done(scene: _Scene, step: Step, conversation: Conversation) -> tuple[Effect, ...]:
    if step.does in _AGREES:
        dialog = scene.dialog.id
        return (Agree(_AGREES[step.does], dialog, scene.book.version_of(dialog)),)
    if step.does in _REFUSES:
        # who never said yes has nothing to end, and may still be asked another time
        purpose = _REFUSES[step.does]
        return (OptOut((purpose,)),) if purpose in scene.facts.agreed else ()
    match step.does:
        case "note_odd_job":
            slot = conversation.slot
            job = NoteOddJob(
                kind=slot("kind"),
                category=slot("category"),
                words=slot("words"),
                area=slot("area"),
                when=slot("when"),
            )
            return (job, StaffNotice(StaffKind.ODD_JOB))
        case "erase":
            return (Erase(),)
        case "stop":
            return (OptOut(),)
        case _:
            return ()


def _move_to_private(
    scene: _Scene, conversation: Conversation, effects: tuple[Effect, ...]
) -> Turn:
    item = table.JOB_LINK if "odd_job" in _purposes(scene.dialog) else table.GO_PRIVATE
    say = Say(
        purpose=Purpose.SERVICE,
        item=item,
        version=scene.book.version_of(item),
        values=(("link.job", _link_value(scene.facts)),),
    )
    bind = BindToken(scene.facts.random_token, scene.dialog.id)
    return Turn(conversation.without_dialog(), (*effects, bind, say, StopTimer()))


def _link_value(facts: Facts) -> Value:
    """The private link of one resident, bound to the token of this moment."""
    return Link("job", facts.random_token)


def _purposes(dialog: Dialog) -> frozenset[str]:
    return frozenset(step.purpose for step in dialog.steps)


def _withdrawn(scene: _Scene, conversation: Conversation, effects: tuple[Effect, ...]) -> Turn:
    item = table.DIALOG_WITHDRAWN
    say = Say(purpose=Purpose.SERVICE, item=item, version=scene.book.version_of(item))
    return Turn(conversation.without_dialog(), (*effects, say, StopTimer()))
