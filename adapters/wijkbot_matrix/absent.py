"""What has Matrix not got? The parts of the seam that this platform refuses."""
# ruff: noqa: ARG002 (the seam names the arguments)

from __future__ import annotations

from collections.abc import Mapping

from wijkbot.adapter_api import ActResult, Audience, Unsupported, WebhookReply, WebhookRequest

_NOT_FOUND = 404


class NotOnMatrix:
    """No webhooks, no buttons, no command list; and the bot opens no files."""

    async def read_webhook(self, request: WebhookRequest) -> WebhookReply:
        """Refuse: Matrix is asked for news, it does not call."""
        return WebhookReply(_NOT_FOUND)

    async def fetch_media(self, reference: str) -> bytes | Unsupported:
        """Refuse."""
        return Unsupported("media")

    async def set_commands(
        self,
        commands: Mapping[str, Mapping[str, str]],
        audience: Audience = Audience.EVERYBODY,
    ) -> ActResult:
        """Refuse."""
        return Unsupported("commands")

    async def answer_choice(self, choice_ref: str, text: str) -> ActResult:
        """Refuse."""
        return Unsupported("buttons")
