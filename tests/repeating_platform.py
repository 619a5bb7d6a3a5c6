"""How does a platform behave whose webhooks are refused? It brings each of them again, in turn."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from starlette.responses import Response

from tests.adapters.whatsapp.local_twilio import LocalTwilio
from tests.adapters.whatsapp.twilio_world import new_sid
from wijkbot.app.assemble import ensure_key
from wijkbot.clock import Clock
from wijkbot.storage import migrate

PUBLIC = "https://buurt.example.org"
REPEAT_SECONDS = 0.3


class SlowTwilio(LocalTwilio):
    """Takes a message at once, and says so ``seconds`` later."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__()
        self.seconds = seconds

    async def _create(self, fields: dict[str, str]) -> Response:
        answer = await super()._create(fields)
        await asyncio.sleep(self.seconds)
        return answer


@dataclass
class Platform:
    """Brings signed webhooks until they are taken; notes every answer and how long it took."""

    twilio: LocalTwilio
    statuses: list[int] = field(default_factory=list)
    retry_after: list[str] = field(default_factory=list)
    longest: float = 0.0
    ended: list[BaseException] = field(default_factory=list)

    def connect(self, base_url: str) -> None:
        """Where the bot's channel answers."""
        self.twilio.connect(f"{base_url}/hooks/buurt", f"{PUBLIC}/hooks/buurt")

    async def says(self, resident: str, *texts: str) -> None:
        """A resident writes these, one after the other; returns when all were taken."""
        for text in texts:
            sid = new_sid()
            while not await self.brings(resident, text, sid):
                await asyncio.sleep(REPEAT_SECONDS)

    async def brings(self, resident: str, text: str, sid: str = "") -> bool:
        """Bring it once; says whether it was taken."""
        began = time.monotonic()
        more = {"MessageSid": sid} if sid else {}
        try:
            answer = await self.twilio.resident_says(resident, text, **more)
        except httpx.HTTPError as error:
            self.ended.append(error)
            return False
        finally:
            self.longest = max(self.longest, time.monotonic() - began)
        self.statuses.append(answer.status_code)
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            self.retry_after.append(answer.headers.get("Retry-After", ""))
        return answer.is_success

    def forget(self) -> None:
        """Begin to note anew."""
        self.statuses, self.retry_after, self.longest, self.ended = [], [], 0.0, []

    async def answered(self, resident: str, count: int, seconds: float) -> list[str]:
        """Until the bot sent so many messages there; gives them in order."""
        async with asyncio.timeout(seconds):
            while len(self.twilio.sent(resident)) < count:
                await asyncio.sleep(0.05)
        return [sent.body for sent in self.twilio.sent(resident)]


def write_config(folder: Path, url: str, twilio: LocalTwilio) -> Path:
    """The settings, the key file and the empty database of a bot on this WhatsApp."""
    folder.mkdir(parents=True, exist_ok=True)
    ensure_key(folder, Clock())
    migrate.upgrade(url)
    config = folder / "wijkbot.toml"
    options = "\n".join(f'{name} = "{value}"' for name, value in twilio.options().items())
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
[channels.buurt]
adapter = "whatsapp"
{options}
""",
        encoding="utf-8",
    )
    return config
