"""What has been said in the pretend group, and by whom? All in memory, nothing leaves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime

from wijkbot.adapter_api import Attachment, Choice, Message, Photo

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
    photo: Photo | None = None
    attachment: Attachment | None = None
    is_silent: bool = False


class World:
    """The chats of one pretend neighbourhood."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._by_key: dict[str, int] = {}
        self._news = asyncio.Event()
        self._last = 0
        self.revision = 0
        """Moves when a line that was shown changes or goes."""

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

    def show(self, chat: str, message: Message, at: datetime) -> int:
        """Add a message of the bot with all that goes with it; once for each key."""
        number = self.say(chat, BOT, message.text, at, choices=message.choices, key=message.key)
        self._lines = [
            replace(
                n,
                photo=message.photo,
                attachment=message.attachment,
                is_silent=message.is_silent,
            )
            if n.number == number and n.text == message.text
            else n
            for n in self._lines
        ]
        return number

    def line(self, number: int) -> Line | None:
        """One line, by its number."""
        return next((n for n in self._lines if n.number == number), None)

    def replace(self, number: int, message: Message) -> bool:
        """Change a line of the bot in place, with its file if it has one."""
        for index, line in enumerate(self._lines):
            if line.number == number and line.author == BOT:
                file = message.attachment if line.attachment else None
                self._lines[index] = replace(
                    line, text=message.text, choices=message.choices, attachment=file
                )
                self._changed()
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
        self._changed()
        return True

    def remove(self, number: int) -> bool:
        """Take a line of the bot away."""
        kept = [n for n in self._lines if not (n.number == number and n.author == BOT)]
        found = len(kept) < len(self._lines)
        self._lines = kept
        self._changed()
        return found

    def take_back(self, chat: str, author: str) -> bool:
        """Take the newest line of a resident in a chat away."""
        mine = [n.number for n in self._lines if n.chat == chat and n.author == author]
        self._lines = [n for n in self._lines if not mine or n.number != mine[-1]]
        self._changed()
        return bool(mine)

    def lines(self, chat: str, after: int = 0) -> tuple[Line, ...]:
        """What stands in one chat, oldest first."""
        return tuple(n for n in self._lines if n.chat == chat and n.number > after)

    async def wait(self, after: int, seconds: float, revision: int | None = None) -> bool:
        """Wait for a newer or a changed line anywhere; False when the time is up."""
        if self._last > after or (revision is not None and self.revision != revision):
            return True
        news = self._news
        try:
            await asyncio.wait_for(news.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _changed(self) -> None:
        self.revision += 1
        self._tell()

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
