"""Does every order of arrivals, steps, crashes, lapsed leases and wrong clocks end well?"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.storage import moved_clock
from tests.storage.house import House
from tests.storage.model import Move
from tests.storage.model_sending import Town
from tests.storage.simulated_process import Process
from wijkbot.storage import conversations, heads
from wijkbot.storage.open import open_database
from wijkbot.storage.outbox import Status

pytestmark = pytest.mark.storage
SKEWS = (0, 20_000, -20_000)


def _move(name: str, **how: st.SearchStrategy[object]) -> st.SearchStrategy[Move]:
    return st.tuples(st.just(name), st.fixed_dictionaries(how))


_P, _FEW = st.integers(0, 2), st.integers(1, 3)
_EVENTS = st.lists(st.integers(0, 15), min_size=1, max_size=6)
_LATER = st.sampled_from([0, 500, 5_000])
_TIMES = st.sampled_from(
    [1, 1_000, 5_000, conversations.LEASE_MS - 1, conversations.LEASE_MS, heads.LEASE_MS]
)
_ENDS = st.sampled_from([Status.SENT, Status.UNKNOWN, Status.DEAD])
_HEAR = _move("hear", p=_P, numbers=_EVENTS)
_CLAIM = _move("claim", p=_P, limit=_FEW)
_ADVANCE = _move(
    "advance", p=_P, count=_FEW, drafts=st.integers(0, 2), keeps=st.booleans(), rings=st.booleans()
)
_WAIT = _move("wait", ms=_TIMES)
_MOVES = st.one_of(
    _HEAR,
    _move("hear_twice", p=_P, numbers=_EVENTS),
    _CLAIM,
    _CLAIM,
    _ADVANCE,
    _ADVANCE,
    _ADVANCE,
    _move("cut", p=_P),
    _move("give_back", p=_P, after_ms=_LATER),
    _move("crash", p=_P),
    _move("restart"),
    _WAIT,
    _WAIT,
    _move("take", p=_P, limit=_FEW),
    _move("settle", p=_P, count=_FEW, status=_ENDS),
    _move("retry", p=_P, after_ms=_LATER),
    _move("announce", p=_P, number=st.integers(0, 1), limit=_FEW),
    _move("block", chat=st.integers(0, 3)),
    _move("unblock", chat=st.integers(0, 3)),
    _move("erase", member=st.sampled_from(["anna", "bob"])),
)


@pytest.fixture
async def town(house: House, database_url: str) -> AsyncIterator[Town]:
    """Three processes: of SQLite on one clock, of PostgreSQL on clocks that differ."""
    await house.publish()
    if house.database.is_embedded:

        async def keep_time(_now_ms: int) -> None:
            """The processes tell the time themselves."""

        yield Town(house.sealer, [Process(house.database, house.sealer) for _ in SKEWS], keep_time)
        return
    url = moved_clock.with_moved_clock(database_url)
    databases = [open_database(url) for _ in SKEWS]

    async def set_clock(now_ms: int) -> None:
        await databases[0].write(lambda conn: moved_clock.move(conn, now_ms))

    pairs = zip(databases, SKEWS, strict=True)
    yield Town(house.sealer, [Process(one, house.sealer, skew) for one, skew in pairs], set_clock)
    for one in databases:
        await one.close()


_A_TIMER_IS_SET: list[Move] = [
    ("hear", {"p": 0, "numbers": [0]}),
    ("claim", {"p": 0, "limit": 1}),
    ("advance", {"p": 0, "count": 1, "drafts": 1, "keeps": False, "rings": True}),
]


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(begun=(), moves=_A_TIMER_IS_SET)
@given(
    begun=st.tuples(_HEAR, _CLAIM, _ADVANCE, _move("take", p=_P, limit=_FEW)),
    moves=st.lists(_MOVES, min_size=8, max_size=40),
)
async def test_any_order_of_moves_handles_and_sends_everything_once_and_in_order(
    town: Town, begun: tuple[Move, ...], moves: list[Move]
) -> None:
    world = Town(town.sealer, town.processes, town.set_clock)
    await world.begin()
    for move in (*begun, *moves):
        await world.do(move)
    await world.drain()
