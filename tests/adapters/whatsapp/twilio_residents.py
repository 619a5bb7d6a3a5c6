"""How do residents come from the local Twilio to the bot? By signed webhooks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import httpx

from tests.adapters.whatsapp.twilio_hooks import Hooks
from tests.adapters.whatsapp.twilio_limits import Limits, says_stop
from tests.adapters.whatsapp.twilio_people import People
from tests.adapters.whatsapp.twilio_world import WINDOW_HOURS, Heard, Sent, new_sid


class Residents(Hooks):
    """Everybody who has WhatsApp, seen from Twilio.

    ``advanced_opt_out``: Twilio itself obeys STOP, answers it, and tells with ``OptOutType``.
    """

    def __init__(
        self, account_sid: str, auth_token: str, sender: str, now: Callable[[], datetime]
    ) -> None:
        super().__init__(account_sid, auth_token, sender, now)
        self.people = People()
        self.limits = Limits()
        self.messages: list[Sent] = []
        self.heard: dict[str, Heard] = {}
        self.last_inbound: dict[str, datetime] = {}
        self.advanced_opt_out = False
        self.own_replies: list[tuple[str, str]] = []
        """(address, STOP | START | HELP) of what Twilio answered by itself."""
        self._opted_out: set[str] = set()
        self._shut: set[str] = set()

    @property
    def violations(self) -> list[str]:
        """What a real line would be punished for."""
        return self.limits.violations

    async def resident_says(
        self, address: str, text: str, *, door: str = "message", **fields: str
    ) -> httpx.Response:
        """A resident writes; ``fields`` are added, as ButtonPayload="k1". Gives the answer.

        Give ``MessageSid`` to bring the same message again.
        """
        form = self._writes(address, text, fields)
        return await self.post(f"{self._public_base}/{door}", form)

    async def resident_writes(self, address: str, text: str, **fields: str) -> bool:
        """As Twilio brings it with retries on, and then to the fallback; was it taken?"""
        form = self._writes(address, text, fields)
        for door in ("message", "fallback"):
            if await self.bring(f"{self._public_base}/{door}#rc=5&rp=all", form) == 200:
                return True
        return False

    def resident_misses(self, address: str, text: str) -> str:
        """A resident writes and no webhook arrives; gives the sid under which it is kept."""
        return self._writes(address, text, {})["MessageSid"]

    async def resident_taps(
        self, address: str, choice_id: str, title: str, *, in_list: bool = False
    ) -> httpx.Response:
        """A resident taps a button, or picks from a list: the title comes along as the text."""
        if in_list:
            fields = {"MessageType": "interactive", "ListId": choice_id, "ListTitle": title}
        else:
            fields = {"MessageType": "button", "ButtonPayload": choice_id, "ButtonText": title}
        return await self.resident_says(address, title, **fields)

    async def resident_picks(self, address: str, title: str) -> httpx.Response:
        """Tap what the last message with such a choice offers."""
        for message in reversed(self.sent(address)):
            for choice_id, known in message.choices:
                if known == title:
                    in_list = message.kind == "list-picker"
                    return await self.resident_taps(address, choice_id, title, in_list=in_list)
        raise AssertionError(f"nothing shows {title!r}")

    def sent(self, to: str) -> list[Sent]:
        """What the bot sent to a person, in order."""
        person = self.people.person(to)
        return [each for each in self.messages if self.people.person(each.to) == person]

    async def wait_sent(self, to: str, count: int, seconds: float = 15) -> list[Sent]:
        """Until that many messages went to an address."""
        await self.until(lambda: len(self.sent(to)) >= count, seconds)
        return self.sent(to)

    def becomes_known(self, number: str, user_id: str, *, is_hidden: bool = False) -> None:
        """WhatsApp tells this id from now on, beside the number, or instead of it."""
        (self.people.hide if is_hidden else self.people.introduce)(number, user_id)
        if number in self.last_inbound:
            self.last_inbound[user_id] = self.last_inbound.pop(number)

    def shut_early(self, address: str) -> None:
        """Twilio's own clock says that the window is shut, until the next message."""
        self._shut.add(self.people.person(address))

    def is_open(self, address: str) -> bool:
        """Did this person write within 24 hours, by Twilio's clock?"""
        person = self.people.person(address)
        return self._was_heard(person) and person not in self._shut

    def _was_heard(self, person: str) -> bool:
        last = self.last_inbound.get(person)
        return last is not None and self.now() - last < timedelta(hours=WINDOW_HOURS)

    def _writes(self, address: str, text: str, fields: dict[str, str]) -> dict[str, str]:
        """Keep what was written, and give the form of its webhook."""
        sid = fields.pop("MessageSid", "") or new_sid()
        who = self.people.addresses(address)
        person = self.people.person(address)
        if sid not in self.heard:
            count = int(fields.get("NumMedia", "0"))
            media = tuple(fields[f"MediaUrl{number}"] for number in range(count))
            self.heard[sid] = Heard(sid, who["From"], self.sender, text, self.now(), media)
            self.last_inbound[person] = self.now()
            self._shut.discard(person)
            fields |= self._opt_out(address, person, text, fields)
        return {
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "MessageSid": sid,
            "AccountSid": self.account_sid,
            "To": self.sender,
            "Body": text,
            "NumMedia": "0",
            "NumSegments": "1",
            "MessageType": "text",
            "SmsStatus": "received",
            "ApiVersion": "2010-04-01",
            "ProfileName": "",
            **who,
            **fields,
        }

    def _opt_out(
        self, address: str, person: str, text: str, fields: dict[str, str]
    ) -> dict[str, str]:
        """What Advanced Opt-Out does and adds, when it is on."""
        word = fields.get("OptOutType", "")
        if self.advanced_opt_out and not word:
            words = {"start": "START", "help": "HELP"}
            word = "STOP" if says_stop(text) else words.get(text.strip().casefold(), "")
        if word:
            self.own_replies.append((address, word))
        if word == "STOP" and self.advanced_opt_out:
            self._opted_out.add(person)
        if word == "START":
            self._opted_out.discard(person)
        self.limits.heard(person, text, was_confirmed=bool(word))
        return {"OptOutType": word} if word else {}
