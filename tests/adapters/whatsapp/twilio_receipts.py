"""How do receipts come from the local Twilio? In order or not, once or twice, late, failed."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tests.adapters.whatsapp.twilio_residents import Residents
from tests.adapters.whatsapp.twilio_world import Sent

RECEIPT_SECONDS = 0.05
_AT_ONCE = 16
_UNDELIVERED = frozenset({63014, 63024, 63003, 30008})


@dataclass
class Receipts:
    """How they come. ``seconds`` pass before each; ``reads``: this person shares that it is read.

    Shuffled ones of one message come in any order, and doubled ones all come twice.
    """

    shuffled: bool = False
    doubled: bool = False
    lost: bool = False
    reads: bool = False
    seconds: float = RECEIPT_SECONDS


class Followers(Residents):
    """Brings the receipts of every message, as ``receipts`` says."""

    def __init__(
        self, account_sid: str, auth_token: str, sender: str, now: Callable[[], datetime]
    ) -> None:
        super().__init__(account_sid, auth_token, sender, now)
        self.receipts = Receipts()
        self.callbacks: list[tuple[str, str, int]] = []
        """(sid, status, HTTP answer) of each receipt that was brought."""
        self._fails: dict[str, deque[int]] = defaultdict(deque)
        self._chance = random.Random(20261122)
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Semaphore(_AT_ONCE)

    def fail_delivery(self, address: str, code: int, times: int = 1) -> None:
        """The next messages to this person are taken, and fail afterwards with this code."""
        self._fails[self.people.person(address)].extend([code] * times)

    def failure_for(self, person: str) -> int:
        """The code with which the next message to this person fails on demand; 0 for none."""
        return self._fails[person].popleft() if self._fails[person] else 0

    async def wait_callback(self, sid: str, status: str) -> int:
        """Until that receipt was brought; gives the bot's HTTP answer."""
        await self.until(lambda: self._brought(sid, status) is not None)
        return self._brought(sid, status) or 0

    async def tell_again(self, message: Sent, status: str, code: int = 0) -> int:
        """Bring one receipt of a message now, whatever was told of it before."""
        return await self._bring(message, status, code)

    async def receipts_rest(self, seconds: float = 60) -> None:
        """Until every receipt was brought."""
        async with asyncio.timeout(seconds):
            while self._tasks:
                await asyncio.wait(tuple(self._tasks), return_when=asyncio.FIRST_COMPLETED)

    def follow(self, message: Sent, code: int) -> None:
        """Bring the receipts of a message without making anybody wait; a ``code``: it fails."""
        self._tell()
        task = asyncio.get_running_loop().create_task(self._follow(message, code))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Bring no more receipts."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await super().close()

    async def _follow(self, message: Sent, code: int) -> None:
        plan = self.receipts
        statuses = ["sent", "delivered", *(["read"] if plan.reads else [])]
        if code:
            statuses = ["undelivered" if code in _UNDELIVERED else "failed"]
        if plan.shuffled:
            message.status, message.code = statuses[-1], code or None
            statuses = self._chance.sample(statuses, len(statuses))
        for status in statuses * (2 if plan.doubled else 1):
            # A receipt comes after the answer to the call that sent the message.
            await asyncio.sleep(plan.seconds)
            if not plan.shuffled:
                message.status, message.code = status, code or None
            self._tell()
            if not plan.lost:
                await self._bring(message, status, code)

    async def _bring(self, message: Sent, status: str, code: int) -> int:
        is_ours = bool(self._public_base) and message.callback.startswith(self._public_base)
        if not is_ours:
            return 0
        who = self.people.addresses(message.to)
        form = {
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "AccountSid": self.account_sid,
            "From": message.sender,
            "To": message.to,
            "MessageStatus": status,
            "SmsStatus": status,
            "ApiVersion": "2010-04-01",
            "ChannelPrefix": "whatsapp",
            **({"ExternalUserId": who["ExternalUserId"]} if "ExternalUserId" in who else {}),
            **({"ErrorCode": str(code)} if code else {}),
        }
        async with self._turn:
            answer = await self.bring(message.callback, form)
        self.callbacks.append((message.sid, status, answer))
        self._tell()
        return answer

    def _brought(self, sid: str, status: str) -> int | None:
        found = (answer for known, at, answer in self.callbacks if (known, at) == (sid, status))
        return next(found, None)
