"""What may sealed things other than messages look like from outside: bundles, drafts, photos?"""

from __future__ import annotations

from dataclasses import dataclass

from wijkbot.securechat.encoding import (
    ID_LENGTH,
    IV_LENGTH,
    TAG_LENGTH,
    Refused,
    b64,
    fields,
    number,
    unb64,
)
from wijkbot.securechat.envelope import check_padded

RESIDENT_KDF = "pbkdf2-sha256-600000"
MEMBER_KDF = "argon2id-64m-3"

BUNDLE_LIMIT = 4096
"""Bytes of a sealed pair of private keys; two JWKs take some 500."""

BLOB_LIMIT = 2 * 1024 * 1024
BLOB_STEP = 65_536

_SEALED = frozenset({"iv", "ct"})
_DRAFT = frozenset({"draft", "e", "iv", "ct"})


@dataclass(frozen=True, slots=True)
class Sealed:
    """An iv and what is sealed with it."""

    iv: bytes
    ct: bytes

    @classmethod
    def of(cls, kept: bytes) -> Sealed:
        """From the one value in which it is kept."""
        return cls(kept[:IV_LENGTH], kept[IV_LENGTH:])

    @property
    def kept(self) -> bytes:
        """Both in one value, the iv first."""
        return self.iv + self.ct

    def as_json(self) -> dict[str, object]:
        """As it travels."""
        return {"iv": b64(self.iv), "ct": b64(self.ct)}


@dataclass(frozen=True, slots=True)
class Draft:
    """A trainee's proposal in epoch ``e``, sealed like a message."""

    id: bytes
    e: int
    sealed: Sealed

    def as_json(self) -> dict[str, object]:
        """As it travels."""
        return {"draft": b64(self.id), "e": self.e, **self.sealed.as_json()}


def read_bundle(json: object) -> Sealed:
    """Read a sealed pair of private keys: of a resident, a member, or the root.

    Raises:
        Refused: another shape or size.
    """
    row = fields(json, _SEALED)
    sealed = Sealed(unb64(row["iv"], IV_LENGTH), unb64(row["ct"]))
    if not TAG_LENGTH < len(sealed.ct) <= BUNDLE_LIMIT:
        raise Refused("shape", f"a bundle has at most {BUNDLE_LIMIT} bytes")
    return sealed


def read_draft(json: object) -> Draft:
    """Read a trainee's draft.

    Raises:
        Refused: another shape or size.
    """
    row = fields(json, _DRAFT)
    return Draft(
        id=unb64(row["draft"], ID_LENGTH),
        e=number(row["e"], low=1),
        sealed=Sealed(unb64(row["iv"], IV_LENGTH), check_padded(unb64(row["ct"]))),
    )


def check_kdf(name: object, allowed: str) -> str:
    """Give back the way a password or code became a key, when it is the only way there is.

    Raises:
        Refused: any other name: none may be weaker.
    """
    if name != allowed:
        raise Refused("shape", f"kdf is {allowed}")
    return allowed


def check_blob(blob: bytes) -> bytes:
    """Give back a sealed photo whose size is one of a few.

    Raises:
        Refused: another size.
    """
    padded = len(blob) - IV_LENGTH - TAG_LENGTH
    if len(blob) > BLOB_LIMIT or padded <= 0 or padded % BLOB_STEP:
        raise Refused("shape", "a photo has a size that padding does not give")
    return blob
