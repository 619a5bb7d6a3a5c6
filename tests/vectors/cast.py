"""Who plays in the test vectors? Fixed keys, ids and times; nobody uses them for anything else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from tests.securechat.client.crypto import Pair, pair_of, sign
from tests.securechat.client.encoding import NOTHING_BEFORE, RESIDENT
from tests.securechat.client.envelope import Envelope, make_envelope
from tests.securechat.client.manifest import DAY, Cert, Manifest, Member
from tests.securechat.client.member import Root, Worker
from tests.securechat.client.wrapset import (
    Recipient,
    Wrapset,
    commit_of,
    digest_of,
    starters,
    wrap_info,
)
from tests.vectors.hpke_sender import wrap_with

NOW: Final = 1_795_000_000
"""Some second of November 2026."""


def fixed(label: str, length: int = 16) -> bytes:
    """Bytes that look random and are always the same."""
    return hashlib.sha256(b"wb1 test vectors " + label.encode()).digest()[:length]


def pair(label: str) -> Pair:
    """A pair that is always the same."""
    return pair_of(int.from_bytes(fixed(label, 31), "big"))


ORG: Final = fixed("org")
TEAM: Final = fixed("team")
CONV: Final = fixed("conv")
CK: Final = fixed("ck", 32)
ROOT: Final = Root(ORG, pair("root kem"), pair("root sig"))
ROOT_INDICES: Final = (0, 1, 2047, 1024, 77, 500, 9, 1999, 321, 42, 1800, 640)
CODE_INDICES: Final = (5, 2047, 0, 1312, 99, 700, 1024)
RESIDENT_KEM: Final = pair("resident kem")
RESIDENT_SIG: Final = pair("resident sig")


def worker(name: str) -> Worker:
    """An invented member."""
    return Worker(fixed(name), name, pair(f"{name} kem"), pair(f"{name} sig"))


ANNA: Final = worker("Anna Voorbeeld")
BEN: Final = worker("Bèn Verzonnen")
CAS: Final = worker("Cas Leerling")
STRANGER: Final = worker("Niemand")
OWNERS: Final = {
    "root": (ROOT.kem, ROOT.sig),
    "resident": (RESIDENT_KEM, RESIDENT_SIG),
    **{name: (who.kem, who.sig) for name, who in (("anna", ANNA), ("ben", BEN), ("cas", CAS))},
}
MEMBERS: Final = tuple(
    sorted(
        (ANNA.listed("coordinator"), BEN.listed("worker"), CAS.listed("trainee")),
        key=lambda one: one.id,
    )
)
CERT: Final = ROOT.certify(ANNA, NOW + 400 * DAY)
MANIFEST: Final = Manifest(
    ORG, TEAM, 2, NOW - DAY, NOW + 60 * DAY, fixed("v1", 32), ROOT.kem.public, MEMBERS, ANNA.id
).signed_by(ANNA.sig)


def cert(**changed: Any) -> Cert:
    """The certificate with other fields, signed again by the root."""
    bare = replace(CERT, **changed)
    return replace(bare, signature=sign(ROOT.sig, bare.signed))


def manifest(signer: Worker = ANNA, **changed: Any) -> Manifest:
    """The manifest with other fields, signed again."""
    return replace(MANIFEST, **changed).signed_by(signer.sig)


def renamed(members: Sequence[Member], wanted: bytes, **changed: Any) -> tuple[Member, ...]:
    """The members, one of them with other fields."""
    return tuple(replace(one, **changed) if one.id == wanted else one for one in members)


def wrapset(
    to: dict[bytes, bytes] | None = None,
    *,
    by: tuple[bytes, Pair] = (RESIDENT, RESIDENT_SIG),
    ck: bytes = CK,
    commit: bytes | None = None,
    manifest_hash: bytes = MANIFEST.hash,
    e: int = 1,
) -> Wrapset:
    """A wrapset with known ephemeral keys; without ``to`` the one that starts epoch ``e``."""
    said = commit_of(ck, CONV, e) if commit is None else commit
    recipients = []
    everyone = starters(MANIFEST, RESIDENT_KEM.public) if to is None else to
    for participant, kem in sorted(everyone.items()):
        ephemeral = pair(f"ephemeral {e} {by[0].hex()} {participant.hex()} {ck.hex()}")
        info = wrap_info(CONV, e, participant, kem, by[0], said)
        enc, ct = wrap_with(ephemeral, kem, info, ck)
        recipients.append(Recipient(participant, digest_of(kem, enc, ct), kem, enc, ct))
    bare = Wrapset(CONV, e, by[0], said, manifest_hash, tuple(recipients))
    return signed_wrapset(bare, by[1])


def signed_wrapset(bare: Wrapset, by: Pair) -> Wrapset:
    """The same with this signature."""
    return replace(bare, signature=sign(by, bare.signed))


def message(
    body: bytes,
    n: int = 1,
    prev: bytes = NOTHING_BEFORE,
    *,
    by: tuple[bytes, Pair] = (RESIDENT, RESIDENT_SIG),
    e: int = 1,
    ck: bytes = CK,
) -> Envelope:
    """A sealed and signed message with a known iv."""
    iv = fixed(f"iv {by[0].hex()} {n} {e} {body.hex()}", 12)
    return make_envelope((CONV, e, by[0], n, prev), ck, by[1], iv, body)


def signed_envelope(bare: Envelope, by: Pair) -> Envelope:
    """The same with this signature."""
    return replace(bare, signature=sign(by, bare.signed))
