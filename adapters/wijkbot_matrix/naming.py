"""Did somebody call the bot by its name, and what did they say besides that?"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SEPARATORS = " \t\r\n:,;-–"


@dataclass(frozen=True, slots=True)
class BotName:
    """How the bot is called in one room."""

    user_id: str
    display_name: str = ""

    @property
    def localpart(self) -> str:
        """The part between ``@`` and the server's name."""
        return self.user_id[1:].partition(":")[0]

    @property
    def server(self) -> str:
        """The bot's own server name."""
        return self.user_id.partition(":")[2]


def cut_name(text: str, name: BotName, *, is_mentioned: bool) -> tuple[bool, str]:
    """Return whether the bot was called, and the text without its name.

    Called means: ``@name`` anywhere, the bare name at the beginning, or a mention by the
    client (``is_mentioned``). A namesake on another server is somebody else.
    """
    with_at = _with_at(name)
    if with_at.search(text):
        return True, _tidy(with_at.sub(" ", text))
    bare = _bare(name)
    at_start = bare.match(text.lstrip(_SEPARATORS))
    if at_start:
        return True, _tidy(text.lstrip(_SEPARATORS)[at_start.end() :])
    if is_mentioned:
        return True, _tidy(bare.sub(" ", text, count=1))
    return False, text


def _names(name: BotName) -> str:
    wanted = {name.localpart, name.display_name.strip()} - {""}
    return "|".join(re.escape(one) for one in sorted(wanted, key=len, reverse=True))


def _with_at(name: BotName) -> re.Pattern[str]:
    own = re.escape(name.user_id[1:])
    somebody_else = r"(?!:[\w.-]*\.\w)"
    return re.compile(
        rf"(?<![\w@])@(?:{own}|(?:{_names(name)}){somebody_else})(?![\w])(?!-\w)[:,]?",
        re.IGNORECASE,
    )


def _bare(name: BotName) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w@])(?:{_names(name)})(?![\w])(?!-\w)[:,]?", re.IGNORECASE)


def _tidy(text: str) -> str:
    return re.sub(r"[ \t]{2,}", " ", text).lstrip(_SEPARATORS).rstrip()
