"""Who belongs to the team, and may this list of them be believed? (docs/wb1.md section 2)"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.securechat.client.crypto import Pair, sha256, sign
from tests.securechat.client.encoding import (
    Refused,
    b64,
    lp,
    number,
    text,
    unb64,
)

DAY: Final = 86_400
LONGEST: Final = 90 * DAY
ROLES: Final = ("coordinator", "worker", "trainee")


def fields(value: object, names: str) -> Mapping[str, Any]:
    """An object with exactly these fields, or Refused("shape")."""
    if not isinstance(value, dict) or set(value) != set(names.split()):
        raise Refused("shape", f"not an object of {names}")
    return value


@dataclass(frozen=True, slots=True)
class Member:
    """One member and their two public keys."""

    id: bytes
    name: str
    role: str
    kem: bytes
    sig: bytes

    def as_json(self) -> dict[str, Any]:
        """As it travels."""
        return {
            "id": b64(self.id),
            "name": self.name,
            "role": self.role,
            "kem": b64(self.kem),
            "sig": b64(self.sig),
        }


@dataclass(frozen=True, slots=True)
class Cert:
    """The root says that this member may sign manifests."""

    org: bytes
    member: bytes
    sig: bytes
    not_after: int
    signature: bytes = b""

    @property
    def signed(self) -> bytes:
        """What the root signs."""
        return lp("wb1/cert", self.org, self.member, self.sig, "coordinator", self.not_after)

    def as_json(self) -> dict[str, Any]:
        """As it travels."""
        return {
            "org": b64(self.org),
            "member": b64(self.member),
            "sig": b64(self.sig),
            "not_after": self.not_after,
            "signature": b64(self.signature),
        }


@dataclass(frozen=True, slots=True)
class Manifest:
    """One version of the list of the team."""

    org: bytes
    team: bytes
    version: int
    issued: int
    expires: int
    prev_hash: bytes
    recovery_kem: bytes
    members: tuple[Member, ...]
    by: bytes
    signature: bytes = b""

    @property
    def signed(self) -> bytes:
        """What the coordinator signs."""
        parts: list[bytes | str | int] = []
        for member in self.members:
            parts += [member.id, member.name, member.role, member.kem, member.sig]
        return lp(
            "wb1/manifest",
            self.org,
            self.team,
            self.version,
            self.issued,
            self.expires,
            self.prev_hash,
            self.recovery_kem,
            len(self.members),
            *parts,
        )

    @property
    def hash(self) -> bytes:
        """The name of this version."""
        return sha256(self.signed)

    @property
    def readers(self) -> tuple[Member, ...]:
        """Who can read a new epoch."""
        return tuple(m for m in self.members if m.role in ("coordinator", "worker"))

    def member(self, wanted: bytes) -> Member | None:
        """The member of that id."""
        return next((m for m in self.members if m.id == wanted), None)

    def as_json(self) -> dict[str, Any]:
        """As it travels."""
        return {
            "org": b64(self.org),
            "team": b64(self.team),
            "version": self.version,
            "issued": self.issued,
            "expires": self.expires,
            "prev_hash": b64(self.prev_hash),
            "recovery_kem": b64(self.recovery_kem),
            "members": [member.as_json() for member in self.members],
            "by": b64(self.by),
            "signature": b64(self.signature),
        }

    def signed_by(self, pair: Pair) -> Manifest:
        """The same with the signature of its ``by``."""
        names = ("org", "team", "version", "issued", "expires", "prev_hash", "recovery_kem")
        same = {name: getattr(self, name) for name in names}
        return Manifest(
            **same, members=self.members, by=self.by, signature=sign(pair, self.signed)
        )


def read_cert(value: object) -> Cert:
    """A certificate from JSON."""
    raw = fields(value, "org member sig not_after signature")
    return Cert(
        unb64(raw["org"], 16),
        unb64(raw["member"], 16),
        unb64(raw["sig"], 65),
        number(raw["not_after"]),
        unb64(raw["signature"], 64),
    )


def _read_member(value: object) -> Member:
    raw = fields(value, "id name role kem sig")
    name = text(raw["name"])
    if not 1 <= len(name.encode()) <= 80 or raw["role"] not in ROLES:
        raise Refused("shape", "a name or a role")
    return Member(
        unb64(raw["id"], 16), name, raw["role"], unb64(raw["kem"], 65), unb64(raw["sig"], 65)
    )


def read_manifest(value: object) -> Manifest:
    """A manifest from JSON."""
    raw = fields(
        value, "org team version issued expires prev_hash recovery_kem members by signature"
    )
    if not isinstance(raw["members"], list):
        raise Refused("shape", "members")
    return Manifest(
        unb64(raw["org"], 16),
        unb64(raw["team"], 16),
        number(raw["version"]),
        number(raw["issued"]),
        number(raw["expires"]),
        unb64(raw["prev_hash"], 32),
        unb64(raw["recovery_kem"], 65),
        tuple(_read_member(member) for member in raw["members"]),
        unb64(raw["by"], 16),
        unb64(raw["signature"], 64),
    )
