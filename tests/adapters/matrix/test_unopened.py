"""What waits for its key: for how long, and what of it outlives a restart?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.adapters.matrix.memory_port import MemoryPort
from wijkbot.adapter_api import EventKind, IncomingEvent
from wijkbot_matrix import unopened
from wijkbot_matrix.unopened import PATIENCE_SECONDS, Unopened, id_of_notice

ROOM = "!group"
LONGEST = 30.0


class Clock:
    """A monotonic clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(unopened, "time", found)
    return found


def sealed(name: str, **content: Any) -> dict[str, Any]:
    """An encrypted event."""
    return {"type": "m.room.encrypted", "event_id": name, "content": content}


def heard(kind: EventKind, event_id: str) -> IncomingEvent:
    at = datetime(2026, 11, 21, 9, tzinfo=UTC)
    return IncomingEvent(kind, event_id, ROOM, False, "@anna:wijk.test", at)


async def test_key_may_be_late_and_then_it_is_told_once(clock: Clock) -> None:
    waiting, one = Unopened(MemoryPort()), sealed("$1")
    assert waiting.patience(LONGEST) == LONGEST
    waiting.add(ROOM, one)
    clock.now += PATIENCE_SECONDS - 4
    assert (waiting.is_due(one), waiting.patience(LONGEST)) == (False, 4.0)
    clock.now += 4
    assert (waiting.is_due(one), waiting.patience(LONGEST)) == (True, 1.0)
    await waiting.settle([heard(EventKind.UNREADABLE, id_of_notice("$1"))])
    assert (waiting.is_due(one), waiting.patience(LONGEST)) == (False, LONGEST)
    assert waiting.waiting() == [(ROOM, one)], "the key may still come"


async def test_what_was_read_after_all_waits_no_longer(clock: Clock) -> None:
    waiting = Unopened(MemoryPort())
    waiting.add(ROOM, sealed("$1"))
    waiting.add(ROOM, sealed("$2"))
    await waiting.settle([heard(EventKind.MESSAGE, "$1")])
    assert waiting.waiting() == [(ROOM, sealed("$2"))]
    clock.now += 901
    assert waiting.waiting() == []
    assert waiting.count == 2


def test_edit_is_never_spoken_of(clock: Clock) -> None:
    waiting = Unopened(MemoryPort())
    edit = sealed("$1", **{"m.relates_to": {"rel_type": "m.replace", "event_id": "$0"}})
    waiting.add(ROOM, edit)
    clock.now += PATIENCE_SECONDS
    assert (waiting.is_due(edit), waiting.patience(LONGEST)) == (False, LONGEST)


async def test_restart_goes_on_with_what_waited_and_says_nothing_twice(clock: Clock) -> None:
    port = MemoryPort()
    before = Unopened(port)
    for name in ("$told", "$open", "$read"):
        before.add(ROOM, sealed(name))
    await before.keep()
    told = heard(EventKind.UNREADABLE, id_of_notice("$told"))
    await before.settle([told, heard(EventKind.MESSAGE, "$read")])
    after = Unopened(port)
    await after.load()
    clock.now += PATIENCE_SECONDS
    due = [event["event_id"] for _, event in after.waiting() if after.is_due(event)]
    assert due == ["$open"]
    assert len(after.waiting()) == 2


async def test_flood_of_noise_is_bounded_and_not_written_down(clock: Clock) -> None:
    port = MemoryPort()
    before = Unopened(port)
    before.add(ROOM, sealed("$large", ciphertext="A" * 60_000))
    for number in range(250):
        before.add(ROOM, sealed(f"${number}"))
        before.add(ROOM, sealed(f"${number}"))
    assert (before.count, len(before.waiting())) == (251, 200)
    before.add(ROOM, sealed("$larger", ciphertext="A" * 60_000))
    await before.keep()
    assert len(await port.kept("unopened") or b"") < 60_000
