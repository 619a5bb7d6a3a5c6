"""How does the key of an epoch reach its readers, and nobody else? (docs/wb1.md section 5)"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.securechat.client.crypto import Pair, hkdf, sha256, sign, unwrap, verify, wrap
from tests.securechat.client.encoding import RECOVERY, RESIDENT, Refused, b64, lp, number, unb64
from tests.securechat.client.manifest import Manifest, fields
from tests.securechat.client.trust import Trust


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom; ``kem``, ``enc`` and ``ct`` are empty when the wrap was taken away."""

    to: bytes
    digest: bytes
    kem: bytes = b""
    enc: bytes = b""
    ct: bytes = b""

    def as_json(self) -> dict[str, Any]:
        """As it travels."""
        if not self.kem:
            return {"to": b64(self.to), "digest": b64(self.digest)}
        return {
            "to": b64(self.to),
            "kem": b64(self.kem),
            "enc": b64(self.enc),
            "ct": b64(self.ct),
        }


@dataclass(frozen=True, slots=True)
class Wrapset:
    """One key for some recipients, from one participant."""

    conv: bytes
    e: int
    by: bytes
    commit: bytes
    manifest_hash: bytes
    recipients: tuple[Recipient, ...]
    signature: bytes = b""

    @property
    def signed(self) -> bytes:
        """What ``by`` signs."""
        ends = [part for one in self.recipients for part in (one.to, one.digest)]
        return lp(
            "wb1/wrapset", self.conv, self.e, self.by, self.commit, self.manifest_hash, *ends
        )

    @property
    def hash(self) -> bytes:
        """The name of this wrapset."""
        return sha256(self.signed)

    def to(self, participant: bytes) -> Recipient | None:
        """The part for one participant."""
        return next((one for one in self.recipients if one.to == participant), None)

    def as_json(self) -> dict[str, Any]:
        """As it travels."""
        return {
            "e": self.e,
            "by": b64(self.by),
            "commit": b64(self.commit),
            "manifest_hash": b64(self.manifest_hash),
            "recipients": [one.as_json() for one in self.recipients],
            "signature": b64(self.signature),
        }


def commit_of(ck: bytes, conv: bytes, e: int) -> bytes:
    """What a key of an epoch is known by."""
    return hkdf(ck, lp("wb1/commit", conv, e))


def wrap_info(conv: bytes, e: int, to: bytes, kem: bytes, by: bytes, commit: bytes) -> bytes:
    """What a wrap is bound to."""
    return lp("wb1/wrap", conv, e, to, kem, by, commit)


def digest_of(kem: bytes, enc: bytes, ct: bytes) -> bytes:
    """What stands for a wrap in the signature."""
    return sha256(lp(kem, enc, ct))


def make_wrapset(
    conv: bytes,
    e: int,
    ck: bytes,
    manifest_hash: bytes,
    signer: tuple[bytes, Pair],
    to: Mapping[bytes, bytes],
) -> Wrapset:
    """Wrap ``ck`` for everyone in ``to`` (id to public key) and sign it."""
    by, pair = signer
    commit = commit_of(ck, conv, e)
    recipients = []
    for participant, kem in sorted(to.items()):
        enc, ct = wrap(kem, wrap_info(conv, e, participant, kem, by, commit), ck)
        recipients.append(Recipient(participant, digest_of(kem, enc, ct), kem, enc, ct))
    bare = Wrapset(conv, e, by, commit, manifest_hash, tuple(recipients))
    return replace(bare, signature=sign(pair, bare.signed))


def starters(manifest: Manifest, resident_kem: bytes) -> dict[bytes, bytes]:
    """Who must be in the wrapset that starts an epoch."""
    everyone = {member.id: member.kem for member in manifest.readers}
    return {**everyone, RECOVERY: manifest.recovery_kem, RESIDENT: resident_kem}


def _read_recipient(value: object) -> Recipient:
    if isinstance(value, dict) and "digest" in value:
        raw = fields(value, "to digest")
        return Recipient(unb64(raw["to"], 16), unb64(raw["digest"], 32))
    raw = fields(value, "to kem enc ct")
    kem, enc, ct = unb64(raw["kem"], 65), unb64(raw["enc"], 65), unb64(raw["ct"], 48)
    return Recipient(unb64(raw["to"], 16), digest_of(kem, enc, ct), kem, enc, ct)


def read_wrapset(conv: bytes, value: object) -> Wrapset:
    """A wrapset of this conversation from JSON."""
    raw = fields(value, "e by commit manifest_hash recipients signature")
    if not isinstance(raw["recipients"], list) or not raw["recipients"]:
        raise Refused("shape", "recipients")
    recipients = tuple(_read_recipient(one) for one in raw["recipients"])
    ids = [one.to for one in recipients]
    if ids != sorted(set(ids)):
        raise Refused("wrapset", "the order of recipients")
    return Wrapset(
        conv,
        number(raw["e"]),
        unb64(raw["by"], 16),
        unb64(raw["commit"], 32),
        unb64(raw["manifest_hash"], 32),
        recipients,
        unb64(raw["signature"], 64),
    )


def check_wrapset(wrapset: Wrapset, trust: Trust, kem: bytes, sig: bytes) -> None:
    """Rules 1 to 3; ``kem`` and ``sig`` are the resident's. Refused with the reason."""
    verify(
        sig if wrapset.by == RESIDENT else trust.sender_key(wrapset.by),
        wrapset.signed,
        wrapset.signature,
    )
    manifest = trust.accepted.get(wrapset.manifest_hash)
    if manifest is None:
        raise Refused("manifest", "a wrapset of an unknown manifest")
    known = {member.id: member.kem for member in manifest.members}
    known |= {RECOVERY: manifest.recovery_kem, RESIDENT: kem}
    for one in wrapset.recipients:
        if one.to not in known:
            raise Refused("ghost", "a recipient whom the manifest does not name")
        if one.kem and one.kem != known[one.to]:
            raise Refused("wrapset", "the key of somebody else")


def starts_well(wrapset: Wrapset, manifest: Manifest) -> bool:
    """Does it name exactly the readers of its manifest, RECOVERY and RESIDENT?"""
    named = {member.id for member in manifest.readers} | {RECOVERY, RESIDENT}
    return {one.to for one in wrapset.recipients} == named


def open_wrap(wrapset: Wrapset, me: bytes, pair: Pair) -> bytes | None:
    """The key of the epoch if a wrap for ``me`` is there; Refused("commit") on a difference."""
    mine = wrapset.to(me)
    if mine is None or not mine.kem:
        return None
    if mine.kem != pair.public:
        raise Refused("wrapset", "not my key")
    info = wrap_info(wrapset.conv, wrapset.e, me, mine.kem, wrapset.by, wrapset.commit)
    ck = unwrap(pair, info, mine.enc, mine.ct)
    if commit_of(ck, wrapset.conv, wrapset.e) != wrapset.commit:
        raise Refused("commit", "the key is another one than all were told")
    return ck
