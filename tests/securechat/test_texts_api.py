"""Does a worker get the published words, filled in, in the language of the resident?"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.content.edits import change
from tests.prepared import prepared
from tests.securechat.office import Office, found, join
from wijkbot.content.locate import content_dir
from wijkbot.content.model import LANGUAGES

pytestmark = pytest.mark.storage


@pytest.fixture
async def published(office: Office) -> Office:
    """An office with the starter pack."""
    await prepared(office.bot)
    return office


async def test_ready_texts_come_first_and_each_is_whole(published: Office) -> None:
    async with published.tab() as tab:
        await found(published, tab)
        told = (await tab.get("texts?lang=nl"))["texts"]
    assert ["ready"] * 8 + ["boundary"] * 3 == [one["kind"] for one in told]
    assert sorted(one["id"] for one in told) == [one["id"] for one in told]
    assert all({"id", "title", "text", "kind"} == one.keys() for one in told)
    assert all(one["title"] and one["text"] and "{" not in one["text"] for one in told)


async def test_fields_hold_what_the_organisation_wrote(published: Office) -> None:
    async with published.tab() as tab:
        await found(published, tab)
        told = {one["id"]: one["text"] for one in (await tab.get("texts?lang=nl"))["texts"]}
    assert published.bot.house.settings.organisation.name in told["R01"]
    assert "zitdag" in told["R04"], "this organisation is in Belgium"
    assert "02 000 00 00" in told["R05"]
    assert "Is er gevaar? Bel 112.\nZeg waar je bent." == told["R06"]


async def test_every_language_of_a_conversation_gets_words(published: Office) -> None:
    async with published.tab() as tab:
        await found(published, tab)
        own = (await tab.get("texts"))["texts"]
        for language in LANGUAGES:
            told = (await tab.get(f"texts?lang={language}"))["texts"]
            assert 11 == len(told)
            assert told[0]["title"] == {"fr": "Bonjour", "en": "Hello"}.get(language, "Hallo")
            is_written = language.partition("-")[0] in {"nl", "fr", "en"}
            assert is_written or told == own, language


async def test_a_language_that_no_conversation_has_is_refused(published: Office) -> None:
    async with published.tab() as tab:
        await found(published, tab)
        for language in ("xx", "nl-FR", "../nl", "NL"):
            answer = await tab.ask("GET", f"texts?lang={language}")
            assert (422, "shape") == (answer.status_code, answer.json()["error"]), language


async def test_what_was_published_anew_is_read_anew(published: Office, tmp_path: Path) -> None:
    dialogs = tmp_path / "dialogs"
    shutil.copytree(content_dir("dialogs"), dialogs)
    change(dialogs, "R02-*.yaml", "Ik ben even weg.", "Ik haal koffie.")
    async with published.tab() as tab:
        await found(published, tab)
        before = (await tab.get("texts?lang=nl"))["texts"]
        await prepared(published.bot, dialogs)
        after = (await tab.get("texts?lang=nl"))["texts"]
    changed = [new["text"] for old, new in zip(before, after, strict=True) if old != new]
    assert 1 == len(changed)
    assert changed[0].startswith("Ik haal koffie.")


async def test_before_anything_is_published_there_are_none(office: Office) -> None:
    async with office.tab() as tab:
        await found(office, tab)
        assert {"texts": []} == await tab.get("texts?lang=nl")
        assert [] == (await tab.get("cards"))["cards"]


async def test_a_trainee_reads_them_and_a_manager_does_not(published: Office) -> None:
    async with published.tab() as first, published.tab() as second, published.tab() as nobody:
        await found(published, first)
        await join(published, second, "Tess", "trainee")
        assert 11 == len((await second.get("texts?lang=fr"))["texts"])
        answer = await nobody.ask("GET", "texts?lang=nl")
        assert (401, "session") == (answer.status_code, answer.json()["error"])
    async with published.tab("192.0.2.7") as third:
        await join(published, third, "Mo", "manager")
        answer = await third.ask("GET", "texts?lang=nl")
        assert (403, "forbidden") == (answer.status_code, answer.json()["error"])
