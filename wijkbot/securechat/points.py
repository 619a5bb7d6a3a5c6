"""Is this a public key on the curve, and did its owner sign these bytes?

P-256 only: a key is an uncompressed point of 65 bytes, a signature r and s in 64.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from wijkbot.securechat.encoding import Refused

KEY_LENGTH = 65
SIGNATURE_LENGTH = 64
_UNCOMPRESSED = 4
_HALF = SIGNATURE_LENGTH // 2


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: a participant's id and public signing key, both known to the server."""

    id: bytes
    sig: bytes


def check_public(public: bytes) -> bytes:
    """Give back a public key that may be used.

    Raises:
        Refused: another length, a compressed form, or a point beside the curve.
    """
    _point(public)
    return public


def verify(public: bytes, signed: bytes, signature: bytes) -> None:
    """Nothing happens when ``signature`` is by ``public`` over ``signed``.

    Raises:
        Refused: it is not, or the key is none.
    """
    point = _point(public)
    if len(signature) != SIGNATURE_LENGTH:
        raise Refused("signature", f"a signature has {SIGNATURE_LENGTH} bytes")
    halves = (int.from_bytes(half, "big") for half in (signature[:_HALF], signature[_HALF:]))
    try:
        point.verify(encode_dss_signature(*halves), signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise Refused("signature", "the signature does not fit") from error


def sha256(raw: bytes) -> bytes:
    """The 32 bytes of SHA-256."""
    return hashlib.sha256(raw).digest()


def _point(public: bytes) -> ec.EllipticCurvePublicKey:
    if len(public) != KEY_LENGTH or public[0] != _UNCOMPRESSED:
        raise Refused("shape", f"a public key is an uncompressed point of {KEY_LENGTH} bytes")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    except ValueError as error:
        raise Refused("shape", "a public key lies on the curve P-256") from error
