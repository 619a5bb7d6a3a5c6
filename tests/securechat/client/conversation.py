"""What does one participant know of a conversation, and what may they send? (docs/wb1.md 5, 6)"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.securechat.client.chain import Chain, Line
from tests.securechat.client.crypto import Pair
from tests.securechat.client.encoding import RECOVERY, RESIDENT, Refused, unb64
from tests.securechat.client.envelope import (
    Envelope,
    as_body,
    make_envelope,
    open_envelope,
    read_envelope,
)
from tests.securechat.client.manifest import read_cert, read_manifest
from tests.securechat.client.trust import Trust
from tests.securechat.client.wrapset import (
    Wrapset,
    check_wrapset,
    make_wrapset,
    open_wrap,
    read_wrapset,
    starters,
    starts_well,
)


@dataclass
class Epoch:
    """All wrapsets of one number, and the key if a wrap for me was among them."""

    wrapsets: list[Wrapset]
    ck: bytes | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message ready to go, with the wrapset of its epoch when it starts one."""

    envelope: Envelope
    wrapset: Wrapset | None
    ck: bytes

    def as_json(self) -> dict[str, Any]:
        """The body of the request."""
        parts: dict[str, Any] = {"envelope": self.envelope.as_json()}
        if self.wrapset is not None:
            parts["wrapset"] = self.wrapset.as_json()
        return parts


@dataclass
class Conversation:
    """One conversation as ``me`` sees it."""

    conv: bytes
    me: bytes
    kem: Pair
    sig: Pair
    resident_kem: bytes
    resident_sig: bytes
    trust: Trust
    epochs: dict[int, Epoch] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chain = Chain(self._key_of, self._open)

    def learn(self, keys: Mapping[str, Any], now: int) -> None:
        """Take the answer of ``/keys``; Refused when anything in it may not be believed."""
        root_sig = unb64(keys["root_sig"], 65)
        for one in keys["earlier"]:
            self.trust.accept_earlier(
                read_manifest(one["manifest"]), read_cert(one["cert"]), root_sig
            )
        self.trust.accept(read_manifest(keys["manifest"]), read_cert(keys["cert"]), root_sig, now)
        epochs: dict[int, Epoch] = {}
        for raw in keys["wrapsets"]:
            self._add(epochs, read_wrapset(self.conv, raw))
        self.epochs = epochs

    def read(self, messages: list[dict[str, Any]]) -> list[Line]:
        """Take everything up to the last message; the lines that are new."""
        before = len(self.chain.lines)
        for raw in sorted(messages, key=lambda one: int(one["seq"])):
            envelope = {k: v for k, v in raw.items() if k not in ("seq", "at")}
            self.chain.take(raw["seq"], read_envelope(self.conv, envelope))
        self.chain.settle()
        return self.chain.lines[before:]

    def write(self, parts: dict[str, Any], at: int, *, fresh: bool = False) -> Prepared:
        """Seal a body; a new epoch comes with it when the newest may not be used, or ``fresh``."""
        e, ck, wrapset = max(self.epochs, default=0), None, None
        if not fresh and self.is_usable():
            ck = self.epochs[e].ck
        if ck is None:
            e += 1
            ck, wrapset = self.start(e)
        n, prev = self.chain.next_place(self.me)
        body = as_body({**parts, "at": at, "seen": self.chain.seen_by(self.me)})
        place = (self.conv, e, self.me, n, prev)
        return Prepared(make_envelope(place, ck, self.sig, os.urandom(12), body), wrapset, ck)

    def sent(self, prepared: Prepared, seq: int) -> None:
        """The server has it."""
        if prepared.wrapset is not None:
            self.epochs[prepared.envelope.e] = Epoch([prepared.wrapset], prepared.ck)
        self.chain.take(seq, prepared.envelope)

    def start(self, e: int) -> tuple[bytes, Wrapset]:
        """A fresh key for the readers of the current manifest."""
        manifest = self.trust.current
        if manifest is None:
            raise Refused("manifest", "none")
        ck = os.urandom(32)
        to = starters(manifest, self.resident_kem)
        return ck, make_wrapset(self.conv, e, ck, manifest.hash, (self.me, self.sig), to)

    def give(self, to: Mapping[bytes, bytes]) -> list[dict[str, Any]]:
        """A later wrapset of each epoch whose key is here."""
        manifest = self.trust.current
        if manifest is None:
            raise Refused("manifest", "none")
        signer = (self.me, self.sig)
        return [
            make_wrapset(self.conv, e, epoch.ck, manifest.hash, signer, to).as_json()
            for e, epoch in sorted(self.epochs.items())
            if epoch.ck is not None
        ]

    def is_usable(self) -> bool:
        """May something be encrypted to the newest epoch?"""
        current = self.trust.current
        if not self.epochs or current is None:
            return False
        epoch = self.epochs[max(self.epochs)]
        started = self.trust.accepted[epoch.wrapsets[0].manifest_hash]
        if not starts_well(epoch.wrapsets[0], started):
            return False
        if started.recovery_kem != current.recovery_kem:
            return False
        there = {member.id for member in current.members} | {RESIDENT, RECOVERY}
        return all(one.to in there for made in epoch.wrapsets for one in made.recipients)

    def _add(self, epochs: dict[int, Epoch], wrapset: Wrapset) -> None:
        check_wrapset(wrapset, self.trust, self.resident_kem, self.resident_sig)
        if wrapset.e not in epochs:
            if wrapset.e != len(epochs) + 1 or (wrapset.e == 1 and wrapset.by != RESIDENT):
                raise Refused("epoch", "a gap, or the first is not the resident's")
            epochs[wrapset.e] = Epoch([wrapset])
        else:
            epochs[wrapset.e].wrapsets.append(wrapset)
        epoch = epochs[wrapset.e]
        if wrapset.commit != epoch.wrapsets[0].commit:
            raise Refused("commit", "two keys in one epoch")
        epoch.ck = epoch.ck or open_wrap(wrapset, self.me, self.kem)

    def _key_of(self, by: bytes) -> bytes:
        return self.resident_sig if by == RESIDENT else self.trust.sender_key(by)

    def _open(self, envelope: Envelope) -> bytes | None:
        epoch = self.epochs.get(envelope.e)
        if epoch is None:
            raise Refused("epoch", "without a wrapset")
        return None if epoch.ck is None else open_envelope(envelope, epoch.ck)
