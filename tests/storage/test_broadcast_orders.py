"""Does any order of steps, crashes and lapsed leases tell everybody exactly once?"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from tests.storage.house import House
from tests.storage.test_broadcasts import PowerCutError, begin, everybody, groups, step, told
from wijkbot.storage import broadcasts
from wijkbot.storage.audience import Audience
from wijkbot.storage.errors import LeaseLost

pytestmark = pytest.mark.storage

_MOVES = st.lists(
    st.sampled_from(["step", "cut", "again", "claim", "late", "stranger", "pause"]), max_size=14
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=_MOVES, limit=st.integers(1, 4), count=st.integers(1, 7))
async def test_any_order_of_steps_and_crashes_tells_everybody_once(
    house: House, moves: list[str], limit: int, count: int
) -> None:
    """Steps, crashes inside them, lapsed leases, late processes, the same command again."""
    await house.publish()
    ids = await groups(house, count)
    audience = Audience.of(ids)
    key = f"{house.now}"
    number = await begin(house, audience, key)
    held: list[int] = []
    for move in moves:
        await _move(house, number, move, limit, held)
        if move == "again":
            assert await begin(house, audience, key) == number
    while not (await step(house, number, limit=limit)).done:
        pass
    assert await told(house, number) == dict.fromkeys(ids, 1)
    tally = await house.database.read(lambda conn: broadcasts.tally(conn, number))
    assert (tally.queued, tally.skipped) == (count, 0)
    house.now += 60_000


async def _move(house: House, number: int, move: str, limit: int, held: list[int]) -> None:
    def cut(conn: Connection) -> None:
        broadcasts.expand(conn, number, everybody, house.now, limit)
        raise PowerCutError

    if move == "step" and held:
        try:
            await step(house, number, limit=limit, lease=held[-1])
        except LeaseLost:
            held.pop()
    elif move == "stranger":
        await step(house, number, limit=limit)
    elif move == "cut":
        with pytest.raises(PowerCutError):
            await house.write(cut)
    elif move == "claim":
        found = await house.write(lambda conn: broadcasts.claim(conn, house.now))
        held.extend(one.lease for one in found if one.id == number)
    elif move == "late" and len(held) > 1:
        with pytest.raises(LeaseLost):
            await step(house, number, limit=limit, lease=held[0])
    elif move == "pause":
        house.now += broadcasts.LEASE_MS
