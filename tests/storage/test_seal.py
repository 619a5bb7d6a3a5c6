"""Is what could hurt unreadable on disk, before and after, and in the wrong hands?"""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from tests.storage.house import House, arrival
from wijkbot.clock import Clock
from wijkbot.storage import channel_state, chats, erase, jobs, retention, tokens
from wijkbot.storage.errors import KeyFileProblem, KeyGone, SealBroken
from wijkbot.storage.jobs import JobDraft
from wijkbot.storage.outbox import Lane
from wijkbot.storage.seal import Sealer, check_key, create_key_file, load_key_file, rotate
from wijkbot.storage.tables import day_key, inbox, metadata
from wijkbot.storage.tokens import Bound

CANARY = b"canary-9f2c-my-rent"
DAY = 86_400_000


def test_the_key_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "wijkbot.key"
    create_key_file(path, b"k" * 32)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key_file(path).secret == b"k" * 32


def test_a_key_file_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "wijkbot.key"
    create_key_file(path, b"k" * 32)
    with pytest.raises(KeyFileProblem):
        create_key_file(path, b"x" * 32)
    assert load_key_file(path).secret == b"k" * 32


@pytest.mark.parametrize("content", ["", "hello", "wijkbot-key-1 c2hvcnQ=", "wijkbot-key-1 %%"])
def test_a_damaged_key_file_is_named_with_a_remedy(tmp_path: Path, content: str) -> None:
    path = tmp_path / "wijkbot.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileProblem) as caught:
        load_key_file(path)
    assert str(path) in str(caught.value) and caught.value.remedy


def test_a_missing_key_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(KeyFileProblem, match="wijkbot init"):
        load_key_file(tmp_path / "wijkbot.key")


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wijkbot.key"
    create_key_file(path, b"k" * 32)
    path.chmod(0o644)
    with pytest.raises(KeyFileProblem, match="chmod 600"):
        load_key_file(path)


def test_pseudonyms_need_the_key_and_keep_uses_apart(tmp_path: Path) -> None:
    clock = Clock()
    sealers = []
    for name in ("a", "b"):
        create_key_file(tmp_path / name, clock.random_bytes(32))
        sealers.append(Sealer(load_key_file(tmp_path / name), clock.random_bytes))
    one, other = sealers
    name = one.pseudonym("chat", "ab", "c")
    assert len(name) == 64 and name == one.pseudonym("chat", "ab", "c")
    assert len({name, one.pseudonym("chat", "a", "bc"), one.pseudonym("event", "ab", "c"),
                other.pseudonym("chat", "ab", "c")}) == 4  # fmt: skip


@pytest.mark.storage
async def test_sealed_bytes_open_only_where_they_belong(house: House) -> None:
    sealed = house.sealer.seal(CANARY, "inbox:1")
    assert CANARY not in sealed
    read = house.database.read
    assert await read(lambda conn: house.sealer.open(conn, sealed, "inbox:1")) == CANARY
    with pytest.raises(SealBroken):
        await read(lambda conn: house.sealer.open(conn, sealed, "inbox:2"))
    broken = sealed[:-1] + bytes([sealed[-1] ^ 1])
    with pytest.raises(SealBroken):
        await read(lambda conn: house.sealer.open(conn, broken, "inbox:1"))


@pytest.mark.storage
async def test_a_second_process_opens_what_the_first_sealed(house: House) -> None:
    other = Sealer(house.sealer.key_file, Clock().random_bytes)
    await rotate(house.database, other, house.now)
    sealed = house.sealer.seal(CANARY, "x")
    assert await house.database.read(lambda conn: other.open(conn, sealed, "x")) == CANARY


@pytest.mark.storage
async def test_another_key_file_is_noticed(house: House, tmp_path: Path) -> None:
    create_key_file(tmp_path / "other.key", b"o" * 32)
    other = Sealer(load_key_file(tmp_path / "other.key"), Clock().random_bytes)
    with pytest.raises(KeyFileProblem, match="another database"):
        await house.write(lambda conn: check_key(conn, other))


@pytest.mark.storage
async def test_a_day_key_goes_when_nothing_uses_it_or_after_thirty_days(house: House) -> None:
    await house.accept(arrival("e1"))
    sealed = house.sealer.seal(b"old", "x")

    async def days_later(days: int) -> int:
        house.now = House.START + days * DAY
        await rotate(house.database, house.sealer, house.now)
        return await house.write(lambda conn: retention.destroy_keys(conn, house.now))

    assert await days_later(5) == 0  # an event still waits under that key
    (claimed,) = await house.claim()
    await house.finish(claimed)
    assert await days_later(6) == 1
    fresh = Sealer(house.sealer.key_file, Clock().random_bytes)
    with pytest.raises(KeyGone):
        await house.database.read(lambda conn: fresh.open(conn, sealed, "x"))
    await house.accept(arrival("e2"))  # waits for ever
    assert await days_later(36) == 2  # that key, and the unused one of day 5
    left = await house.database.read(
        lambda conn: conn.execute(select(day_key.c.day)).scalars().all()
    )
    assert left == [house.now // DAY]


def _on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("wijkbot.db*"))


async def _everything(house: House, folder: Path) -> bytes:
    """Every value of every row, and on SQLite every byte on disk."""

    def read(conn: Connection) -> list[object]:
        rows = [row for table in metadata.tables.values() for row in conn.execute(select(table))]
        return [value for row in rows for value in row]

    values = await house.database.read(read)
    plain = [value if isinstance(value, bytes) else str(value).encode() for value in values]
    return b"\n".join([*plain, _on_disk(folder)])


@pytest.mark.storage
async def test_no_plain_text_or_address_is_ever_on_disk(house: House, tmp_path: Path) -> None:
    word = CANARY.decode()
    await house.publish()
    chat_id = await house.chat("first")
    await house.accept(
        arrival(word + "-id", chat=word + "-chat", member=word + "-member", payload=CANARY)
    )
    await house.say(chat_id, "k1", values=CANARY)
    await house.write(
        lambda conn: channel_state.keep(conn, house.sealer, ("street", "secret"), CANARY, 1)
    )
    draft = JobDraft("request", "garden", word, "north", "weekend", "m", chat_id, house.now + DAY)
    await house.write(lambda conn: jobs.add(conn, house.sealer, draft, house.now))
    bound = Bound("odd-job", "m", house.now)
    await house.write(lambda conn: tokens.bind(conn, house.sealer, word, bound))
    assert CANARY not in await _everything(house, tmp_path)

    (claimed,) = await house.claim()
    await house.finish(claimed, state=CANARY)
    (out,) = await house.outgoing()
    await house.settle(out)
    kept = await _everything(house, tmp_path)
    assert CANARY not in kept and b"zonnewijk" in kept  # what is not secret is seen: we did look


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_erased_bytes_leave_the_disk(house: House, tmp_path: Path) -> None:
    await house.accept(arrival("e1", payload=b"hello"))
    sealed = await house.database.read(
        lambda conn: conn.execute(select(inbox.c.payload_sealed)).scalar_one()
    )
    assert sealed is not None and sealed in _on_disk(tmp_path)
    (claimed,) = await house.claim()
    await house.finish(claimed)
    assert await house.database.scrub()
    assert sealed not in _on_disk(tmp_path)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_database_file_is_for_its_owner_only(house: House, tmp_path: Path) -> None:
    modes = {path.stat().st_mode & 0o077 for path in tmp_path.glob("wijkbot.db*")}
    assert modes == {0}


@pytest.mark.storage
async def test_erasing_a_resident_leaves_pseudonyms_only(house: House) -> None:
    await house.publish()
    chat_id = await house.chat("anna", is_private=True)
    await house.accept(arrival("e1", chat="anna", is_private=True))
    (claimed,) = await house.claim()
    member = claimed.member_hmac
    draft = JobDraft("request", "garden", "hedge", "", "", member, chat_id, house.now + DAY)
    await house.write(lambda conn: jobs.add(conn, house.sealer, draft, house.now))
    await house.say(chat_id, "waiting", lane=Lane.BULK)
    await house.finish(claimed, state=b"state")
    await house.write(lambda conn: erase.erase_member(conn, member, house.now))
    await house.say(chat_id, "confirmation")
    assert await house.write(lambda conn: jobs.listing(conn, house.sealer, status=None)) == []
    await house.write(lambda conn: retention.sweep(conn, house.now))
    (out,) = await house.outgoing()
    assert (out.key, out.address) == ("confirmation", "anna")
    await house.settle(out)
    await house.write(lambda conn: retention.sweep(conn, house.now))
    found = await house.write(lambda conn: chats.get(conn, chat_id))
    assert found is not None and found.address_sealed is None
    await house.accept(arrival("e2", chat="anna", is_private=True))
    (again,) = await house.claim()
    assert again.state is None
    back = await house.write(lambda conn: chats.get(conn, chat_id))
    assert back is not None and back.address_sealed is not None and back.erase_at is None
