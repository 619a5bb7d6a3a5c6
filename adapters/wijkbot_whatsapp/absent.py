"""What does WhatsApp through Twilio not have?"""
# ruff: noqa: ARG002 (the seam names the arguments)

from __future__ import annotations

from collections.abc import Mapping

from wijkbot.adapter_api import ActResult, Audience, IncomingEvent, Message, Unsupported


class Absent:
    """The parts of the seam that have nothing behind them here: all chats are one to one."""

    async def edit(self, chat: str, message_id: str, message: Message) -> ActResult:
        """What was sent stands."""
        return Unsupported("edit")

    async def withdraw(self, chat: str, message_id: str) -> ActResult:
        """Twilio cannot take a message back."""
        return Unsupported("withdraw")

    async def remove(self, event: IncomingEvent) -> ActResult:
        """There is no group to delete anything in."""
        return Unsupported("remove")

    async def pin(self, chat: str, message_id: str) -> ActResult:
        """There is no group to pin in."""
        return Unsupported("pin")

    async def leave(self, chat: str) -> ActResult:
        """There is no group to leave."""
        return Unsupported("leave")

    def message_link(self, event: IncomingEvent) -> str:
        """There is no group to open a message of."""
        return ""

    async def is_admin(self, chat: str, sender: str) -> bool:
        """False: there is no group to be an admin of."""
        return False

    async def set_commands(
        self,
        commands: Mapping[str, Mapping[str, str]],
        audience: Audience = Audience.EVERYBODY,
    ) -> ActResult:
        """There is no command list."""
        return Unsupported("set_commands")

    async def answer_choice(self, choice_ref: str, text: str) -> ActResult:
        """A tap waits for no answer of its own."""
        return Unsupported("answer_choice")
