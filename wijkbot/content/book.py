"""How do loaded items become what the engine and the reader work with?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wijkbot.content.model import (
    Alarm,
    Category,
    CommandWords,
    CuesFile,
    DialogFile,
    DialogStep,
    Faq,
    If,
    Item,
    Labels,
    LangLists,
    Ready,
    TemplateFile,
    Text,
    TitledChoice,
)
from wijkbot.engine.book import DialogBook, ItemCard
from wijkbot.engine.dialog import (
    Branch,
    Condition,
    Dialog,
    DialogChoice,
    SlotType,
    Step,
)
from wijkbot.engine.phrases import Cues, FaqExample, LabelledExample, PhraseList
from wijkbot.engine.pick import plain
from wijkbot.engine.words import Label, Place


def to_book(items: Mapping[str, Item], version: int, versions: Mapping[str, int]) -> DialogBook:
    """The engine's book; ``versions`` gives the published version of each item.

    What only workers say is not in it, nor what only a platform reads, so nothing that a
    resident writes or taps leads there.
    """
    categories = [item for item in items.values() if isinstance(item, Category)]
    return DialogBook(
        version=version,
        items={
            id_: _card(item, versions[id_])
            for id_, item in items.items()
            if not isinstance(item, Ready | TemplateFile)
        },
        dialogs={
            id_: to_dialog(item, categories)
            for id_, item in items.items()
            if isinstance(item, DialogFile)
        },
        commands=_commands(items),
    )


def _commands(items: Mapping[str, Item]) -> dict[str, str]:
    """The plain form of every fixed word → its command."""
    return {
        plain(words): command
        for item in items.values()
        if isinstance(item, CommandWords)
        for command, languages in item.words.items()
        for forms in languages.values()
        for words in forms
    }


def to_dialog(item: DialogFile, categories: Iterable[Category] = ()) -> Dialog:
    """The engine's form of a dialog; steps with ``choices_from`` get the categories."""
    ordered = sorted(categories, key=lambda category: category.id)
    return Dialog(
        id=item.id,
        first=item.first,
        steps=tuple(_step(name, step, item, ordered) for name, step in item.steps.items()),
        starts_on=item.starts_on,
        timeout_minutes=item.timeout_minutes,
    )


def _card(item: Item, version: int) -> ItemCard:
    titles = getattr(item, "title", {}) or {}
    return ItemCard(
        id=item.id,
        kind=item.kind,
        version=version,
        hours=item.hours if isinstance(item, Faq) else "",
        titles=tuple((language, (title,)) for language, title in titles.items()),
        choices=tuple(_choice(c) for c in item.choices) if isinstance(item, Text) else (),
    )


def _step(name: str, step: DialogStep, item: DialogFile, categories: list[Category]) -> Step:
    choices = tuple(_choice(choice) for choice in step.choices)
    if step.choices_from == "category":
        choices = tuple(_category_choice(category) for category in categories)
    return Step(
        id=name,
        slot_type=SlotType(step.type),
        slot=step.slot,
        choices=choices,
        branches=_branches(step),
        place=Place(step.place) if step.place else None,
        does=step.do,
        limits=(step.min, step.max),
        has_invalid_text=step.invalid is not None,
        purpose=step.purpose or item.purpose,
    )


def _branches(step: DialogStep) -> tuple[Branch, ...]:
    if isinstance(step.next, str):
        return (Branch(step.next),) if step.next else ()
    return tuple(
        Branch(branch.goto, tuple(_condition(c) for c in branch.conditions))
        for branch in step.next
    )


def _condition(condition: If) -> Condition:
    return Condition(
        slot=condition.slot,
        is_in=condition.is_in or condition.not_in,
        places=(Place(condition.place),) if condition.place else (),
        is_not=bool(condition.not_in),
    )


def _choice(choice: TitledChoice) -> DialogChoice:
    return DialogChoice(
        id=choice.id,
        titles=tuple(
            (language, (title, *choice.also.get(language, ())))
            for language, title in choice.title.items()
        ),
        goto=choice.goto,
    )


def _category_choice(category: Category) -> DialogChoice:
    titles = tuple((language, (title,)) for language, title in category.title.items())
    return DialogChoice(category.id, titles)


def faq_examples(items: Mapping[str, Item]) -> tuple[FaqExample, ...]:
    """Every way to ask, with its item; the title of an item is one of them."""
    found: list[FaqExample] = []
    for item in _in_order(items):
        if isinstance(item, Faq):
            found.extend(FaqExample(item.id, *pair) for pair in _pairs(item.examples))
            found.extend(
                FaqExample(item.id, _base(language), title)
                for language, title in sorted(item.title.items())
            )
    return tuple(found)


def labelled(items: Mapping[str, Item]) -> tuple[LabelledExample, ...]:
    """Every labelled example."""
    return tuple(
        LabelledExample(Label(item.label), language, text)
        for item in _in_order(items)
        if isinstance(item, Labels)
        for language, text in _pairs(item.examples)
    )


def phrases(items: Mapping[str, Item]) -> tuple[PhraseList, ...]:
    """Every reviewed phrase list, one for each label and language."""
    found: list[PhraseList] = []
    for item in _in_order(items):
        if isinstance(item, Alarm):
            languages = {**item.phrases, **item.needs_first_person}
            found.extend(
                PhraseList(
                    label=Label(item.label),
                    language=_base(language),
                    phrases=item.phrases.get(language, ()),
                    not_when=item.not_when.get(language, ()),
                    needs_first_person=item.needs_first_person.get(language, ()),
                )
                for language in sorted(languages)
            )
    return tuple(found)


def cues(items: Mapping[str, Item]) -> tuple[Cues, ...]:
    """The words that tell who is meant, one for each language."""
    return tuple(
        Cues(_base(language), words, item.now.get(language, ()))
        for item in _in_order(items)
        if isinstance(item, CuesFile)
        for language, words in sorted(item.first_person.items())
    )


def _in_order(items: Mapping[str, Item]) -> list[Item]:
    """By their ids, so that who read the files and who read the database learn the same."""
    return [items[id_] for id_ in sorted(items)]


def _pairs(lists: LangLists) -> list[tuple[str, str]]:
    """In the order of the languages' names, whatever order the file or the database has."""
    return [(_base(language), text) for language, texts in sorted(lists.items()) for text in texts]


def _base(language: str) -> str:
    return language.split("-", maxsplit=1)[0]
