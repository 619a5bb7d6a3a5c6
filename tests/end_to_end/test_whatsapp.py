"""Do the four verbs run through the real twilio library, with signed webhooks?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from tests.adapters.whatsapp.local_twilio import LocalTwilio
from tests.living import LivingBot, free_port, living_bot
from wijkbot.storage import jobs

ANN = "whatsapp:+32470000001"
PUBLIC = "https://buurt.example.org"


@asynccontextmanager
async def _talking(folder: Path) -> AsyncIterator[tuple[LocalTwilio, LivingBot]]:
    port = free_port()
    async with LocalTwilio() as twilio:
        channels = {"buurt": {"adapter": "whatsapp", **twilio.options()}}
        async with living_bot(folder, channels, port=port, public_url=PUBLIC, at=None) as living:
            twilio.connect(f"http://127.0.0.1:{port}/hooks/buurt", f"{PUBLIC}/hooks/buurt")
            yield twilio, living


def _bodies(twilio: LocalTwilio) -> list[str]:
    return [sent.body for sent in twilio.sent(ANN)]


async def test_question_referral_and_crisis(tmp_path: Path) -> None:
    """The crisis card first and alone; then the referral with the computer line; then info."""
    async with _talking(tmp_path) as (twilio, _):
        answer = await twilio.resident_says(ANN, "ik wil niet meer leven")
        assert 200 == answer.status_code
        await twilio.wait_sent(ANN, 1)
        assert _bodies(twilio)[0].startswith("Dit is ernstig.")
        assert "1813" in _bodies(twilio)[0]
        await twilio.resident_says(ANN, "ik kan mijn huur niet betalen")
        await twilio.wait_sent(ANN, 2)
        referral = _bodies(twilio)[1].splitlines()
        assert referral[0].startswith("Goed dat je het vraagt.")
        assert referral[-1].startswith("Ik ben een computer")
        await twilio.resident_says(ANN, "wanneer is het spreekuur?")
        await twilio.wait_sent(ANN, 3)
        assert "van 9 tot 12 uur" in _bodies(twilio)[2]


async def test_odd_job_by_typed_numbers(tmp_path: Path) -> None:
    """Buttons are shown, numbers typed all the same, up to the moderator's list."""
    async with _talking(tmp_path) as (twilio, living):
        said = ["klusje", "1", "ja", "2", "een lamp in de keuken", "Noord", "1", "1"]
        for count, answer in enumerate(said, start=1):
            await twilio.resident_says(ANN, answer)
            await twilio.wait_sent(ANN, count)
        assert twilio.sent(ANN)[0].choices[0][1] == "Ik zoek hulp"
        assert "genoteerd" in _bodies(twilio)[-1]
        house = living.bot.house
        found = await house.database.read(lambda c: jobs.listing(c, house.sealer, status="open"))
        assert [("request", "K02", "een lamp in de keuken")] == [
            (job.kind, job.category, job.words) for job in found
        ]


async def test_bad_signature_is_refused_and_nothing_is_stored(tmp_path: Path) -> None:
    """403 for a forged and for an unsigned webhook, and not one row more."""
    async with _talking(tmp_path) as (_, living), httpx.AsyncClient() as client:
        before = await _rows(living)
        form = {"MessageSid": "SM1", "From": ANN, "Body": "hallo"}
        for headers in ({}, {"X-Twilio-Signature": "forged"}):
            url = f"{living.base_url}/hooks/buurt/message"
            answer = await client.post(url, data=form, headers=headers)
            assert 403 == answer.status_code
        assert before == await _rows(living)


async def test_same_message_twice_is_answered_once(tmp_path: Path) -> None:
    """Twilio repeats a webhook: one row, one answer."""
    async with _talking(tmp_path) as (twilio, living):
        sid = "SM" + "a" * 32
        await twilio.resident_says(ANN, "waar kan ik printen?", MessageSid=sid)
        await twilio.resident_says(ANN, "waar kan ik printen?", MessageSid=sid)
        await twilio.wait_sent(ANN, 1)
        assert 1 == (await _rows(living))[0]


async def _rows(living: LivingBot) -> tuple[int, int]:
    def count(conn: Any) -> tuple[int, int]:
        inbox = conn.execute(text("select count(*) from inbox")).scalar()
        chat = conn.execute(text("select count(*) from chat")).scalar()
        return int(inbox), int(chat)

    return await living.bot.house.database.read(count)


async def test_stop_that_twilio_confirmed_is_obeyed_in_silence(tmp_path: Path) -> None:
    """The opt-out is kept, and the resident does not get a second confirmation."""
    async with _talking(tmp_path) as (twilio, living):
        await twilio.resident_says(ANN, "stop", OptOutType="STOP")
        await twilio.resident_says(ANN, "waar kan ik printen?")
        await twilio.wait_sent(ANN, 1)
        assert "bibliotheek" in _bodies(twilio)[0]

        def kept(conn: Any) -> int:
            return int(conn.execute(text("select count(*) from opt_out")).scalar())

        assert 2 == await living.bot.house.database.read(kept)
