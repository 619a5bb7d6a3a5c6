"""Points 6 to 13, 17, 18, 20 and 21 of the checklist: what goes out, through the whole house.

Each runs the real python-telegram-bot against the local Bot API.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import monotonic

from sqlalchemy import func, select, update

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.adapters.telegram.bot_api_world import Json, units
from tests.adapters.telegram.whole import (
    ANN,
    ANSWER,
    BEN,
    CAS,
    HELP,
    HOURS,
    PRESS_SECONDS,
    Whole,
    whole,
)
from tests.many import fresh_database, processes, write_config
from wijkbot.adapter_api import Message, Sent
from wijkbot.app.announce import announce, plan
from wijkbot.clock import Clock
from wijkbot.storage import chats
from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import token

JOB = "@wijkbot wie kan mijn lamp ophangen?"
OLD = "Deze knop geldt niet meer"
NOT_YOURS = "Deze knop is niet voor jou."


def buttons(message: Json) -> list[Json]:
    """The buttons under a message, in order."""
    markup = message.get("reply_markup", {"inline_keyboard": []})
    return [button for row in markup["inline_keyboard"] for button in row]


async def klus(bot: Whole, who: int, *said: str) -> None:
    """Somebody begins the odd-job dialog in private, and gives these answers."""
    for count, text in enumerate(("klusje", *said), start=len(bot.api.sent(who)) + 1):
        bot.api.user_says(who, who, text)
        await bot.api.wait_sent(who, count)


async def test_point_06_a_flooded_group_holds_up_no_other(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path, api) as bot:
        busy, calm = await bot.joined(), await bot.joined("Maanwijk")
        api.flood("sendMessage", 4, chat=busy)
        began = monotonic()
        api.user_says(busy, ANN, HOURS)
        await api.wait_refused("sendMessage")
        api.user_says(calm, BEN, HOURS)
        await api.wait_sent(calm, 2)
        assert len(api.sent(busy)) == 1, "still waiting for its own limit"
        await api.wait_sent(busy, 2)
        assert monotonic() - began >= 4, "not before the server said so"


async def test_point_06_no_stale_answer_after_its_deadline(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path, api) as bot:
        group = await bot.joined()
        api.flood("sendMessage", 3, chat=group)
        api.user_says(group, ANN, HOURS)
        await api.wait_refused("sendMessage")
        bot.living.bot.house.clock.shift(13 * 3600)
        await bot.rests()
        assert len(api.sent(group)) == 1
        assert Status.EXPIRED in await bot.statuses()


async def test_point_07_foreign_forged_and_old_presses_change_nothing(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path, api) as bot:
        await klus(bot, ANN)
        first = api.sent(ANN)[0]
        api.user_presses(ANN, ANN, "Ik zoek hulp")
        await api.wait_sent(ANN, 2)
        current = api.sent(ANN)[1]
        (yes, *_rest) = buttons(current)
        await klus(bot, BEN)
        stolen = api.user_sends_data(BEN, BEN, yes["callback_data"])
        old = api.user_sends_data(ANN, ANN, buttons(first)[1]["callback_data"], first)
        forged = [api.user_sends_data(ANN, ANN, data) for data in ("yes", "~0", "@42|yes", "é")]
        for query in (stolen, old, *forged):
            assert (await api.wait_answer(query)).startswith(OLD)
        await bot.rests()
        assert (len(api.sent(ANN)), len(api.sent(BEN))) == (2, 1), "nothing changed"
        good = api.user_sends_data(ANN, ANN, yes["callback_data"], current)
        await api.wait_sent(ANN, 3)
        assert await api.wait_answer(good) == ""
        assert max(api.world.answered_after.values()) < PRESS_SECONDS


async def test_point_07_in_a_group_only_the_asker_presses(
    api: LocalBotApi, tmp_path: Path
) -> None:
    """ "Do you mean one of these?" is asked of one person."""
    async with whole(tmp_path, api) as bot:
        group = await bot.joined()
        api.user_says(group, ANN, "@wijkbot hours")
        await api.wait_sent(group, 2)
        title = buttons(api.sent(group)[1])[0]["text"]
        foreign = api.user_presses(group, BEN, title)
        assert await api.wait_answer(foreign) == NOT_YOURS
        await bot.rests()
        assert len(api.sent(group)) == 2
        mine = api.user_presses(group, ANN, title)
        await api.wait_sent(group, 3)
        assert await api.wait_answer(mine) == ""
        assert max(api.world.answered_after.values()) < PRESS_SECONDS


async def test_point_07_a_press_is_answered_while_nobody_thinks(
    tmp_path: Path, postgres_url: str
) -> None:
    """No engine runs at all, and still who pressed waits less than two seconds."""
    start = Clock().now_ms() // 1000
    with fresh_database(postgres_url) as url:
        async with (
            LocalBotApi(start=start) as api,
            processes(write_config(tmp_path, url, api), "all") as (engine,),
        ):
            api.user_says(ANN, ANN, "klusje")
            await api.wait_sent(ANN, 1, 30)
            engine.process.kill()
            await engine.process.wait()
            async with processes(tmp_path / "wijkbot.toml", "web"):
                press = api.user_presses(ANN, ANN, "Ik zoek hulp")
                forged = api.user_sends_data(ANN, ANN, "nonsense")
                assert await api.wait_answer(press, 30) == ""
                assert (await api.wait_answer(forged, 30)).startswith(OLD)


async def test_point_08_data_of_every_button_is_short(api: LocalBotApi, tmp_path: Path) -> None:
    async with whole(tmp_path, api) as bot:
        api.world.languages[ANN] = "fr"
        api.user_says(ANN, ANN, "/start")
        await api.wait_sent(ANN, 1)
        await klus(bot, ANN, "ik zoek hulp", "ja", "lamp of plank", "een lamp 💡", "Noord é")
        shown = [button for message in api.sent(ANN) for button in buttons(message)]
        assert len(shown) > 10
        assert all(len(button["callback_data"].encode()) <= 64 for button in shown)
        tokens = [b["callback_data"] for m in api.sent(ANN)[1:] for b in buttons(m)]
        assert all(one.startswith("~") and len(one) == 25 for one in tokens), tokens
        assert len(set(tokens)) == len(tokens), "each button has its own"


async def test_point_09_long_text_goes_in_pieces_that_fit(
    api: LocalBotApi, tmp_path: Path
) -> None:
    """Also when Telegram tells the chat to wait in the middle of it."""
    async with whole(tmp_path, api) as bot:
        api.user_says(ANN, ANN, "/start")
        await bot.rests()
        text = ("Zaterdag is er feest 👩‍👩‍👧‍👦 <b>op het plein</b>. " * 300)[:10_000].strip()
        api.fail(
            "sendMessage",
            429,
            "Too Many Requests: retry after 1",
            parameters={"retry_after": 1},
            after=1,
        )
        adapter = bot.living.bot.adapters["buurt"]
        sent = await adapter.send(str(ANN), Message("k", text))
        pieces = [str(message["text"]) for message in api.sent(ANN)[1:]]
        assert isinstance(sent, Sent) and len(sent.message_id.split(",")) == len(pieces) == 3
        assert all(units(piece) <= 4096 for piece in pieces)
        assert " ".join(pieces) == text


async def test_point_10_marks_in_own_words_come_back_literally(
    api: LocalBotApi, tmp_path: Path
) -> None:
    words = "<b>lamp</b> & _plank_ *vast* [hier](x) </i>"
    async with whole(tmp_path, api) as bot:
        await klus(bot, ANN, "ik zoek hulp", "ja", "Lamp of plank", words, "Noord", "1")
        assert words in bot.texts(ANN)[-1]


async def test_point_11_the_answer_is_in_the_topic_of_the_question(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path, api) as bot:
        forum = await bot.joined(topics=(5, 6))
        for topic in (5, 6):
            api.user_says(forum, ANN, HOURS, thread=topic)
            api.user_says(forum, BEN, HELP, thread=topic)
        await bot.rests(40)
        in_topics = [m.get("message_thread_id") for m in api.sent(forum)[1:]]
        assert sorted(map(str, in_topics)) == ["5", "5", "6"], "one referral in two minutes"
        api.user_says(forum, ANN, HOURS, thread=1)
        api.user_says(forum, CAS, HOURS)
        await bot.rests(40)
        assert [None, None] == [m.get("message_thread_id") for m in api.sent(forum)[4:]]
        asked = [call.get("message_thread_id") for call in api.calls_of("sendMessage")]
        assert 1 not in asked, "General is not addressed by its number"
        api.user_says(forum, ANN, HOURS, thread=5)
        api.world.chat(forum).topics.clear()
        await api.wait_sent(forum, 7)
        assert "message_thread_id" not in api.sent(forum)[6]


async def test_point_12_an_edit_is_not_answered_again(api: LocalBotApi, tmp_path: Path) -> None:
    async with whole(tmp_path, api) as bot:
        group = await bot.joined()
        number = api.user_says(group, ANN, HOURS)
        await api.wait_sent(group, 2)
        assert api.sent(group)[1]["reply_to_message"]["message_id"] == number
        api.user_edits(group, number, f"{HOURS} graag")
        api.user_says(ANN, ANN, "klusje")
        await api.wait_sent(ANN, 1)
        await bot.rests()
        assert len(api.sent(group)) == 2


async def test_point_12_a_deleted_question_is_still_answered(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path, api) as bot:
        group = await bot.joined()
        api.flood("sendMessage", 1, chat=group)
        number = api.user_says(group, ANN, HOURS)
        await api.wait_refused("sendMessage")
        del api.world.chat(group).messages[number]
        await api.wait_sent(group, 2)
        assert ANSWER in bot.texts(group)[1] and "reply_to_message" not in api.sent(group)[1]


async def test_point_13_who_hides_behind_a_chat_begins_no_dialog(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path, api) as bot:
        group = await bot.joined()
        shown = api.world.chat(group).as_json()
        api.user_says(group, ANN, JOB, sender_chat=shown)
        channel = {"id": -1009, "type": "channel", "title": "Nieuws"}
        api.user_says(group, BEN, JOB, sender_chat=channel)
        await api.wait_sent(group, 2)
        await bot.rests()
        assert len(api.sent(group)) == 2, "a channel is not answered"
        database = bot.living.bot.house.database
        count = select(func.count()).select_from(token)
        assert await database.read(lambda c: c.execute(count).scalar_one()) == 0
        link = bot.texts(group)[1].split("start=")[1].split()[0]
        api.user_says(ANN, ANN, f"/start {link}")
        await api.wait_sent(ANN, 1)
        assert "Waar gaat het over?" in bot.texts(ANN)[0]


async def test_point_17_the_link_is_the_askers_and_works_once(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path, api) as bot:
        group = await bot.joined()
        links = []
        for count in (2, 3):
            api.user_says(group, ANN, JOB)
            await api.wait_sent(group, count)
            links.append(bot.texts(group)[-1].split("start=")[1].split()[0])
        assert len(set(links)) == 2
        first: dict[int, list[bool]] = {}
        for who, link in ((BEN, links[0]), (ANN, links[0]), (ANN, links[0])):
            before = len(api.sent(who))
            api.user_says(who, who, f"/start {link}")
            await api.wait_sent(who, before + 1)
            first.setdefault(who, []).append("Wil je hulp" in bot.texts(who)[-1])
        assert first == {BEN: [False], ANN: [True, False]}
        database = bot.living.bot.house.database
        await database.write(lambda c: c.execute(update(token).values(expires_at=1)))
        api.user_says(CAS, CAS, f"/start {links[1]}")
        api.user_says(ANN, ANN, f"/start {links[1]}")
        await api.wait_sent(ANN, 3)
        assert "Waar gaat het over?" in bot.texts(ANN)[2], "expired: the ordinary start"


async def test_point_18_commands_are_set_for_each_scope_and_only_when_changed(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async def told(count: int) -> None:
        async with asyncio.timeout(60):
            while len(api.calls_of("getMyCommands")) < count:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)

    async with whole(tmp_path, api):
        await told(16)
        scopes = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")
        wanted = {(scope, language) for scope in scopes for language in ("", "nl", "fr", "en")}
        assert set(api.world.commands) == wanted
        shown = {k: [c["command"] for c in v] for k, v in api.world.commands.items()}
        assert shown["all_private_chats", ""] == shown["all_private_chats", "nl"]
        assert "spreekuur" in shown["all_private_chats", "nl"]
        assert "permanence" in shown["all_private_chats", "fr"]
        assert "weg" in shown["all_chat_administrators", "nl"]
        assert "weg" not in shown["all_group_chats", "nl"]
        assert api.world.menu_button == "commands"
    async with whole(tmp_path, api):
        await told(32)
        assert len(api.calls_of("setMyCommands")) == 16, "nothing changed"


async def test_point_20_an_announcement_without_an_answer_is_not_posted_twice(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path, api) as bot:
        group = await bot.joined()
        house = bot.living.bot.house
        groups = await house.database.read(chats.groups)
        made = await plan(house, dict(bot.living.bot.adapters), "Z3", groups)
        api.lose_answer("sendMessage")
        await announce(house, made, "one-press", "worker")
        await api.wait_sent(group, 2)
        await bot.rests()
        assert len(api.sent(group)) == 2
        assert Status.UNKNOWN in await bot.statuses()
        api.lose_answer("sendMessage")
        api.user_says(group, ANN, HOURS)
        await api.wait_sent(group, 3)
        await bot.rests()
        assert len(api.sent(group)) <= 4, "a reply may come again, for that is what is unknown"


async def test_point_21_what_is_for_one_is_seen_by_one(api: LocalBotApi, tmp_path: Path) -> None:
    """A link of the asker's own; a help question is answered to all alike."""
    async with whole(tmp_path, api, ephemeral=True) as bot:
        group = await bot.joined()
        where = api.world.chat(group)
        api.user_says(group, ANN, JOB)
        api.user_says(group, BEN, "@wijkbot mijn gegevens")
        await bot.rests()
        assert {ANN, BEN} == {member for member, _ in where.shown_to_one}
        assert len(api.sent(group)) == 1, "nobody else sees anything"
        api.user_says(group, CAS, HELP)
        await api.wait_sent(group, 2)
        assert "Persoonlijke vragen" in bot.texts(group)[1]
        assert len(where.shown_to_one) == 2


async def test_point_21_refused_it_is_an_ordinary_message_with_the_link(
    api: LocalBotApi, tmp_path: Path
) -> None:
    async with whole(tmp_path, api, ephemeral=True) as bot:
        group = await bot.joined()
        api.world.takes_ephemeral = False
        api.user_says(group, ANN, JOB)
        await api.wait_sent(group, 2)
        await bot.rests()
        assert "start=" in bot.texts(group)[1] and len(api.sent(group)) == 2


async def test_help_questions_of_two_people_give_identical_requests(
    api: LocalBotApi, tmp_path: Path
) -> None:
    """No reply-to, no addressee in a button, nothing of the person, in any switch."""
    async with whole(tmp_path, api, ephemeral=True) as bot:
        groups = [await bot.joined(), await bot.joined("Maanwijk")]
        api.user_says(groups[0], ANN, HELP)
        api.user_says(groups[1], BEN, "@wijkbot ik heb schulden en ik ben bang")
        await bot.rests()
        last = {}
        for call in api.calls_of("sendMessage"):
            last[call["chat_id"]] = {k: v for k, v in call.items() if k != "chat_id"}
        first, second = (last[group] for group in groups)
        assert first == second and "reply_parameters" not in first
