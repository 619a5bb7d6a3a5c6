"""How are keys made, written, sealed, wrapped and used to sign? The half that holds secrets.

The formats are those of docs/wb1.md, sections 1 and 3. Where randomness is asked, ``random``
gives so many random bytes; pairs come from the generator of ``cryptography``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from wijkbot.securechat.bundle import Sealed
from wijkbot.securechat.encoding import IV_LENGTH, Refused, b64, lp, unb64
from wijkbot.securechat.points import KEY_LENGTH

Random = Callable[[int], bytes]
"""Gives so many random bytes: ``Clock.random_bytes``."""

KEY_SIZE = 32
_ROUNDS = 600_000
_HALF = 32
_SUITE = hpke.Suite(hpke.KEM.P256, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class Pair:
    """A private key on P-256; it never shows in a repr."""

    private: ec.EllipticCurvePrivateKey

    def __repr__(self) -> str:
        return "Pair(…)"

    @property
    def public(self) -> bytes:
        """The public half: an uncompressed point of 65 bytes."""
        return self.private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )


@dataclass(frozen=True, slots=True)
class Keys:
    """What a participant or an organisation has: one pair to be written to, one to sign with."""

    kem: Pair
    sig: Pair


def make_keys() -> Keys:
    """Two fresh pairs."""
    return Keys(*(Pair(ec.generate_private_key(ec.SECP256R1())) for _ in range(2)))


def sign(pair: Pair, signed: bytes) -> bytes:
    """The signature: r and s in 64 bytes."""
    r, s = decode_dss_signature(pair.private.sign(signed, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")


def hkdf(ikm: bytes, info: bytes, length: int = KEY_SIZE) -> bytes:
    """A key for one purpose, made from another."""
    return HKDF(hashes.SHA256(), length, bytes(KEY_SIZE), info).derive(ikm)


def stretch(indices: tuple[int, ...], salt: bytes) -> bytes:
    """32 bytes from the numbers of drawn words; takes some tenths of a second."""
    numbers = b"".join(index.to_bytes(2, "big") for index in indices)
    return PBKDF2HMAC(hashes.SHA256(), KEY_SIZE, salt, _ROUNDS).derive(numbers)


def seal(key: bytes, aad: bytes, text: bytes, random: Random) -> Sealed:
    """``text`` under ``key``, bound to ``aad``."""
    iv = random(IV_LENGTH)
    return Sealed(iv, AESGCM(key).encrypt(iv, text, aad))


def unseal(key: bytes, sealed: Sealed, aad: bytes) -> bytes:
    """What was sealed.

    Raises:
        Refused: key; it was sealed with another key, or for another place.
    """
    try:
        return AESGCM(key).decrypt(sealed.iv, sealed.ct, aad)
    except (InvalidTag, ValueError) as error:
        raise Refused("key", "this key does not open it") from error


def wrap(public: bytes, info: bytes, text: bytes) -> tuple[bytes, bytes]:
    """``enc`` and ``ct``: ``text`` for whoever has the private half of ``public``."""
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    both = _SUITE.encrypt(text, point, info)
    return both[:KEY_LENGTH], both[KEY_LENGTH:]


def unwrap(pair: Pair, info: bytes, enc: bytes, ct: bytes) -> bytes:
    """What was wrapped for this pair.

    Raises:
        Refused: key; it was wrapped for somebody else, or for another place.
    """
    try:
        return _SUITE.decrypt(enc + ct, pair.private, info)
    except (InvalidTag, ValueError) as error:
        raise Refused("key", "this key does not open it") from error


def bundle_aad(kind: str, owner: bytes, kem: bytes, sig: bytes) -> bytes:
    """What a bundle is bound to: whose it is, and both public keys."""
    return lp("wb1/bundle", kind, owner, kem, sig)


def seal_keys(kek: bytes, kind: str, owner: bytes, keys: Keys, random: Random) -> Sealed:
    """Both private keys in a bundle that ``kek`` opens."""
    aad = bundle_aad(kind, owner, keys.kem.public, keys.sig.public)
    return seal(kek, aad, lp(_jwk(keys.kem), _jwk(keys.sig)), random)


def open_keys(
    kek: bytes, sealed: Sealed, kind: str, owner: bytes, public: tuple[bytes, bytes]
) -> Keys:
    """The keys of a bundle; ``public`` are their public halves, ``kem`` first.

    Raises:
        Refused: key; another ``kek``, another owner, or other keys inside.
    """
    text = unseal(kek, sealed, bundle_aad(kind, owner, *public))
    cut = 4 + int.from_bytes(text[:4], "big")
    parts = (text[4:cut], text[cut + 4 :])
    if text != lp(*parts):
        raise Refused("key", "a bundle holds two keys")
    keys = Keys(*(_pair(part) for part in parts))
    if (keys.kem.public, keys.sig.public) != public:
        raise Refused("key", "the bundle holds other keys than it says")
    return keys


def _jwk(pair: Pair) -> bytes:
    secret = pair.private.private_numbers().private_value.to_bytes(_HALF, "big")
    x, y = pair.public[1 : 1 + _HALF], pair.public[1 + _HALF :]
    fields = {"kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y), "d": b64(secret)}
    return json.dumps(fields).encode()


def _pair(raw: bytes) -> Pair:
    try:
        jwk = json.loads(raw)
        if (jwk["kty"], jwk["crv"]) != ("EC", "P-256"):
            raise Refused("key", "a private key of another kind")
        secret = int.from_bytes(unb64(jwk["d"], _HALF), "big")
        return Pair(ec.derive_private_key(secret, ec.SECP256R1()))
    except (ValueError, TypeError, KeyError) as error:
        raise Refused("key", "not a private key") from error
