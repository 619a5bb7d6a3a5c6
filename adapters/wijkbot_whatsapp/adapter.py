"""What does wijkbot's seam offer on WhatsApp? One number at Twilio, from settings to sending."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from wijkbot.adapter_api import (
    Adapter,
    Capabilities,
    ChannelConfig,
    ConfigError,
    Health,
    IncomingEvent,
    Message,
    Port,
    SendResult,
    TemplateState,
    TemplateText,
    Unsupported,
    WebhookReply,
    WebhookRequest,
)
from wijkbot_whatsapp import incoming
from wijkbot_whatsapp.absent import Absent
from wijkbot_whatsapp.answered import Answered
from wijkbot_whatsapp.arrivals import Arrivals
from wijkbot_whatsapp.catalogue import Catalogue
from wijkbot_whatsapp.choices import MOST_IN_LIST
from wijkbot_whatsapp.client import Client, Failed, Unclear
from wijkbot_whatsapp.health import State, health_of
from wijkbot_whatsapp.media import Media
from wijkbot_whatsapp.options import read_options
from wijkbot_whatsapp.outgoing import MAX_TEXT, WINDOW
from wijkbot_whatsapp.sending import Sender

GAP_MS = 6000
"""WhatsApp lets one number write to one person about once in this time."""

PER_S = 80.0
BURST = 8
"""Of one number; what is a little too much at once waits at Twilio and is not refused."""

_EMPTY = b"<Response/>"
_DOORS = frozenset({"message", "fallback", "status"})
_BAD = WebhookReply(400)


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
        self._config = config
        self._options = read_options(config)
        self._now = now
        self._client = Client(self._options)
        self._catalogue = Catalogue(config.name, self._client, now)
        self._sender = Sender(self._client, self._catalogue, now)
        self._media = Media(self._client)
        self._answered = Answered(config.name, now)
        self._arrivals = Arrivals(config.name, self._client, self._media, self._answered, now)

    async def start_sending(self, port: Port) -> None:
        """Nothing is asked of Twilio yet; from now on the house can be told things."""
        self._answered.use(port)

    async def start(self, port: Port) -> None:
        """Ask in the background what came in while nobody listened, now and hourly.

        All else comes through ``read_webhook``, in any process.
        """
        if not self._answered.has_port:
            self._answered.use(port)
        await self._arrivals.start(port)

    async def stop_receiving(self) -> None:
        """Ask nothing more; webhooks go on."""
        await self._arrivals.stop()

    async def stop(self) -> None:
        """Stop what goes on in the background and close all connections."""
        await self._arrivals.stop()
        await self._media.stop()
        await self._client.close()

    async def read_webhook(self, request: WebhookRequest) -> WebhookReply:
        """Check the signature, and translate a message or a delivery."""
        door = request.rest.strip("/")
        if request.method != "POST" or door not in _DOORS:
            return WebhookReply(404)
        if not request.headers.get(incoming.SIGNATURE_HEADER):
            return WebhookReply(403)
        form = incoming.read_form(request.body)
        if form is None:
            return _BAD
        if not incoming.is_signed(request.url, form, request.headers, self._options.signing_words):
            return WebhookReply(403)
        if door == "status":
            is_whole = incoming.is_status(form)
            return _answered(incoming.read_status(form, self._now())) if is_whole else _BAD
        return await self._message(form) if incoming.is_message(form) else _BAD

    async def _message(self, form: incoming.Form) -> WebhookReply:
        sid = incoming.sid_of(form)
        self._media.take_away(incoming.media_of(form))
        if incoming.is_answered(form):
            await self._answered.note(sid)
            return _answered(None)
        return _answered(incoming.read_message(form, self._now()))

    def capabilities(self, chat: str) -> Capabilities:  # noqa: ARG002 (all chats are alike)
        """Text with buttons, a list or numbers, inside the 24 hours; receipts come back."""
        return Capabilities(
            max_text=MAX_TEXT,
            max_buttons=MOST_IN_LIST,
            has_receipts=True,
            reply_window_hours=int(WINDOW.total_seconds()) // 3600,
            gap_ms=GAP_MS,
            group_gap_ms=GAP_MS,
            account_per_s=PER_S,
            account_burst=BURST,
            unasked_per_day=self._options.tier,
            has_aliases=True,
            can_look_up=True,
            catches_up=True,
        )

    def private_link(self, token: str) -> str:  # noqa: ARG002 (links carry none)
        """The same wa.me link for everybody: WhatsApp carries no hidden token."""
        return f"https://wa.me/{self._options.digits}?text=Hallo"

    async def send(self, chat: str, message: Message) -> SendResult:
        """Send a message; of a photo what is on it, in words.

        Outside the 24 hours its template goes, or nothing. A text too long for one message
        goes as two, and the id is that of the last; after the first piece a failure gives
        Unknown, so that nothing is sent twice.
        """
        return await self._sender.send(chat, message.in_words())

    async def fetch_media(self, reference: str) -> bytes | Unsupported:
        """The bytes behind a media address of Twilio: a picture of at most 16 MB.

        Twilio keeps it no longer than that.
        """
        try:
            found = await self._client.download(reference)
        except Unclear as error:
            return Unsupported(f"media: {type(error).__name__}")
        if found is None:
            return Unsupported("media: not there, too large, or no picture")
        names = incoming.medium_at(reference)
        self._media.take_away([names] if names else [], after=0)
        return found

    async def template_states(self, wanted: Sequence[TemplateText]) -> Sequence[TemplateState]:
        """How far WhatsApp is with each of these; the list is read now."""
        try:
            return await self._catalogue.states(wanted)
        except Failed as error:
            remedy = f"Twilio answers {error.status}: look at the account's access to Content"
        except Unclear as error:
            remedy = f"no answer of Twilio ({type(error).__name__}): look at the network"
        raise ConfigError(f"channels.{self._config.name}", remedy)

    async def health(self) -> Health:
        """Does Twilio know the account, is it active, and what did not work lately?"""
        state = State(
            hooks_url=self._options.hooks_url,
            unasked_trouble=self._arrivals.trouble,
            files_left=self._media.left,
            has_buttons=self._catalogue.has_shapes,
            is_behind=self._arrivals.is_behind,
        )
        try:
            return health_of(state, await self._client.status())
        except Failed as error:
            remedy = "check account_sid and auth_token against Twilio's console"
            return Health(False, f"Twilio answers {error.status}", remedy)
        except Unclear as error:
            name = type(error).__name__
            return Health(False, f"no answer of Twilio: {name}", "check this machine's network")

    def secrets(self) -> tuple[str, ...]:
        """The tokens and the account's number."""
        return *self._options.signing_words, self._options.account_sid


def _answered(event: IncomingEvent | None) -> WebhookReply:
    """An empty TwiML document: the answer itself goes out by its own request."""
    events = () if event is None else (event,)
    return WebhookReply(200, events=events, body=_EMPTY, media_type="text/xml")
