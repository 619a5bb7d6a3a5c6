"""What does a worker's browser do? Hold keys, sign the team, open conversations it may see."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.securechat.client.conversation import Conversation
from tests.securechat.client.crypto import (
    MEMBER_KDF,
    Pair,
    Sealed,
    bundle_aad,
    hkdf,
    make_pair,
    member_keys,
    open_bundle,
    seal,
    sha256,
    sign,
    stretch,
)
from tests.securechat.client.encoding import NOTHING_BEFORE, Refused, b64, lp, unb64
from tests.securechat.client.manifest import DAY, Cert, Manifest, Member
from tests.securechat.client.trust import Trust


@dataclass(frozen=True, slots=True)
class Root:
    """The two pairs of the organisation."""

    org: bytes
    kem: Pair
    sig: Pair

    @property
    def pin(self) -> bytes:
        """What the page of the chat knows it by."""
        return sha256(self.sig.public)

    def aad(self) -> bytes:
        """What the sealed root is bound to."""
        return bundle_aad("root", self.org, self.kem.public, self.sig.public)

    def sealed(self, indices: tuple[int, ...], iv: bytes | None = None) -> Sealed:
        """Closed with twelve words."""
        both = lp(self.kem.jwk(), self.sig.jwk())
        return seal(root_kek(indices, self.org), iv or os.urandom(12), self.aad(), both)

    def certify(self, worker: Worker, not_after: int) -> Cert:
        """This member may sign manifests."""
        bare = Cert(self.org, worker.id, worker.sig.public, not_after)
        return Cert(bare.org, bare.member, bare.sig, bare.not_after, sign(self.sig, bare.signed))


def root_kek(indices: tuple[int, ...], org: bytes) -> bytes:
    """The key of the sealed root."""
    return hkdf(stretch(indices, lp("wb1/root", org)), lp("wb1/kek"))


def make_root(org: bytes) -> Root:
    """A fresh root."""
    return Root(org, make_pair(), make_pair())


@dataclass(frozen=True, slots=True)
class Worker:
    """A member of the team with their keys."""

    id: bytes
    name: str
    kem: Pair
    sig: Pair

    def listed(self, role: str) -> Member:
        """As they stand in a manifest."""
        return Member(self.id, self.name, role, self.kem.public, self.sig.public)

    def account_parts(self, password: str) -> dict[str, Any]:
        """The keys of an account: ``salt``, ``kdf``, ``login``, ``member``, keys, ``bundle``."""
        salt = os.urandom(16)
        kek, login = member_keys(password, salt)
        aad = bundle_aad("member", self.id, self.kem.public, self.sig.public)
        both = lp(self.kem.jwk(), self.sig.jwk())
        return {
            "salt": b64(salt),
            "kdf": MEMBER_KDF,
            "login": b64(login),
            "member": b64(self.id),
            "kem": b64(self.kem.public),
            "sig": b64(self.sig.public),
            "bundle": seal(kek, os.urandom(12), aad, both).as_json(),
        }

    def look_into(
        self, conv: bytes, keys: Mapping[str, Any], trust: Trust, now: int
    ) -> Conversation:
        """A conversation from the answer of ``/keys``, or Refused."""
        resident = keys["resident"]
        conversation = Conversation(
            conv,
            self.id,
            self.kem,
            self.sig,
            unb64(resident["kem"], 65),
            unb64(resident["sig"], 65),
            trust,
        )
        conversation.learn(keys, now)
        return conversation


def make_worker(name: str) -> Worker:
    """A member with fresh keys."""
    return Worker(os.urandom(16), name, make_pair(), make_pair())


def open_member(me: Mapping[str, Any], kem: bytes, sig: bytes, password: str) -> Worker:
    """The member of ``/api/w/me``, with keys from the bundle; Refused for another kdf."""
    if me["kdf"] != MEMBER_KDF:
        raise Refused("kdf", "another way to stretch a password")
    member = unb64(me["member"], 16)
    kek, _login = member_keys(password, unb64(me["salt"], 16))
    sealed = Sealed(unb64(me["bundle"]["iv"], 12), unb64(me["bundle"]["ct"]))
    pairs = open_bundle(kek, sealed, bundle_aad("member", member, kem, sig), kem, sig)
    return Worker(member, me["name"], *pairs)


def first_manifest(
    root: Root, team: bytes, coordinator: Worker, members: list[Member], now: int
) -> Manifest:
    """Version 1."""
    bare = Manifest(
        root.org,
        team,
        1,
        now,
        now + 60 * DAY,
        NOTHING_BEFORE,
        root.kem.public,
        tuple(sorted(members, key=lambda one: one.id)),
        coordinator.id,
    )
    return bare.signed_by(coordinator.sig)


def next_manifest(
    before: Manifest, coordinator: Worker, members: list[Member], now: int
) -> Manifest:
    """The version after ``before``."""
    bare = Manifest(
        before.org,
        before.team,
        before.version + 1,
        now,
        now + 60 * DAY,
        before.hash,
        before.recovery_kem,
        tuple(sorted(members, key=lambda one: one.id)),
        coordinator.id,
    )
    return bare.signed_by(coordinator.sig)
