"""Does the journal hold every erasure that was committed, whatever happens in between?"""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from tests.living import LivingBot, living_bot
from wijkbot.app.house import House
from wijkbot.app.journal import Journal, JournalProblem
from wijkbot.app.perform import Moment, perform
from wijkbot.clock import Clock
from wijkbot.engine.conversation import PlaceState
from wijkbot.engine.effects import Erase, OptOut
from wijkbot.engine.events import Facts
from wijkbot.engine.words import Place
from wijkbot.storage import backup, jobs, opt_outs, retention
from wijkbot.storage.entries import Entry, Erased, KeyDestroyed, OptedIn, OptedOut
from wijkbot.storage.jobs import JobDraft
from wijkbot.storage.restore import Wishes, restore
from wijkbot.storage.seal import create_key_file, load_key_file
from wijkbot.storage.tables import chat, conversation, day_key, odd_job
from wijkbot_sandbox.adapter import SandboxAdapter
from wijkbot_sandbox.world import private_chat

MEMBER = "5ec2" * 16
ALL: tuple[Entry, ...] = (
    Erased(MEMBER, ("c4a7" * 16,), 1),
    OptedOut(MEMBER, "announcement", 2),
    OptedIn(MEMBER, "announcement", 3),
    KeyDestroyed(20_000, 4),
)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    create_key_file(tmp_path / "wijkbot.key", bytes(range(32)))
    return opened(tmp_path)


def opened(folder: Path) -> Journal:
    key_file = load_key_file(folder / "wijkbot.key")
    return Journal(folder / "wijkbot.journal", key_file, Clock().random_bytes)


def test_what_was_written_is_read_in_order(journal: Journal) -> None:
    journal.begin()
    for entry in ALL:
        journal.write(entry)
    journal.write(*ALL)
    read = journal.read()
    assert (read.entries, read.unreadable) == ((*ALL, *ALL), 0)


def test_the_file_is_private_and_nothing_in_it_can_be_read(journal: Journal) -> None:
    journal.write(*ALL)
    assert journal.path.stat().st_mode & 0o777 == 0o600
    content = journal.path.read_bytes()
    plain = b"".join(base64.b64decode(line) for line in content.splitlines())
    assert [word for word in (b"5ec2", b"erased", b"announcement") if word in plain] == []


def test_a_half_written_line_is_passed_over_and_spoils_nothing_after_it(journal: Journal) -> None:
    journal.write(ALL[0])
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole + whole[: len(whole) // 2])
    assert (journal.read().entries, journal.read().unreadable) == (ALL[:1], 1)
    journal.write(ALL[1])
    assert (journal.read().entries, journal.read().unreadable) == (ALL[:2], 1)


def test_a_changed_line_is_not_believed(journal: Journal) -> None:
    journal.write(*ALL[:2])
    first, second = journal.path.read_bytes().splitlines(keepends=True)
    swapped = first[:40] + (b"A" if first[40:41] != b"A" else b"B") + first[41:]
    journal.path.write_bytes(swapped + second)
    assert (journal.read().entries, journal.read().unreadable) == (ALL[1:2], 1)


def test_several_processes_append_without_spoiling_a_line(journal: Journal) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.app.test_journal import ALL, opened\n"
        "journal = opened(Path(sys.argv[1]))\n"
        "for _ in range(40): journal.write(*ALL)\n"
    )
    folder = str(journal.path.parent)
    at_work = [subprocess.Popen([sys.executable, "-c", code, folder]) for _ in range(3)]
    assert [process.wait(60) for process in at_work] == [0, 0, 0]
    read = journal.read()
    assert (len(read.entries), read.unreadable) == (3 * 40 * len(ALL), 0)


def test_a_journal_that_cannot_be_written_says_so(journal: Journal) -> None:
    journal.path.mkdir()
    for act in (journal.begin, lambda: journal.write(*ALL), journal.read):
        with pytest.raises(JournalProblem, match=r"wijkbot\.journal"):
            act()


def test_a_full_disk_is_noticed(journal: Journal) -> None:
    journal.path.symlink_to("/dev/full")
    with pytest.raises(JournalProblem, match="cannot be written"):
        journal.write(*ALL)


def test_a_missing_journal_is_a_lost_one(journal: Journal) -> None:
    with pytest.raises(JournalProblem, match="--journal"):
        journal.read()
    journal.begin()
    assert journal.read().entries == ()


CHANNELS = {"wijk": {"adapter": "sandbox"}}


def quietly(_done: int, _whole: int) -> None:
    """Hear nothing of the progress."""


async def ask(living: LivingBot, *texts: str) -> list[str]:
    """Say these, each after the answer to the one before; gives the answers."""
    adapter = living.bot.adapters["wijk"]
    assert isinstance(adapter, SandboxAdapter)
    answers: list[str] = []
    for text in texts:
        said = answered(adapter)
        await adapter.say("fien", "private", text)
        for _ in range(200):
            if len(answered(adapter)) > len(said):
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail(f"no answer to {text!r}")
        answers.append(answered(adapter)[-1])
    return answers


def answered(adapter: SandboxAdapter) -> list[str]:
    lines = adapter.world.lines(private_chat("fien"))
    return [line.text for line in lines if line.author == "wijkbot"]


async def note_a_job(living: LivingBot) -> None:
    await ask(living, "waar kan ik printen?")
    house = living.bot.house
    member, now_ms = await member_in(house), house.clock.now_ms()
    job = JobDraft("request", "lamp", "a lamp", "", "", member, None, now_ms + 86_400_000)
    await house.database.write(lambda conn: jobs.add(conn, house.sealer, job, now_ms))


async def jobs_in(house: House) -> int:
    query = select(func.count()).select_from(odd_job)
    return await house.database.read(lambda conn: int(conn.execute(query).scalar_one()))


async def member_in(house: House) -> str:
    query = select(conversation.c.member_hmac).where(conversation.c.member_hmac != "")
    query = query.join(chat, chat.c.id == conversation.c.chat_id).where(chat.c.is_private)
    return await house.database.read(lambda conn: str(conn.execute(query).scalar_one()))


def moment(house: House, member: str) -> Moment:
    return Moment(
        chat_id=1,
        conversation_id=1,
        member_hmac=member,
        language="nl",
        key="1-1",
        now_ms=house.clock.now_ms(),
        place=PlaceState(Place.PRIVATE, "BE"),
        facts=Facts(datetime(2026, 11, 21, 10, tzinfo=UTC)),
        policy=house.settings.policy.limits,
        journal=house.journal,
    )


async def test_who_is_erased_after_the_backup_stays_erased_after_a_restore(
    tmp_path: Path,
) -> None:
    copy = tmp_path / "copy.db"
    folder = tmp_path / "wijk"
    url = f"sqlite:///{folder}/wijkbot.db"
    async with living_bot(folder, CHANNELS) as living:
        house = living.bot.house
        await note_a_job(living)
        backup.back_up(url, copy, house.clock.now_ms(), quietly)
        await ask(living, "stop", "wis", "ja")
        assert await jobs_in(house) == 0
        member = await member_in(house)
        entries = house.journal.read().entries
    kinds = [type(entry) for entry in entries]
    assert kinds == [OptedOut, OptedOut, Erased]
    wishes = Wishes(entries, lambda *_: None, replaces=True)
    done = restore(url, copy, house.sealer, wishes, house.clock.now_ms(), quietly)
    assert (done.erasures, done.opt_outs) == (1, 2)
    async with living_bot(folder, CHANNELS) as living:
        house = living.bot.house
        assert await jobs_in(house) == 0
        stopped = await house.database.read(lambda c: opt_outs.has(c, member, "announcement"))
        assert stopped
        addresses = select(chat.c.erase_at).where(chat.c.is_private)
        found = await house.database.read(lambda c: c.execute(addresses).scalars().all())
        assert None not in found


async def test_an_erasure_that_cannot_be_journaled_is_not_done_but_tried_again(
    tmp_path: Path,
) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        house = living.bot.house
        adapter = living.bot.adapters["wijk"]
        assert isinstance(adapter, SandboxAdapter)
        await note_a_job(living)
        await ask(living, "wis")
        house.journal.path.rename(tmp_path / "aside")
        house.journal.path.mkdir()
        before = len(answered(adapter))
        await adapter.say("fien", "private", "ja")
        await asyncio.sleep(0.7)
        assert (await jobs_in(house), len(answered(adapter))) == (1, before)
        house.journal.path.rmdir()
        house.clock.shift(31)  # the claim on the conversation ends, and it is taken again
        for _ in range(200):
            if len(answered(adapter)) > before:
                break
            await asyncio.sleep(0.05)
        assert "gewist" in answered(adapter)[-1]
        assert await jobs_in(house) == 0
        assert [type(entry) for entry in house.journal.read().entries] == [Erased]


async def test_a_crash_between_journal_and_commit_loses_nothing(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        house = living.bot.house
        await note_a_job(living)
        member = await member_in(house)
        effects = (OptOut(), Erase())

        def crash(conn: Connection) -> None:
            perform(conn, house.sealer, effects, moment(house, member))
            kinds = [type(entry) for entry in house.journal.read().entries]
            assert kinds == [OptedOut, OptedOut, Erased]  # on disk before the commit
            raise InterruptedError

        with pytest.raises(InterruptedError):
            await house.database.write(crash)
        assert await jobs_in(house) == 1  # nothing was committed: it is asked again
        at = moment(house, member)
        await house.database.write(lambda c: perform(c, house.sealer, effects, at))
        assert await jobs_in(house) == 0
        assert len(house.journal.read().entries) == 6


async def test_a_destroyed_day_key_stands_in_the_journal(tmp_path: Path) -> None:
    async with living_bot(tmp_path, CHANNELS) as living:
        house = living.bot.house
        old = {"day": 3, "wrapped": b"wrapped", "created_at": 1}
        await house.database.write(lambda c: c.execute(day_key.insert().values(old)))
        tell, now_ms = house.journal.keys_destroyed, house.clock.now_ms()
        await house.database.write(lambda c: retention.destroy_keys(c, now_ms, tell))
        assert house.journal.read().entries == (KeyDestroyed(3, now_ms),)
