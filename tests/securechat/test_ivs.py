"""Do a million seals of Python take a million ivs?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from wijkbot.clock import Clock
from wijkbot.recovery.keys import seal

MANY = 1_000_000
LARGEST_CHI2 = 420.0
"""Of 256 even classes; a fair source goes over it once in 10⁹ times."""


def chi2(classes: Sequence[int]) -> float:
    """How uneven these counts are."""
    even = sum(classes) / len(classes)
    return sum((found - even) ** 2 for found in classes) / even


def test_07_a_million_seals_of_python_take_a_million_ivs() -> None:
    """With the cipher itself, and the randomness of the house."""
    key, draw = bytes(32), Clock().random_bytes
    ivs = {seal(key, b"aad", b"", draw).iv for _ in range(MANY)}
    assert MANY == len(ivs)
    assert {12} == {len(iv) for iv in ivs}
    counted = Counter(b"".join(ivs))
    assert chi2([counted[byte] for byte in range(256)]) < LARGEST_CHI2
