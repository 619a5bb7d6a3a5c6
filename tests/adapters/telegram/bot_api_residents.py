"""What can residents do on the pretend Telegram, and what do they see?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any

from tests.adapters.telegram.bot_api_queue import UpdateQueue
from tests.adapters.telegram.bot_api_rules import checked_update
from tests.adapters.telegram.bot_api_world import (
    ADMIN_RIGHTS,
    Json,
    PretendChat,
    World,
    entities_of,
)

ANONYMOUS_ADMIN = 1087968824
CHANNEL_BOT = 136817688


class Residents:
    """Acts of people. A private chat has the number of its user; groups are negative."""

    queue: UpdateQueue

    def __init__(self, world: World) -> None:
        self.world = world
        self._told = asyncio.Event()
        self._last_group = 1_001_000_000_000
        self._last_query = 5_000

    def add_group(
        self, title: str, *, kind: str = "supergroup", has_bot: bool = True, topics: Any = ()
    ) -> int:
        """A new group; with ``topics`` it is a forum. Gives its number.

        Small groups are numbered from 1, supergroups a million million further down.
        """
        self._last_group += 1
        number = -self._last_group if kind == "supergroup" else -(self._last_group % 10**12)
        self.world.chats[number] = PretendChat(
            number,
            kind,
            title,
            is_forum=bool(topics),
            topics=set(topics),
            bot_status="member" if has_bot else "left",
        )
        return number

    def user_says(
        self,
        chat: int,
        user: int,
        text: str,
        *,
        reply_to: int | None = None,
        thread: int | None = None,
        sender_chat: Json | None = None,
        is_bot: bool = False,
        entities: list[Json] | None = None,
        **fields: Any,
    ) -> int:
        """Somebody writes; gives the message's number. In a private chat, user is chat."""
        where = self._place(chat, user)
        sender = self._sender(where, user, sender_chat) | ({"is_bot": True} if is_bot else {})
        if text:
            fields["text"] = text
        if found := entities_of(text) if entities is None else entities:
            fields["entities"] = found
        if sender_chat:
            fields["sender_chat"] = sender_chat
        if reply_to:
            earlier = dict(where.messages[reply_to])
            earlier.pop("reply_to_message", None)
            fields["reply_to_message"] = earlier
        if thread:
            fields |= {"message_thread_id": thread, "is_topic_message": thread in where.topics}
        message = self.world.new_message(where, sender, **fields)
        self._tell_bot("message", where, message)
        return int(message["message_id"])

    def user_edits(self, chat: int, number: int, text: str) -> None:
        """Somebody changes an own message."""
        where = self.world.chat(chat)
        message = where.messages[number]
        message.update(text=text, edit_date=self.world.now())
        message.pop("entities", None)
        message.update({"entities": found} if (found := entities_of(text)) else {})
        self._tell_bot("edited_message", where, message)

    def user_presses(self, chat: int, user: int, title: str, number: int | None = None) -> str:
        """Somebody presses a button of the bot's last (or that) message; gives the query id."""
        message = next(
            each
            for each in reversed(self.sent(chat))
            if number in {None, each["message_id"]} and each.get("reply_markup")
        )
        buttons = [b for row in message["reply_markup"]["inline_keyboard"] for b in row]
        data = next(b["callback_data"] for b in buttons if b["text"] == title)
        return self.user_sends_data(chat, user, data, message)

    def user_sends_data(self, chat: int, user: int, data: str, message: Json | None = None) -> str:
        """A press with any data, as a changed app could send; "" message: no longer there."""
        where = self._place(chat, user)
        self._last_query += 1
        query_id = str(self._last_query)
        gone = {"chat": where.as_json(), "message_id": 1, "date": 0}
        query: Json = {
            "id": query_id,
            "from": self.world.user(user),
            "message": message or gone,
            "chat_instance": str(abs(chat)),
            "data": data,
        }
        self.world.open_queries[query_id] = monotonic()
        self.queue.add("callback_query", user, query)
        return query_id

    def bot_is(self, status: str, chat: int, by: int) -> None:
        """Somebody lets the bot into a group, makes it admin, puts it out, or blocks it.

        ``status``: member, administrator, left, kicked; "kicked" in a private chat is a block.
        """
        where = self._place(chat, by)
        old = {"blocked": "kicked", "stranger": "left"}.get(where.bot_status, where.bot_status)
        is_block = status == "kicked" and where.type == "private"
        where.bot_status = "blocked" if is_block else status
        change: Json = {
            "chat": where.as_json(),
            "from": self.world.user(by),
            "date": self.world.now(),
            "old_chat_member": self._membership(old),
            "new_chat_member": self._membership(status),
        }
        self.queue.add("my_chat_member", self.world.bot_id, change)

    def member_leaves(self, chat: int, user: int) -> None:
        """Somebody goes out of a group."""
        where = self._place(chat, user)
        who = self.world.user(user)
        message = self.world.new_message(where, who, left_chat_member=who)
        self.queue.add("message", chat, message)

    def group_migrates(self, chat: int, new: int = 0) -> int:
        """A group becomes a supergroup (``new``, when it is there already); gives its number."""
        old = self.world.chat(chat)
        new = new or self.add_group(old.title)
        old.migrated_to = new
        admin = {"id": ANONYMOUS_ADMIN, "is_bot": True, "first_name": "Group"}
        gone = self.world.new_message(old, admin, migrate_to_chat_id=new)
        come = self.world.new_message(self.world.chat(new), admin, migrate_from_chat_id=chat)
        self.queue.add("message", chat, gone)
        self.queue.add("message", new, come)
        return new

    def sent(self, chat: int) -> list[Json]:
        """The bot's messages that can be seen in a chat now, in order."""
        found = self.world.chats.get(chat)
        bot = self.world.bot_id
        return [m for m in found.messages.values() if m["from"]["id"] == bot] if found else []

    async def until(self, is_so: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait until that is so; looked at whenever the bot did something."""
        async with asyncio.timeout(seconds):
            while not is_so():
                self._told.clear()
                await self._told.wait()

    async def wait_sent(self, chat: int, count: int = 1, seconds: float = 10.0) -> list[Json]:
        """Wait until the bot shows at least that many messages in a chat."""
        async with asyncio.timeout(seconds):
            while len(self.sent(chat)) < count:
                self._told.clear()
                await self._told.wait()
        return self.sent(chat)

    async def wait_answer(self, query_id: str, seconds: float = 10.0) -> str:
        """Wait until a press was answered; gives what the presser reads."""
        async with asyncio.timeout(seconds):
            while query_id not in self.world.answers:
                self._told.clear()
                await self._told.wait()
        return self.world.answers[query_id]

    def _tell_change(self) -> None:
        self._told.set()

    def _place(self, chat: int, user: int) -> PretendChat:
        where = self.world.chat(chat)
        if where.type == "private" and where.bot_status == "stranger":
            where.bot_status = "member"
        where.members.setdefault(user, "member")
        return where

    def _sender(self, where: PretendChat, user: int, sender_chat: Json | None) -> Json:
        """Who hides behind a chat is shown as one of Telegram's own bots."""
        if sender_chat is None:
            return self.world.user(user)
        is_own = sender_chat["id"] == where.id
        number = ANONYMOUS_ADMIN if is_own else CHANNEL_BOT
        return {"id": number, "is_bot": True, "first_name": "Group" if is_own else "Channel"}

    def _tell_bot(self, kind: str, where: PretendChat, message: Json) -> None:
        if where.bot_status in {"member", "administrator"} and self.world.reaches_bot(message):
            self.queue.add(kind, where.id, dict(message))
        else:
            checked_update({"update_id": 1, kind: message})

    def _membership(self, status: str) -> Json:
        member: Json = {"user": self.world.bot(), "status": status}
        rights = dict.fromkeys(ADMIN_RIGHTS, False)
        extra: dict[str, Json] = {"kicked": {"until_date": 0}, "administrator": rights}
        return member | extra.get(status, {})
