"""What are the keys of a member: how are they made, closed with a password, and used to sign?"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from wijkbot.recovery.keys import (
    KEY_SIZE,
    Keys,
    Random,
    hkdf,
    make_keys,
    open_keys,
    seal_keys,
    sign,
)
from wijkbot.securechat.bundle import MEMBER_KDF, Sealed, check_kdf
from wijkbot.securechat.encoding import ID_LENGTH, NO_HASH, lp
from wijkbot.securechat.manifest import LONGEST, Manifest, Member

SALT_LENGTH = 16
_MEMORY_KIB = 64 * 1024
_PASSES = 3


@dataclass(frozen=True, slots=True)
class MemberKeys:
    """A member's id and the keys that are bound to it for life."""

    id: bytes
    keys: Keys

    def listed(self, name: str, role: str) -> Member:
        """This member as they stand in the list of the team."""
        return Member(self.id, name, role, self.keys.kem.public, self.keys.sig.public)


@dataclass(frozen=True, slots=True)
class Account:
    """What the server keeps of a member's keys: nothing here opens them without the password."""

    salt: bytes
    kdf: str
    login: bytes
    bundle: Sealed


def make_member(random: Random) -> MemberKeys:
    """A new member."""
    return MemberKeys(random(ID_LENGTH), make_keys())


def close_member(member: MemberKeys, password: str, random: Random) -> Account:
    """The keys under a password; takes some tenths of a second and 64 MiB."""
    salt = random(SALT_LENGTH)
    kek, login = _stretch(password, salt)
    sealed = seal_keys(kek, "member", member.id, member.keys, random)
    return Account(salt, MEMBER_KDF, login, sealed)


def open_member(
    account: Account, member: bytes, public: tuple[bytes, bytes], password: str
) -> MemberKeys:
    """The keys of a member; ``public`` are their ``kem`` and ``sig``.

    Raises:
        Refused: key (not the password), or shape (another way to stretch it).
    """
    check_kdf(account.kdf, MEMBER_KDF)
    kek, _login = _stretch(password, account.salt)
    return MemberKeys(member, open_keys(kek, account.bundle, "member", member, public))


def first_manifest(
    org: bytes, team: bytes, recovery_kem: bytes, by: MemberKeys, members: Iterable[Member],
    now: int,
) -> Manifest:  # fmt: skip
    """Version 1 of the list of the team, good for 90 days from ``now``."""
    bare = Manifest(
        org=org,
        team=team,
        version=1,
        issued=now,
        expires=now + LONGEST,
        prev_hash=NO_HASH,
        recovery_kem=recovery_kem,
        members=_in_order(members),
        by=by.id,
        signature=b"",
    )
    return replace(bare, signature=sign(by.keys.sig, bare.signed))


def next_manifest(last: Manifest, by: MemberKeys, members: Iterable[Member], now: int) -> Manifest:
    """The version after ``last``, good for 90 days from ``now``."""
    bare = replace(
        last,
        version=last.version + 1,
        issued=now,
        expires=now + LONGEST,
        prev_hash=last.hash,
        members=_in_order(members),
        by=by.id,
    )
    return replace(bare, signature=sign(by.keys.sig, bare.signed))


def _in_order(members: Iterable[Member]) -> tuple[Member, ...]:
    return tuple(sorted(members, key=lambda member: member.id))


def _stretch(password: str, salt: bytes) -> tuple[bytes, bytes]:
    master = Argon2id(
        salt=salt, length=KEY_SIZE, iterations=_PASSES, lanes=1, memory_cost=_MEMORY_KIB
    ).derive(unicodedata.normalize("NFC", password).encode())
    return hkdf(master, lp("wb1/kek")), hkdf(master, lp("wb1/login"))
