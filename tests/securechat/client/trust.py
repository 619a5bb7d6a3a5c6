"""May this list of the team be believed? (docs/wb1.md section 2, rules 1 to 6)"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.securechat.client.crypto import point, sha256, verify
from tests.securechat.client.encoding import RECOVERY, RESIDENT, Refused
from tests.securechat.client.manifest import DAY, LONGEST, Cert, Manifest


@dataclass
class Trust:
    """What one tab believes: the pin, and all manifests it has accepted so far."""

    pin: bytes
    accepted: dict[bytes, Manifest] = field(default_factory=dict)
    current: Manifest | None = None

    def accept(self, manifest: Manifest, cert: Cert, root_sig: bytes, now: int) -> None:
        """Rules 1 to 6, or Refused("manifest")."""
        self._check(manifest, cert, root_sig)
        if not now < cert.not_after:
            raise Refused("manifest", "rule 2: the certificate is over")
        if not manifest.issued - DAY <= now < manifest.expires:
            raise Refused("manifest", "rule 4: not now")
        if manifest.expires - manifest.issued > LONGEST:
            raise Refused("manifest", "rule 4: too long")
        before = self.current
        if before is not None:
            if manifest.version < before.version:
                raise Refused("manifest", "rule 6: older")
            if manifest.version == before.version and manifest.hash != before.hash:
                raise Refused("manifest", "rule 6: another of the same version")
        self._bind(manifest)
        self.current = manifest

    def accept_earlier(self, manifest: Manifest, cert: Cert, root_sig: bytes) -> None:
        """What suffices to check old signatures."""
        self._check(manifest, cert, root_sig)
        self._bind(manifest)

    def sender_key(self, by: bytes) -> bytes:
        """The signing key of a member of any accepted manifest, or Refused("stranger")."""
        for manifest in self.accepted.values():
            member = manifest.member(by)
            if member is not None:
                return member.sig
        raise Refused("stranger", "in no manifest")

    def _check(self, manifest: Manifest, cert: Cert, root_sig: bytes) -> None:
        if sha256(root_sig) != self.pin:
            raise Refused("manifest", "rule 1: another root")
        by = manifest.member(manifest.by)
        if by is None or by.role != "coordinator":
            raise Refused("manifest", "rule 2: by whom?")
        if (cert.member, cert.sig) != (by.id, by.sig):
            raise Refused("manifest", "rule 2: a certificate of somebody else")
        _believe("rule 2", root_sig, cert.signed, cert.signature)
        if cert.org != manifest.org:
            raise Refused("manifest", "rule 3: another organisation")
        _believe("rule 3", by.sig, manifest.signed, manifest.signature)
        _check_members(manifest)

    def _bind(self, manifest: Manifest) -> None:
        for other in self.accepted.values():
            for member in manifest.members:
                same = other.member(member.id)
                if same is not None and (same.kem, same.sig) != (member.kem, member.sig):
                    raise Refused("manifest", "one id with two pairs of keys")
        self.accepted[manifest.hash] = manifest


def _believe(rule: str, public: bytes, signed: bytes, signature: bytes) -> None:
    try:
        verify(public, signed, signature)
    except Refused as wrong:
        raise Refused("manifest", f"{rule}: the signature") from wrong


def _check_members(manifest: Manifest) -> None:
    ids = [member.id for member in manifest.members]
    if not manifest.readers or ids != sorted(set(ids)) or {RESIDENT, RECOVERY} & set(ids):
        raise Refused("manifest", "rule 5: the members")
    try:
        for public in (
            manifest.recovery_kem,
            *(key for member in manifest.members for key in (member.kem, member.sig)),
        ):
            point(public)
    except Refused as wrong:
        raise Refused("manifest", "rule 5: a key") from wrong
