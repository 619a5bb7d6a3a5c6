"""Is work for a new conversation asked, recognised, and of no use for another one?"""

from __future__ import annotations

import pytest

from tests.securechat.making import NOW, new_id
from wijkbot.securechat.encoding import Refused, b64, lp, unb64
from wijkbot.securechat.points import sha256
from wijkbot.securechat.work import (
    BITS,
    LASTS,
    Challenge,
    Work,
    check_work,
    make_challenge,
    read_work,
    zero_bits,
)

KEY = b"k" * 32
CONV = new_id()
ASKED = make_challenge(KEY, bytes(16), NOW, bits=10)


def begins_with(digest: bytes, bits: int) -> bool:
    return "".join(f"{byte:08b}" for byte in digest).startswith("0" * bits)


def worked(challenge: Challenge, conv: bytes = CONV) -> Work:
    nonce = 0
    while not begins_with(sha256(lp("wb1/pow", challenge.text, conv, nonce)), challenge.bits):
        nonce += 1
    return Work(challenge.text, nonce)


def idle(challenge: Challenge) -> Work:
    nonce = 0
    while begins_with(sha256(lp("wb1/pow", challenge.text, CONV, nonce)), challenge.bits):
        nonce += 1
    return Work(challenge.text, nonce)


def told(work: Work, conv: bytes = CONV, now: int = NOW, key: bytes = KEY) -> str:
    try:
        check_work(key, work, conv, now)
    except Refused as refused:
        return refused.code
    return ""


WORKED = worked(ASKED)


def test_work_that_was_asked_is_taken_until_its_end() -> None:
    assert ASKED.as_json() == {"challenge": ASKED.text, "bits": 10}
    assert told(WORKED) == ""
    assert told(WORKED, now=NOW + LASTS - 1) == ""
    assert told(WORKED, now=NOW + LASTS) == "pow"


def test_no_work_or_work_for_another_conversation_is_refused() -> None:
    assert told(idle(ASKED)) == "pow"
    others = [told(WORKED, conv=new_id()) for _ in range(4)]
    assert "pow" in others


def test_challenge_of_nobody_or_of_another_server_is_refused() -> None:
    assert told(WORKED, key=b"j" * 32) == "pow"
    assert told(Work(b64(bytes(57)), 1)) == "pow"
    assert told(Work("AAAA", 1)) == "pow"
    assert told(Work("no base64!", 1)) == "shape"


@pytest.mark.parametrize("byte", range(57))
def test_changed_challenge_is_refused(byte: int) -> None:
    raw = bytearray(unb64(ASKED.text))
    assert len(raw) == 57
    raw[byte] ^= 1
    easier = Challenge(b64(bytes(raw)), 10)
    assert told(worked(easier)) == "pow"


def test_usual_work_is_sixteen_bits() -> None:
    assert BITS == make_challenge(KEY, bytes(16), NOW).bits == 16


def test_zero_bits_are_counted_from_the_front() -> None:
    assert [zero_bits(raw) for raw in (b"\x80", b"\0\x01", b"\0\0", b"\0\x1f\xff")] == [
        0,
        15,
        16,
        11,
    ]


@pytest.mark.parametrize(
    "json",
    [
        {"challenge": "A"},
        {"challenge": "A", "nonce": -1},
        {"challenge": "A", "nonce": "1"},
        {"challenge": 5, "nonce": 1},
        {"challenge": "A" * 201, "nonce": 1},
        {"challenge": "A", "nonce": 1, "bits": 0},
    ],
)
def test_work_of_another_shape_is_refused(json: object) -> None:
    with pytest.raises(Refused):
        read_work(json)
    assert read_work({"challenge": "A", "nonce": 1}) == Work("A", 1)
