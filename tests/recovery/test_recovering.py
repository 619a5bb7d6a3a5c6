"""Does `wijkbot recover` give back what nobody of the team can open, and only with the words?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.recovery.test_words import typed_words
from tests.securechat.client.http import Answered, ResidentHttp
from tests.securechat.crew import PASSWORD, ROOT_WORDS, Crew, a_crew
from tests.securechat.resident_tab import Resident, said
from wijkbot.app.secure_recover import ACTION
from wijkbot.cli.recovering import _open_root, recover_chats
from wijkbot.recovery.words import published_lists
from wijkbot.settings import SettingsError
from wijkbot.storage.secure_tables import sc_recipient
from wijkbot.storage.staff_root import Root
from wijkbot.storage.staff_tables import staff_audit

CONFIG = """
[organisation]
name = "Buurthuis De Brug"
country = "BE"
public_url = "{url}"
[secure_chat]
kind = "builtin"
[channels.buurt-sandbox]
adapter = "sandbox"
"""
ANNA = PASSWORD.format("Anna")


@dataclass
class Typed:
    """Somebody at the terminal who types this, in turn."""

    lines: Iterator[str]

    def __call__(self, what: str) -> str:
        return next(self.lines)


def typing(*lines: str) -> Typed:
    return Typed(iter(lines))


async def recover(crew: Crew, by: str, to: str, ask: Callable[[str], str]) -> None:
    """As somebody at the terminal, while the bot runs."""
    config = crew.living.folder / "wijkbot.toml"
    config.write_text(CONFIG.format(url=crew.living.base_url), encoding="utf-8")
    await asyncio.to_thread(recover_chats, config, by, to, ask)


async def lose_everything(crew: Crew, resident: Resident) -> None:
    """Ben talks with a resident and leaves; Anna, who could step in, loses her password."""
    anna, ben, _cas = crew.people
    await resident.begin("Hallo")
    conv = resident.talk.conv
    (waits,) = (await ben.queue())["waiting"]
    await ben.act(conv, "claim", version=waits["version"])
    await ben.say(await ben.open(conv, crew.now), "Dag, vertel maar", crew.now)
    await crew.revoke(ben)
    await crew.begin_again(anna)


async def rows(crew: Crew) -> int:
    """How many wraps were ever made."""
    read = crew.living.bot.house.database.read
    return len(await read(lambda c: c.execute(select(sc_recipient.c.receiver)).all()))


async def test_41_the_words_give_a_conversation_to_a_colleague_and_the_resident_sees_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with (
        a_crew(tmp_path, "Anna", "Ben", "Cas", at=None) as crew,
        ResidentHttp(crew.living.base_url) as http,
    ):
        resident = Resident(http, crew)
        await lose_everything(crew, resident)
        anna, cas = crew.people
        conv = resident.talk.conv
        await recover(crew, "", "", typing())
        assert "nobody of the team can open: 1" in capsys.readouterr().out
        await recover(crew, anna.login, cas.login, typing(typed_words(ROOT_WORDS), ANNA))
        shown = capsys.readouterr()
        assert "Recovered: 1" in shown.out
        assert ANNA not in shown.out + shown.err
        (waits,) = (await cas.queue())["waiting"]
        await cas.act(conv, "claim", version=waits["version"])
        seen = await cas.open(conv, crew.now)
        assert ["Hallo", "Dag, vertel maar", "recovered"] == said(seen)
        assert anna.keys.id == seen.chain.lines[-1].by
        await resident.read()
        assert ["Hallo", "Dag, vertel maar", "recovered"] == said(resident.talk)
        await resident.say({"k": "text", "t": "Goed zo"})
        assert 2 == max(resident.talk.epochs)
        audit = await crew.living.bot.house.database.read(
            lambda c: c.execute(select(staff_audit).where(staff_audit.c.action == ACTION)).all()
        )
        assert [(anna.account, conv)] == [(line.account_id, line.conv) for line in audit]
        await recover(crew, "", "", typing())
        assert "Somebody of the team can open every conversation." in capsys.readouterr().out


async def test_43_without_the_words_or_the_password_nothing_is_opened(tmp_path: Path) -> None:
    async with (
        a_crew(tmp_path, "Anna", "Ben", "Cas", at=None) as crew,
        ResidentHttp(crew.living.base_url) as http,
    ):
        resident = Resident(http, crew)
        await lose_everything(crew, resident)
        anna, cas = crew.people
        right = typed_words(ROOT_WORDS)
        wrong = typed_words((*ROOT_WORDS[:-1], ROOT_WORDS[-1] ^ 1))
        before = await rows(crew)
        for by, to, lines, said_key in (
            (anna.login, "", (wrong, ANNA), "words"),
            (anna.login, "", (right, ANNA + "!"), "--by"),
            (anna.login, "Ben@brug", (right, ANNA), "--to"),
        ):
            with pytest.raises(SettingsError) as refused:
                await recover(crew, by, to, typing(*lines))
            assert said_key == refused.value.key
            assert not set(right.split()) & set(str(refused.value).split())
        assert before == await rows(crew)
        assert [] == (await cas.queue())["waiting"]
        with pytest.raises(Answered) as hidden:
            await cas.act(resident.talk.conv, "claim", version=1)
        assert 404 == hidden.value.status


@pytest.mark.parametrize("typed", ["", "een twee", typed_words(ROOT_WORDS) + " aanbod"])
def test_16_another_number_of_words_is_said_at_once(typed: str) -> None:
    nothing = Root(bytes(16), b"", b"", bytes(40))
    with pytest.raises(SettingsError) as refused:
        _open_root(nothing, typed, published_lists())
    assert "there are 12" in refused.value.remedy
