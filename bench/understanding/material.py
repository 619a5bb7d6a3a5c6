"""What is measured with? The pack's own examples, and questions made up from their words."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from functools import cache

from wijkbot.content import book
from wijkbot.content.load import load
from wijkbot.content.locate import content_dir
from wijkbot.content.model import Item
from wijkbot.understanding import Example
from wijkbot.understanding.known import base_language

PER_ITEM = 5
SEED = 20261121


@cache
def items() -> Mapping[str, Item]:
    """The pack that ships."""
    return load(content_dir("dialogs")).items


@cache
def questions() -> tuple[Example, ...]:
    """The example questions of the pack."""
    found = book.faq_examples(items())
    return tuple(Example(e.item, e.text, base_language(e.language)) for e in found)


@cache
def small_talk() -> tuple[str, ...]:
    """What neighbours say to each other, in the pack's examples of it."""
    return tuple(e.text for e in book.labelled(items()) if e.label == "small_talk")


def made_up(count: int) -> list[Example]:
    """So many questions for items of five each, in words of the pack."""
    chance = random.Random(SEED)
    words = [(w, e.language) for e in questions() for w in e.text.split()]
    by_language: dict[str, list[str]] = {}
    for word, language in words:
        by_language.setdefault(language, []).append(word)
    found = []
    for number in range(count):
        language = words[chance.randrange(len(words))][1]
        text = " ".join(chance.choices(by_language[language], k=chance.randint(4, 9)))
        found.append(Example(f"made-{number // PER_ITEM}", text, language))
    return found


def asked(count: int) -> list[Example]:
    """Messages to read: questions and small talk of the pack, in turn."""
    chance = random.Random(SEED)
    talk = [Example("", text, "nl") for text in small_talk()]
    return chance.sample([*questions(), *talk], count)


def split(
    labelled: Sequence[tuple[str, str]], examples: int, seed: int
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """So many examples of each label to learn from, and the rest to ask.

    Labels with fewer than as many again to ask are left out.
    """
    chance = random.Random(seed)
    by_label: dict[str, list[str]] = {}
    for label, text in dict.fromkeys(labelled):
        by_label.setdefault(label, []).append(text)
    learned, rest = [], []
    for label in sorted(by_label):
        texts = by_label[label]
        if len(texts) < 2 * examples:
            continue
        chance.shuffle(texts)
        learned += [(label, text) for text in texts[:examples]]
        rest += [(label, text) for text in texts[examples:]]
    return learned, rest
