"""Can every dialog be walked to an end, and is each one shown by an example?"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from wijkbot.content.load import Loaded
from wijkbot.content.model import Category, DialogFile, DialogStep
from wijkbot.content.problems import Problem
from wijkbot.engine.words import SENSITIVE_LABELS, Label

_TELLS = SENSITIVE_LABELS | {Label.STOP, Label.ERASE_ME}
"""What somebody picks in a dialog that begins on one of these is nobody else's to read."""
JOB_SLOTS = ("kind", "category", "words", "area", "when")


def check_dialog(loaded: Loaded, item: DialogFile) -> Iterator[Problem]:
    """Steps that do not exist or cannot be reached, dead ends, and loops without an answer."""
    yield from _unknown_steps(loaded, item)
    yield from _ways_out(loaded, item)
    yield from _loops(loaded, item)
    yield from _choices(loaded, item)
    yield from _harmless(loaded, item)
    stem = loaded.sources[item.id].path.stem
    is_shown = any(file.dialog == item.id for file in loaded.examples)
    if not is_shown and not loaded.is_unread(f"{stem}.example"):
        name = f"{stem}.example.yaml"
        what = f"the dialog {item.id!r} has no example conversation"
        yield loaded.problem(item.id, ("id",), what, f"write {name} beside it")


def check_examples(loaded: Loaded) -> Iterator[Problem]:
    """Examples that name what does not exist."""
    for file in loaded.examples:
        path = Path(file.path)
        dialog = loaded.items.get(file.dialog)
        if dialog is None and loaded.is_unread(file.dialog):
            continue
        if not isinstance(dialog, DialogFile):
            what = f"there is no dialog {file.dialog!r}"
            yield Problem(path, 1, what, "name the dialog that is shown")
            continue
        for index, example in enumerate(file.examples):
            for number, turn in enumerate(example.turns):
                line = file.lines.get(f"{index}.{number}", 1)
                given = [
                    part for part in (turn.resident, turn.choice, turn.bot) if part is not None
                ]
                if len(given) != 1:
                    todo = "give one of resident, choice or bot"
                    yield Problem(path, line, "this turn is not one thing", todo)
                elif turn.bot is not None and not _exists(loaded, turn.bot):
                    what = f"the bot has no text {turn.bot!r}"
                    yield Problem(path, line, what, "name an item, or dialog.step")


def _exists(loaded: Loaded, name: str) -> bool:
    if name == "nothing" or name in loaded.items or loaded.is_unread(name.partition(".")[0]):
        return True
    head, _, step = name.partition(".")
    dialog = loaded.items.get(head)
    return isinstance(dialog, DialogFile) and step.removesuffix(".invalid") in dialog.steps


def targets(step: DialogStep) -> tuple[str, ...]:
    """Every step that can follow this one."""
    branches = (step.next,) if isinstance(step.next, str) else tuple(b.goto for b in step.next)
    gotos = tuple(choice.goto for choice in step.choices)
    return tuple(target for target in (*branches, *gotos) if target)


def _unknown_steps(loaded: Loaded, item: DialogFile) -> Iterator[Problem]:
    if item.first not in item.steps:
        what = f"the first step {item.first!r} does not exist"
        yield loaded.problem(item.id, ("first",), what, _near(item.first, item))
    for name, step in item.steps.items():
        for target in targets(step):
            if target not in item.steps:
                place = ("steps", name, *_place_of_target(step, target))
                what = f"the step {name!r} goes on to {target!r}, which does not exist"
                yield loaded.problem(item.id, place, what, _near(target, item))


def _place_of_target(step: DialogStep, target: str) -> tuple[str | int, ...]:
    for index, choice in enumerate(step.choices):
        if choice.goto == target:
            return ("choices", index, "goto")
    for index, branch in enumerate(() if isinstance(step.next, str) else step.next):
        if branch.goto == target:
            return ("next", index, "goto")
    return ("next",)


def _near(name: str, item: DialogFile) -> str:
    near = get_close_matches(name, item.steps, 1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(item.steps)}"


def _ways_out(loaded: Loaded, item: DialogFile) -> Iterator[Problem]:
    reached = _reachable(item, item.first)
    leads_out = {name for name, step in item.steps.items() if step.end}
    grown = True
    while grown:
        more = {
            name
            for name, step in item.steps.items()
            if name not in leads_out and leads_out & set(targets(step))
        }
        leads_out |= more
        grown = bool(more)
    for name, step in item.steps.items():
        if name not in reached:
            what = f"the step {name!r} is never reached"
            yield loaded.problem(item.id, ("steps", name), what, "remove it, or go to it")
        elif name not in leads_out:
            what = f"from the step {name!r} the dialog has no way out"
            yield loaded.problem(item.id, ("steps", name), what, "end it with `end: true`")
        elif not step.end and not targets(step):
            what = f"after the step {name!r} nothing follows"
            yield loaded.problem(item.id, ("steps", name), what, "add `next` or `end: true`")


def _reachable(item: DialogFile, first: str) -> set[str]:
    reached: set[str] = set()
    waiting = [first]
    while waiting:
        name = waiting.pop()
        step = item.steps.get(name)
        if step is not None and name not in reached:
            reached.add(name)
            waiting.extend(targets(step))
    return reached


def _loops(loaded: Loaded, item: DialogFile) -> Iterator[Problem]:
    speaking = {name for name, step in item.steps.items() if step.type == "none"}
    for name in sorted(speaking):
        waiting, seen = list(targets(item.steps[name])), set()
        while waiting:
            current = waiting.pop()
            if current == name:
                what = f"the step {name!r} comes back to itself without an answer"
                todo = "ask something on the way, or end it"
                yield loaded.problem(item.id, ("steps", name), what, todo)
                break
            if current in speaking and current not in seen:
                seen.add(current)
                waiting.extend(targets(item.steps[current]))


def _harmless(loaded: Loaded, item: DialogFile) -> Iterator[Problem]:
    """What may be read by the platform has choices, and stands where nothing can be told."""
    for name in (name for name, step in item.steps.items() if step.harmless):
        if item.steps[name].type != "choice":
            what = f"the step {name!r} is harmless, but it has no choices of its own"
        elif _TELLS & set(item.starts_on):
            what = f"the step {name!r} is harmless, but who is in this dialog tells something"
        else:
            continue
        yield loaded.problem(
            item.id, ("steps", name, "harmless"), what, "leave out the line harmless"
        )


def _choices(loaded: Loaded, item: DialogFile) -> Iterator[Problem]:
    for name, step in item.steps.items():
        place = ("steps", name)
        if step.type == "choice" and not step.choices and not step.choices_from:
            yield loaded.problem(item.id, place, f"the step {name!r} has no choices", "add them")
        if step.choices_from and not any(isinstance(i, Category) for i in loaded.items.values()):
            yield loaded.problem(item.id, place, "there are no categories", "add some")
        for language in {code for choice in step.choices for code in choice.title}:
            titles = [c.title[language].lower() for c in step.choices if language in c.title]
            doubled = {title for title in titles if titles.count(title) > 1}
            if doubled:
                what = f"two choices are called {min(doubled)!r} in {language}"
                yield loaded.problem(item.id, (*place, "choices"), what, "give each its own title")
        if step.do == "note_odd_job":
            slots = {other.slot or key for key, other in item.steps.items()}
            for slot in JOB_SLOTS:
                if slot not in slots:
                    what = f"the odd job that {name!r} notes has no {slot!r}"
                    yield loaded.problem(item.id, place, what, f"add a step with slot: {slot}")
