"""How is something wrapped with a known ephemeral key? HPKE of RFC 9180, the sender's half.

Libraries draw the ephemeral key themselves, so what they make can be opened but not compared.
Here the key is given, and the vectors come out the same each time. Only for test vectors: a
sender that uses an ephemeral key twice gives its text away.
"""

from __future__ import annotations

import hmac

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.securechat.client.crypto import Pair, point

KEM_ID, KDF_ID, AEAD_ID = 0x0010, 0x0001, 0x0002


def _u16(value: int) -> bytes:
    return value.to_bytes(2, "big")


KEM_SUITE = b"KEM" + _u16(KEM_ID)
HPKE_SUITE = b"HPKE" + _u16(KEM_ID) + _u16(KDF_ID) + _u16(AEAD_ID)


def _extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, "sha256")


def _expand(suite: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    whole = _u16(length) + b"HPKE-v1" + suite + label + info
    # one block of SHA-256 is all that any of these needs
    return hmac.digest(prk, whole + b"\x01", "sha256")[:length]


def shared_secret(public: bytes, ephemeral: Pair) -> bytes:
    """Encap of DHKEM(P-256, HKDF-SHA256)."""
    dh = ephemeral.private.exchange(ec.ECDH(), point(public))
    prk = _extract(KEM_SUITE, b"", b"eae_prk", dh)
    return _expand(KEM_SUITE, prk, b"shared_secret", ephemeral.public + public, 32)


def key_and_nonce(shared: bytes, info: bytes) -> tuple[bytes, bytes]:
    """The key schedule of base mode."""
    nothing = _extract(HPKE_SUITE, b"", b"psk_id_hash", b"")
    context = b"\x00" + nothing + _extract(HPKE_SUITE, b"", b"info_hash", info)
    secret = _extract(HPKE_SUITE, shared, b"secret", b"")
    return (
        _expand(HPKE_SUITE, secret, b"key", context, 32),
        _expand(HPKE_SUITE, secret, b"base_nonce", context, 12),
    )


def wrap_with(
    ephemeral: Pair, public: bytes, info: bytes, text: bytes, aad: bytes = b""
) -> tuple[bytes, bytes]:
    """``enc, ct`` of the first message under ``ephemeral``."""
    key, nonce = key_and_nonce(shared_secret(public, ephemeral), info)
    return ephemeral.public, AESGCM(key).encrypt(nonce, text, aad)
