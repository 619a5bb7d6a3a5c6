"""What stands in one line of the journal that is kept outside the database?

What a resident asked for once must survive an older backup: each line is one such thing,
sealed with a key of its own made from the key file. Only keyed pseudonyms, never an address.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from wijkbot.storage.errors import SealBroken
from wijkbot.storage.seal import KeyFile

_NONCE = 12
_CONTEXT = b"journal"


@dataclass(frozen=True, slots=True)
class Erased:
    """A resident had everything erased.

    ``chats`` are the pseudonyms of their private chats: in a backup from before their return,
    nothing else says whose chat it is.
    """

    member_hmac: str
    chats: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class OptedOut:
    """A resident wants no messages of that purpose."""

    member_hmac: str
    purpose: str
    at: int


@dataclass(frozen=True, slots=True)
class OptedIn:
    """A resident wants them again."""

    member_hmac: str
    purpose: str
    at: int


@dataclass(frozen=True, slots=True)
class Consented:
    """A resident said yes; ``chat`` is the pseudonym of the private chat in which they did.

    ``item`` and ``version`` are the published words that they answered.
    """

    member_hmac: str
    purpose: str
    neighbourhood: str
    channel: str
    chat: str
    item: str
    version: int
    language: str
    source: str
    at: int


@dataclass(frozen=True, slots=True)
class KeyDestroyed:
    """The key of that day (days since 1970) is destroyed: no backup may bring it back."""

    day: int
    at: int


@dataclass(frozen=True, slots=True)
class SecureErased:
    """A conversation of the secure chat is deleted; the hash of its id, ``at`` in seconds."""

    tombstone: str
    at: int


Entry = Erased | OptedOut | OptedIn | Consented | KeyDestroyed | SecureErased

_KINDS: Mapping[str, Callable[..., Entry]] = {
    "erased": Erased,
    "opt_out": OptedOut,
    "opt_in": OptedIn,
    "consent": Consented,
    "key_destroyed": KeyDestroyed,
    "secure_erased": SecureErased,
}
_NAMES = {made: name for name, made in _KINDS.items()}


class EntrySeal:
    """Makes lines of entries and entries of lines."""

    def __init__(self, key_file: KeyFile, random_bytes: Callable[[int], bytes]) -> None:
        self._cipher = AESGCM(key_file.derive("journal"))
        self._random = random_bytes

    def line(self, entry: Entry) -> bytes:
        """The entry as one sealed line, with its line end."""
        told = {"kind": _NAMES[type(entry)], **asdict(entry)}
        nonce = self._random(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, json.dumps(told).encode(), _CONTEXT)
        return base64.b64encode(sealed) + b"\n"

    def entry(self, line: bytes) -> Entry:
        """The entry of a line.

        Raises:
            SealBroken: the line is half-written or damaged, or another key file sealed it.
        """
        try:
            sealed = base64.b64decode(line.strip(), validate=True)
            told = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _CONTEXT)
            return _entry(json.loads(told))
        except (InvalidTag, binascii.Error, KeyError, TypeError, ValueError) as error:
            raise SealBroken("journal") from error


def _entry(told: dict[str, Any]) -> Entry:
    make = _KINDS[told.pop("kind")]
    if "chats" in told:
        told["chats"] = tuple(told["chats"])
    return make(**told)
