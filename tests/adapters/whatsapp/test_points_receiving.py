"""Points 1, 2, 5, 6, 11, 12, 14, 17 and 18 of the checklist: what comes in, through the house.

Each runs the real twilio library against the local Twilio, and its own signer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import Connection, func, select
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tests.adapters.whatsapp.local_twilio import LocalTwilio
from tests.adapters.whatsapp.twilio_world import new_sid
from tests.adapters.whatsapp.whole import (
    ANN,
    ANSWER,
    BEN,
    CAS,
    HELP,
    HOOKS,
    HOURS,
    NADIA,
    Whole,
    whole,
    write_config,
)
from tests.living import SATURDAY
from tests.many import fresh_database, processes
from tests.traces import in_files
from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import chat

CANNOT_READ = "kan ik niet lezen"
KLUS = ("klusje", "ik zoek hulp", "ja", "lamp of plank", "een lamp ophangen", "Noord", "1", "ja")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the house keeps what it knows: both ways."""
    if request.param == "sqlite":
        yield ""
        return
    with fresh_database(request.getfixturevalue("postgres_url")) as made:
        yield made


def message_form(twilio: LocalTwilio, **fields: str) -> dict[str, str]:
    """What Ann asks, as a form."""
    form = {"MessageSid": new_sid(), "AccountSid": twilio.account_sid, "From": ANN, "Body": HOURS}
    return {**form, "To": twilio.sender, "NumMedia": "0", **fields}


async def signed_post(
    twilio: LocalTwilio, url: str, signed_url: str, form: dict[str, str], **headers: str
) -> int:
    """Post to one address with a signature over another."""
    signature = RequestValidator(twilio.auth_token).compute_signature(signed_url, form)
    async with httpx.AsyncClient(trust_env=False) as client:
        shown = {"X-Twilio-Signature": signature, **headers}
        return (await client.post(url, data=form, headers=shown)).status_code


async def test_point_01_a_forged_webhook_is_refused_and_nothing_is_stored(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    async with whole(tmp_path, twilio) as bot:
        twilio.last_inbound[ANN] = twilio.now()
        inside = f"{bot.living.base_url}/hooks/buurt"
        for door in ("message", "fallback", "status"):
            form = message_form(twilio, MessageStatus="read")
            another = await twilio.post(f"{HOOKS}/{door}", form, token="another")
            async with httpx.AsyncClient(trust_env=False) as client:
                missing = await client.post(f"{inside}/{door}", data=form)
            over_inside = await signed_post(
                twilio, f"{inside}/{door}", f"{inside}/{door}", form, Host="buurt.example.org"
            )
            changed = await signed_post(
                twilio, f"{inside}/{door}", f"{HOOKS}/{door}", form | {"Body": "x"}
            )
            assert changed in {200, 204}, "the same with a good signature is taken"
            tampered = RequestValidator(twilio.auth_token).compute_signature(
                f"{HOOKS}/{door}", form
            )
            async with httpx.AsyncClient(trust_env=False) as client:
                bent = await client.post(
                    f"{inside}/{door}",
                    data=form | {"From": BEN},
                    headers={"X-Twilio-Signature": tampered},
                )
            refused = {another.status_code, missing.status_code, over_inside, bent.status_code}
            assert refused == {403}
        await bot.rests()
        assert await bot.stored() == 2, "only what was signed well: a message by two doors"
        assert twilio.sent(BEN) == []


async def test_point_01_a_good_one_behind_a_proxy_is_taken_whatever_it_carries(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    """A query string, empty and unknown parameters, a name that stands there twice."""
    async with whole(tmp_path, twilio) as bot:
        twilio.last_inbound[ANN] = twilio.now()
        strange = {"Body": "", "Novelty": "é&=+ 😀", "ChannelMetadata": '{"a": 1}'}
        for query in ("?from=twilio&empty=&a=%C3%A9+b", ""):
            form = message_form(twilio, **strange)
            taken = await twilio.post(f"{HOOKS}/message{query}", form)
            assert (taken.status_code, taken.text) == (200, "<Response/>")
        pairs = [("MessageSid", new_sid()), ("From", ANN), ("Body", HOURS), ("X", "1"), ("X", "2")]
        text = f"{HOOKS}/message" + "".join(f"{name}{value}" for name, value in sorted(set(pairs)))
        signature = RequestValidator(twilio.auth_token).compute_signature(text, {})
        async with httpx.AsyncClient(trust_env=False) as client:
            twice = await client.post(
                f"{bot.living.base_url}/hooks/buurt/message",
                content=urlencode(pairs),
                headers={
                    "X-Twilio-Signature": signature,
                    "X-Forwarded-Host": "elsewhere.example",
                    "Content-Type": "application/x-www-form-urlencoded",
                },
            )
        assert twice.status_code == 200
        await bot.rests()
        assert await bot.stored() == 3
        assert any(ANSWER in text for text in bot.texts(ANN))


async def test_point_02_the_same_message_twice_is_answered_once(
    twilio: LocalTwilio, tmp_path: Path, url: str
) -> None:
    """One after another, five at once, and by the fallback too."""
    async with whole(tmp_path, twilio, url=url) as bot:
        form = message_form(twilio)
        twilio.last_inbound[ANN] = twilio.now()
        doors = ["message"] * 5 + ["fallback"]
        answers = await asyncio.gather(*(twilio.post(f"{HOOKS}/{d}", form) for d in doors))
        assert {answer.status_code for answer in answers} == {200}
        await twilio.wait_sent(ANN, 1)
        assert (await twilio.post(f"{HOOKS}/message", form)).status_code == 200
        await bot.rests()
        assert await bot.stored() == 1
        assert [True] == [ANSWER in text for text in bot.texts(ANN)]


async def test_point_05_who_has_no_number_runs_the_whole_dialog(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    async with whole(tmp_path, twilio) as bot:
        for text in KLUS:
            await bot.asks(NADIA, text)
        assert "genoteerd" in bot.texts(NADIA)[-1]
        assert {message.to for message in twilio.sent(NADIA)} == {NADIA}
        assert ANSWER in (await bot.asks(NADIA, HOURS)).body


async def test_point_05_number_and_id_become_one_person(
    twilio: LocalTwilio, tmp_path: Path, url: str
) -> None:
    """A dialog that began on a number goes on when WhatsApp tells both, and the id alone."""
    user_id = "whatsapp:BE.9988776655"
    async with whole(tmp_path, twilio, url=url) as bot:
        await bot.asks(ANN, "klusje")
        await bot.asks(ANN, "ik zoek hulp")
        twilio.becomes_known(ANN, user_id)
        assert "Wat voor klusje" in (await bot.asks(ANN, "ja")).body
        twilio.becomes_known(ANN, user_id, is_hidden=True)
        assert "in één zin" in (await bot.asks(user_id, "lamp of plank")).body
        assert (await bot.read(_private_chats)) == 1


async def test_point_05_two_chats_of_one_person_become_one(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    """Known by a number and, apart, by an id; then both come together: their stop holds."""
    user_id = "whatsapp:BE.9988776655"
    async with whole(tmp_path, twilio) as bot:
        await bot.asks(ANN, "stop")
        await bot.asks(user_id, HOURS)
        assert (await bot.read(_private_chats)) == 2
        twilio.becomes_known(ANN, user_id)
        await bot.asks(ANN, HOURS)
        assert (await bot.read(_private_chats)) == 1


async def test_point_06_no_number_in_a_text_nor_in_a_log_nor_on_the_disk(
    twilio: LocalTwilio,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    async with whole(tmp_path, twilio) as bot:
        twilio.fail_delivery(CAS, 63024)
        for who in (ANN, BEN, CAS, NADIA):
            await bot.asks(who, HOURS)
            await bot.asks(who, HELP)
        for text in KLUS:
            await bot.asks(BEN, text)
        await bot.asks(ANN, "mijn gegevens")
        words = [number.rpartition(":")[2].lstrip("+") for number in (ANN, BEN, CAS, NADIA)]
        words += [twilio.auth_token, twilio.account_sid]
        for message in twilio.messages:
            assert not [w for w in words if w in message.body], message.body
        assert in_files(tmp_path, words) == []
    # the local Twilio and who brings its webhooks are the other side
    others = ("httpx", "httpcore", "uvicorn")
    ours = [line for line in caplog.records if not line.name.startswith(others)]
    said = " ".join(line.getMessage() for line in ours) + "".join(capfd.readouterr())
    assert not [word for word in words if word in said]


async def test_point_11_a_webhook_is_answered_at_once_while_nobody_thinks(
    tmp_path: Path, postgres_url: str
) -> None:
    """No engine runs at all; what came in is answered when one does, once."""
    with fresh_database(postgres_url) as url:
        async with LocalTwilio() as twilio:
            config = write_config(tmp_path, url, twilio)
            async with processes(config, "web") as (web,):
                twilio.connect(f"{web.base_url}/hooks/buurt", HOOKS)
                took = []
                for number in range(30):
                    began = monotonic()
                    who = f"whatsapp:+324710000{number:02}"
                    answer = await twilio.resident_says(who, HOURS)
                    took.append(monotonic() - began)
                    assert (answer.status_code, answer.text) == (200, "<Response/>")
                assert max(took) < 1
                assert twilio.messages == []
            async with processes(config, "all") as (served,):
                twilio.connect(f"{served.base_url}/hooks/buurt", HOOKS)
                await twilio.until(lambda: len(twilio.messages) == 30, 90)
            assert twilio.violations == []


async def test_point_12_after_an_hour_away_what_was_missed_is_answered_once(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    """What came in before, and by its webhook, is not answered again."""
    async with whole(tmp_path, twilio) as bot:
        await bot.asks(ANN, HOURS)
    twilio.resident_misses(BEN, HOURS)
    twilio.resident_misses(NADIA, "waar kan ik printen?")
    twilio.resident_misses(ANN, "waar kan ik printen?")
    async with whole(tmp_path, twilio, at=SATURDAY + timedelta(hours=1)) as bot:
        await twilio.until(lambda: len(twilio.messages) >= 4, 30)
        await bot.asks(CAS, HOURS)
        await bot.rests()
        assert [1, 2, 1] == [len(bot.texts(who)) for who in (BEN, ANN, NADIA)]
        assert ANSWER in bot.texts(BEN)[0] and "bibliotheek" in bot.texts(ANN)[1]
    async with whole(tmp_path, twilio, at=SATURDAY + timedelta(hours=2)) as bot:
        await bot.asks(CAS, "waar kan ik printen?")
        await bot.rests()
        assert len(twilio.messages) == 6, "nothing is answered a second time"


async def test_point_12_a_missed_message_that_its_webhook_brings_late_is_answered_once(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    async with whole(tmp_path, twilio) as bot:
        await bot.asks(ANN, HOURS)
    sid = twilio.resident_misses(BEN, HOURS)
    async with whole(tmp_path, twilio, at=SATURDAY + timedelta(hours=1)) as bot:
        await twilio.wait_sent(BEN, 1)
        await twilio.resident_says(BEN, HOURS, MessageSid=sid)
        await bot.rests()
        assert len(bot.texts(BEN)) == 1


async def test_point_14_a_photo_is_taken_away_at_twilio(
    twilio: LocalTwilio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing needs it, so it is not even fetched."""
    async with whole(tmp_path, twilio) as bot:
        await twilio.resident_sends(ANN, "photo", "image/jpeg")
        await twilio.wait_sent(ANN, 1)
        await _until(lambda: twilio.media_deleted == ["photo"], 15)
        assert twilio.shown_at_media == []
        await bot.rests()


async def test_point_14_a_file_is_fetched_with_the_account_s_word_and_within_bounds(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    async with whole(tmp_path, twilio) as bot:
        adapter = bot.living.bot.adapters["buurt"]
        address = twilio.medium("photo", b"pixels")
        assert await adapter.fetch_media(address) == b"pixels"
        assert twilio.shown_at_media == [""], "the word goes to the API, not along to the file"
        large = twilio.medium("large", b"x" * (16 * 1024 * 1024 + 1))
        film = twilio.medium("film", b"x", "video/mp4")
        foreign = address.replace("http://127.0.0.1", "http://127.0.0.2")
        found = [await adapter.fetch_media(each) for each in (large, film, foreign)]
        assert not any(isinstance(each, bytes) for each in found)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("audio/ogg", {}),
        ("image/webp", {"MessageType": "sticker"}),
        ("application/pdf", {"MessageType": "document", "Body": "brief van de huisbaas.pdf"}),
        ("text/vcard", {"MessageType": "contacts", "Body": "Fatima Voorbeeld"}),
        ("video/mp4", {}),
        ("image/jpeg", {}),
    ],
)
async def test_point_17_what_cannot_be_read_gets_a_friendly_line(
    twilio: LocalTwilio, tmp_path: Path, kind: str, fields: dict[str, str]
) -> None:
    async with whole(tmp_path, twilio) as bot:
        text = fields.get("Body", "")
        more = {name: value for name, value in fields.items() if name != "Body"}
        await twilio.resident_sends(ANN, "file", kind, text=text, **more)
        await twilio.wait_sent(ANN, 1)
        await bot.rests()
        (said,) = bot.texts(ANN)
        assert CANNOT_READ in said


async def test_point_17_a_place_gets_a_friendly_line_and_words_below_a_photo_are_read(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    async with whole(tmp_path, twilio) as bot:
        place = {"Latitude": "50.85", "Longitude": "4.35", "MessageType": "location"}
        said = await bot.asks(ANN, "Plein 1", **place, Address="Plein 1", Label="Thuis")
        assert CANNOT_READ in said.body
        await twilio.resident_sends(BEN, "photo", "image/jpeg", text=HOURS)
        await twilio.wait_sent(BEN, 1)
        assert ANSWER in bot.texts(BEN)[0]
        await bot.rests()


async def test_point_18_a_forged_receipt_changes_nothing(
    twilio: LocalTwilio, tmp_path: Path
) -> None:
    twilio.receipts.lost = True
    async with whole(tmp_path, twilio) as bot:
        sent = await bot.asks(ANN, HOURS)
        form = {"MessageSid": sent.sid, "To": ANN, "MessageStatus": "failed", "ErrorCode": "63014"}
        forged = await twilio.post(f"{HOOKS}/status", form, token="another")
        async with httpx.AsyncClient(trust_env=False) as client:
            missing = await client.post(f"{bot.living.base_url}/hooks/buurt/status", data=form)
        assert {forged.status_code, missing.status_code} == {403}
        await bot.rests()
        assert await bot.statuses() == [Status.QUEUED]
        assert await twilio.tell_again(sent, "delivered") in {200, 204}
        await _until_status(bot, [Status.DELIVERED])


def _private_chats(conn: Connection) -> int:
    mine = chat.c.is_private & chat.c.left_at.is_(None) & chat.c.address_sealed.is_not(None)
    return int(conn.execute(select(func.count()).select_from(chat).where(mine)).scalar_one())


async def _until_status(bot: Whole, wanted: list[Status]) -> None:
    async with asyncio.timeout(15):
        while await bot.statuses() != wanted:
            await asyncio.sleep(0.05)


async def _until(is_so: object, seconds: float) -> None:
    assert callable(is_so)
    async with asyncio.timeout(seconds):
        while not is_so():
            await asyncio.sleep(0.05)
