"""How does the pretend group app plug into the house?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from wijkbot.adapter_api import (
    ActResult,
    Audience,
    Capabilities,
    ChannelConfig,
    Clockwork,
    ConfigError,
    Health,
    IncomingEvent,
    Message,
    Port,
    Reason,
    Refused,
    SendResult,
    Sent,
    Unsupported,
    WebhookReply,
    WebhookRequest,
)
from wijkbot_sandbox import incoming
from wijkbot_sandbox.page import build_page
from wijkbot_sandbox.world import GROUP, RESIDENTS, World, private_chat

OPTIONS = frozenset({"title", "clock", "gettext"})


class SandboxAdapter:
    """One pretend neighbourhood."""

    name = "sandbox"
    sends_from_home = True

    def __init__(
        self,
        config: ChannelConfig,
        now: Callable[[], datetime],
        clock: Clockwork,
    ) -> None:
        self.channel = config.name
        self.title = str(config.options.get("title") or config.name)
        self.gettext = config.options["gettext"]
        self.clock = clock
        self.world = World()
        self._public_url = config.public_url
        self._now = now
        self._port: Port | None = None
        self._boot = f"{now().timestamp():.6f}"
        self._count = 0
        self._chats = {GROUP, *(private_chat(r.id) for r in RESIDENTS)}

    async def start_sending(self, port: Port) -> None:
        """The pretend app lives in one process: there is nothing to connect to."""

    async def stop_receiving(self) -> None:
        """Residents can say nothing any more."""
        self._port = None

    async def start(self, port: Port) -> None:
        """Open the pretend app; the bot joins its group once."""
        self._port = port
        event = incoming.joined(f"joined-{self.channel}", self._now(), self.title)
        await port.accept([event])

    async def stop(self) -> None:
        """Close it."""
        self._port = None

    async def read_webhook(self, request: WebhookRequest) -> WebhookReply:
        """There are no webhooks here."""
        del request
        return WebhookReply(404, body=b"The sandbox has no webhooks.")

    async def say(self, resident: str, chat: str, text: str) -> None:
        """A resident types something."""
        shown = private_chat(resident) if chat != GROUP else GROUP
        self.world.say(shown, resident, text, self._now())
        await self._accept(incoming.message(resident, chat, text, self._id(), self._now()))

    async def choose(self, resident: str, chat: str, choice_id: str, title: str) -> None:
        """A resident presses a button."""
        shown = private_chat(resident) if chat != GROUP else GROUP
        self.world.say(shown, resident, title, self._now())
        await self._accept(incoming.choice(resident, chat, choice_id, self._id(), self._now()))

    async def open_private(self, resident: str, token: str) -> None:
        """A resident presses the start button of the private chat."""
        await self._accept(incoming.start(resident, token, self._id(), self._now()))

    async def _accept(self, event: Any) -> None:
        if self._port is None:
            raise RuntimeError("the sandbox was not started")
        await self._port.accept([event])

    def _id(self) -> str:
        self._count += 1
        return f"{self._boot}-{self._count}"

    def capabilities(self, chat: str) -> Capabilities:
        """As a group app with buttons."""
        del chat
        return Capabilities(
            max_buttons=20,
            has_links_in_buttons=True,
            can_edit=True,
            can_withdraw=True,
            can_pin=True,
            has_photos=True,
            has_attachments=True,
            is_idempotent=True,
            gap_ms=0,
            group_gap_ms=0,
        )

    def message_link(self, event: IncomingEvent) -> str:
        """The page of the group; single messages have no address here."""
        return "" if event.is_private else f"{self._public_url}/sandbox/{self.channel}/"

    def private_link(self, token: str) -> str:
        """The page of the private chat; opening it does nothing, its start button does."""
        query = f"?chat=private&start={token}" if token else "?chat=private"
        return f"{self._public_url}/sandbox/{self.channel}/{query}"

    async def send(self, chat: str, message: Message) -> SendResult:
        """Show a message of the bot."""
        if chat not in self._chats:
            return Refused(Reason.GONE, permanent=True)
        return Sent(str(self.world.show(chat, message, self._now())))

    async def edit(self, chat: str, message_id: str, message: Message) -> ActResult:
        """Replace a message of the bot."""
        del chat
        done = self.world.replace(int(message_id), message)
        return Sent(message_id) if done else Refused(Reason.MISSING, permanent=True)

    async def withdraw(self, chat: str, message_id: str) -> ActResult:
        """Take a message of the bot away; gone already is fine."""
        del chat
        self.world.remove(int(message_id))
        return Sent(message_id)

    async def remove(self, event: IncomingEvent) -> ActResult:
        """Take the newest line of that resident away: the pretend app knows no ids of theirs."""
        if event.is_private:
            return Unsupported("remove: a private chat")
        done = self.world.take_back(event.chat, event.sender)
        return Sent(event.event_id) if done else Refused(Reason.GONE, permanent=True)

    async def pin(self, chat: str, message_id: str) -> ActResult:
        """Mark a message of the bot as the pinned one."""
        del chat
        done = self.world.pin(int(message_id))
        return Sent(message_id) if done else Refused(Reason.MISSING, permanent=True)

    async def leave(self, chat: str) -> ActResult:
        """The bot stays in its own sandbox."""
        del chat
        return Unsupported("leave")

    async def is_admin(self, chat: str, sender: str) -> bool:
        """The first resident is the admin of the group."""
        return chat == GROUP and sender == RESIDENTS[0].id

    async def fetch_media(self, reference: str) -> bytes | Unsupported:
        """There is no media here."""
        del reference
        return Unsupported("media")

    async def set_commands(
        self,
        commands: Mapping[str, Mapping[str, str]],
        audience: Audience = Audience.EVERYBODY,
    ) -> ActResult:
        """There is no command list here."""
        del commands, audience
        return Unsupported("commands")

    async def answer_choice(self, choice_ref: str, text: str) -> ActResult:
        """A press is shown at once."""
        del choice_ref, text
        return Unsupported("answer_choice")

    async def health(self) -> Health:
        """Well while it is started."""
        return Health(ok=self._port is not None)

    def secrets(self) -> tuple[str, ...]:
        """There are none."""
        return ()

    def asgi(self) -> Any:
        """The pages of this neighbourhood."""
        return build_page(self)


def create(config: ChannelConfig) -> SandboxAdapter:
    """Make the sandbox of one neighbourhood.

    Raises:
        ConfigError: a key that the sandbox does not know, or no clock of a sandbox process.
    """
    unknown = sorted(set(config.options) - OPTIONS)
    if unknown:
        raise ConfigError(unknown[0], "the sandbox has no such key; remove it")
    clock = config.options.get("clock")
    if config.now is None or not isinstance(clock, Clockwork):
        raise ConfigError("adapter", "a sandbox runs only in a process of its own")
    return SandboxAdapter(config, config.now, clock)
