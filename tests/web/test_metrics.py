"""Who may read the figures, are they right, and do they say nothing about anybody?"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Connection

from tests.living import LivingBot, living_bot
from wijkbot.app.metrics import Meters, exposition, may_look
from wijkbot.engine.words import Purpose
from wijkbot.storage import limiter
from wijkbot.storage.errors import DatabaseAway

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
CHANNELS = {"zonnewijk": {"adapter": "sandbox"}}
TOKEN = "een-lang-en-geheim-woord"
WORDS = "Mijn nummer is 0470 12 34 56, wanneer is het spreekuur?"
LABELS = {"channel", "status", "purpose", "lane", "le"}

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def parsed(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def read(living: LivingBot, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"{living.base_url}/metrics", headers=headers)


ACCEPTED = ("wijkbot_accepted_total", (("channel", "zonnewijk"),))
WAITING_IN = ("wijkbot_waiting_in", (("channel", "zonnewijk"),))
WAITING_OUT = ("wijkbot_waiting_out", (("channel", "zonnewijk"),))


async def ask(living: LivingBot) -> Samples:
    """A resident writes to the bot in private, and it answers; the figures after that."""
    before = parsed((await read(living)).text).get(ACCEPTED, 0.0)
    async with httpx.AsyncClient(trust_env=False) as client:
        form = {"as": "fien", "chat": "private", "text": WORDS}
        done = await client.post(f"{living.base_url}/sandbox/zonnewijk/say", data=form)
        assert done.status_code < 400
    for _ in range(500):
        told = parsed((await read(living)).text)
        if told.get(ACCEPTED, 0.0) > before and not told[WAITING_IN] and not told[WAITING_OUT]:
            return told
        await asyncio.sleep(0.02)
    raise AssertionError("the message was never handled")


async def test_figures_are_told_in_the_form_of_prometheus(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        house = living.bot.house
        await house.database.write(lambda c: limiter.configure(c, "zonnewijk", 30, 5))
        first = parsed((await read(living)).text).get(ACCEPTED, 0.0)
        told = await ask(living)
    channel = (("channel", "zonnewijk"),)
    assert told[ACCEPTED] == first + 1
    assert told["wijkbot_database_up", ()] == 1
    assert told["wijkbot_rate_per_second", channel] == 30
    assert told["wijkbot_rate_burst", channel] == 5
    for name in ("oldest_in_seconds", "oldest_out_seconds", "dead_letters", "suspended_chats"):
        assert told[f"wijkbot_{name}", channel] == 0


async def test_figures_hold_no_word_number_or_name_of_a_resident(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        await ask(living)
        text = (await read(living)).text
    shown = re.sub(r" [-+0-9.e]+$", "", text, flags=re.MULTILINE)
    assert not re.search(r"fien|spreekuur|0470|56|nummer", shown, flags=re.IGNORECASE)
    assert not re.search(r"[0-9a-f]{16}", shown)
    for family in text_string_to_metric_families(text):
        assert all(set(sample.labels) <= LABELS for sample in family.samples)


async def test_this_machine_may_look_and_a_proxy_may_not(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        assert (await read(living)).status_code == 200
        for name in ("X-Forwarded-For", "Forwarded", "x-real-ip", "Via"):
            refused = await read(living, **{name: "127.0.0.1"})
            assert (refused.status_code, refused.text) == (404, "Not Found")


async def test_the_token_opens_also_behind_a_proxy(tmp_path: Path) -> None:
    server = {"server": {"metrics_token": TOKEN}}
    async with living_bot(tmp_path, CHANNELS, extra=server) as living:
        far = {"X-Forwarded-For": "203.0.113.9"}
        right = await read(living, Authorization=f"Bearer {TOKEN}", **far)
        assert right.status_code == 200
        assert ("wijkbot_database_up", ()) in parsed(right.text)
        for wrong in (f"Bearer {TOKEN}x", "Bearer", f"Basic {TOKEN}", TOKEN):
            assert (await read(living, Authorization=wrong, **far)).status_code == 404
        assert (await read(living, Authorization="Bearer no")).status_code == 404


@pytest.mark.parametrize(
    ("client", "allowed"),
    [("127.0.0.1", True), ("::1", True), ("192.168.1.7", False), ("", False), ("fien", False)],
)
def test_only_the_loopback_needs_no_token(client: str, allowed: bool) -> None:
    assert may_look(client, {}, TOKEN) is allowed
    assert may_look(client, {"authorization": f"Bearer {TOKEN}"}, TOKEN)


def test_no_token_is_no_key() -> None:
    assert not may_look("192.168.1.7", {"authorization": "Bearer "}, "")
    assert not may_look("192.168.1.7", {"authorization": "Bearer"}, "")


async def test_without_a_database_the_counters_are_told_all_the_same(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        house = living.bot.house
        house.meters.not_stored("zonnewijk")
        away = _Away()
        told = parsed((await exposition(house.meters, away, 0, ["zonnewijk"])).decode())
    assert told["wijkbot_database_up", ()] == 0
    assert told["wijkbot_webhooks_refused_total", (("channel", "zonnewijk"),)] == 1
    assert WAITING_IN not in told


class _Away:
    """A database that does not answer."""

    async def read(self, fn: Callable[[Connection], T]) -> T:
        raise DatabaseAway("the database does not answer", "start it")


def test_two_processes_in_one_count_apart() -> None:
    first, second = Meters(), Meters()
    first.accepted("zonnewijk", 3)
    first.handled(0.2)
    first.sent("zonnewijk", 0.1)
    first.settled("zonnewijk", Purpose.INFO, "SENT")
    first.retried("zonnewijk", "rate")
    told = parsed(generate_latest(first.registry).decode())
    channel = ("channel", "zonnewijk")
    sent = ("wijkbot_settled_total", (channel, ("purpose", "info"), ("status", "sent")))
    assert told[ACCEPTED] == 3
    assert told["wijkbot_handling_seconds_count", ()] == 1
    assert told["wijkbot_sending_seconds_count", (channel,)] == 1
    assert told[sent] == 1
    assert told["wijkbot_retries_total", (channel, ("status", "rate"))] == 1
    assert parsed(generate_latest(second.registry).decode()).get(ACCEPTED) is None


async def test_every_figure_stands_in_the_guide_and_the_guide_names_no_other(
    tmp_path: Path,
) -> None:
    guide = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    async with living_bot(tmp_path, CHANNELS) as living:
        text = (await read(living)).text
    told = set(re.findall(r"^# TYPE (wijkbot_\w+) ", text, flags=re.MULTILINE))
    told = {name for name in told if not name.endswith("_created")}
    named = {name.removesuffix("_bucket") for name in re.findall(r"\b(wijkbot_[a-z_]+)\b", guide)}
    assert named == told


async def test_health_tells_what_waits_on_each_channel(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        await ask(living)
        house = living.bot.house
        await house.database.write(lambda c: limiter.configure(c, "zonnewijk", 30, 5))
        async with httpx.AsyncClient(trust_env=False) as client:
            report = (await client.get(f"{living.base_url}/health")).json()
    assert report["backlog"] == {"waiting_in": 0, "waiting_out": 0, "dead": 0}
    channel = report["channels"]["zonnewijk"]
    assert channel["ok"] is True
    numbers = ("waiting_in", "oldest_in_ms", "waiting_out", "oldest_out_ms", "dead", "unknown")
    assert {name: channel[name] for name in numbers} == dict.fromkeys(numbers, 0)
    assert channel["held_ms"] == 0
