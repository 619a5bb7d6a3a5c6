"""Does talk that is not for the bot stay unread, and does each class in private get its reply?"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from tests.adapters.telegram.bot_api import LocalBotApi
from tests.living import LivingBot, living_bot
from tests.traces import everything, in_files, in_told
from wijkbot.content.model import Text
from wijkbot.content.texts import template
from wijkbot.engine.table import REPLIES
from wijkbot.engine.words import Label, Place
from wijkbot.storage.tables import chat, conversation, lane, outbox
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import BOT, GROUP, RESIDENTS

pytestmark = pytest.mark.usefixtures("logging_in_earnest")

TALK = Path(__file__).with_name("group_talk.txt").read_text(encoding="utf-8").splitlines()
"""What is said in a group in a week, plainly invented: of every class, and none to the bot."""
CANARIES = [f"kanarie{number:03}" for number in range(len(TALK))]
ZOE = 42

PRIVATE: dict[Label, str] = {
    Label.CRISIS_SUICIDE: "ik wil dood, ik zie het niet meer zitten",
    Label.CRISIS_VIOLENCE: "mijn man slaat mij en ik ben bang",
    Label.CRISIS_MEDICAL: "mijn moeder ademt niet meer",
    Label.HOMELESS_TONIGHT: "ik heb vannacht geen slaapplek",
    Label.STOP: "stop",
    Label.ERASE_ME: "wis al mijn gegevens",
    Label.MINOR: "ik ben 14 en thuis is er altijd ruzie",
    Label.THIRD_PERSON: "ik maak me zorgen om mijn buurvrouw, ze komt niet meer buiten",
    Label.HELP_PERSONAL: "ik kan mijn huur niet betalen",
    Label.DISTRESS: "ik voel me zo eenzaam de laatste tijd",
    Label.COMPLAINT: "ik wil een klacht indienen over jullie",
    Label.ABUSE_SPAM: "stomme rotbot, je bent waardeloos",
    Label.ODD_JOB_REFUSED: "wie wil mijn gaskachel repareren?",
    Label.ODD_JOB_REQUEST: "wie kan mij helpen een kast te verplaatsen?",
    Label.ODD_JOB_OFFER: "ik wil graag iemand helpen met een klusje",
    Label.INFO: "waar kan ik printen?",
    Label.AGENDA: "is er woensdag een activiteit?",
    Label.ASKS_BOT: "ben jij een mens of een computer?",
    Label.GREETING_THANKS: "dank je wel!",
    Label.SMALL_TALK: "wat een mooi weer vandaag hè",
    Label.PERSONAL_DATA: "mijn telefoonnummer is 0470 00 00 00",
    Label.UNCLEAR: "zdrk plom qwrt",
}
NOT_OF_THE_TABLE = {
    Label.ERASE_ME: "wis",
    Label.ODD_JOB_REQUEST: "klus",
    Label.ODD_JOB_OFFER: "klus",
    Label.INFO: "F30",
}
"""Three open a dialog; a topic that is found is answered by its own item."""


def _telegram(api: LocalBotApi) -> dict[str, dict[str, object]]:
    options = {"token": api.token, "base_url": api.base_url, "base_file_url": api.base_file_url}
    return {"buurt": {"adapter": "telegram", **options}}


def _rows(conn: Connection) -> dict[str, list[tuple[object, ...]]]:
    """All rows, but for where receiving goes on and until when this process is the home."""
    rows = everything(conn)
    return {name: rows[name] for name in rows.keys() - {"channel_state", "lease"}}


async def _at_rest(living: LivingBot) -> dict[str, list[tuple[object, ...]]]:
    """The rows when nothing changes any more."""
    database = living.bot.house.database
    before = await database.read(_rows)
    while True:
        await asyncio.sleep(0.7)
        now = await database.read(_rows)
        if now == before:
            return now
        before = now


def test_talk_is_of_every_size_and_kind() -> None:
    """The fixture proves something only when there is enough of it, each line once."""
    assert 120 <= len(TALK) == len(set(TALK))


async def test_talk_in_a_group_gives_no_output_no_row_and_no_byte(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Mention mode, the pretend group app: nothing is said, stored, counted or logged."""
    async with living_bot(tmp_path, {"wijk": {"adapter": "sandbox"}}) as living:
        adapter = living.bot.adapters["wijk"]
        assert isinstance(adapter, SandboxAdapter)
        before = await _at_rest(living)
        capfd.readouterr()
        for number, (said, canary) in enumerate(zip(TALK, CANARIES, strict=True)):
            resident = RESIDENTS[number % len(RESIDENTS)]
            await adapter.say(resident.id, GROUP, said)
            await adapter.say(resident.id, GROUP, f"{said} {canary}")
        assert before == await _at_rest(living)
        bot = [line for line in adapter.world.lines(GROUP) if line.author == BOT]
        assert 1 == len(bot), "only the greeting of the join"
        assert [] == in_files(tmp_path, CANARIES)
        logged = "".join(capfd.readouterr())
        assert "'accepted'" not in logged
    assert [] == in_files(tmp_path, [*CANARIES, "Modelbuur"])
    assert [] == in_told(logged, CANARIES)


async def test_talk_that_telegram_shows_us_is_dropped_unread_too(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without privacy mode a bot gets all talk of its groups; nothing of it is kept."""
    async with (
        LocalBotApi(privacy_mode=False) as api,
        living_bot(tmp_path, _telegram(api)) as living,
    ):
        group = api.add_group("Zonnewijk", has_bot=False)
        api.bot_is("member", group, by=ZOE)
        await api.wait_sent(group, 1)
        before = await _at_rest(living)
        for number, (said, canary) in enumerate(zip(TALK, CANARIES, strict=True)):
            api.world.names[8100000000 + number] = f"Naam{canary}"
            api.user_says(group, 8100000000 + number, f"{said} {canary}")
        assert len(TALK) <= len(api.queue.pending), "all of it reaches the bot"
        async with asyncio.timeout(10):
            while api.queue.pending:
                await asyncio.sleep(0.05)
        assert before == await _at_rest(living)
        assert 1 == len(api.sent(group)), "only the greeting of the join"
        assert [] == in_files(tmp_path, [*CANARIES, "81000000"])
    assert [] == in_files(tmp_path, [*CANARIES, "81000000"])
    assert [] == in_told("".join(capfd.readouterr()), [*CANARIES, "81000000"])


def _said_to(conn: Connection, member_hmac: str) -> list[str]:
    query = (
        select(outbox.c.item_id)
        .join(lane, lane.c.id == outbox.c.lane_id)
        .join(chat, chat.c.id == lane.c.chat_id)
        .join(conversation, conversation.c.chat_id == chat.c.id)
        .where(conversation.c.member_hmac == member_hmac)
        .order_by(outbox.c.lane_id, outbox.c.seq)
    )
    return list(conn.execute(query).scalars())


async def test_each_class_in_private_gets_exactly_its_reply(tmp_path: Path) -> None:
    """One new resident for each label: one message, from the item and text of the table."""
    assert set(Label) == PRIVATE.keys()
    async with LocalBotApi() as api, living_bot(tmp_path, _telegram(api)) as living:
        house = living.bot.house
        users = {label: 8200000000 + number for number, label in enumerate(Label)}
        for label, user in users.items():
            api.user_says(user, user, PRIVATE[label])
        for user in users.values():
            await api.wait_sent(user)
        await _at_rest(living)
        shelf = house.library.shelf(next(iter(house.settings.areas())))
        for label, user in users.items():
            assert label is shelf.reader.read(PRIVATE[label], "nl", "addressed").label
            member = house.sealer.member("buurt", str(user))
            said = await house.database.read(lambda conn, who=member: _said_to(conn, who))  # type: ignore[misc]
            row = REPLIES.get((label, Place.PRIVATE))
            item = NOT_OF_THE_TABLE.get(label) or (row.item if row else "")
            assert ([item], 1) == (said, len(api.sent(user))), label
            if row is None or label in NOT_OF_THE_TABLE:
                continue
            text = shelf.items[item]
            assert isinstance(text, Text)
            begins = str(template(text, row.key, "nl-BE")).partition("{")[0]
            assert str(api.sent(user)[0]["text"]).startswith(begins), label


async def test_question_about_the_agenda_gets_its_pointer_and_no_guess(tmp_path: Path) -> None:
    """Without a feed the agenda has a fixed pointer, also where a topic is somewhat like it."""
    async with LocalBotApi() as api, living_bot(tmp_path, _telegram(api)) as living:
        house = living.bot.house
        text = "wat is er dit weekend te doen in de buurt?"
        reading = house.library.shelf(next(iter(house.settings.areas()))).reader.read(text)
        assert (Label.AGENDA, None) == (reading.label, reading.faq)
        api.user_says(ZOE, ZOE, text)
        await api.wait_sent(ZOE)
        member = house.sealer.member("buurt", str(ZOE))
        said = await house.database.read(lambda conn: _said_to(conn, member))
        assert [REPLIES[Label.AGENDA, Place.PRIVATE].item] == said
