"""How are bytes put together, written and padded? (docs/wb1.md section 1)"""

from __future__ import annotations

import base64
import binascii
import unicodedata
from typing import Final

RESIDENT: Final = bytes(16)
RECOVERY: Final = b"\xff" * 16
NOTHING_BEFORE: Final = bytes(32)
_SIZES: Final = (256, 1024, 4096)
_PHOTO: Final = 65_536


class Refused(Exception):
    """The protocol says no; ``reason`` is one word of docs/wb1.md."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


def lp(*parts: bytes | str | int) -> bytes:
    """Each part behind its length."""
    out = bytearray()
    for part in parts:
        if isinstance(part, bool):
            raise TypeError("a truth is no part")
        if isinstance(part, str):
            raw = part.encode()
        elif isinstance(part, int):
            raw = part.to_bytes(8, "big")
        else:
            raw = part
        out += len(raw).to_bytes(4, "big") + raw
    return bytes(out)


def b64(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unb64(text: object, length: int | None = None) -> bytes:
    """The bytes of ``text``; Refused("shape") for every other spelling or another length."""
    if not isinstance(text, str) or not text.isascii() or "+" in text or "/" in text:
        raise Refused("shape", "not base64url")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as broken:
        raise Refused("shape", "not base64url") from broken
    if b64(raw) != text or (length is not None and len(raw) != length):
        raise Refused("shape", "base64url of another length or with odd bits")
    return raw


def number(value: object) -> int:
    """A number of JSON that a browser can hold, or Refused("shape")."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise Refused("shape", "not a number")
    return value


def text(value: object) -> str:
    """A text of JSON, or Refused("shape")."""
    if not isinstance(value, str):
        raise Refused("shape", "not a text")
    return value


def _padded_size(total: int) -> int:
    for size in _SIZES:
        if total <= size:
            return size
    return -(-total // 4096) * 4096


def pad(raw: bytes) -> bytes:
    """Length, bytes, zeros up to the next size."""
    framed = len(raw).to_bytes(4, "big") + raw
    return framed.ljust(_padded_size(len(framed)), b"\0")


def unpad(padded: bytes) -> bytes:
    """What :func:`pad` was given; Refused("padding") for what it never makes."""
    if len(padded) < 4:
        raise Refused("padding", "too short")
    length = int.from_bytes(padded[:4], "big")
    if _padded_size(4 + length) != len(padded):
        raise Refused("padding", "another size")
    if any(padded[4 + length :]):
        raise Refused("padding", "not zero")
    return padded[4 : 4 + length]


def pad_photo(jpeg: bytes) -> bytes:
    """Length, picture, zeros up to a multiple of 65,536."""
    framed = len(jpeg).to_bytes(4, "big") + jpeg
    return framed.ljust(-(-len(framed) // _PHOTO) * _PHOTO, b"\0")


def unpad_photo(padded: bytes) -> bytes:
    """The picture; Refused("padding") for what :func:`pad_photo` never makes."""
    length = int.from_bytes(padded[:4], "big")
    if pad_photo(padded[4 : 4 + length]) != padded:
        raise Refused("padding", "another size, or not zero")
    return padded[4 : 4 + length]


def first_letters(typed: str) -> str:
    """What a typed word of a code is looked up by: its first four letters a to z."""
    small = typed.lower()
    for letter, letters in (("œ", "oe"), ("æ", "ae"), ("ß", "ss")):
        small = small.replace(letter, letters)
    plain = unicodedata.normalize("NFKD", small)
    return "".join(one for one in plain if "a" <= one <= "z")[:4]
