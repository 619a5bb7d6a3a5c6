"""How is a message sealed, checked and opened? (docs/wb1.md sections 6 and 7)"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from tests.securechat.client.crypto import Pair, Sealed, hkdf, seal, sha256, sign, unseal
from tests.securechat.client.encoding import (
    Refused,
    b64,
    lp,
    number,
    pad,
    pad_photo,
    unb64,
    unpad,
    unpad_photo,
)
from tests.securechat.client.manifest import fields


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message as it travels."""

    conv: bytes
    e: int
    by: bytes
    n: int
    prev: bytes
    sealed: Sealed
    signature: bytes = b""

    @property
    def aad(self) -> bytes:
        """What the text is bound to."""
        return lp("wb1/msg", self.conv, self.e, self.by, self.n, self.prev)

    @property
    def signed(self) -> bytes:
        """What the sender signs."""
        return lp("wb1/msgsig", self.aad, self.sealed.iv, sha256(self.sealed.ct))

    @property
    def hash(self) -> bytes:
        """The name of this message."""
        return sha256(self.signed)

    def as_json(self) -> dict[str, Any]:
        """As it travels."""
        return {
            "e": self.e,
            "by": b64(self.by),
            "n": self.n,
            "prev": b64(self.prev),
            **self.sealed.as_json(),
            "signature": b64(self.signature),
        }


def message_key(ck: bytes, conv: bytes, e: int, sender: bytes) -> bytes:
    """The key of one sender in one epoch."""
    return hkdf(ck, lp("wb1/k/msg", conv, e, sender))


def make_envelope(
    place: tuple[bytes, int, bytes, int, bytes], ck: bytes, pair: Pair, iv: bytes, body: bytes
) -> Envelope:
    """Seal and sign ``body``; ``place`` is conv, e, by, n and prev."""
    conv, e, by, n, prev = place
    if len(body) > 16_384:
        raise Refused("size", "a body of more than 16,384 bytes")
    bare = Envelope(conv, e, by, n, prev, Sealed(iv, b""))
    sealed = seal(message_key(ck, conv, e, by), iv, bare.aad, pad(body))
    whole = replace(bare, sealed=sealed)
    return replace(whole, signature=sign(pair, whole.signed))


def open_envelope(envelope: Envelope, ck: bytes) -> bytes:
    """The body, or Refused. The signature is the caller's to check."""
    key = message_key(ck, envelope.conv, envelope.e, envelope.by)
    return unpad(unseal(key, envelope.sealed, envelope.aad))


def read_envelope(conv: bytes, value: object) -> Envelope:
    """An envelope of this conversation from JSON."""
    raw = fields(value, "e by n prev iv ct signature")
    return Envelope(
        conv,
        number(raw["e"]),
        unb64(raw["by"], 16),
        number(raw["n"]),
        unb64(raw["prev"], 32),
        Sealed(unb64(raw["iv"], 12), unb64(raw["ct"])),
        unb64(raw["signature"], 64),
    )


def as_body(parts: dict[str, Any]) -> bytes:
    """A body as JSON."""
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()


def draft_aad(conv: bytes, e: int, author: bytes, draft: bytes) -> bytes:
    """What a draft is bound to."""
    return lp("wb1/draft", conv, e, author, draft)


def seal_draft(
    place: tuple[bytes, int, bytes, bytes], ck: bytes, iv: bytes, body: bytes
) -> Sealed:
    """A trainee's draft; ``place`` is conv, e, author and draft."""
    conv, e, author, _draft = place
    key = hkdf(ck, lp("wb1/k/draft", conv, e, author))
    return seal(key, iv, draft_aad(*place), pad(body))


def open_draft(place: tuple[bytes, int, bytes, bytes], ck: bytes, sealed: Sealed) -> bytes:
    """The body of a draft, or Refused."""
    conv, e, author, _draft = place
    key = hkdf(ck, lp("wb1/k/draft", conv, e, author))
    return unpad(unseal(key, sealed, draft_aad(*place)))


def seal_photo(conv: bytes, blob_id: bytes, key: bytes, iv: bytes, jpeg: bytes) -> bytes:
    """The blob of a photo."""
    sealed = seal(key, iv, lp("wb1/blob", conv, blob_id), pad_photo(jpeg))
    return sealed.iv + sealed.ct


def open_photo(conv: bytes, blob_id: bytes, key: bytes, hash_: bytes, blob: bytes) -> bytes:
    """The JPEG of a blob, or Refused."""
    if sha256(blob) != hash_ or len(blob) > 2 * 1024 * 1024:
        raise Refused("photo", "other bytes than the message says, or too many")
    sealed = Sealed(blob[:12], blob[12:])
    jpeg = unpad_photo(unseal(key, sealed, lp("wb1/blob", conv, blob_id)))
    if not jpeg.startswith(b"\xff\xd8\xff"):
        raise Refused("photo", "no JPEG")
    return jpeg
