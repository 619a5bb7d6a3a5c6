"""What do we ask of Telegram, and when? The only file here that asks."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from math import ceil
from typing import Any
from urllib.parse import urlencode

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    LinkPreviewOptions,
    MenuButtonCommands,
    ReplyParameters,
    User,
    WebhookInfo,
)
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError

from wijkbot.adapter_api import Attachment
from wijkbot_telegram.errors import flood_pause, says
from wijkbot_telegram.gate import Gate
from wijkbot_telegram.ids import is_group
from wijkbot_telegram.incoming import ALLOWED_UPDATES
from wijkbot_telegram.media import send_media
from wijkbot_telegram.options import Options
from wijkbot_telegram.outgoing import Post
from wijkbot_telegram.transport import Transport

POLL_SECONDS = 30
CONNECTIONS = 64
"""Twice as many as messages are sent at once: a pressed button never waits for a slow send."""
PRIVATE_REST = 1.0
"""Seconds between two messages to one person, counted from the answer to the first."""
SPARE = 2
"""Messages a second between what we send and the 30 that Telegram takes of an ordinary bot."""
_POLL_GRACE_SECONDS = 10.0
_SEND_SECONDS = 20.0
_CONNECT_SECONDS = 10.0
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

# The library's switch for giving periods as timedelta, which it will always do one day; without
# it every 429 comes with a deprecation warning.
os.environ.setdefault("PTB_TIMEDELTA", "true")


class Client:
    """One bot account. Methods raise ``telegram.error.TelegramError``."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._gate = Gate(options.per_second + SPARE)
        self._polling = _transport(1)
        self._requests = _transport(CONNECTIONS)
        self._bot = Bot(
            options.token,
            base_url=options.base_url,
            base_file_url=options.base_file_url,
            request=self._requests,
            get_updates_request=self._polling,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._polling.shutdown()
        await self._requests.shutdown()

    async def me(self) -> User:
        """The bot's own account, asked now."""
        return await self._bot.get_me()

    async def updates(self, offset: int) -> list[dict[str, Any]]:
        """Wait for updates; everything before ``offset`` is forgotten by Telegram.

        Raw, so that one update that the library cannot read does not hold up the others.
        """
        asked = {
            "offset": offset,
            "timeout": POLL_SECONDS,
            "allowed_updates": json.dumps(ALLOWED_UPDATES),
        }
        answer = await self._polling.post(
            f"{self._bot.base_url}/getUpdates?{urlencode(asked)}",
            read_timeout=POLL_SECONDS + _POLL_GRACE_SECONDS,
        )
        return answer if isinstance(answer, list) else []

    async def use_polling(self) -> None:
        """Make Telegram keep the updates for us, including those that wait."""
        await self._bot.delete_webhook(drop_pending_updates=False)

    async def use_webhook(self) -> None:
        """Make Telegram bring the updates, including those that wait."""
        await self._bot.set_webhook(
            self._options.webhook_url,
            allowed_updates=ALLOWED_UPDATES,
            secret_token=self._options.webhook_secret,
            drop_pending_updates=False,
        )

    async def webhook(self) -> WebhookInfo:
        """What Telegram knows about the webhook."""
        return await self._bot.get_webhook_info()

    async def send(self, chat: str, post: Post) -> int:
        """Send one message and give its number.

        A topic that was deleted is left out, so that the answer still arrives. What only one
        member should see is shown to all where Telegram refuses that (0 is the number of a
        message that one member sees).
        """
        if post.to_one is not None:
            with suppress(BadRequest):
                return await self._send_to_one(chat, post)
        try:
            return await self._send(chat, post, post.thread)
        except BadRequest as error:
            if post.thread is None or not says(error, "message thread not found"):
                raise
        return await self._send(chat, post, None)

    @asynccontextmanager
    async def _turn(self, chat: str, rest: float = 0.0) -> AsyncIterator[None]:
        """A turn at the gate. What Telegram refuses for a while in a chat is not even asked."""
        async with self._gate.turn(chat, rest):
            if left := self._gate.held_for(chat):
                raise RetryAfter(ceil(left))
            try:
                yield
            except TelegramError as error:
                if pause := flood_pause(error):
                    self._gate.hold(chat, pause)
                raise
            except Exception as error:
                # an answer that the library cannot read: what was asked for may be done
                raise NetworkError(f"unreadable: {type(error).__name__}") from error

    async def _send(self, chat: str, post: Post, thread: int | None) -> int:
        reply = (
            ReplyParameters(post.reply_to, allow_sending_without_reply=True)
            if post.reply_to
            else None
        )
        keyboard = _keyboard(post)
        async with self._turn(chat, _rest(chat, post)):
            if post.photo is not None or post.attachment is not None:
                found = await send_media(
                    self._bot, chat, post, thread=thread, reply=reply, keyboard=keyboard
                )
                return found.message_id
            sent = await self._bot.send_message(
                chat,
                post.text,
                disable_notification=True if post.is_silent else None,
                message_thread_id=thread,
                reply_markup=keyboard,
                reply_parameters=reply,
                link_preview_options=_NO_PREVIEW,
            )
        return sent.message_id

    async def _send_to_one(self, chat: str, post: Post) -> int:
        """The library has no word for this yet, so the parameter goes beside its own."""
        only = {"ephemeral_message_parameters": {"receiver_user_id": post.to_one}}
        async with self._turn(chat):
            sent = await self._bot.send_message(
                chat,
                post.text,
                message_thread_id=post.thread,
                reply_markup=_keyboard(post),
                link_preview_options=_NO_PREVIEW,
                api_kwargs=only,
            )
        return sent.message_id

    async def edit(self, chat: str, number: int, post: Post) -> None:
        """Replace text and buttons; the same text again is fine."""
        keyboard = _keyboard(post)
        with _passing("message is not modified"):
            async with self._turn(chat):
                await self._bot.edit_message_text(
                    post.text,
                    chat_id=chat,
                    message_id=number,
                    reply_markup=keyboard,
                    link_preview_options=_NO_PREVIEW,
                )

    async def edit_caption(self, chat: str, number: int, post: Post) -> None:
        """Replace what stands below a photo; the same words again are fine."""
        keyboard = _keyboard(post)
        with _passing("message is not modified"):
            async with self._turn(chat):
                await self._bot.edit_message_caption(
                    chat_id=chat, message_id=number, caption=post.text, reply_markup=keyboard
                )

    async def edit_file(self, chat: str, number: int, file: Attachment) -> None:
        """Put another file in the place of one; a message that is gone stays gone."""
        media = InputMediaDocument(file.data, filename=file.name)
        with _passing("message is not modified", "message to edit not found"):
            async with self._turn(chat):
                await self._bot.edit_message_media(media, chat_id=chat, message_id=number)

    async def delete(self, chat: str, number: int) -> None:
        """Delete a message; one that is gone already is fine."""
        with _passing("message to delete not found"):
            await self._bot.delete_message(chat, number)

    async def pin(self, chat: str, number: int) -> None:
        """Pin without a notification to all members."""
        await self._bot.pin_chat_message(chat, number, disable_notification=True)

    async def leave(self, chat: str) -> None:
        """Leave a group."""
        await self._bot.leave_chat(chat)

    async def status_of(self, chat: str, user: int) -> str:
        """The standing of a member in a chat, in Telegram's words."""
        return (await self._bot.get_chat_member(chat, user)).status

    async def download(self, file_id: str) -> bytes:
        """The bytes of a file (at most 20 MB)."""
        found = await self._bot.get_file(file_id)
        return bytes(await found.download_as_bytearray(read_timeout=_SEND_SECONDS))

    async def answer(self, query_id: str, text: str) -> None:
        """Tell the presser of a button that it was seen."""
        await self._bot.answer_callback_query(query_id, text=text or None)

    async def publish(
        self, scope: BotCommandScope, language: str | None, commands: Mapping[str, str]
    ) -> None:
        """Set the command list of a language (None: of everybody else) when it differs."""
        wanted = tuple(BotCommand(name, about) for name, about in commands.items())
        if await self._bot.get_my_commands(scope, language) != wanted:
            await self._bot.set_my_commands(wanted, scope, language)

    async def show_menu(self) -> None:
        """Let the button beside the text field open the commands, when it does not yet."""
        wanted = MenuButtonCommands()
        if await self._bot.get_chat_menu_button() != wanted:
            await self._bot.set_chat_menu_button(menu_button=wanted)


def _transport(connections: int) -> Transport:
    return Transport(
        connections,
        read_seconds=_SEND_SECONDS,
        connect_seconds=_CONNECT_SECONDS,
        pool_seconds=_SEND_SECONDS,
    )


@contextmanager
def _passing(*phrases: str) -> Iterator[None]:
    """Let a refusal pass that only says that there was nothing left to do."""
    try:
        yield
    except BadRequest as error:
        if not says(error, *phrases):
            raise


def _rest(chat: str, post: Post) -> float:
    """How many seconds a person is left alone; a group's twenty a minute are the house's."""
    return 0.0 if is_group(chat) or post.is_urgent else PRIVATE_REST


def _keyboard(post: Post) -> InlineKeyboardMarkup | None:
    rows: Sequence[Sequence[InlineKeyboardButton]] = [
        [
            InlineKeyboardButton(
                button.title, url=button.url or None, callback_data=button.data or None
            )
            for button in row
        ]
        for row in post.rows
    ]
    return InlineKeyboardMarkup(rows) if rows else None
