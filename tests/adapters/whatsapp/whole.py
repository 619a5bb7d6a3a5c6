"""How do tests see all of it? The adapter, the house behind it and the local Twilio, as one.

What a real line would be punished for makes the test fail, whatever it is about.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection, func, select

from tests.adapters.whatsapp.local_twilio import LocalTwilio
from tests.adapters.whatsapp.twilio_world import Sent
from tests.living import SATURDAY, LivingBot, free_port, living_bot
from tests.traces import waiting_events
from wijkbot.app.announce import announce, plan
from wijkbot.app.assemble import ensure_key
from wijkbot.app.subscribers import lists
from wijkbot.clock import Clock
from wijkbot.content.locate import content_dir
from wijkbot.storage import changes, migrate
from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import conversation, inbox, outbox

ANN, BEN, CAS = (f"whatsapp:+3247000000{number}" for number in (1, 2, 3))
NADIA = "whatsapp:BE.1502576394655843"
"""She has a user name: WhatsApp tells no number of hers."""
PUBLIC = "https://buurt.example.org"
HOOKS = f"{PUBLIC}/hooks/buurt"
HOURS = "wanneer is het spreekuur?"
ANSWER = "maandag 23 november"
THINKING = 7
"""So many seconds somebody takes to write; one person gets about one message in six."""
HELP = "ik kan mijn huur niet betalen"


@dataclass(frozen=True, slots=True)
class Whole:
    """The local Twilio and the bot that runs on it."""

    twilio: LocalTwilio
    living: LivingBot

    async def asks(self, who: str, text: str, **fields: str) -> Sent:
        """Somebody writes, after some seconds, and gets an answer: the last message of it."""
        self.passes(seconds=THINKING)
        before = len(self.twilio.sent(who))
        answer = await self.twilio.resident_says(who, text, **fields)
        assert answer.status_code == 200
        found = await self.twilio.wait_sent(who, before + 1)
        await self.rests()
        return found[-1]

    async def picks(self, who: str, title: str) -> Sent:
        """Somebody taps what the last message offers, and gets an answer."""
        self.passes(seconds=THINKING)
        before = len(self.twilio.sent(who))
        answer = await self.twilio.resident_picks(who, title)
        assert answer.status_code == 200
        return (await self.twilio.wait_sent(who, before + 1))[-1]

    async def subscribes(self, *people: str) -> None:
        """Each of them asks for news and says yes."""
        await asyncio.gather(*(self._subscribes(who) for who in people))

    async def _subscribes(self, who: str) -> None:
        await self.asks(who, "AANMELD")
        assert "Vanaf nu krijg je nieuws" in (await self.asks(who, "ja")).body

    async def announces(self, item: str = "Z3") -> tuple[int, ...]:
        """A worker announces this to all subscribers; gives its numbers."""
        house = self.living.bot.house
        found = await self.read(lists)
        if not found:
            return ()
        made = await plan(house, dict(self.living.bot.adapters), item, (), lists=found)
        key = house.clock.token(12)
        return tuple((await announce(house, made, key, "worker")).ids)

    async def report(self, number: int) -> Counter[str]:
        """What an announcement's report counts: "DELIVERED", or "REFUSED blocked"."""
        found = await self.read(lambda c: changes.outcomes(c, number))
        return Counter(f"{one.status.name} {one.error}".strip() for one in found)

    def texts(self, who: str) -> list[str]:
        """What the bot wrote to somebody, in order."""
        return [message.body for message in self.twilio.sent(who)]

    async def rests(self, seconds: float = 30.0) -> None:
        """Until nothing waits to be decided or sent, and every receipt was brought."""
        async with asyncio.timeout(seconds):
            while await self.read(_waiting):
                await asyncio.sleep(0.05)
            await self.twilio.receipts_rest(seconds)
            while await self.read(_waiting):
                await asyncio.sleep(0.05)

    async def has_read(self, seconds: float = 30.0) -> None:
        """Until everything that came in was decided; what that made may still wait."""
        async with asyncio.timeout(seconds):
            while await self.read(waiting_events):
                await asyncio.sleep(0.02)

    async def statuses(self) -> list[Status]:
        """What became of each message, in order of its making."""
        query = select(outbox.c.status).order_by(outbox.c.created_at, outbox.c.key)
        found = await self.read(lambda c: list(c.execute(query).scalars()))
        return [Status(one) for one in found]

    async def errors(self) -> list[str]:
        """Why messages did not arrive, in order of their making."""
        query = select(outbox.c.error).where(outbox.c.error != "").order_by(outbox.c.created_at)
        return list(await self.read(lambda c: list(c.execute(query).scalars())))

    async def stored(self) -> int:
        """How many events were stored."""
        query = select(func.count()).select_from(inbox)
        return int(await self.read(lambda c: c.execute(query).scalar_one()))

    async def read(self, ask: Any) -> Any:
        """Ask the house's database something."""
        return await self.living.bot.house.database.read(ask)

    def passes(self, **time: float) -> None:
        """So much time passes, for the house and for Twilio alike: hours=25."""
        seconds = {"hours": 3600, "minutes": 60, "seconds": 1}
        shift = sum(seconds[unit] * count for unit, count in time.items())
        self.living.bot.house.clock.shift(shift)


@asynccontextmanager
async def whole(
    folder: Path,
    twilio: LocalTwilio,
    *,
    url: str = "",
    policy: dict[str, Any] | None = None,
    at: datetime | None = SATURDAY,
    extra: dict[str, Any] | None = None,
    **options: Any,
) -> AsyncIterator[Whole]:
    """Run the bot; ``options`` are keys of its channel, ``url`` another database than SQLite."""
    port = free_port()
    more: dict[str, Any] = {
        "policy": {"group_activation": "invite", "pointer": "", **(policy or {})},
        **(extra or {}),
    }
    if url:
        more["database"] = {"url": url}
    channels = {"buurt": {"adapter": "whatsapp", **twilio.options(), **options}}
    kind: dict[str, Any] = {"at": at, "port": port, "public_url": PUBLIC, "extra": more}
    twilio.connect(f"http://127.0.0.1:{port}/hooks/buurt", HOOKS)
    if at is not None:  # Twilio lives at the same moment, before the house does too
        clock = Clock()
        clock.shift((at - clock.now()).total_seconds())
        twilio.now = clock.now
    async with living_bot(folder, channels, **kind) as living:
        twilio.now = living.bot.house.clock.now
        yield Whole(twilio, living)
        await twilio.receipts_rest()
    assert twilio.violations == []


def add_templates(twilio: LocalTwilio, status: str = "approved") -> None:
    """The product's templates, as a human made them at Twilio; WhatsApp answered with this."""
    for path in sorted((content_dir("dialogs") / "templates").glob("*.yaml")):
        item = yaml.safe_load(path.read_text(encoding="utf-8"))
        for language, body in item["text"].items():
            twilio.add_template(
                f"wijkbot_{item['id'].lower()}_{language}",
                language,
                body,
                examples=tuple(item["examples"][language]),
                buttons=tuple(item.get("buttons", {}).get(language, ())),
                category=item["category"].upper(),
                status=status,
            )


def new_sqlite(folder: Path) -> str:
    """The url of a migrated, empty database beside the configuration."""
    url = f"sqlite:///{folder / 'wijkbot.db'}"
    migrate.upgrade(url)
    return url


def write_config(folder: Path, url: str, twilio: LocalTwilio, more: str = "") -> Path:
    """The settings and the key file that all processes of one bot share."""
    folder.mkdir(parents=True, exist_ok=True)
    ensure_key(folder, Clock())
    config = folder / "wijkbot.toml"
    config.write_text(
        f"""
[organisation]
name = "Buurthuis De Brug"
country = "BE"
public_url = "{PUBLIC}"
[database]
url = "{url}"
[secure_chat]
url = "https://veilige-chat.example/"
[policy]
group_activation = "invite"
pointer = ""
[channels.buurt]
adapter = "whatsapp"
account_sid = "{twilio.account_sid}"
auth_token = "{twilio.auth_token}"
sender = "{twilio.sender}"
api_base_url = "{twilio.base_url}"
{more}
""",
        encoding="utf-8",
    )
    return config


def _waiting(conn: Connection) -> int:
    events = select(func.count()).where(conversation.c.in_seq > conversation.c.done_seq)
    rows = select(func.count()).where(outbox.c.status < int(Status.SENT))
    return int(conn.execute(events).scalar_one()) + int(conn.execute(rows).scalar_one())
