"""What has been said in the pretend group, and by whom? All in memory, nothing leaves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime

from wijkbot.adapter_api import Choice

GROUP = "group"
BOT = "wijkbot"


@dataclass(frozen=True, slots=True)
class Resident:
    """An invented resident."""

    id: str
    name: str


RESIDENTS = (
    Resident("fien", "Fien Fictief"),
    Resident("momo", "Momo Modelbuur"),
    Resident("vera", "Vera Verzonnen"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One message as it stands in a chat. ``author`` is a resident's id, or the bot."""

    number: int
    chat: str
    author: str
    text: str
    at: datetime
    choices: tuple[Choice, ...] = ()
    is_pinned: bool = False


class World:
    """The chats of one pretend neighbourhood."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._by_key: dict[str, int] = {}
        self._news = asyncio.Event()
        self._last = 0

    @property
    def last(self) -> int:
        """The number of the newest line."""
        return self._last

    def say(
        self,
        chat: str,
        author: str,
        text: str,
        at: datetime,
        *,
        choices: tuple[Choice, ...] = (),
        key: str = "",
    ) -> int:
        """Add a line; with a key that was used before nothing is added."""
        if key and key in self._by_key:
            return self._by_key[key]
        self._last += 1
        self._lines.append(Line(self._last, chat, author, text, at, choices))
        if key:
            self._by_key[key] = self._last
        self._tell()
        return self._last

    def replace(self, number: int, text: str, choices: tuple[Choice, ...]) -> bool:
        """Change a line of the bot in place."""
        for index, line in enumerate(self._lines):
            if line.number == number and line.author == BOT:
                self._lines[index] = replace(line, text=text, choices=choices)
                self._tell()
                return True
        return False

    def pin(self, number: int) -> bool:
        """Pin a line of the bot; it takes the place of the one that was pinned in that chat."""
        chat = next((n.chat for n in self._lines if n.number == number and n.author == BOT), None)
        if chat is None:
            return False
        self._lines = [
            replace(n, is_pinned=n.number == number) if n.chat == chat else n for n in self._lines
        ]
        self._tell()
        return True

    def remove(self, number: int) -> bool:
        """Take a line of the bot away."""
        kept = [n for n in self._lines if not (n.number == number and n.author == BOT)]
        found = len(kept) < len(self._lines)
        self._lines = kept
        self._tell()
        return found

    def take_back(self, chat: str, author: str) -> bool:
        """Take the newest line of a resident in a chat away."""
        mine = [n.number for n in self._lines if n.chat == chat and n.author == author]
        self._lines = [n for n in self._lines if not mine or n.number != mine[-1]]
        self._tell()
        return bool(mine)

    def lines(self, chat: str, after: int = 0) -> tuple[Line, ...]:
        """What stands in one chat, oldest first."""
        return tuple(n for n in self._lines if n.chat == chat and n.number > after)

    async def wait(self, after: int, seconds: float) -> bool:
        """Wait for a newer line anywhere; False when the time is up."""
        if self._last > after:
            return True
        news = self._news
        try:
            await asyncio.wait_for(news.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def private_chat(resident: str) -> str:
    """The address of a resident's private chat with the bot."""
    return f"private-{resident}"


def resident_of(chat: str) -> str:
    """The resident of a private chat; "" for the group."""
    return chat.removeprefix("private-") if chat.startswith("private-") else ""


def name_of(author: str) -> str:
    """The name that is shown."""
    return next((r.name for r in RESIDENTS if r.id == author), BOT)
