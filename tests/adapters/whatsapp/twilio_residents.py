"""How do residents, and receipts, come from the local Twilio to the bot? By signed webhooks."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlencode

import httpx
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tests.adapters.whatsapp.twilio_world import Sent, new_sid

RECEIPT_SECONDS = 0.05


class Residents:
    """Everybody who has WhatsApp, seen from Twilio. ``authorization`` is what a call must show.

    Webhooks are signed over the public address and posted to the loopback one.
    """

    def __init__(
        self, account_sid: str, auth_token: str, sender: str, now: Callable[[], datetime]
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.sender = sender
        self.now = now
        self.messages: list[Sent] = []
        self.last_inbound: dict[str, datetime] = {}
        self.callbacks: list[tuple[str, str, int]] = []
        """(sid, status, HTTP answer) of each receipt that was brought."""
        self.authorization = f"Basic {b64encode(f'{account_sid}:{auth_token}'.encode()).decode()}"
        self._hook_base = ""
        self._public_base = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()

    def connect(self, hook_base: str, public_base: str) -> None:
        """Where the channel's webhooks are (``…/hooks/<channel>``), and what they are called.

        ``hook_base`` is the loopback address, ``public_base`` the one under ``public_url``.
        """
        self._hook_base = hook_base.rstrip("/")
        self._public_base = public_base.rstrip("/")

    async def resident_says(
        self, address: str, text: str, *, door: str = "message", **fields: str
    ) -> httpx.Response:
        """A resident writes; ``fields`` are added, as ButtonPayload="k1". Gives the answer.

        Give ``MessageSid`` to bring the same message again.
        """
        self.last_inbound[address] = self.now()
        sid = fields.pop("MessageSid", "") or new_sid()
        number = address.removeprefix("whatsapp:+")
        form = {
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "MessageSid": sid,
            "AccountSid": self.account_sid,
            "From": address,
            "To": self.sender,
            "Body": text,
            "NumMedia": "0",
            "NumSegments": "1",
            "MessageType": "text",
            "SmsStatus": "received",
            "ApiVersion": "2010-04-01",
            "ProfileName": "",
            **({"WaId": number} if number.isdecimal() else {}),
            **fields,
        }
        return await self.post(f"{self._public_base}/{door}", form)

    async def resident_taps(
        self, address: str, choice_id: str, title: str, *, in_list: bool = False
    ) -> httpx.Response:
        """A resident taps a button, or picks from a list: the title comes along as the text."""
        if in_list:
            fields = {"MessageType": "interactive", "ListId": choice_id, "ListTitle": title}
        else:
            fields = {"MessageType": "button", "ButtonPayload": choice_id, "ButtonText": title}
        return await self.resident_says(address, title, **fields)

    def sent(self, to: str) -> list[Sent]:
        """What the bot sent to an address, in order."""
        return [message for message in self.messages if message.to == to]

    async def wait_sent(self, to: str, count: int) -> list[Sent]:
        """Until that many messages went to an address."""
        async with asyncio.timeout(15):
            while len(self.sent(to)) < count:
                await self._change()
        return self.sent(to)

    async def wait_callback(self, sid: str, status: str) -> int:
        """Until that receipt was brought; gives the bot's HTTP answer."""
        async with asyncio.timeout(15):
            while True:
                for known, at, answer in self.callbacks:
                    if (known, at) == (sid, status):
                        return answer
                await self._change()

    def follow(self, message: Sent, *, is_delivered: bool) -> None:
        """Bring the receipts of a message, one after another, without making anybody wait."""
        self._tell()
        task = asyncio.get_running_loop().create_task(self._follow(message, is_delivered))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Bring no more receipts."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def post(
        self, public_url: str, form: Mapping[str, str], *, token: str = ""
    ) -> httpx.Response:
        """Post a signed form; with another ``token`` the signature is wrong."""
        signed = RequestValidator(token or self.auth_token)
        url = public_url.replace(self._public_base, self._hook_base, 1)
        headers = {
            "X-Twilio-Signature": signed.compute_signature(public_url, dict(form)),
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        }
        async with httpx.AsyncClient(timeout=15, trust_env=False) as client:
            return await client.post(url, content=urlencode(form).encode(), headers=headers)

    async def _follow(self, message: Sent, is_delivered: bool) -> None:
        is_told = bool(self._public_base) and message.callback.startswith(self._public_base)
        for status in ("sent", "delivered") if is_delivered else ("failed",):
            # A receipt comes after the answer to the call that sent the message.
            await asyncio.sleep(RECEIPT_SECONDS)
            message.status = status
            message.code = None if is_delivered else 63016
            if not is_told:
                continue
            form = {
                "MessageSid": message.sid,
                "SmsSid": message.sid,
                "AccountSid": self.account_sid,
                "From": message.sender,
                "To": message.to,
                "MessageStatus": status,
                "SmsStatus": status,
                **({} if message.code is None else {"ErrorCode": str(message.code)}),
            }
            try:
                answer = (await self.post(message.callback, form)).status_code
            except httpx.HTTPError:
                answer = 0
            self.callbacks.append((message.sid, status, answer))
            self._tell()

    def _tell(self) -> None:
        self._changed.set()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()
