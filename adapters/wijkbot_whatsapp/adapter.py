"""What does wijkbot's seam offer on WhatsApp? One number at Twilio, from settings to sending."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

import requests

from wijkbot.adapter_api import (
    Adapter,
    Capabilities,
    ChannelConfig,
    ConfigError,
    Health,
    IncomingEvent,
    Message,
    Port,
    Queued,
    Reason,
    Refused,
    SendResult,
    Unknown,
    Unsupported,
    WebhookReply,
    WebhookRequest,
)
from wijkbot_whatsapp import incoming
from wijkbot_whatsapp.absent import Absent
from wijkbot_whatsapp.client import Client, Failed, Unclear, did_not_leave
from wijkbot_whatsapp.options import read_options
from wijkbot_whatsapp.outgoing import (
    MAX_TEXT,
    PAUSE_WITHOUT_SERVICE,
    Post,
    posts_for,
    refusal,
)
from wijkbot_whatsapp.windows import Windows

GAP_MS = 6000
PER_S = 80.0
BURST = 8
"""Of one number; what is a little too much at once waits at Twilio and is not refused."""
"""WhatsApp lets one number write to one person about once in this time."""

_EMPTY = b"<Response/>"
_CLOCKS_APART = timedelta(seconds=60)
_REMEMBERED = 1000
_DOORS = frozenset({"message", "fallback", "status"})


def create(config: ChannelConfig) -> Adapter:
    """The entry point: a WhatsApp number from a channel's settings."""
    if config.now is None:
        raise ConfigError(f"channels.{config.name}", "an adapter needs the house's clock")
    return WhatsAppAdapter(config, config.now)


class WhatsAppAdapter(Absent):
    """One number on WhatsApp. Sending works without ``start``, in any process."""

    name = "whatsapp"
    sends_from_home = False

    def __init__(self, config: ChannelConfig, now: Callable[[], datetime]) -> None:
        self._options = read_options(config)
        self._now = now
        self._client = Client(self._options)
        self._windows = Windows(config.name, self._options.auth_token)
        self._sids: deque[str] = deque(maxlen=_REMEMBERED)

    async def start_sending(self, port: Port) -> None:
        """Recall whom we may write to."""
        await self._windows.recall(port)

    async def start(self, port: Port) -> None:
        """The same: what comes in comes through ``read_webhook``, in any process."""
        if not self._windows.is_known:
            await self._windows.recall(port)

    async def stop_receiving(self) -> None:
        """Nothing is fetched, so there is nothing to stop."""

    async def stop(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def read_webhook(self, request: WebhookRequest) -> WebhookReply:
        """Check the signature, and translate a message or a delivery."""
        door = request.rest.strip("/")
        if request.method != "POST" or door not in _DOORS:
            return WebhookReply(404)
        signature = request.headers.get(incoming.SIGNATURE_HEADER, "")
        if not signature:
            return WebhookReply(403)
        form = incoming.read_form(request.body)
        if form is None:
            return WebhookReply(400)
        if not incoming.is_signed(request.url, form, signature, self._options.auth_token):
            return WebhookReply(403)
        if door == "status":
            is_whole = incoming.is_status(form)
            return _answered(incoming.read_status(form, self._now())) if is_whole else _BAD
        return await self._message(form) if incoming.is_message(form) else _BAD

    async def _message(self, form: incoming.Form) -> WebhookReply:
        now = self._now()
        await self._windows.heard(form.get("From"), now)
        event = incoming.read_message(form, now)
        return _answered(event) if event else _answered()

    def capabilities(self, chat: str) -> Capabilities:  # noqa: ARG002 (all chats are alike)
        """Text with numbered choices, inside the 24 hours; receipts come back."""
        return Capabilities(
            max_text=MAX_TEXT,
            has_receipts=True,
            reply_window_hours=24,
            gap_ms=GAP_MS,
            group_gap_ms=GAP_MS,
            account_per_s=PER_S,
            account_burst=BURST,
        )

    def private_link(self, token: str) -> str:  # noqa: ARG002 (links carry none)
        """The same wa.me link for everybody: WhatsApp carries no hidden token."""
        return f"https://wa.me/{self._options.digits}?text=Hallo"

    async def send(self, chat: str, message: Message) -> SendResult:
        """Send a message, in two pieces when it is long; of a photo what is on it, in words.

        The id is that of the last piece. After the first piece a failure gives Unknown, so
        that nothing is sent twice.
        """
        now = self._now()
        posts = posts_for(chat, message.in_words(), now)
        if isinstance(posts, Refused):
            return posts
        if not await self._windows.is_open(chat, now):
            return Refused(Reason.WINDOW, permanent=True, detail="24 hours")
        result: SendResult = Unknown()
        for number, post in enumerate(posts):
            result = await self._post(post)
            if not isinstance(result, Queued):
                return Unknown("sent in part") if number else result
        return result

    async def _post(self, post: Post) -> SendResult:
        since = self._now() - _CLOCKS_APART
        try:
            sid = await self._client.create(post)
        except Failed as error:
            verdict = refusal(error.status, error.code)
            return verdict if isinstance(verdict, Refused) else await self._look_up(post, since)
        except requests.RequestException as error:
            if did_not_leave(error):
                name = type(error).__name__
                return Refused(Reason.UNAVAILABLE, False, PAUSE_WITHOUT_SERVICE, name)
            return await self._look_up(post, since)
        except Unclear:
            # No answer in time, or one that is not Twilio's: it may have been sent.
            return await self._look_up(post, since)
        self._sids.append(sid)
        return Queued(sid)

    async def _look_up(self, post: Post, since: datetime) -> SendResult:
        """Is a message with this text there that we did not know of? Then it is this one."""
        try:
            found = await self._client.find(post, since)
        except Unclear:
            return Unknown("no answer, and none on asking")
        for sid in found:
            if sid not in self._sids:
                self._sids.append(sid)
                return Queued(sid)
        return Unknown("no answer")

    async def fetch_media(self, reference: str) -> bytes | Unsupported:
        """The bytes behind a media address of Twilio, at most 16 MB."""
        try:
            found = await self._client.download(reference)
        except Unclear as error:
            return Unsupported(f"media: {type(error).__name__}")
        return Unsupported("media: not there, or too large") if found is None else found

    async def health(self) -> Health:
        """Does Twilio know the account, and is it active?"""
        try:
            status = await self._client.status()
        except Failed as error:
            remedy = "check account_sid and auth_token against Twilio's console"
            return Health(False, f"Twilio answers {error.status}", remedy)
        except Unclear as error:
            name = type(error).__name__
            return Health(False, f"no answer of Twilio: {name}", "check this machine's network")
        if status != "active":
            return Health(False, f"the account is {status}", "see Twilio's console for why")
        return Health(True)

    def secrets(self) -> tuple[str, ...]:
        """The token and the account's number."""
        return self._options.auth_token, self._options.account_sid


_BAD = WebhookReply(400)


def _answered(*events: IncomingEvent) -> WebhookReply:
    """An empty TwiML document: the answer itself goes out by its own request."""
    return WebhookReply(200, events=events, body=_EMPTY, media_type="text/xml")
