"""Who and what exists on the pretend Telegram: chats, people, messages, updates."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

START_OF_TIME = 1_795_255_200  # the moment of the bots of tests.living
ADMIN_RIGHTS = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)
_ENTITY = re.compile(r"(?<!\S)(?:(/\w{1,32}(?:@\w{3,32})?)|(@\w{5,32}))")


class ApiError(Exception):
    """An answer of the server that is not ok."""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.body: Json = {"ok": False, "error_code": code, "description": description}
        if parameters:
            self.body["parameters"] = parameters


def bad_request(text: str) -> ApiError:
    """A 400 in the words of the server."""
    return ApiError(400, f"Bad Request: {text}")


@dataclass
class Call:
    """One request of the bot. ``params`` are decoded."""

    method: str
    params: Json


@dataclass
class PretendChat:
    """A private chat or a group. ``bot_status`` is that of the bot in it."""

    id: int
    type: str
    title: str = ""
    is_forum: bool = False
    topics: set[int] = field(default_factory=set)
    bot_status: str = "member"
    may_pin: bool = True
    may_delete: bool = False
    migrated_to: int = 0
    messages: dict[int, Json] = field(default_factory=dict)
    members: dict[int, str] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)
    shown_to_one: list[tuple[int, Json]] = field(default_factory=list)
    """(member, message) of what only one member saw."""

    def as_json(self) -> Json:
        """The chat as it stands in a message."""
        if self.type == "private":
            return {"id": self.id, "type": "private", "first_name": f"Bewoner {self.id}"}
        shown: Json = {"id": self.id, "type": self.type, "title": self.title}
        return shown | ({"is_forum": True} if self.is_forum else {})


def units(text: str) -> int:
    """Length in UTF-16 units, as entities count."""
    return len(text.encode("utf-16-le")) // 2


def entities_of(text: str) -> list[Json]:
    """What Telegram recognises by itself: commands and @names."""
    return [
        {
            "type": "bot_command" if found[1] else "mention",
            "offset": units(text[: found.start()]),
            "length": units(found[0]),
        }
        for found in _ENTITY.finditer(text)
    ]


class World:
    """The state, and the clock that ticks one second per thing that happens."""

    def __init__(self, username: str, *, privacy_mode: bool, start: int = START_OF_TIME) -> None:
        self.username = username
        self.privacy_mode = privacy_mode
        self.bot_id = 7000000001
        self.chats: dict[int, PretendChat] = {}
        self.names: dict[int, str] = {}
        self.languages: dict[int, str] = {}
        self.open_queries: dict[str, float] = {}
        """When each press was made; it is taken out when it is answered."""
        self.answers: dict[str, str] = {}
        self.answered_after: dict[str, float] = {}
        self.commands: dict[tuple[str, str], list[Json]] = {}
        """(scope, language) → what is shown there."""
        self.menu_button = "default"
        self.takes_ephemeral = True
        self.files: dict[str, bytes] = {}
        self._start = start
        self._ticks = 0
        self._next_message = 0

    def shift(self, seconds: int) -> None:
        """So much later."""
        self._ticks += seconds

    def now(self) -> int:
        """A date that no two messages share."""
        self._ticks += 1
        return self._start + self._ticks

    def bot(self) -> Json:
        """The bot as a sender."""
        return {
            "id": self.bot_id,
            "is_bot": True,
            "first_name": "Wijkbot",
            "username": self.username,
        }

    def user(self, number: int) -> Json:
        """A resident."""
        name = self.names.get(number, f"Bewoner {number}")
        language = self.languages.get(number, "nl")
        return {"id": number, "is_bot": False, "first_name": name, "language_code": language}

    def chat(self, number: int) -> PretendChat:
        """A chat that must exist; people get a private chat when they first need one."""
        if number > 0 and number not in self.chats:
            self.chats[number] = PretendChat(number, "private", bot_status="stranger")
        return self.chats[number]

    def new_message(self, chat: PretendChat, sender: Json, **fields: Any) -> Json:
        """Put a message in a chat and give it."""
        self._next_message += 1
        message: Json = {
            "message_id": self._next_message,
            "from": sender,
            "chat": chat.as_json(),
            "date": self.now(),
            **fields,
        }
        chat.messages[self._next_message] = message
        return message

    def reaches_bot(self, message: Json) -> bool:
        """Privacy mode: in a group only commands, replies to the bot and its name arrive."""
        if not self.privacy_mode or message["chat"]["type"] == "private":
            return True
        replied = message.get("reply_to_message", {}).get("from", {}).get("id")
        text = message.get("text", "").casefold()
        is_command = text.startswith("/") and "@" not in text.split()[0]
        return replied == self.bot_id or f"@{self.username}".casefold() in text or is_command
