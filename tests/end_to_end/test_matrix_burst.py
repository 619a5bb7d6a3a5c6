"""Is each of many questions answered once and in order, whatever is away meanwhile?"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.adapters.matrix.conftest import PASSWORD
from tests.adapters.matrix.resident import Resident
from tests.adapters.matrix.synapse import LocalSynapse
from tests.end_to_end.matrix_burst import MANY, SOME, answers, begun, burst, channel, expected
from tests.living import SATURDAY, living_bot

_numbers = itertools.count(1)
LATER = SATURDAY + timedelta(minutes=5)
"""A clock that goes back would hold up everything until it is there again."""
NewResident = Callable[[str], Awaitable[Resident]]
KINDS = pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])


def _account(homeserver: LocalSynapse) -> str:
    return homeserver.register(f"druk{next(_numbers)}", PASSWORD)


@KINDS
async def test_burst_in_a_direct_chat_and_another_while_the_bot_is_down(
    homeserver: LocalSynapse, new_resident: NewResident, tmp_path: Path, encrypted: bool
) -> None:
    """Sent as fast as the homeserver takes them; then as many again to a bot that is away."""
    anna = await new_resident("anna")
    user = _account(homeserver)
    first, second = burst(MANY), burst(MANY, start=3)
    async with living_bot(tmp_path, channel(homeserver, user)):
        room = await anna.create_dm(user, encrypted=encrypted)
        await anna.wait_joined(room, user)
        await anna.send_all(room, first)
        heard = await anna.wait_count(room, user, MANY)
        assert begun(heard) == expected(first)
        assert {one["encrypted"] for one in heard} == {encrypted}
    await anna.send_all(room, second)
    async with living_bot(tmp_path, channel(homeserver, user), at=LATER):
        heard = await anna.wait_count(room, user, 2 * MANY)
        assert begun(heard[MANY:]) == expected(second)
    assert 2 * MANY == len(await answers(anna, room, user))


async def test_burst_in_two_groups_with_a_high_budget(
    homeserver: LocalSynapse, new_resident: NewResident, tmp_path: Path
) -> None:
    """A plain and an encrypted group at the same time; the computer line stands before all."""
    anna = await new_resident("anna")
    user = _account(homeserver)
    name = user[1:].partition(":")[0]
    questions = burst(SOME)
    extra = {"policy": {"group_activation": "invite", "pointer": "", "answers_per_hour": 1000}}
    async with living_bot(tmp_path, channel(homeserver, user), extra=extra):
        rooms = [
            await anna.create_room("Onze straat", user, encrypted=encrypted)
            for encrypted in (False, True)
        ]
        for room in rooms:
            await anna.wait_message(room, user, "computer")
        for room in rooms:
            await anna.send_all(room, [f"@{name} {question}" for question in questions])
        for room in rooms:
            heard = await anna.wait_count(room, user, SOME + 1)
            assert begun(heard[1:]) == expected(questions)
    for room in rooms:
        assert SOME + 1 == len(await answers(anna, room, user))
