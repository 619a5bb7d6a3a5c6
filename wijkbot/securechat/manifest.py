"""Who belongs to the team, says who, and is that still so? Certificate and manifest of wb1.

The server refuses what a client would refuse (docs/wb1.md, section 2), so that a broken list
never reaches a resident.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from wijkbot.securechat.encoding import (
    HASH_LENGTH,
    ID_LENGTH,
    NO_HASH,
    RECOVERY,
    RESIDENT,
    Refused,
    b64,
    fields,
    lp,
    number,
    text_of,
    unb64,
)
from wijkbot.securechat.points import SIGNATURE_LENGTH, Signer, check_public, sha256, verify

COORDINATOR = "coordinator"
WORKER = "worker"
TRAINEE = "trainee"
ROLES = (COORDINATOR, WORKER, TRAINEE)
READING_ROLES = (COORDINATOR, WORKER)

MAX_MEMBERS = 100
NAME_LIMIT = 80
"""Bytes of UTF-8."""

DAY = 86_400
LONGEST = 90 * DAY
"""How many seconds a manifest may hold."""

EARLY = DAY
"""How far a coordinator's clock may run ahead, in seconds."""

_CERT = frozenset({"org", "member", "sig", "not_after", "signature"})
_MEMBER = frozenset({"id", "name", "role", "kem", "sig"})
_MANIFEST = frozenset({
    "org", "team", "version", "issued", "expires", "prev_hash", "recovery_kem", "members", "by",
    "signature",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the team. An id is bound to one pair of keys for life."""

    id: bytes
    name: str
    role: str
    kem: bytes
    sig: bytes

    @property
    def signer(self) -> Signer:
        """As whom this member signs."""
        return Signer(self.id, self.sig)

    def as_json(self) -> dict[str, object]:
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
    """The root's word that a member may sign manifests; ``not_after`` in seconds since 1970."""

    org: bytes
    member: bytes
    sig: bytes
    not_after: int
    signature: bytes

    @property
    def signed(self) -> bytes:
        """The bytes under the root's signature."""
        return lp("wb1/cert", self.org, self.member, self.sig, COORDINATOR, self.not_after)

    def as_json(self) -> dict[str, object]:
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
    """The signed list of the team; times in seconds since 1970, members in order of their id."""

    org: bytes
    team: bytes
    version: int
    issued: int
    expires: int
    prev_hash: bytes
    recovery_kem: bytes
    members: tuple[Member, ...]
    by: bytes
    signature: bytes

    @property
    def signed(self) -> bytes:
        """The bytes under the coordinator's signature."""
        rows = [(who.id, who.name, who.role, who.kem, who.sig) for who in self.members]
        return lp(
            "wb1/manifest", self.org, self.team, self.version, self.issued, self.expires,
            self.prev_hash, self.recovery_kem, len(rows), *(part for row in rows for part in row),
        )  # fmt: skip

    @property
    def hash(self) -> bytes:
        """What wrapsets and the next version name it by."""
        return sha256(self.signed)

    @property
    def readers(self) -> tuple[Member, ...]:
        """Who may open a new epoch: workers and coordinators."""
        return tuple(who for who in self.members if who.role in READING_ROLES)

    def member(self, member_id: bytes) -> Member | None:
        """The member with this id, if there is one."""
        return next((who for who in self.members if who.id == member_id), None)

    def as_json(self) -> dict[str, object]:
        """As it travels."""
        return {
            "org": b64(self.org),
            "team": b64(self.team),
            "version": self.version,
            "issued": self.issued,
            "expires": self.expires,
            "prev_hash": b64(self.prev_hash),
            "recovery_kem": b64(self.recovery_kem),
            "members": [who.as_json() for who in self.members],
            "by": b64(self.by),
            "signature": b64(self.signature),
        }


def read_cert(json: object) -> Cert:
    """Read a certificate; who signed it is for :func:`accept`.

    Raises:
        Refused: another shape.
    """
    row = fields(json, _CERT)
    return Cert(
        org=unb64(row["org"], ID_LENGTH),
        member=unb64(row["member"], ID_LENGTH),
        sig=check_public(unb64(row["sig"])),
        not_after=number(row["not_after"]),
        signature=unb64(row["signature"], SIGNATURE_LENGTH),
    )


def read_manifest(json: object) -> Manifest:
    """Read a manifest; whether it holds is for :func:`accept`.

    Raises:
        Refused: another shape, members out of order or twice, nobody who could read.
    """
    row = fields(json, _MANIFEST)
    members = row["members"]
    if not isinstance(members, list) or len(members) > MAX_MEMBERS:
        raise Refused("shape", f"members: a list of at most {MAX_MEMBERS}")
    read = Manifest(
        org=unb64(row["org"], ID_LENGTH),
        team=unb64(row["team"], ID_LENGTH),
        version=number(row["version"], low=1),
        issued=number(row["issued"]),
        expires=number(row["expires"]),
        prev_hash=unb64(row["prev_hash"], HASH_LENGTH),
        recovery_kem=check_public(unb64(row["recovery_kem"])),
        members=tuple(_read_member(member) for member in members),
        by=unb64(row["by"], ID_LENGTH),
        signature=unb64(row["signature"], SIGNATURE_LENGTH),
    )
    if any(one.id >= other.id for one, other in pairwise(read.members)):
        raise Refused("shape", "members stand in the order of their ids, none twice")
    if not read.readers:
        raise Refused("shape", "no worker and no coordinator")
    return read


def _read_member(json: object) -> Member:
    row = fields(json, _MEMBER)
    if row["role"] not in ROLES:
        raise Refused("shape", "a role is " + ", ".join(ROLES))
    member = Member(
        id=unb64(row["id"], ID_LENGTH),
        name=text_of(row["name"], NAME_LIMIT),
        role=str(row["role"]),
        kem=check_public(unb64(row["kem"])),
        sig=check_public(unb64(row["sig"])),
    )
    if member.id in (RESIDENT, RECOVERY):
        raise Refused("shape", "no member has the id of the resident or of the recovery key")
    return member


def check_pin(root_sig: bytes, pin: bytes) -> None:
    """Nothing happens when the root is the pinned one.

    Raises:
        Refused: it is another.
    """
    if sha256(check_public(root_sig)) != pin:
        raise Refused("manifest", "the root is not the pinned one")


def accept(manifest: Manifest, cert: Cert, root_sig: bytes, now: int) -> None:
    """Nothing happens when this manifest holds now; ``now`` in seconds since 1970.

    Raises:
        Refused: signature (of the root or of the coordinator), or manifest (everything else).
    """
    check_time(manifest, cert, now)
    accept_earlier(manifest, cert, root_sig)


def check_time(manifest: Manifest, cert: Cert, now: int) -> None:
    """Nothing happens when this is the time of this manifest; who signed it is not looked at.

    Raises:
        Refused: manifest.
    """
    if now >= cert.not_after:
        raise Refused("manifest", "the certificate is over")
    if manifest.expires - manifest.issued > LONGEST:
        raise Refused("manifest", "a manifest holds 90 days at most")
    if not manifest.issued - EARLY <= now < manifest.expires:
        raise Refused("manifest", "the manifest does not hold at this time")


def accept_earlier(manifest: Manifest, cert: Cert, root_sig: bytes) -> None:
    """Nothing happens when this manifest once held, whatever the time is now.

    Raises:
        Refused: as :func:`accept`.
    """
    by = manifest.member(manifest.by)
    if by is None or (cert.member, cert.sig) != (by.id, by.sig):
        raise Refused("manifest", "the certificate is not that of who signed the manifest")
    if by.role != COORDINATOR:
        raise Refused("manifest", "a coordinator signs the list, and stands on it as one")
    if cert.org != manifest.org:
        raise Refused("manifest", "the certificate is of another organisation")
    verify(root_sig, cert.signed, cert.signature)
    verify(by.sig, manifest.signed, manifest.signature)


def accept_next(
    earlier: Iterable[Manifest], new: Manifest, cert: Cert, root_sig: bytes, now: int
) -> None:
    """Nothing happens when ``new`` holds now and follows the newest of the ``earlier`` ones.

    ``earlier``: all versions so far, in any order; none for a first manifest.

    Raises:
        Refused: version (it does not follow), or as :func:`accept`.
    """
    before = sorted(earlier, key=lambda manifest: manifest.version)
    last = before[-1] if before else None
    follows = (last.version + 1, last.hash) if last else (1, NO_HASH)
    if (new.version, new.prev_hash) != follows:
        raise Refused("version", "another manifest has come in between")
    if last and (new.org, new.team, new.recovery_kem) != (last.org, last.team, last.recovery_kem):
        raise Refused("manifest", "organisation, team and recovery key stay what they are")
    check_same_keys([*before, new])
    accept(new, cert, root_sig, now)


def check_same_keys(manifests: Iterable[Manifest]) -> None:
    """Nothing happens when an id has the same keys in all of these.

    Raises:
        Refused: new keys under an old id.
    """
    keys: dict[bytes, tuple[bytes, bytes]] = {}
    for manifest in manifests:
        for who in manifest.members:
            if keys.setdefault(who.id, (who.kem, who.sig)) != (who.kem, who.sig):
                raise Refused("manifest", "a member has other keys than before")
