"""Does a server that asked for rest get one message at a time?"""

from __future__ import annotations

import asyncio
from functools import partial

from wijkbot.adapter_api import Reason, Refused, Sent, Unknown
from wijkbot_matrix.patience import Patience

TOO_MUCH = Refused(Reason.RATE, False, 30.0, whole_account=True)


async def _at_once(patience: Patience, *outcomes: Sent | Refused | Unknown) -> list[object]:
    """The outcomes, and how many were under way together at most."""
    under_way = most = 0

    async def step(outcome: Sent | Refused | Unknown) -> Sent | Refused | Unknown:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return outcome

    found = await asyncio.gather(*(patience.take(partial(step, one)) for one in outcomes))
    return [*found, most]


async def test_all_go_at_once_until_the_server_complains() -> None:
    patience = Patience()
    assert await _at_once(patience, Sent("1"), Sent("2")) == [Sent("1"), Sent("2"), 2]
    assert not patience.is_asked


async def test_while_it_rests_nothing_is_asked_of_it() -> None:
    patience = Patience()
    await patience.take(lambda: asyncio.sleep(0, TOO_MUCH))
    assert patience.is_asked
    refused, asked = await _at_once(patience, Sent("1"))
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.permanent, refused.whole_account) == (Reason.RATE, False, True)
    assert (29 < refused.retry_after <= 30, asked) == (True, 0)


async def test_after_it_each_waits_for_the_one_before() -> None:
    """A refusal of the first holds the second, which might have been lucky."""
    patience = Patience()
    await patience.take(lambda: asyncio.sleep(0, Refused(Reason.RATE, False, 0.0)))
    assert await _at_once(patience, Sent("1"), Sent("2")) == [Sent("1"), Sent("2"), 1]
    first, second, asked = await _at_once(patience, TOO_MUCH, Sent("2"))
    assert (first, asked) == (TOO_MUCH, 1)
    assert isinstance(second, Refused)
