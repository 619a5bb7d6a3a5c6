"""Do the four verbs run through the real python-telegram-bot, from message to message?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.living import LivingBot, free_port, living_bot
from wijkbot.app.announce import announce, plan
from wijkbot.app.assemble import make_adapters
from wijkbot.cli.checking import of_channel
from wijkbot.clock import Clock
from wijkbot.settings import settings_from
from wijkbot.storage import chats, jobs

ANN, BEN = 42, 43
QUESTION = "ik kan mijn huur niet betalen"


def _channel(api: LocalBotApi, **extra: Any) -> dict[str, dict[str, Any]]:
    return {
        "buurt": {
            "adapter": "telegram",
            "token": api.token,
            "base_url": api.base_url,
            "base_file_url": api.base_file_url,
            **extra,
        }
    }


@asynccontextmanager
async def _in_a_group(tmp_path: Path) -> AsyncIterator[tuple[LocalBotApi, int, LivingBot]]:
    async with LocalBotApi() as api, living_bot(tmp_path, _channel(api)) as living:
        group = api.add_group("Zonnewijk", has_bot=False)
        api.bot_is("member", group, by=ANN)
        await api.wait_sent(group, 1)
        yield api, group, living


def _texts(api: LocalBotApi, chat: int) -> list[str]:
    return [str(message["text"]) for message in api.sent(chat)]


async def test_bot_says_once_that_it_is_a_computer_and_whose(tmp_path: Path) -> None:
    """On a join: computer, organisation, and nothing more."""
    async with _in_a_group(tmp_path) as (api, group, _):
        await asyncio.sleep(0.5)
        assert 1 == len(api.sent(group))
        assert "computer" in _texts(api, group)[0]
        assert "Buurthuis De Brug" in _texts(api, group)[0]


async def test_only_an_admin_of_the_group_silences_and_sends_away(tmp_path: Path) -> None:
    """Asked of Telegram when the command comes in; a bot that is sent away is out."""
    async with _in_a_group(tmp_path) as (api, group, living):
        api.world.chat(group).members |= {ANN: "administrator", BEN: "member"}
        api.user_says(group, BEN, "@wijkbot /stil 7d")
        await api.wait_sent(group, 2)
        assert "alleen een beheerder" in _texts(api, group)[1]
        api.user_says(group, ANN, "@wijkbot /stil 7d")
        await api.wait_sent(group, 3)
        assert "ik ben stil tot" in _texts(api, group)[2]
        api.user_says(group, ANN, "@wijkbot ga weg")
        await api.wait_sent(group, 4)
        assert "Oké, ik ga weg." in _texts(api, group)[3]
        living.bot.house.clock.shift(120)
        for _ in range(200):
            if api.world.chat(group).bot_status == "left":
                break
            await asyncio.sleep(0.1)
        assert "left" == api.world.chat(group).bot_status


async def test_next_hour_in_the_group(tmp_path: Path) -> None:
    """The right next date for the test's clock: Monday 23 November, all of the card."""
    async with _in_a_group(tmp_path) as (api, group, _):
        api.user_says(group, ANN, "@wijkbot wanneer is het volgende spreekuur?")
        await api.wait_sent(group, 2)
        card = _texts(api, group)[1]
        for part in ("maandag 23 november van 9 tot 12 uur", "gratis", "Nagekeken op"):
            assert part in card


async def test_help_question_in_the_group_shows_nothing_of_the_person(tmp_path: Path) -> None:
    """T06: no word of the question, no reply-to, no mention."""
    async with _in_a_group(tmp_path) as (api, group, _):
        api.user_says(group, ANN, f"@wijkbot {QUESTION}")
        await api.wait_sent(group, 2)
        sent = api.sent(group)[1]
        assert "Persoonlijke vragen bespreken we niet in de groep" in sent["text"]
        assert not {"huur", "betalen"} & set(str(sent["text"]).lower().split())
        assert "reply_to_message" not in sent
        assert not [e for e in sent.get("entities", []) if "mention" in e["type"]]


async def test_help_question_in_private_is_referred_with_the_computer_line_last(
    tmp_path: Path,
) -> None:
    """T08, and as the last line of the first ordinary answer that this is a computer."""
    async with LocalBotApi() as api, living_bot(tmp_path, _channel(api)):
        api.user_says(ANN, ANN, QUESTION)
        await api.wait_sent(ANN, 1)
        lines = _texts(api, ANN)[0].splitlines()
        assert lines[0].startswith("Goed dat je het vraagt.")
        assert any("https://veilige-chat.example/" in line for line in lines)
        assert lines[-1].startswith("Ik ben een computer")


async def test_crisis_card_of_the_right_country_comes_first_and_alone(tmp_path: Path) -> None:
    """A first message in danger: the card of Belgium, with nothing before it."""
    async with LocalBotApi() as api, living_bot(tmp_path, _channel(api)):
        api.user_says(ANN, ANN, "ik wil niet meer leven")
        await api.wait_sent(ANN, 1)
        await asyncio.sleep(0.5)
        (card,) = _texts(api, ANN)
        assert card.startswith("Dit is ernstig.")
        assert "1813" in card
        assert "113." not in card
        assert "leest nu niemand mee" in card


async def test_odd_job_from_the_group_to_the_moderators_list(tmp_path: Path) -> None:
    """Asked in the group, noted in private through the bound link, listed for the moderator."""
    async with _in_a_group(tmp_path) as (api, group, living):
        api.user_says(group, ANN, "@wijkbot wie kan mijn lamp ophangen?")
        await api.wait_sent(group, 2)
        link = _texts(api, group)[1].split("start=")[1].split()[0]
        api.user_says(BEN, BEN, f"/start {link}")
        await api.wait_sent(BEN, 1)
        assert "Waar gaat het over?" in _texts(api, BEN)[0], (
            "a stranger's tap is an ordinary start"
        )
        api.user_says(ANN, ANN, f"/start {link}")
        answers = [
            "ik zoek hulp",
            "ja",
            "Lamp of plank",
            "een lamp in de keuken",
            "Noord",
            "1",
            "ja",
        ]
        for count, answer in enumerate(answers, start=1):
            await api.wait_sent(ANN, count)
            api.user_says(ANN, ANN, answer)
        await api.wait_sent(ANN, len(answers) + 1)
        assert "genoteerd" in _texts(api, ANN)[-1]
        assert [("request", "K02", "een lamp in de keuken", "Noord")] == await _jobs(living)


async def _jobs(living: LivingBot) -> list[tuple[str, str, str | None, str]]:
    house = living.bot.house
    found = await house.database.read(lambda c: jobs.listing(c, house.sealer, status="open"))
    return [(j.kind, j.category, j.words, j.area) for j in found]


async def test_announced_card_reaches_the_group(tmp_path: Path) -> None:
    """A worker's announcement goes through the same outbox, as previewed, and once."""
    async with _in_a_group(tmp_path) as (api, group, living):
        house = living.bot.house
        groups = await house.database.read(chats.groups)
        made = await plan(house, dict(living.bot.adapters), "Z3", groups)
        for _ in range(2):
            await announce(house, made, "one-press", "worker")
        await api.wait_sent(group, 2)
        await asyncio.sleep(0.7)
        assert made.previews[0].text == _texts(api, group)[1]
        assert 2 == len(api.sent(group))
        assert "donderdag 3 december van 18 tot 20 uur" in _texts(api, group)[1]


async def test_two_members_of_one_group_never_share_a_dialog(tmp_path: Path) -> None:
    """Both run the odd-job dialog at the same time, each with their own answers."""
    async with LocalBotApi() as api, living_bot(tmp_path, _channel(api)) as living:
        answers = {
            ANN: ["klusje", "ik zoek hulp", "ja", "1", "brood van Ann", "Noord", "1", "ja"],
            BEN: ["klusje", "ik wil helpen", "ja", "4", "gras van Ben", "Zuid", "3", "ja"],
        }
        for step in range(8):
            for who, said in answers.items():
                api.user_says(who, who, said[step])
            for who in answers:
                await api.wait_sent(who, step + 1)
        found = sorted(await _jobs(living))
        expected = [
            ("offer", "K04", "gras van Ben", "Zuid"),
            ("request", "K01", "brood van Ann", "Noord"),
        ]
        assert expected == found


async def test_wrong_webhook_secret_is_refused_and_nothing_is_stored(tmp_path: Path) -> None:
    """403, and not one row more than before."""
    port = free_port()
    async with (
        LocalBotApi() as api,
        living_bot(tmp_path, _channel(api, receive="webhook"), port=port) as living,
        httpx.AsyncClient() as client,
    ):
        before = await _rows(living)
        forged = await client.post(
            f"{living.base_url}/hooks/buurt/update",
            json={"update_id": 1},
            headers={"X-Telegram-Bot-Api-Secret-Token": "wrong"},
        )
        missing = await client.post(f"{living.base_url}/hooks/buurt/update", json={"update_id": 1})
        assert [403, 403] == [forged.status_code, missing.status_code]
        assert before == await _rows(living)


async def test_webhook_answers_like_polling(tmp_path: Path) -> None:
    """The same question through the webhook gets the same kind of answer, once."""
    async with (
        LocalBotApi() as api,
        living_bot(tmp_path, _channel(api, receive="webhook")),
    ):
        api.user_says(ANN, ANN, "wanneer is het spreekuur?")
        await api.wait_sent(ANN, 1)
        assert "maandag 23 november" in _texts(api, ANN)[0]


async def _rows(living: LivingBot) -> tuple[int, int]:
    database = living.bot.house.database

    def count(conn: Any) -> tuple[int, int]:
        inbox = conn.execute(text("select count(*) from inbox")).scalar()
        chat = conn.execute(text("select count(*) from chat")).scalar()
        return int(inbox), int(chat)

    return await database.read(count)


async def test_doctor_asks_the_platform(tmp_path: Path) -> None:
    """A working account is well; a wrong token is told with what to do."""
    async with LocalBotApi() as api:
        for token, is_well in ((api.token, True), ("7000000009:AAF-another_pretend_token", False)):
            raw = {
                "organisation": {"name": "Buurthuis De Brug", "country": "BE"},
                "channels": _channel(api) | {"buurt": {**_channel(api)["buurt"], "token": token}},
            }
            adapters = make_adapters(settings_from(raw), tmp_path, Clock())
            finding = await of_channel("buurt", adapters["buurt"])
            assert is_well is (not finding.remedy or finding.is_warning), finding
            assert token not in str(finding)
