"""Does the ledger prove every yes, end it at once, and let nobody else be written to?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, update

from tests.storage.house import House, arrival
from wijkbot.engine.words import Purpose
from wijkbot.storage import broadcasts, chats, consents, erase, opt_outs, replay, retention
from wijkbot.storage.audience import Audience
from wijkbot.storage.broadcasts import BroadcastDraft, LocalDay
from wijkbot.storage.chats import Chat
from wijkbot.storage.consents import Agreed, Size
from wijkbot.storage.entries import Consented, Entry, Erased, OptedIn, OptedOut
from wijkbot.storage.tables import chat, conversation

pytestmark = pytest.mark.storage

NEWS, JOBS, SERVICE = Purpose.ANNOUNCEMENT, Purpose.ODD_JOB, Purpose.SERVICE
DAY = 86_400_000
TODAY = LocalDay("2026-11-22", "2026-W47")


async def _home(house: House, name: str) -> int:
    """The private chat of somebody who wrote."""
    new = arrival(f"hello-{name}", chat=name, member=name, is_private=True)
    await house.accept(new)
    for claimed in await house.claim():
        await house.finish(claimed)
    found = await house.database.read(lambda c: chats.find(c, house.sealer, "street", name))
    assert found is not None
    return found.id


async def _subscribed(house: House, *ids: int) -> set[int]:
    return set(await house.database.read(lambda c: consents.subscribed(c, ids)))


async def _stop(house: House, member: str, *purposes: Purpose) -> None:
    def write(conn: Connection) -> None:
        for purpose in purposes:
            opt_outs.add(conn, member, purpose.value, "chat", house.now)

    await house.write(write)


async def _start(house: House, member: str) -> list[Agreed]:
    def write(conn: Connection) -> list[Agreed]:
        for purpose in opt_outs.of(conn, member):
            opt_outs.lift(conn, member, purpose)
        return consents.restore(conn, member, house.now)

    return await house.write(write)


async def _history(house: House, member: str) -> list[tuple[object, ...]]:
    rows = await house.database.read(lambda c: consents.history(c, member))
    names = ("purpose", "source", "withdrawn_at", "withdrawn_by")
    return [tuple(row[name] for name in names) for row in rows]


async def test_yes_is_kept_with_its_words_place_and_moment(house: House) -> None:
    home = await _home(house, "anna")
    member = await house.agrees(home)
    (row,) = await house.database.read(lambda c: consents.history(c, member))
    assert (row["item_id"], row["item_version"], row["language"]) == ("aanmeld", 3, "nl")
    assert (row["neighbourhood"], row["channel"], row["chat_id"]) == ("zonnewijk", "street", home)
    assert (row["given_at"], row["withdrawn_at"]) == (house.now, None)
    assert await _subscribed(house, home) == {home}


async def test_who_only_wrote_is_no_subscriber(house: House) -> None:
    home = await _home(house, "anna")
    assert await _subscribed(house, home) == set()
    await house.agrees(home, SERVICE)
    await house.agrees(home, JOBS)
    assert await _subscribed(house, home) == set(), "each purpose by itself"


async def test_stop_ends_the_yes_at_once_and_stays_in_the_proof(house: House) -> None:
    home = await _home(house, "anna")
    member = await house.agrees(home)
    house.now += 1000
    await _stop(house, member, NEWS, JOBS)
    assert await _subscribed(house, home) == set()
    assert await _history(house, member) == [(NEWS, "question", house.now, "stop")]


async def test_start_gives_back_what_the_stop_ended_and_nothing_else(house: House) -> None:
    home = await _home(house, "anna")
    member = await house.agrees(home)
    await _stop(house, member, NEWS, JOBS)
    house.now += 1000
    given_ = await _start(house, member)
    assert [(one.purpose, one.source) for one in given_] == [(NEWS, "start")]
    assert await _subscribed(house, home) == {home}
    assert await _start(house, member) == [], "what is there is not given twice"
    other = await _home(house, "bram")
    await _stop(house, "bram", NEWS)
    assert await _start(house, "bram") == []
    assert await _subscribed(house, other) == set()


async def test_a_later_yes_lifts_nothing_by_itself(house: House) -> None:
    """An opt-out is the stricter word: a row that slips in beside it changes nothing."""
    home = await _home(house, "anna")
    member = await house.agrees(home)
    await _stop(house, member, NEWS)
    await house.agrees(home)
    assert await _subscribed(house, home) == set()
    await house.write(lambda c: opt_outs.lift(c, member, NEWS.value))
    assert await _subscribed(house, home) == {home}
    await _stop(house, member, SERVICE)
    assert await _subscribed(house, home) == set(), "who asked to be ignored"


async def test_yes_for_another_neighbourhood_is_a_new_row(house: House) -> None:
    home = await _home(house, "anna")
    member = await house.agrees(home)
    await house.write(lambda c: chats.configure(c, home, neighbourhood="haven"))
    assert await _subscribed(house, home) == set(), "nobody asked about that one yet"
    house.now += 1000
    await house.agrees(home, area="haven")
    assert await _subscribed(house, home) == {home}
    ended = [row[3] for row in await _history(house, member)]
    assert ended == ["moved", ""]


async def test_everything_that_a_resident_decided_in_one_look(house: House) -> None:
    home = await _home(house, "anna")
    member = await house.agrees(home)
    await house.agrees(home, SERVICE)
    await house.agrees(home, JOBS)
    await _stop(house, member, JOBS)
    found = await house.database.read(lambda c: consents.wishes(c, member))
    assert found.stopped == {JOBS}
    assert found.agreed == {NEWS: house.now, SERVICE: house.now}
    assert found.lapsed == {JOBS}


async def test_lists_are_counted_and_only_who_can_be_reached(house: House) -> None:
    homes = [await _home(house, name) for name in ("anna", "bram", "chris", "dora")]
    members = [await house.agrees(home) for home in homes]
    await house.agrees(homes[0], JOBS)
    await _stop(house, members[1], NEWS)
    left = update(chat).where(chat.c.id == homes[2]).values(left_at=house.now)
    await house.write(lambda c: c.execute(left))
    sizes = await house.database.read(consents.sizes)
    assert sizes == [
        Size("zonnewijk", "street", NEWS, 2),
        Size("zonnewijk", "street", JOBS, 1),
    ]


async def test_erasure_leaves_that_there_was_a_yes_and_no_more(house: House) -> None:
    home = await _home(house, "anna")
    member = await house.agrees(home)
    house.now += 1000
    await house.write(lambda c: erase.erase_member(c, member, house.now))
    (row,) = await house.database.read(lambda c: consents.history(c, member))
    bare = ("chat_id", "neighbourhood", "channel", "language")
    assert [row[name] for name in bare] == [None, "", "", ""]
    assert (row["withdrawn_by"], row["withdrawn_at"]) == ("erased", house.now)
    assert (row["item_id"], row["item_version"]) == ("aanmeld", 3)
    assert await _start(house, member) == [], "nothing comes back after an erasure"


async def test_proof_is_kept_for_a_year_after_its_end(house: House) -> None:
    home = await _home(house, "anna")
    member = await house.agrees(home)
    kept = 365 * DAY
    await _stop(house, member, NEWS)
    await house.write(lambda c: retention.sweep(c, house.now + kept))
    assert len(await _history(house, member)) == 1
    swept = await house.write(lambda c: retention.sweep(c, house.now + kept + 1))
    assert (swept["consents"], await _history(house, member)) == (1, [])


async def test_two_addresses_of_one_person_are_one_list(house: House) -> None:
    old, new = await _home(house, "anna"), await _home(house, "NL.77")
    was = await house.agrees(old)
    house.now += 1000
    is_ = await house.agrees(new)
    await house.write(lambda c: consents.merge(c, (was, is_), (old, new), house.now))
    assert await _history(house, was) == []
    assert [row[3] for row in await _history(house, is_)] == ["moved", ""]
    assert await _subscribed(house, old, new) == {new}


async def test_stop_of_one_address_holds_for_the_other(house: House) -> None:
    old, new = await _home(house, "anna"), await _home(house, "NL.77")
    was, is_ = await house.agrees(old), await house.agrees(new)
    await _stop(house, was, NEWS)
    await house.write(lambda c: consents.merge(c, (was, is_), (old, new), house.now))
    assert await _subscribed(house, old, new) == set()


# ── announcements ─────────────────────────────────────────────────────────────────────────────
def _everybody(found: list[Chat]) -> dict[int, LocalDay]:
    return {one.id: TODAY for one in found}


async def _announce(house: House, audience: Audience, *, limit: int = 2) -> list[int]:
    """How many chats get an announcement, made in small steps, and how many are passed over."""
    draft = BroadcastDraft(audience.to_json(), "T08", 1, b"{}")
    number = await house.write(
        lambda c: broadcasts.create(c, house.sealer, draft, audience, house.now)
    )
    done = False
    while not done:
        step = await house.write(
            lambda c: broadcasts.expand(c, number, _everybody, house.now, limit)
        )
        done = step.done
    told = await house.database.read(lambda c: broadcasts.tally(c, number))
    return [told.queued, told.skipped]


async def test_announcement_reaches_the_subscribers_of_its_neighbourhood(house: House) -> None:
    await house.publish()
    await house.chat("group-1")
    homes = [await _home(house, f"r{n}") for n in range(7)]
    members = [await house.agrees(home) for home in homes[:5]]
    await house.agrees(homes[5], area="haven")
    await _stop(house, members[0], NEWS)
    everywhere = Audience(neighbourhood="zonnewijk", has_subscribers=True)
    assert await _announce(house, everywhere) == [5, 0], "a group and four subscribers"
    only = Audience(chats=(), neighbourhood="zonnewijk", has_subscribers=True)
    assert await _announce(house, only) == [4, 0]
    assert await _announce(house, Audience(neighbourhood="zonnewijk")) == [1, 0]
    by_number = Audience.of(homes, "zonnewijk")
    assert await _announce(house, by_number) == [4, 3], "a number is no consent"


@pytest.mark.parametrize(
    "audience",
    [
        Audience(),
        Audience(neighbourhood="haven"),
        Audience(neighbourhood="", has_subscribers=True),
        Audience(chats=(), neighbourhood="haven", has_subscribers=True),
        Audience(chats=(3, 9), neighbourhood="haven", by_hand=(2,), has_subscribers=True),
        Audience(chats=(3,)),
    ],
)
def test_audience_stands_in_the_table_as_it_is(audience: Audience) -> None:
    assert Audience.from_json(audience.to_json()) == audience


# ── restore ───────────────────────────────────────────────────────────────────────────────────
async def _replayed(house: House, *entries: Entry) -> None:
    def work(conn: Connection, told: Iterable[Entry] = entries) -> object:
        never = lambda *_: None  # noqa: E731 - no rule falls due
        return replay.put_right(conn, told, house.now, is_newest=True, following=never)

    await house.write(work)


async def test_restored_backup_learns_every_later_yes_and_stop(house: House) -> None:
    home = await _home(house, "anna")
    found = await house.database.read(lambda c: chats.get(c, home))
    assert found is not None
    row = select(conversation.c.member_hmac).where(conversation.c.chat_id == home)
    member = str(await house.database.read(lambda c: c.execute(row).scalar_one()))
    at = house.now + 1000
    yes = Consented(member, NEWS, "haven", "street", found.address_hmac, "aanmeld", 9, "fr",
                    "question", at)  # fmt: skip
    await _replayed(house, yes, yes)
    assert await _subscribed(house, home) == {home}, "of the neighbourhood they said yes to"
    assert len(await _history(house, member)) == 1
    await _replayed(house, yes, OptedOut(member, NEWS, at + 1))
    assert await _subscribed(house, home) == set()
    again = replace(yes, at=at + 3, source="start")
    stop, start = OptedOut(member, NEWS, at + 1), OptedIn(member, NEWS, at + 2)
    await _replayed(house, yes, stop, start, again)
    assert await _subscribed(house, home) == {home}
    await _replayed(house, Erased(member, (found.address_hmac,), at + 4))
    assert await _subscribed(house, home) == set()


async def test_yes_of_a_chat_that_the_backup_lacks_is_proof_alone(house: House) -> None:
    yes = Consented("m", NEWS, "haven", "street", "unknown", "aanmeld", 9, "fr", "question", 5)
    await _replayed(house, yes)
    (row,) = await house.database.read(lambda c: consents.history(c, "m"))
    assert (row["chat_id"], row["given_at"]) == (None, 5)


# ── any order ─────────────────────────────────────────────────────────────────────────────────
ACTS = st.lists(
    st.sampled_from(["yes", "stop", "ignore", "start", "erase", "haven", "zonnewijk"]),
    min_size=1,
    max_size=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=ACTS)
async def test_in_any_order_only_a_standing_yes_lets_news_in(
    house: House, acts: list[str]
) -> None:
    """Beside a simple model: the last word of the resident counts, whatever came before."""
    house.now += 10_000
    home = await _home(house, f"resident-{house.now}")
    member = await house.agrees(home, SERVICE)
    area, agreed, lapsed = "zonnewijk", "", ""
    for act in acts:
        house.now += 1
        match act:
            case "yes":
                for purpose in (NEWS.value, SERVICE.value):
                    await house.write(lambda c, p=purpose: opt_outs.lift(c, member, p))  # type: ignore[misc]
                await house.agrees(home, area=area)
                agreed = lapsed = area
            case "stop" | "ignore":
                await _stop(house, member, *([NEWS] if act == "stop" else [NEWS, SERVICE]))
                agreed = ""
            case "start":
                await _start(house, member)
                agreed = agreed or lapsed
            case "erase":
                await house.write(lambda c: consents.erase(c, member, house.now))
                agreed = lapsed = ""
            case _:
                area = act
                await house.write(lambda c, a=act: chats.configure(c, home, neighbourhood=a))  # type: ignore[misc]
        expected = {home} if agreed == area else set()
        assert await _subscribed(house, home) == expected, act
