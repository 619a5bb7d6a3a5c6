"""Is a message that was tried before sent again only where nobody gets it twice?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from wijkbot.adapter_api import Capabilities
from wijkbot.app.tried_before import may_repeat, unsure_since
from wijkbot.engine.words import Purpose
from wijkbot.storage.lanes import Outgoing
from wijkbot.storage.outbox import Lane

_MADE = datetime(2026, 11, 23, 9, tzinfo=UTC)
NEWS = Outgoing(
    lane_id=1,
    seq=1,
    lease=1,
    lane=Lane.BULK,
    key="k",
    chat_id=1,
    channel="lijn",
    address="line:+31",
    is_private=True,
    neighbourhood="",
    conversation_id=None,
    purpose=Purpose.ANNOUNCEMENT,
    item_id="Z1",
    item_version=1,
    language="nl",
    values=b"{}",
    attempts=1,
    was_in_flight=False,
    broadcast_id=7,
    created_at=int(_MADE.timestamp() * 1000),
    expires_at=None,
)
ORDINARY, LOOKS, ONCE = (
    Capabilities(),
    Capabilities(can_look_up=True),
    Capabilities(is_idempotent=True),
)


def test_an_announcement_goes_again_only_where_it_comes_once_or_can_be_looked_for() -> None:
    assert not may_repeat(ORDINARY, NEWS, Purpose.ANNOUNCEMENT)
    assert may_repeat(LOOKS, NEWS, Purpose.ANNOUNCEMENT)
    assert may_repeat(ONCE, NEWS, Purpose.ANNOUNCEMENT)


def test_what_cannot_be_looked_for_is_not_repeated_either() -> None:
    """The look goes by the announcement's own moment; without one there is none."""
    alone = replace(NEWS, broadcast_id=None)
    assert not may_repeat(LOOKS, alone, Purpose.ANNOUNCEMENT)
    assert unsure_since(LOOKS, replace(alone, was_in_flight=True)) is None


def test_replies_and_crisis_cards_come_again_rather_than_not_and_are_not_looked_for() -> None:
    for purpose in (Purpose.INFO, Purpose.CRISIS, Purpose.REFERRAL):
        reply = replace(NEWS, purpose=purpose, broadcast_id=None, attempts=2)
        assert may_repeat(ORDINARY, reply, purpose)
        assert unsure_since(LOOKS, reply) is None


def test_it_is_looked_for_since_it_was_made_and_only_when_it_was_tried() -> None:
    assert unsure_since(LOOKS, NEWS) is None
    assert unsure_since(LOOKS, replace(NEWS, was_in_flight=True)) == _MADE
    assert unsure_since(LOOKS, replace(NEWS, attempts=2)) == _MADE
    assert unsure_since(ORDINARY, replace(NEWS, attempts=2)) is None
