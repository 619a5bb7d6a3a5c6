"""Do all processes know whether a channel's home has read what was missed?"""

from __future__ import annotations

from sqlalchemy import Connection

from tests.storage.house import House
from wijkbot.storage import caught_up, leases

LEASE = caught_up.home_lease("buurt")
TTL = 30_000


async def test_only_the_home_of_now_is_caught_up(house: House) -> None:
    assert not await _is_so(house)
    number = await _become(house, "one")
    assert not await _is_so(house)
    await house.write(lambda c: caught_up.note(c, "buurt", number))
    assert await _is_so(house)
    await house.write(lambda c: leases.release(c, LEASE, number))
    assert not await _is_so(house), "nobody listens now"
    second = await _become(house, "two")
    assert second == number + 1
    assert not await _is_so(house), "it has to ask itself"
    await house.write(lambda c: caught_up.note(c, "buurt", second))
    assert await _is_so(house)


async def _become(house: House, holder: str) -> int:
    got = await house.write(lambda c: leases.acquire(c, LEASE, holder, house.now, TTL))
    assert got is not None
    return int(got)


async def _is_so(house: House) -> bool:
    def look(conn: Connection) -> bool:
        return caught_up.is_caught_up(conn, "buurt", house.now)

    return bool(await house.write(look))
