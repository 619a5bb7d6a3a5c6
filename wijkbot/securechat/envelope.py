"""Does this sealed message belong here: by this sender, in this epoch, after their last one?

What it says only the participants know (docs/wb1.md, section 6).
"""

from __future__ import annotations

from dataclasses import dataclass

from wijkbot.securechat.encoding import (
    HASH_LENGTH,
    ID_LENGTH,
    IV_LENGTH,
    PAD_SIZES,
    TAG_LENGTH,
    Refused,
    b64,
    fields,
    lp,
    number,
    unb64,
)
from wijkbot.securechat.points import SIGNATURE_LENGTH, Signer, sha256, verify

_ENVELOPE = frozenset({"e", "by", "n", "prev", "iv", "ct", "signature"})


@dataclass(frozen=True, slots=True)
class Envelope:
    """One sealed message of the conversation ``conv``; ``n`` counts those of its sender."""

    conv: bytes
    e: int
    by: bytes
    n: int
    prev: bytes
    iv: bytes
    ct: bytes
    signature: bytes

    @property
    def signed(self) -> bytes:
        """The bytes under the signature."""
        aad = lp("wb1/msg", self.conv, self.e, self.by, self.n, self.prev)
        return lp("wb1/msgsig", aad, self.iv, sha256(self.ct))

    @property
    def hash(self) -> bytes:
        """Which message this is: sent again, it is the same one."""
        return sha256(self.signed)

    def as_json(self) -> dict[str, object]:
        """As it travels."""
        return {
            "e": self.e,
            "by": b64(self.by),
            "n": self.n,
            "prev": b64(self.prev),
            "iv": b64(self.iv),
            "ct": b64(self.ct),
            "signature": b64(self.signature),
        }


def read_envelope(json: object, conv: bytes) -> Envelope:
    """Read a message sent to the conversation ``conv``.

    Raises:
        Refused: another shape, or a size that padding does not give.
    """
    row = fields(json, _ENVELOPE)
    return Envelope(
        conv=conv,
        e=number(row["e"], low=1),
        by=unb64(row["by"], ID_LENGTH),
        n=number(row["n"], low=1),
        prev=unb64(row["prev"], HASH_LENGTH),
        iv=unb64(row["iv"], IV_LENGTH),
        ct=check_padded(unb64(row["ct"])),
        signature=unb64(row["signature"], SIGNATURE_LENGTH),
    )


def check_padded(ct: bytes) -> bytes:
    """Give back a sealed text whose size tells only which step of padding it is.

    Raises:
        Refused: another size.
    """
    if len(ct) - TAG_LENGTH not in PAD_SIZES:
        raise Refused("shape", "the sealed text has a size that padding does not give")
    return ct


def check(envelope: Envelope, signer: Signer, epoch: int, last_n: int, last_hash: bytes) -> None:
    """Nothing happens when the message may be stored.

    ``signer`` is who sends; ``epoch`` the newest one. ``last_n`` and ``last_hash`` belong to the
    last message of this sender: 0 and NO_HASH before the first. A message that is stored already
    is recognised by its hash before this is asked.

    Raises:
        Refused: signature (not by who sends), epoch, or chain (does not follow the last one).
    """
    if envelope.by != signer.id:
        raise Refused("signature", "the message is by somebody else")
    verify(signer.sig, envelope.signed, envelope.signature)
    if envelope.e != epoch:
        raise Refused("epoch", "the message is for another epoch than the newest")
    if (envelope.n, envelope.prev) != (last_n + 1, last_hash):
        raise Refused("chain", "the message does not follow the last one of its sender")
