"""How is a conversation opened with the recovery key, and given to somebody who is still there?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from wijkbot.recovery.keys import KEY_SIZE, Pair, Random, hkdf, seal, sign, unseal, unwrap, wrap
from wijkbot.recovery.member import MemberKeys
from wijkbot.securechat.bundle import Sealed
from wijkbot.securechat.encoding import BODY_LIMIT, PAD_SIZES, RECOVERY, Refused, b64, lp
from wijkbot.securechat.envelope import Envelope
from wijkbot.securechat.wrapset import Recipient, Wrapset

_LENGTH = 4
Seen = Mapping[bytes, tuple[int, bytes]]
"""Of each other sender: the number and hash of the newest message that was read."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """The key of one epoch; it never shows in a repr."""

    e: int
    commit: bytes
    ck: bytes

    def __repr__(self) -> str:
        return f"Epoch({self.e}, …)"


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, and after which message: 0 and NO_HASH before their first."""

    member: MemberKeys
    last_n: int
    last_hash: bytes
    seen: Seen


def commit_of(ck: bytes, conv: bytes, e: int) -> bytes:
    """What all recipients of a key know it by."""
    return hkdf(ck, lp("wb1/commit", conv, e))


def open_recovery(
    recovery: Pair, conv: bytes, e: int, by: bytes, commit: bytes, wrapped: Recipient
) -> Epoch:
    """The key of epoch ``e`` from the wrap for the recovery key, made by ``by``.

    Raises:
        Refused: key (another recovery key), or commit (not the key that the others were given).
    """
    info = lp("wb1/wrap", conv, e, RECOVERY, recovery.public, by, commit)
    ck = unwrap(recovery, info, wrapped.enc, wrapped.ct)
    if commit_of(ck, conv, e) != commit:
        raise Refused("commit", "the wrap holds another key than was promised")
    return Epoch(e, commit, ck)


def pass_on(
    conv: bytes, epoch: Epoch, by: MemberKeys, to: Mapping[bytes, bytes], manifest_hash: bytes
) -> Wrapset:
    """A later wrapset with the same key; ``to`` has ids and public keys of members."""
    recipients = []
    for member, kem in sorted(to.items()):
        info = lp("wb1/wrap", conv, epoch.e, member, kem, by.id, epoch.commit)
        recipients.append(Recipient(member, kem, *wrap(kem, info, epoch.ck)))
    bare = Wrapset(conv, epoch.e, by.id, epoch.commit, manifest_hash, tuple(recipients), b"")
    return replace(bare, signature=sign(by.keys.sig, bare.signed))


def start_epoch(
    conv: bytes, e: int, by: MemberKeys, to: Mapping[bytes, bytes], manifest_hash: bytes,
    random: Random,
) -> tuple[Epoch, Wrapset]:  # fmt: skip
    """A fresh key for epoch ``e``, for exactly these ids and public keys."""
    ck = random(KEY_SIZE)
    epoch = Epoch(e, commit_of(ck, conv, e), ck)
    return epoch, pass_on(conv, epoch, by, to, manifest_hash)


def read_body(envelope: Envelope, epoch: Epoch) -> dict[str, object]:
    """What a message says; its signature is the caller's to check.

    Raises:
        Refused: key (not of this epoch), or shape (no body inside).
    """
    key = _message_key(epoch, envelope.conv, envelope.by)
    text = unseal(key, Sealed(envelope.iv, envelope.ct), _aad(envelope))
    try:
        body = json.loads(_unpad(text))
    except (ValueError, RecursionError) as error:
        raise Refused("shape", "a message is JSON inside") from error
    if not isinstance(body, dict):
        raise Refused("shape", "a message is a JSON object inside")
    return body


def write_event(
    conv: bytes, epoch: Epoch, writer: Writer, event: str, now: int, random: Random
) -> Envelope:
    """A signed event of a member.

    ``event`` is one of those in docs/wb1.md section 6; ``now`` in seconds since 1970.
    """
    body = {
        "k": "event",
        "t": event,
        "at": now,
        "seen": {b64(sender): [n, b64(hash_)] for sender, (n, hash_) in writer.seen.items()},
    }
    by = writer.member
    bare = Envelope(conv, epoch.e, by.id, writer.last_n + 1, writer.last_hash, b"", b"", b"")
    text = _pad(json.dumps(body).encode())
    sealed = seal(_message_key(epoch, conv, by.id), _aad(bare), text, random)
    whole = replace(bare, iv=sealed.iv, ct=sealed.ct)
    return replace(whole, signature=sign(by.keys.sig, whole.signed))


def _message_key(epoch: Epoch, conv: bytes, sender: bytes) -> bytes:
    return hkdf(epoch.ck, lp("wb1/k/msg", conv, epoch.e, sender))


def _aad(envelope: Envelope) -> bytes:
    return lp("wb1/msg", envelope.conv, envelope.e, envelope.by, envelope.n, envelope.prev)


def _pad(body: bytes) -> bytes:
    if len(body) > BODY_LIMIT:
        raise ValueError(f"a message has at most {BODY_LIMIT} bytes")
    framed = len(body).to_bytes(_LENGTH, "big") + body
    return framed.ljust(next(size for size in PAD_SIZES if size >= len(framed)), b"\0")


def _unpad(text: bytes) -> bytes:
    body = text[_LENGTH : _LENGTH + int.from_bytes(text[:_LENGTH], "big")]
    if len(body) > BODY_LIMIT or _pad(body) != text:
        raise Refused("shape", "a message is padded in another way")
    return body
