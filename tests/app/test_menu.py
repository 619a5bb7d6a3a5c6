"""Does each audience see the commands that mean something there, each of which is understood?"""

from __future__ import annotations

import re

from wijkbot.adapter_api import Audience
from wijkbot.app.menu import lists_of
from wijkbot.app.shelf import make_shelf
from wijkbot.content.load import load
from wijkbot.content.locate import content_dir
from wijkbot.engine.commands import find
from wijkbot.engine.pick import pick
from wijkbot.engine.table import WELCOME
from wijkbot.engine.words import Label

LANGUAGES = ("nl", "fr", "en")


def test_every_command_that_is_shown_is_understood() -> None:
    """As a fixed word, a choice of the menu, a question or STOP; never "I do not understand"."""
    items = load(content_dir("dialogs")).items
    shelf = make_shelf(items, country="BE")
    menu = shelf.book.items[WELCOME].choices
    lists = lists_of(items.values(), LANGUAGES)
    assert set(lists) == set(Audience)
    for audience, languages in lists.items():
        assert tuple(languages) == LANGUAGES
        for language, listed in languages.items():
            assert 3 <= len(listed) <= 6, "a short list"
            for name, about in listed.items():
                assert re.fullmatch(r"[a-z0-9_]{1,32}", name) and 1 <= len(about) <= 256
                is_fixed = find(shelf.book, name) is not None
                is_choice = audience is Audience.PRIVATE and pick(name, menu) is not None
                reading = shelf.reader.read(name, language, "addressed")
                is_known = reading.label not in {Label.UNCLEAR, Label.SMALL_TALK}
                assert is_fixed or is_choice or is_known, (audience, name)


def test_only_admins_are_shown_what_admins_decide() -> None:
    lists = lists_of(load(content_dir("dialogs")).items.values(), ("nl",))
    assert "weg" in lists[Audience.ADMINS]["nl"]
    assert all("weg" not in lists[audience]["nl"] for audience in Audience if audience != "admins")


def test_a_language_without_commands_has_no_list() -> None:
    assert lists_of(load(content_dir("dialogs")).items.values(), ("tr",)) == {}
