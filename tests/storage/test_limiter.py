"""Is an account ever over its rate, whoever asks when for how many?"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations_with_replacement

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from tests.storage.house import House
from wijkbot.storage import limiter
from wijkbot.storage.tables import limiter as table

pytestmark = pytest.mark.storage

ACCOUNT = "street"
ROUNDED = 0.01
Ask = tuple[str, int, int]
_MANY = st.integers(1, 40)
_ASKS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(0, 1_500), st.just(0)),
        st.tuples(st.just("take"), _MANY, st.integers(0, 40)),
        st.tuples(st.just("take"), _MANY, st.just(0)),
        st.tuples(st.just("hold"), st.integers(1, 3_000), st.just(0)),
        st.tuples(st.just("begin"), st.just(0), st.just(0)),
        st.tuples(st.just("wait_as_told"), _MANY, st.just(0)),
    ),
    min_size=5,
    max_size=30,
)


@dataclass
class Account:
    """One account that several processes ask for; the moment of everything it sent."""

    house: House
    per_s: float
    burst: int
    sends: list[int] = field(default_factory=list)
    held_until: int = 0

    async def begin(self, *_: int) -> None:
        """A process starts, and tells the rate again."""
        await self.house.write(
            lambda conn: limiter.configure(conn, ACCOUNT, self.per_s, self.burst)
        )

    async def wait(self, ms: int, _: int) -> None:
        self.house.now += ms

    async def take(self, want: int, unused: int) -> None:
        """Take sends and give back at once what there is no message for, as a sender does."""
        now_ms = self.house.now

        def take(conn: Connection) -> int:
            given = limiter.grant(conn, ACCOUNT, want, now_ms)
            assert 0 <= given <= want
            back = min(unused, given)
            limiter.give_back(conn, ACCOUNT, back)
            return given - back

        sent = await self.house.write(take)
        assert not sent or now_ms >= self.held_until, "the platform told us to wait"
        self.sends += [now_ms] * sent

    async def hold(self, ms: int, _: int) -> None:
        until = self.house.now + ms
        await self.house.write(lambda conn: limiter.hold(conn, ACCOUNT, until))
        self.held_until = max(self.held_until, until)

    async def wait_as_told(self, want: int, _: int) -> None:
        """Not a moment earlier, and not a moment later, is there room for one more."""
        house, before = self.house, len(self.sends)
        told = await house.database.read(lambda c: limiter.wait_ms(c, ACCOUNT, house.now))
        if told:
            house.now += told - 1
            await self.take(want, 0)
            assert len(self.sends) == before, "told to wait for too long"
            house.now += 1
        await self.take(want, 0)
        assert len(self.sends) > before, "told to wait too short"

    def look(self) -> None:
        """No window, of whatever length, holds more than its share and one burst."""
        for first, last in combinations_with_replacement(range(len(self.sends)), 2):
            ms = self.sends[last] - self.sends[first]
            assert last - first + 1 <= self.per_s * ms / 1000 + self.burst + ROUNDED


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    per_s=st.one_of(st.integers(1, 80), st.floats(0.05, 80)), burst=st.integers(1, 30), asks=_ASKS
)
async def test_no_window_holds_more_than_its_share_and_one_burst(
    house: House, per_s: float, burst: int, asks: list[Ask]
) -> None:
    await house.write(lambda conn: conn.execute(table.delete()))
    account = Account(house, per_s, burst)
    await account.begin()
    for what, many, unused in asks:
        await getattr(account, what)(many, unused)
    account.look()
