"""Does a referral say how it stands with the secure chat, and comes a crisis card regardless?"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import Connection, update

from tests.securechat.crew import Colleague, Crew, a_crew
from wijkbot.storage.secure_tables import sc_manifest

RENT = "ik kan mijn huur niet betalen"
CRISIS = "ik wil niet meer leven"
GONE_SECONDS = 120
HOURS = [{"day": "MO", "from": "09:00", "to": "17:00"}]
OPEN_NOW = "Op dit moment is de chat open."


@pytest_asyncio.fixture
async def crew(tmp_path: Path) -> AsyncIterator[Crew]:
    """A bot on a Saturday, and Anna, who is in the console but has not said to be available."""
    async with a_crew(tmp_path, "Anna") as running:
        yield running


async def _available(anna: Colleague, *, is_available: bool = True) -> None:
    await anna.http.post("/api/w/presence", {"available": is_available})


async def _answer(crew: Crew, text: str) -> str:
    """What the bot answers a resident who writes this in private."""
    base = f"{crew.living.base_url}/sandbox/buurt-sandbox"
    async with httpx.AsyncClient() as client:
        await client.post(f"{base}/say", data={"as": "fien", "chat": "private", "text": text})
        for _ in range(150):
            lines = (await client.get(f"{base}/lines?as=fien&chat=private")).json()["lines"]
            told = [html.unescape(re.sub(r"<[^>]+>", "", line["html"])) for line in lines]
            after = told[max((at for at, one in enumerate(told) if text in one), default=99) + 1 :]
            if after:
                return "\n".join(after)
            await asyncio.sleep(0.1)
    pytest.fail("the bot never answered")


async def test_somebody_is_there_and_the_referral_says_so(crew: Crew) -> None:
    await _available(crew.people[0])
    told = await _answer(crew, RENT)
    assert "Goed dat je het vraagt." in told
    assert f"{crew.living.base_url}/c" in told
    assert OPEN_NOW in told


async def test_who_is_there_but_busy_is_not_promised(crew: Crew) -> None:
    told = await _answer(crew, RENT)
    assert "Goed dat je het vraagt." in told
    assert OPEN_NOW not in told


async def test_nobody_is_there_and_the_next_opening_is_named(crew: Crew) -> None:
    await crew.people[0].http.send("PUT", "/api/w/hours", {"hours": HOURS})
    crew.living.bot.house.clock.shift(GONE_SECONDS)
    told = await _answer(crew, RENT)
    opens = "Er is weer een medewerker op maandag 23 november om 9 uur."
    assert f"De veilige chat is nu dicht. {opens} Je kunt al een bericht achterlaten:" in told


@pytest.mark.parametrize("hours", [[], [{"day": "SA", "from": "00:00", "to": "24:00"}]])
async def test_a_moment_that_nobody_knows_is_left_out(
    crew: Crew, hours: list[dict[str, str]]
) -> None:
    """Without hours, and within the hours when nobody came."""
    await crew.people[0].http.send("PUT", "/api/w/hours", {"hours": hours})
    crew.living.bot.house.clock.shift(GONE_SECONDS)
    told = await _answer(crew, RENT)
    assert "De veilige chat is nu dicht. Je kunt al een bericht achterlaten:" in told


async def test_crisis_card_names_the_chat_last_and_only_when_it_is_open(crew: Crew) -> None:
    await _available(crew.people[0])
    told = await _answer(crew, CRISIS)
    assert "De veilige chat is nu open:" in told
    assert told.index("112") < told.index("1813") < told.index("veilige chat")


async def test_crisis_card_needs_nobody_of_the_team(crew: Crew) -> None:
    crew.living.bot.house.clock.shift(GONE_SECONDS)
    told = await _answer(crew, CRISIS)
    assert "Bel 112" in told
    assert "1813" in told
    assert "veilige chat" not in told


@pytest.mark.parametrize("damaged", ['{"version": 1}', "{"])
async def test_damaged_list_of_the_team_keeps_no_answer_back(crew: Crew, damaged: str) -> None:
    """Nobody can write then, whoever is there."""
    await _available(crew.people[0])

    def spoil(conn: Connection) -> None:
        conn.execute(update(sc_manifest).values(manifest=damaged))

    await crew.living.bot.house.database.write(spoil)
    assert "De veilige chat is nu dicht." in await _answer(crew, RENT)
    told = await _answer(crew, CRISIS)
    assert "Bel 112" in told
    assert "veilige chat" not in told
