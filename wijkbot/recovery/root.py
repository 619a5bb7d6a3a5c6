"""What is the root of an organisation: how is it made, closed with twelve words, and used?"""

from __future__ import annotations

from dataclasses import dataclass, replace

from wijkbot.recovery.keys import (
    Keys,
    Random,
    hkdf,
    make_keys,
    open_keys,
    seal_keys,
    sign,
    stretch,
)
from wijkbot.recovery.words import ROOT_LENGTH
from wijkbot.securechat.bundle import Sealed
from wijkbot.securechat.encoding import lp
from wijkbot.securechat.manifest import Cert
from wijkbot.securechat.points import sha256


@dataclass(frozen=True, slots=True)
class Root:
    """The organisation's two pairs; ``kem`` is the recovery key, ``sig`` certifies."""

    org: bytes
    keys: Keys

    @property
    def pin(self) -> bytes:
        """What the page of the chat knows this root by."""
        return sha256(self.keys.sig.public)


def make_root(org: bytes) -> Root:
    """A fresh root for the organisation with this id."""
    return Root(org, make_keys())


def seal_root(root: Root, indices: tuple[int, ...], random: Random) -> Sealed:
    """The root in a form that only the twelve words open."""
    if len(indices) != ROOT_LENGTH:
        raise ValueError("the root is closed with twelve words")
    return seal_keys(_kek(indices, root.org), "root", root.org, root.keys, random)


def open_root(
    sealed: Sealed, org: bytes, public: tuple[bytes, bytes], indices: tuple[int, ...]
) -> Root:
    """The root; ``public`` are ``recovery_kem`` and ``root_sig``.

    Raises:
        Refused: key; these are not the words.
    """
    return Root(org, open_keys(_kek(indices, org), sealed, "root", org, public))


def certify(root: Root, member: bytes, sig: bytes, not_after: int) -> Cert:
    """This member may sign the list of the team until ``not_after`` (seconds since 1970)."""
    bare = Cert(root.org, member, sig, not_after, b"")
    return replace(bare, signature=sign(root.keys.sig, bare.signed))


def _kek(indices: tuple[int, ...], org: bytes) -> bytes:
    return hkdf(stretch(indices, lp("wb1/root", org)), lp("wb1/kek"))
