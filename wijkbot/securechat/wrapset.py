"""Who is given the key of an epoch, and is that exactly who may have it?

A wrapset starts an epoch or passes its key on (docs/wb1.md, section 5). The server cannot see
the key; it sees to whom it goes, and who says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise

from wijkbot.securechat.encoding import (
    HASH_LENGTH,
    ID_LENGTH,
    RECOVERY,
    RESIDENT,
    TAG_LENGTH,
    Refused,
    b64,
    fields,
    lp,
    number,
    unb64,
)
from wijkbot.securechat.manifest import MAX_MEMBERS, Manifest
from wijkbot.securechat.points import SIGNATURE_LENGTH, Signer, check_public, sha256, verify

KEY_SIZE = 32
WRAP_SIZE = KEY_SIZE + TAG_LENGTH

_RECIPIENT = frozenset({"to", "kem", "enc", "ct"})
_WRAPSET = frozenset({"e", "by", "commit", "manifest_hash", "recipients", "signature"})


@dataclass(frozen=True, slots=True)
class Recipient:
    """The key of an epoch, wrapped for one participant with the public key ``kem``."""

    to: bytes
    kem: bytes
    enc: bytes
    ct: bytes

    @property
    def digest(self) -> bytes:
        """What the signature covers; it outlives the wrap itself."""
        return sha256(lp(self.kem, self.enc, self.ct))

    def as_json(self) -> dict[str, object]:
        """As the recipient gets it."""
        return {
            "to": b64(self.to), "kem": b64(self.kem), "enc": b64(self.enc), "ct": b64(self.ct),
        }  # fmt: skip


def only_digest(to: bytes, digest: bytes) -> dict[str, object]:
    """A recipient as others get it, and everybody once the wrap is gone."""
    return {"to": b64(to), "digest": b64(digest)}


@dataclass(frozen=True, slots=True)
class Wrapset:
    """Wraps of one key, by one participant, in the order of the recipients' ids."""

    conv: bytes
    e: int
    by: bytes
    commit: bytes
    manifest_hash: bytes
    recipients: tuple[Recipient, ...]
    signature: bytes

    @property
    def signed(self) -> bytes:
        """The bytes under the signature."""
        digests = (part for who in self.recipients for part in (who.to, who.digest))
        head = (self.conv, self.e, self.by, self.commit, self.manifest_hash)
        return lp("wb1/wrapset", *head, *digests)

    @property
    def hash(self) -> bytes:
        """Which wrapset this is: sent again, it is the same one."""
        return sha256(self.signed)

    @property
    def to(self) -> frozenset[bytes]:
        """The ids of all recipients."""
        return frozenset(who.to for who in self.recipients)


def read_wrapset(json: object, conv: bytes) -> Wrapset:
    """Read a wrapset as its maker sends it, for the conversation ``conv``.

    Raises:
        Refused: another shape, recipients out of order or twice.
    """
    row = fields(json, _WRAPSET)
    recipients = row["recipients"]
    # the team, the resident and the recovery key
    if not isinstance(recipients, list) or not 0 < len(recipients) <= MAX_MEMBERS + 2:
        raise Refused("shape", f"recipients: a list of 1 to {MAX_MEMBERS + 2}")
    read = Wrapset(
        conv=conv,
        e=number(row["e"], low=1),
        by=unb64(row["by"], ID_LENGTH),
        commit=unb64(row["commit"], HASH_LENGTH),
        manifest_hash=unb64(row["manifest_hash"], HASH_LENGTH),
        recipients=tuple(_read_recipient(recipient) for recipient in recipients),
        signature=unb64(row["signature"], SIGNATURE_LENGTH),
    )
    if any(one.to >= other.to for one, other in pairwise(read.recipients)):
        raise Refused("shape", "recipients stand in the order of their ids, none twice")
    return read


def _read_recipient(json: object) -> Recipient:
    row = fields(json, _RECIPIENT)
    return Recipient(
        to=unb64(row["to"], ID_LENGTH),
        kem=check_public(unb64(row["kem"])),
        enc=check_public(unb64(row["enc"])),
        ct=unb64(row["ct"], WRAP_SIZE),
    )


def check_start(
    wrapset: Wrapset, epoch: int, manifest: Manifest, resident_kem: bytes, signer: Signer
) -> None:
    """Nothing happens when ``wrapset`` may start ``epoch``.

    ``manifest`` is the current one; ``signer`` is who sends it.

    Raises:
        Refused: epoch (not the number that comes next), manifest (made for another one),
            wrapset (not exactly the readers, the resident and the recovery key), signature.
    """
    keys = {who.id: who.kem for who in manifest.readers}
    keys |= {RESIDENT: resident_kem, RECOVERY: manifest.recovery_kem}
    _check_place(wrapset, epoch, manifest)
    if wrapset.to != keys.keys():
        raise Refused("wrapset", "an epoch starts for all readers, the resident and recovery")
    _check_keys(wrapset, keys)
    _check_signer(wrapset, signer)


def check_later(
    wrapset: Wrapset, epoch: int, commit: bytes, manifest: Manifest, signer: Signer
) -> None:
    """Nothing happens when ``wrapset`` may pass on the key of ``epoch``, which has ``commit``.

    Raises:
        Refused: as :func:`check_start`; wrapset too when it goes to anybody but members, or
            promises another key.
    """
    keys = {who.id: who.kem for who in manifest.members}
    _check_place(wrapset, epoch, manifest)
    if wrapset.commit != commit:
        raise Refused("wrapset", "the key of an epoch never changes")
    if not wrapset.to <= keys.keys():
        raise Refused("wrapset", "a key is passed on to members of the team only")
    _check_keys(wrapset, keys)
    _check_signer(wrapset, signer)


def check_recipients(wrapset: Wrapset, expected: Collection[bytes]) -> None:
    """Nothing happens when the recipients are exactly these ids: whom a hand-over names.

    Raises:
        Refused: one too many or too few.
    """
    if wrapset.to != frozenset(expected):
        raise Refused("wrapset", "the key goes to others than the request says")


def _check_place(wrapset: Wrapset, epoch: int, manifest: Manifest) -> None:
    if wrapset.e != epoch:
        raise Refused("epoch", "the wrapset is for another epoch")
    if wrapset.manifest_hash != manifest.hash:
        raise Refused("manifest", "the team has changed")


def _check_keys(wrapset: Wrapset, keys: Mapping[bytes, bytes]) -> None:
    if any(who.kem != keys[who.to] for who in wrapset.recipients):
        raise Refused("wrapset", "a recipient has another key than the team list says")


def _check_signer(wrapset: Wrapset, signer: Signer) -> None:
    if wrapset.by != signer.id:
        raise Refused("signature", "the wrapset is by somebody else")
    verify(signer.sig, wrapset.signed, wrapset.signature)
