"""In which language does a resident get an answer?"""

from __future__ import annotations

import pytest

from wijkbot.app.language import ANSWERED, answer_language

ALL = ("nl", "fr", "en")

TABLE = {
    "what was written counts": ("fr", "nl", "", "BE", ALL, "fr"),
    "English too": ("en", "nl", "", "NL", ALL, "en"),
    "Dutch of the Netherlands": ("nl", "nl", "", "NL", ALL, "nl-NL"),
    "Dutch of Belgium": ("nl", "fr", "", "BE", ALL, "nl-BE"),
    "a button has no language: what was last written": ("", "nl", "fr", "BE", ALL, "fr"),
    "nothing written yet: the chat's": ("", "fr", "", "BE", ALL, "fr"),
    "what is written now beats what was": ("nl", "fr", "fr", "BE", ALL, "nl-BE"),
    "Turkish: the chat's and English": ("tr", "nl", "", "NL", ALL, "nl-NL+en"),
    "Arabic in a French chat": ("ar", "fr", "", "BE", ALL, "fr+en"),
    "Polish in an English chat: English once": ("pl", "en", "", "NL", ALL, "en"),
    "a chat in a language without texts": ("tr", "tr", "", "BE", ALL, "nl-BE+en"),
    "a button in such a chat": ("", "tr", "", "BE", ALL, "nl-BE"),
    "French where French is not offered": ("fr", "nl", "", "NL", ("nl", "en"), "nl-NL+en"),
    "remembered Turkish, a button now": ("", "nl", "tr", "BE", ALL, "nl-BE"),
}


@pytest.mark.parametrize(
    ("read", "chat", "remembered", "country", "offered", "answer"), TABLE.values(), ids=TABLE
)
def test_language_of_the_answer(
    read: str, chat: str, remembered: str, country: str, offered: tuple[str, ...], answer: str
) -> None:
    assert answer_language(read, chat, remembered, country, offered) == answer


@pytest.mark.parametrize("country", ["NL", "BE"])
@pytest.mark.parametrize("read", ["", "nl", "fr", "en", "tr", "ar", "pl", "uk", "es", "de"])
@pytest.mark.parametrize("chat", ["nl", "fr", "en", "tr", "ar"])
def test_answer_is_always_in_languages_that_have_texts(read: str, chat: str, country: str) -> None:
    tongues = answer_language(read, chat, "", country, ALL).split("+")
    assert {tongue.split("-")[0] for tongue in tongues} <= set(ANSWERED)
    assert len(tongues) == len(set(tongues))


@pytest.mark.parametrize("read", ["tr", "ar", "pl", "uk", "es", "de"])
def test_who_writes_another_language_always_gets_english_too(read: str) -> None:
    assert "en" in answer_language(read, "nl", "", "BE", ALL).split("+")
