"""What does a browser send to join the team, and has all of it the right shape?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wijkbot.app.staff_proof import LOGIN_BYTES
from wijkbot.securechat.bundle import MEMBER_KDF, Sealed, check_kdf, read_bundle
from wijkbot.securechat.encoding import (
    ID_LENGTH,
    RECOVERY,
    RESIDENT,
    Refused,
    fields,
    text_of,
    unb64,
)
from wijkbot.securechat.manifest import (
    NAME_LIMIT,
    Cert,
    Manifest,
    read_cert,
    read_manifest,
)
from wijkbot.securechat.points import check_public
from wijkbot.storage.staff import Keys, login_name

SALT_BYTES = 16
LOGIN_NAME_BYTES = 64
_FIELDS = frozenset({
    "token", "name", "login_name", "salt", "kdf", "login", "code", "member", "kem", "sig",
    "bundle",
})  # fmt: skip
_ROOT = frozenset({"root_sig", "recovery_kem", "sealed", "cert", "manifest"})


@dataclass(frozen=True, slots=True)
class RootOffer:
    """A fresh root: its public halves, the rest sealed, and what it signed first."""

    root_sig: bytes
    recovery_kem: bytes
    sealed: Sealed
    cert: Cert
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Everything that a browser sends; ``login_name`` as it is kept."""

    token: str
    name: str
    login_name: str
    salt: bytes
    login: bytes
    code: str
    member: bytes
    kem: bytes
    sig: bytes
    bundle: Sealed
    root: RootOffer | None

    def keys(self, login_hash: str) -> Keys:
        """As they are kept."""
        sealed = self.bundle.kept
        return Keys(self.salt, MEMBER_KDF, login_hash, sealed, self.member, self.kem, self.sig)


def read_acceptance(json: object) -> Acceptance:
    """Read it.

    Raises:
        Refused: another shape.
    """
    has_root = isinstance(json, dict) and "root" in json
    row = fields(json, _FIELDS | {"root"} if has_root else _FIELDS)
    check_kdf(row["kdf"], MEMBER_KDF)
    member = unb64(row["member"], ID_LENGTH)
    if member in (RESIDENT, RECOVERY):
        raise Refused("shape", "no member has the id of the resident or of the recovery key")
    return Acceptance(
        token=text_of(row["token"], 100),
        name=text_of(row["name"], NAME_LIMIT),
        login_name=read_login_name(row["login_name"]),
        salt=unb64(row["salt"], SALT_BYTES),
        login=unb64(row["login"], LOGIN_BYTES),
        code=text_of(row["code"], 10),
        member=member,
        kem=check_public(unb64(row["kem"])),
        sig=check_public(unb64(row["sig"])),
        bundle=read_bundle(row["bundle"]),
        root=_read_root(row) if has_root else None,
    )


def read_login_name(value: object) -> str:
    """A name to come in with, as it is kept.

    Raises:
        Refused: it is empty or too long.
    """
    return text_of(login_name(text_of(value, LOGIN_NAME_BYTES)), LOGIN_NAME_BYTES)


def _read_root(row: Mapping[str, object]) -> RootOffer:
    root = fields(row["root"], _ROOT)
    return RootOffer(
        root_sig=check_public(unb64(root["root_sig"])),
        recovery_kem=check_public(unb64(root["recovery_kem"])),
        sealed=read_bundle(root["sealed"]),
        cert=read_cert(root["cert"]),
        manifest=read_manifest(root["manifest"]),
    )
