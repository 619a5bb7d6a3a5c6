"""Are only points of the curve keys, and only 64 bytes by that key a signature?"""

from __future__ import annotations

import pytest

from tests.securechat.making import Pair
from wijkbot.securechat.encoding import Refused
from wijkbot.securechat.points import check_public, verify

PAIR = Pair()
PUBLIC = PAIR.public
SIGNED = b"these bytes"
SIGNATURE = PAIR.sign(SIGNED)
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

BAD_KEYS = {
    "64 bytes": PUBLIC[:64],
    "64 bytes without the first": PUBLIC[1:],
    "66 bytes": PUBLIC + b"\0",
    "none": b"",
    "compressed": bytes([2 + PUBLIC[64] % 2]) + PUBLIC[1:33],
    "compressed, 65 bytes": bytes([2 + PUBLIC[64] % 2]) + PUBLIC[1:],
    "hybrid": bytes([6 + PUBLIC[64] % 2]) + PUBLIC[1:],
    "infinity": bytes(65),
    "infinity, uncompressed": b"\4" + bytes(64),
    "off the curve": PUBLIC[:-1] + bytes([PUBLIC[-1] ^ 1]),
    "beyond the field": b"\4" + b"\xff" * 64,
}
BAD_SIGNATURES = {
    "63 bytes": SIGNATURE[:63],
    "65 bytes": SIGNATURE + b"\0",
    "none": b"",
    "zero": bytes(64),
    "r is zero": bytes(32) + SIGNATURE[32:],
    "s is zero": SIGNATURE[:32] + bytes(32),
    "r is the order": ORDER.to_bytes(32, "big") + SIGNATURE[32:],
    "s is the order": SIGNATURE[:32] + ORDER.to_bytes(32, "big"),
    "all ones": b"\xff" * 64,
    "turned": SIGNATURE[32:] + SIGNATURE[:32],
    "another key's": Pair().sign(SIGNED),
    "of other bytes": PAIR.sign(SIGNED + b"!"),
}


def test_11_point_on_the_curve_is_a_key_and_its_signature_fits() -> None:
    assert check_public(PUBLIC) == PUBLIC
    verify(PUBLIC, SIGNED, SIGNATURE)


@pytest.mark.parametrize("name", BAD_KEYS)
def test_11_other_keys_are_refused(name: str) -> None:
    with pytest.raises(Refused) as refused:
        check_public(BAD_KEYS[name])
    assert refused.value.code == "shape"
    with pytest.raises(Refused):
        verify(BAD_KEYS[name], SIGNED, SIGNATURE)


@pytest.mark.parametrize("name", BAD_SIGNATURES)
def test_11_other_signatures_are_refused(name: str) -> None:
    with pytest.raises(Refused) as refused:
        verify(PUBLIC, SIGNED, BAD_SIGNATURES[name])
    assert refused.value.code == "signature"
