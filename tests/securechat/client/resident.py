"""What does a resident's browser do? Make a conversation, come back to it, change its code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.securechat.client.conversation import Conversation, Prepared
from tests.securechat.client.crypto import (
    CODE_KDF,
    CodeKeys,
    Pair,
    Sealed,
    bundle_aad,
    code_keys,
    find_nonce,
    make_pair,
    open_bundle,
    seal,
    verify,
)
from tests.securechat.client.encoding import RESIDENT, Refused, b64, lp, unb64
from tests.securechat.client.envelope import read_envelope
from tests.securechat.client.manifest import read_cert, read_manifest
from tests.securechat.client.trust import Trust


@dataclass(frozen=True, slots=True)
class Begun:
    """A new conversation and the request that makes it."""

    conversation: Conversation
    first: Prepared
    request: dict[str, Any]


def trust_config(config: Mapping[str, Any], pin: bytes) -> Trust:
    """Believe the team of ``/config``, or Refused."""
    trust = Trust(pin)
    trust.accept(
        read_manifest(config["manifest"]),
        read_cert(config["cert"]),
        unb64(config["root_sig"], 65),
        int(config["now"]),
    )
    return trust


def draw_code() -> tuple[int, ...]:
    """Seven numbers of words."""
    return tuple(int.from_bytes(os.urandom(2), "big") % 2048 for _ in range(7))


def code_parts(
    code: CodeKeys, conv: bytes, kem: Pair, sig: Pair, iv: bytes | None = None
) -> dict[str, Any]:
    """What the server gets of a return code."""
    aad = bundle_aad("resident", conv, kem.public, sig.public)
    sealed = seal(code.kek, iv or os.urandom(12), aad, lp(kem.jwk(), sig.jwk()))
    return {
        "locator_hash": b64(code.locator_hash),
        "auth_hash": b64(code.auth_hash),
        "kdf": CODE_KDF,
        "bundle": sealed.as_json(),
    }


def begin(
    config: Mapping[str, Any], pin: bytes, indices: tuple[int, ...], text: str, lang: str = "nl"
) -> Begun:
    """A conversation with its first message."""
    trust = trust_config(config, pin)
    conv, kem, sig = os.urandom(16), make_pair(), make_pair()
    conversation = Conversation(conv, RESIDENT, kem, sig, kem.public, sig.public, trust)
    first = conversation.write({"k": "text", "t": text}, int(config["now"]))
    request = {
        "conv": b64(conv),
        "kem": b64(kem.public),
        "sig": b64(sig.public),
        **code_parts(code_keys(indices, unb64(config["site_salt"], 16)), conv, kem, sig),
        "lang": lang,
        **first.as_json(),
    }
    asked = config["pow"]
    if asked is not None:
        nonce = find_nonce(asked["challenge"], conv, asked["bits"])
        request["pow"] = {"challenge": asked["challenge"], "nonce": nonce}
    return Begun(conversation, first, request)


def return_request(code: CodeKeys) -> dict[str, str]:
    """What is sent to come back."""
    return {"locator": b64(code.locator), "auth": b64(code.auth)}


def come_back(answer: Mapping[str, Any], code: CodeKeys, trust: Trust) -> Conversation:
    """The conversation of the answer to :func:`return_request`, or Refused."""
    if answer["kdf"] != CODE_KDF:
        raise Refused("kdf", "another way to stretch a code")
    conv = unb64(answer["conv"], 16)
    kem, sig = unb64(answer["kem"], 65), unb64(answer["sig"], 65)
    sealed = Sealed(unb64(answer["bundle"]["iv"], 12), unb64(answer["bundle"]["ct"]))
    aad = bundle_aad("resident", conv, kem, sig)
    kem_pair, sig_pair = open_bundle(code.kek, sealed, aad, kem, sig)
    return Conversation(conv, RESIDENT, kem_pair, sig_pair, kem, sig, trust)


def check_first(conversation: Conversation, messages: list[dict[str, Any]]) -> None:
    """On return: message 1 of the resident is signed with the key of the bundle, or Refused."""
    for raw in messages:
        envelope = read_envelope(
            conversation.conv, {k: v for k, v in raw.items() if k not in ("seq", "at")}
        )
        if (envelope.by, envelope.n) == (RESIDENT, 1):
            verify(conversation.sig.public, envelope.signed, envelope.signature)
            return
    raise Refused("first", "message 1 is not there")
