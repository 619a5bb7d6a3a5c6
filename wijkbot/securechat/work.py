"""Has a browser worked for a new conversation, while very many are made?

A challenge carries its own end and difficulty under a MAC, so that nothing is stored. One
challenge may serve several conversations: each costs its own work.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from wijkbot.securechat.encoding import Refused, b64, fields, lp, number, text_of, unb64
from wijkbot.securechat.points import sha256

BITS = 16
"""Zero bits that are asked: some 65,000 tries."""

LASTS = 600
"""Seconds a challenge may be used: a slow telephone works, its owner still writes."""

FRESH_LENGTH = 16
_UNTIL_LENGTH = 8
_MAC_LENGTH = 32
_TEXT_LIMIT = 200
_POW = frozenset({"challenge", "nonce"})


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a client is asked to work on."""

    text: str
    bits: int

    def as_json(self) -> dict[str, object]:
        """As it travels."""
        return {"challenge": self.text, "bits": self.bits}


@dataclass(frozen=True, slots=True)
class Work:
    """What a client found."""

    challenge: str
    nonce: int


def make_challenge(key: bytes, fresh: bytes, now: int, bits: int = BITS) -> Challenge:
    """A challenge that ends LASTS seconds after ``now``.

    ``key`` is the server's secret for this, ``fresh`` are 16 random bytes, ``bits`` at most 255.
    """
    head = (now + LASTS).to_bytes(_UNTIL_LENGTH, "big") + bytes([bits]) + fresh
    return Challenge(b64(head + _mac(key, head)), bits)


def read_work(json: object) -> Work:
    """Read what a client found.

    Raises:
        Refused: another shape.
    """
    row = fields(json, _POW)
    return Work(text_of(row["challenge"], _TEXT_LIMIT), number(row["nonce"]))


def check_work(key: bytes, work: Work, conv: bytes, now: int) -> None:
    """Nothing happens when the work for the conversation ``conv`` was done, and is not over.

    Raises:
        Refused: pow.
    """
    until, bits = _read(key, work.challenge)
    if now >= until:
        raise Refused("pow", "the challenge is over")
    if zero_bits(sha256(lp("wb1/pow", work.challenge, conv, work.nonce))) < bits:
        raise Refused("pow", "not enough work")


def zero_bits(digest: bytes) -> int:
    """With how many zero bits these bytes begin."""
    return len(digest) * 8 - int.from_bytes(digest, "big").bit_length()


def _read(key: bytes, text: str) -> tuple[int, int]:
    raw = unb64(text)
    head, mac = raw[:-_MAC_LENGTH], raw[-_MAC_LENGTH:]
    if len(head) != _UNTIL_LENGTH + 1 + FRESH_LENGTH or not hmac.compare_digest(
        _mac(key, head), mac
    ):
        raise Refused("pow", "not a challenge of this server")
    return int.from_bytes(head[:_UNTIL_LENGTH], "big"), head[_UNTIL_LENGTH]


def _mac(key: bytes, head: bytes) -> bytes:
    return hmac.digest(key, lp("wb1/challenge", head), "sha256")
