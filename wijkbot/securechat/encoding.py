"""How do bytes, numbers and texts of wb1 look, and what is refused before anything is computed?

The formats are those of docs/wb1.md, section 1.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

RESIDENT = bytes(16)
"""The fixed id of the resident of a conversation."""

RECOVERY = b"\xff" * 16
"""The fixed id of the organisation's recovery key."""

NO_HASH = bytes(32)
"""Stands where the first of a chain would name the one before it."""

ID_LENGTH = 16
HASH_LENGTH = 32
IV_LENGTH = 12
TAG_LENGTH = 16

BODY_LIMIT = 16_384
"""Bytes a message may have before it is padded."""

PAD_STEP = 4096
PAD_SIZES = (256, 1024, *range(PAD_STEP, BODY_LIMIT + PAD_STEP + 1, PAD_STEP))
"""The sizes a padded message may have; its sealed form is TAG_LENGTH longer."""

BIGGEST = 2**53 - 1
"""The largest number on the wire: a browser counts exactly up to here."""

_LETTERS = re.compile(r"[A-Za-z0-9_-]*")


class Refused(Exception):
    """What came in is not accepted; the code is what the other side is told.

    ``code``: shape, signature, wrapset, manifest, chain, epoch, closed, version, unknown or pow,
    as in docs/secure-chat-api.md. ``detail``: one line for whoever writes a client; it never
    repeats what came in.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


def lp(*parts: bytes | str | int) -> bytes:
    """Join parts so that no two lists give the same bytes: 4 bytes of length before each.

    A text is UTF-8, a number 8 bytes big-endian.

    Raises:
        Refused: a text holds half a surrogate pair, or a number does not fit.
    """
    pieces = []
    for part in parts:
        raw = _as_bytes(part)
        pieces.append(len(raw).to_bytes(4, "big"))
        pieces.append(raw)
    return b"".join(pieces)


def _as_bytes(part: bytes | str | int) -> bytes:
    if isinstance(part, bytes):
        return part
    if isinstance(part, str):
        return utf8(part)
    if not 0 <= part < 2**64:
        raise Refused("shape", "a number does not fit in eight bytes")
    return part.to_bytes(8, "big")


def utf8(text: str) -> bytes:
    """A text as UTF-8.

    Raises:
        Refused: JSON can write half a surrogate pair, UTF-8 cannot.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Refused("shape", "a text is not Unicode") from error


def b64(raw: bytes) -> str:
    """Bytes as base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: object, length: int | None = None) -> bytes:
    """The bytes of a base64url text; exactly one text stands for the same bytes.

    Raises:
        Refused: not a text, padding, other letters, unused bits that are not zero, or not
            ``length`` bytes.
    """
    if not isinstance(text, str) or not _LETTERS.fullmatch(text):
        raise Refused("shape", "not base64url without padding")
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise Refused("shape", "not base64url without padding") from error
    if b64(raw) != text:
        raise Refused("shape", "not the shortest base64url")
    if length is not None and len(raw) != length:
        raise Refused("shape", f"not {length} bytes")
    return raw


def fields(json: object, names: frozenset[str]) -> Mapping[str, object]:
    """The fields of a JSON object that has exactly these.

    Raises:
        Refused: not an object, a field too many or too few.
    """
    if not isinstance(json, dict):
        raise Refused("shape", "not an object")
    if json.keys() != names:
        raise Refused("shape", "expected exactly: " + ", ".join(sorted(names)))
    return json


def number(value: object, low: int = 0) -> int:
    """A whole number of at least ``low`` that a browser counts exactly.

    Raises:
        Refused: anything else, also 1.0 and true.
    """
    if type(value) is not int or not low <= value <= BIGGEST:
        raise Refused("shape", f"not a whole number of at least {low}")
    return value


def text_of(value: object, limit: int) -> str:
    """A text of 1 to ``limit`` bytes of UTF-8.

    Raises:
        Refused: anything else.
    """
    if not isinstance(value, str) or not 0 < len(utf8(value)) <= limit:
        raise Refused("shape", f"not a text of 1 to {limit} bytes")
    return value
