"""Which messages are what they say, and what is wrong with the others? (docs/wb1.md section 6)"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.securechat.client.crypto import verify
from tests.securechat.client.encoding import NOTHING_BEFORE, RESIDENT, Refused, b64, unb64
from tests.securechat.client.envelope import Envelope

KINDS = frozenset({"text", "photo", "event"})
NO_KEY = "no key"


@dataclass
class Line:
    """One place in the conversation: a body, or the reason why there is none to believe."""

    seq: int
    by: bytes
    n: int
    body: dict[str, Any] | None = None
    reason: str = ""


@dataclass
class Chain:
    """The messages of a conversation in the order of ``seq``.

    ``key_of`` gives the signing key of a sender, ``open_body`` the plain bytes, or None when the
    reader has no key for that epoch; both raise Refused.
    """

    key_of: Callable[[bytes], bytes]
    open_body: Callable[[Envelope], bytes | None]
    lines: list[Line] = field(default_factory=list)
    last: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)
    _hashes: dict[tuple[bytes, int], bytes] = field(default_factory=dict)
    _seen: list[tuple[Line, bytes, int, bytes]] = field(default_factory=list)

    def next_place(self, sender: bytes) -> tuple[int, bytes]:
        """``n`` and ``prev`` of the next message of ``sender``."""
        n, hash_ = self.last.get(sender, (0, NOTHING_BEFORE))
        return n + 1, hash_

    def seen_by(self, sender: bytes) -> dict[str, list[Any]]:
        """What ``sender`` says to have read."""
        return {b64(by): [n, b64(h)] for by, (n, h) in self.last.items() if by != sender}

    def take(self, seq: int, envelope: Envelope) -> Line | None:
        """Put the message in its place; None when it is there already."""
        line = Line(seq, envelope.by, envelope.n)
        try:
            verify(self.key_of(envelope.by), envelope.signed, envelope.signature)
        except Refused:
            line.reason = "forged"
            self.lines.append(line)
            return line
        known = self._hashes.get((envelope.by, envelope.n))
        if known == envelope.hash:
            return None
        self.lines.append(line)
        if known is not None:
            line.reason = "fork"
            return line
        if (envelope.n, envelope.prev) != self.next_place(envelope.by):
            line.reason = "gap"
        self._read(line, envelope)
        self._hashes[envelope.by, envelope.n] = envelope.hash
        if envelope.n >= self.next_place(envelope.by)[0]:
            self.last[envelope.by] = (envelope.n, envelope.hash)
        return line

    def settle(self) -> None:
        """Everything there is was taken: what somebody has seen must be among it."""
        for line, sender, n, hash_ in self._seen:
            given = self._hashes.get((sender, n))
            if given != hash_ and not line.reason:
                line.reason = "cut" if given is None else "fork"
        self._seen.clear()

    def _read(self, line: Line, envelope: Envelope) -> None:
        try:
            raw = self.open_body(envelope)
        except Refused:
            line.reason = line.reason or "forged"
            return
        if raw is None:
            line.reason = line.reason or NO_KEY
            return
        body = _as_body(raw, envelope.by)
        if not line.reason:
            line.body = body
        for sender, (n, hash_) in _seen_in(body).items():
            self._seen.append((line, sender, n, hash_))


def _as_body(raw: bytes, by: bytes) -> dict[str, Any]:
    """The body; ``{"k": "unknown"}`` for what this client cannot show."""
    try:
        body = json.loads(raw)
    except ValueError:
        return {"k": "unknown"}
    if not isinstance(body, dict) or body.get("k") not in KINDS:
        return {"k": "unknown"}
    if body["k"] == "event" and by == RESIDENT:
        return {"k": "unknown"}
    return body


def _seen_in(body: dict[str, Any]) -> dict[bytes, tuple[int, bytes]]:
    try:
        return {
            unb64(sender, 16): (int(n), unb64(hash_, 32))
            for sender, (n, hash_) in body.get("seen", {}).items()
        }
    except (AttributeError, TypeError, ValueError, Refused):
        return {}
