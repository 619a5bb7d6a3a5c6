"""In which language is this answered?"""

from __future__ import annotations

from collections.abc import Sequence

ANSWERED = ("nl", "fr", "en")
"""Languages in which every text is written and reviewed; others get the chat's plus English."""


def answer_language(
    read: str, chat: str, remembered: str, country: str, offered: Sequence[str]
) -> str:
    """The language of an answer: "nl-BE", "fr", or two joined by "+".

    ``read`` is what the message is written in ("" when there was no text), ``chat`` the chat's
    own, ``remembered`` what this resident last wrote in, ``offered`` what the neighbourhood is
    answered in.
    """
    wanted = read or remembered or chat
    if wanted in ANSWERED and wanted in offered:
        return variant(wanted, country)
    own = chat if chat in ANSWERED else ANSWERED[0]
    if not read or own == "en":
        return variant(own, country)
    return f"{variant(own, country)}+en"


def variant(language: str, country: str) -> str:
    """Dutch as it is written in that country; other languages as they are."""
    return f"nl-{country}" if language == "nl" else language
