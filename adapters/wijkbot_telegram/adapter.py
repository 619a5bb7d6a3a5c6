"""What does wijkbot's seam offer on Telegram? One account, from settings to sending."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import quote

from telegram import (
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeDefault,
    ChatMember,
)
from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter, TelegramError

from wijkbot.adapter_api import (
    ActResult,
    Adapter,
    Audience,
    Capabilities,
    ChannelConfig,
    ConfigError,
    Health,
    IncomingEvent,
    Message,
    Port,
    Reason,
    Refused,
    SendResult,
    Sent,
    Unknown,
    Unsupported,
    WebhookReply,
    WebhookRequest,
)
from wijkbot_telegram import ids, media
from wijkbot_telegram.client import SPARE, Client
from wijkbot_telegram.errors import pause_of, result_of, says
from wijkbot_telegram.health import health_of
from wijkbot_telegram.options import read_options
from wijkbot_telegram.outgoing import MAX_BUTTONS, MAX_UNITS, Post, posts_for
from wijkbot_telegram.receiving import Receiver
from wijkbot_telegram.turnstile import Turnstile

FIXED_TOKEN = "hulp"  # noqa: S105 -- the public start word, the same for everybody
MAX_ANSWER = 200
MAX_COMMANDS = 100
MAX_DESCRIPTION = 256

GAP_MS, GROUP_GAP_MS = 1000, 3200
"""A little over what 20 a minute asks for: one of them may be a crisis card, which never waits."""
LIST_PAUSE = 0.1
"""Lists of commands are many requests that nobody waits for: answers go before them."""
LONGEST_PAUSE = 30.0
"""So many seconds a 429 may hold up the rest of a long text; its chat waits for it anyway."""

_SCOPES: dict[Audience, Callable[[], BotCommandScope]] = {
    Audience.EVERYBODY: BotCommandScopeDefault,
    Audience.PRIVATE: BotCommandScopeAllPrivateChats,
    Audience.GROUP: BotCommandScopeAllGroupChats,
    Audience.ADMINS: BotCommandScopeAllChatAdministrators,
}
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_NOTHING_TO_SAY = Refused(Reason.CONTENT, permanent=True, detail="empty")
_NO_SUCH_MESSAGE = Refused(Reason.CONTENT, permanent=True, detail="message id")


def create(config: ChannelConfig) -> Adapter:
    """The entry point: a Telegram account from a channel's settings."""
    if config.now is None:
        raise ConfigError(f"channels.{config.name}", "an adapter needs the house's clock")
    return TelegramAdapter(config, config.now)


class TelegramAdapter:
    """One bot on Telegram. Sending works without ``start``, in any process."""

    name = "telegram"
    sends_from_home = False

    def __init__(self, config: ChannelConfig, now: Callable[[], datetime]) -> None:
        self._options = read_options(config)
        self._now = now
        self._client = Client(self._options)
        turnstile = Turnstile(self._options, config.data_dir)
        self._receiver = Receiver(config.name, self._options, self._client, now, turnstile)

    async def start_sending(self, port: Port) -> None:
        """Learn our own name, for links and webhooks; asks for no updates."""
        await self._receiver.prepare_to_send(port)

    async def start(self, port: Port) -> None:
        """Connect and begin to receive; without network, go on trying in the background."""
        await self._receiver.start(port)

    async def stop_receiving(self) -> None:
        """Stop polling; a webhook that is registered stays."""
        await self._receiver.stop_receiving()

    async def stop(self) -> None:
        """Stop receiving and close all connections."""
        await self._receiver.stop()
        await self._client.close()

    async def read_webhook(self, request: WebhookRequest) -> WebhookReply:
        """Check the secret and translate the update."""
        return await self._receiver.read_webhook(request)

    def capabilities(self, chat: str) -> Capabilities:
        """One a second in a private chat, 20 a minute in a group, 30 a second in all.

        The account stays a little under its limit: no window of a second holds more than 30.
        """
        return Capabilities(
            max_text=MAX_UNITS,
            max_buttons=MAX_BUTTONS,
            has_links_in_buttons=True,
            can_edit=True,
            can_withdraw=True,
            can_pin=True,
            can_thread=True,
            has_photos=True,
            has_attachments=True,
            can_show_to_one=self._options.ephemeral and ids.is_group(chat),
            gap_ms=GAP_MS,
            group_gap_ms=GROUP_GAP_MS,
            account_per_s=float(self._options.per_second),
            account_burst=SPARE,
            counts_arrivals=True,
        )

    def message_link(self, event: IncomingEvent) -> str:
        """A t.me link for members; small groups that are no supergroup have none."""
        message = ids.reply_target(event.event_id, event.chat)
        inner = ids.supergroup_number(event.chat)
        if message is None or inner is None:
            return ""
        topic = f"{event.thread}/" if event.thread else ""
        return f"https://t.me/c/{inner}/{topic}{message}"

    def private_link(self, token: str) -> str:
        """A t.me link; "" as long as the bot's name is not known (nothing was started yet)."""
        me = self._receiver.me
        return f"https://t.me/{me.username}?start={quote(token or FIXED_TOKEN)}" if me else ""

    async def send(self, chat: str, message: Message) -> SendResult:
        """Send a message, in several pieces when it is long.

        After the first piece a failure gives Unknown, so that nothing is sent twice.
        """
        if message.expires_at is not None and message.expires_at <= self._now():
            return Refused(Reason.EXPIRED, permanent=True, detail="expires_at")
        posts = posts_for(chat, message, ephemeral=self._options.ephemeral)
        posts, numbers = media.with_media(posts, message), list[int]()
        try:
            for post in posts:
                numbers.append(await self._next(chat, post, is_first=not numbers))
        except TelegramError as error:
            arrived = media.id_of(posts, numbers)
            return Unknown("sent in part", arrived) if numbers else result_of(error)
        return Sent(media.id_of(posts, numbers)) if numbers else _NOTHING_TO_SAY

    async def _next(self, chat: str, post: Post, *, is_first: bool) -> int:
        """One piece of a text; the later ones keep the pace of the chat and wait out a 429."""
        if is_first:
            return await self._client.send(chat, post)
        await asyncio.sleep((GROUP_GAP_MS if ids.is_group(chat) else GAP_MS) / 1000)
        try:
            return await self._client.send(chat, post)
        except RetryAfter as error:
            if (pause := pause_of(error)) > LONGEST_PAUSE:
                raise
        await asyncio.sleep(pause)
        return await self._client.send(chat, post)

    async def edit(self, chat: str, message_id: str, message: Message) -> ActResult:
        """Replace the words of a message; they may not need more pieces than they had."""
        posts = posts_for(chat, message)
        if not posts:
            return _NOTHING_TO_SAY
        edit = media.edit_of(message_id, posts, message.attachment)
        if edit is None:
            return Refused(Reason.CONTENT, permanent=True, detail="longer than what it replaces")
        try:
            for part, post in edit.changed:
                is_caption = part.mark == media.CAPTION
                change = self._client.edit_caption if is_caption else self._client.edit
                await change(chat, part.number, post)
            for part, file in edit.files:
                await self._client.edit_file(chat, part.number, file)
            for part in edit.gone:
                await self._client.delete(chat, part.number)
        except TelegramError as error:
            return result_of(error)
        return Sent(edit.message_id)

    async def withdraw(self, chat: str, message_id: str) -> ActResult:
        """Delete a message of at most 48 hours old, with its photo and its file."""
        parts = media.parts_of(message_id)
        try:
            for part in parts:
                await self._client.delete(chat, part.number)
        except TelegramError as error:
            return result_of(error)
        return Sent(message_id) if parts else _NO_SUCH_MESSAGE

    async def remove(self, event: IncomingEvent) -> ActResult:
        """Delete a member's message; Unsupported where the bot has no right to."""
        number = ids.reply_target(event.edits or event.event_id, event.chat)
        if number is None or event.is_private:
            return _NO_SUCH_MESSAGE
        try:
            await self._client.delete(event.chat, number)
        except TelegramError as error:
            may_not = isinstance(error, BadRequest) and says(error, "can't be deleted")
            return Unsupported("remove: the bot has no right to") if may_not else result_of(error)
        return Sent(str(number))

    async def pin(self, chat: str, message_id: str) -> ActResult:
        """Pin a message silently; Unsupported where the bot has no right to."""
        number = media.number_to_pin(message_id)
        if number is None:
            return _NO_SUCH_MESSAGE
        try:
            await self._client.pin(chat, number)
        except TelegramError as error:
            may_not = isinstance(error, BadRequest) and says(error, "not enough rights")
            return Unsupported("pin: the bot has no right to") if may_not else result_of(error)
        return Sent(message_id)

    async def leave(self, chat: str) -> ActResult:
        """Leave a group; being out already is fine."""
        if not ids.is_group(chat):
            return Unsupported("leave: a private chat")
        try:
            await self._client.leave(chat)
        except Forbidden:
            return Sent("")
        except TelegramError as error:
            return result_of(error)
        return Sent("")

    async def is_admin(self, chat: str, sender: str) -> bool:
        """Asked of Telegram now; False when it cannot tell.

        Who writes in the name of the group itself is an anonymous admin of it.
        """
        if not ids.is_group(chat):
            return False
        if sender == chat:
            return True
        try:
            status = await self._client.status_of(chat, int(sender))
        except (TelegramError, ValueError):
            return False
        return status in {ChatMember.OWNER, ChatMember.ADMINISTRATOR}

    async def fetch_media(self, reference: str) -> bytes | Unsupported:
        """The bytes of a file id, at most 20 MB."""
        try:
            return await self._client.download(reference)
        except TelegramError as error:
            return Unsupported(f"media: {type(error).__name__}")

    async def set_commands(
        self,
        commands: Mapping[str, Mapping[str, str]],
        audience: Audience = Audience.EVERYBODY,
    ) -> ActResult:
        """Publish the commands per language; the first language is everybody else's too.

        What Telegram shows already is not set again.
        """
        lists: list[tuple[str | None, Mapping[str, str]]] = list(commands.items())
        lists[:0] = [(None, listed) for _, listed in lists[:1]]
        if not all(_is_publishable(listed) for _, listed in lists):
            return Refused(Reason.CONTENT, permanent=True, detail="command")
        try:
            for language, listed in lists:
                await self._client.publish(_SCOPES[audience](), language, listed)
                await asyncio.sleep(LIST_PAUSE)
            if audience is Audience.EVERYBODY:
                await self._client.show_menu()
        except TelegramError as error:
            return result_of(error)
        return Sent("")

    async def answer_choice(self, choice_ref: str, text: str) -> ActResult:
        """Show a short text to who pressed; at most 200 characters, "" only stops the wait."""
        try:
            await self._client.answer(choice_ref, text[:MAX_ANSWER])
        except TelegramError as error:
            return result_of(error)
        return Sent(choice_ref)

    async def health(self) -> Health:
        """Is the token good, does receiving work, and does the bot see no more than it must?"""
        try:
            user = await self._client.me()
            webhook = await self._client.webhook()
        except InvalidToken:
            return health_of(InvalidToken.__name__)
        except TelegramError as error:
            return health_of(type(error).__name__)
        return health_of(self._receiver.trouble, user, webhook, self._options.webhook_url)

    def secrets(self) -> tuple[str, ...]:
        """The token and the webhook's secret."""
        return self._options.token, self._options.webhook_secret


def _is_publishable(listed: Mapping[str, str]) -> bool:
    """Telegram's own limits on a command list."""
    return len(listed) <= MAX_COMMANDS and all(
        _COMMAND.fullmatch(name) and 1 <= len(about) <= MAX_DESCRIPTION
        for name, about in listed.items()
    )
