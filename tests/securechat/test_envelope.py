"""Is a message stored only when its sender signed it, here and in this place of the order?"""

from __future__ import annotations

import pytest

from tests.securechat.making import Json, Person, Team, envelope, hash_of, new_id
from wijkbot.securechat.encoding import NO_HASH, RESIDENT, Refused, b64, unb64
from wijkbot.securechat.envelope import check, read_envelope
from wijkbot.securechat.points import Signer

TEAM = Team()
RESIDENT_KEYS = Person()
CONV = new_id()
KEY = bytes(range(32))
FIRST = envelope(CONV, RESIDENT_KEYS, KEY)
FIRST_HASH = hash_of(FIRST, CONV)


def told(
    json: Json,
    conv: bytes = CONV,
    signer: Signer = RESIDENT_KEYS.signer,
    epoch: int = 1,
    last: tuple[int, bytes] = (0, NO_HASH),
) -> str:
    """What the server says to this message: the code, or nothing when it is stored."""
    try:
        check(read_envelope(json, conv), signer, epoch, *last)
    except Refused as refused:
        return refused.code
    return ""


def test_messages_in_order_are_accepted_and_travel_unchanged() -> None:
    second = envelope(CONV, RESIDENT_KEYS, KEY, "en nog iets", n=2, prev=FIRST_HASH)
    assert told(FIRST) == ""
    assert told(second, last=(1, FIRST_HASH)) == ""
    assert read_envelope(second, CONV).as_json() == second


def test_5_replay_in_another_conversation_epoch_sender_or_place_is_refused() -> None:
    assert told(FIRST, conv=new_id()) == "signature"
    assert told(FIRST, epoch=2) == "epoch"
    assert told({**FIRST, "e": 2}, epoch=2) == "signature"
    assert told(FIRST, signer=TEAM.worker.signer) == "signature"
    assert told({**FIRST, "by": b64(TEAM.worker.id)}, signer=TEAM.worker.signer) == "signature"
    assert told(FIRST, last=(1, FIRST_HASH)) == "chain"
    again = {**FIRST, "n": 2, "prev": b64(FIRST_HASH)}
    assert told(again, last=(1, FIRST_HASH)) == "signature"


@pytest.mark.parametrize(
    ("n", "prev"),
    [(1, NO_HASH), (2, NO_HASH), (3, FIRST_HASH), (2, KEY)],
    ids=["the first again", "without the one before", "one too far", "after another one"],
)
def test_7_message_that_does_not_follow_is_refused(n: int, prev: bytes) -> None:
    json = envelope(CONV, RESIDENT_KEYS, KEY, n=n, prev=prev)
    assert told(json, last=(1, FIRST_HASH)) == "chain"


def test_9_unsigned_or_signed_by_another_is_refused() -> None:
    stranger = Person()
    assert told({**FIRST, "signature": b64(bytes(64))}) == "signature"
    assert told(envelope(CONV, stranger, KEY)) == "signature"
    as_resident = Person(RESIDENT, kem=TEAM.worker.kem, sig=TEAM.worker.sig)
    assert told(envelope(CONV, as_resident, KEY)) == "signature"
    assert told(envelope(CONV, as_resident, KEY), signer=TEAM.worker.signer) == "signature"
    assert told({name: value for name, value in FIRST.items() if name != "signature"}) == "shape"


def test_two_seals_of_one_text_are_two_messages() -> None:
    assert hash_of(envelope(CONV, RESIDENT_KEYS, KEY), CONV) != FIRST_HASH
    assert hash_of(FIRST, new_id()) != FIRST_HASH


@pytest.mark.parametrize("length", [1, 200, 900, 4000])
def test_14_text_of_any_length_is_taken(length: int) -> None:
    assert told(envelope(CONV, RESIDENT_KEYS, KEY, "a" * length)) == ""


@pytest.mark.parametrize(
    "other",
    [
        {"ct": b64(unb64(FIRST["ct"])[:-1])},
        {"ct": b64(unb64(FIRST["ct"]) + b"\0")},
        {"ct": ""},
        {"iv": b64(bytes(11))},
        {"iv": b64(bytes(13))},
        {"prev": b64(bytes(31))},
        {"by": b64(bytes(17))},
        {"n": 0},
        {"n": 2**53},
        {"n": True},
        {"e": 0},
        {"signature": b64(bytes(63))},
        {"signature": b64(bytes(65))},
        {"seq": 1},
    ],
)
def test_message_of_another_shape_is_refused(other: Json) -> None:
    assert told({**FIRST, **other}) == "shape"
