"""Why do today's apps trust the bot's device? Because the account's own keys have signed it.

Apps neither send keys to, nor show messages from, a device that is not cross-signed, and
matrix-nio cannot do that. Three Ed25519 keys are made once and kept sealed: the master key
vouches for the other two, the self-signing key for the account's devices.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from wijkbot.adapter_api import Health, Port
from wijkbot_matrix.client import MatrixClient
from wijkbot_matrix.incoming import mapping
from wijkbot_matrix.wire import ServerAwayError, ServerRefusedError, TokenRevokedError

KEPT_AS = "cross_signing"
_SEED = 32
_UNAUTHORISED = 401
_FOREIGN_REMEDY = (
    "somebody set up this account in an app, so its signing keys are not the bot's; use an "
    "account that only the bot uses, or reset its identity (deactivate and register it again)"
)


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The account's three private keys."""

    master: Ed25519PrivateKey
    self_signing: Ed25519PrivateKey
    user_signing: Ed25519PrivateKey

    @classmethod
    def new(cls) -> SigningKeys:
        """Make fresh keys."""
        return cls(*(Ed25519PrivateKey.generate() for _ in range(3)))

    @classmethod
    def from_bytes(cls, kept: bytes) -> SigningKeys:
        """Read what ``to_bytes`` wrote."""
        seeds = [kept[at : at + _SEED] for at in range(0, 3 * _SEED, _SEED)]
        return cls(*(Ed25519PrivateKey.from_private_bytes(seed) for seed in seeds))

    def to_bytes(self) -> bytes:
        """Write the keys, to be kept sealed."""
        keys = (self.master, self.self_signing, self.user_signing)
        return b"".join(key.private_bytes_raw() for key in keys)

    def upload(self, user_id: str) -> dict[str, Any]:
        """Return the body that makes the public halves known."""
        master = _public_object(user_id, "master", self.master)
        parts = {"master_key": master}
        for name, key in (
            ("self_signing", self.self_signing),
            ("user_signing", self.user_signing),
        ):
            parts[f"{name}_key"] = signed(_public_object(user_id, name, key), user_id, self.master)
        return parts


def public_part(key: Ed25519PrivateKey) -> str:
    """Return the public half as Matrix writes it (base64 without padding)."""
    return _unpadded(key.public_key().public_bytes_raw())


def signed(content: Mapping[str, Any], user_id: str, key: Ed25519PrivateKey) -> dict[str, Any]:
    """Return the object with this key's signature added to those it has."""
    signatures = {who: dict(found) for who, found in content.get("signatures", {}).items()}
    name = f"ed25519:{public_part(key)}"
    signatures.setdefault(user_id, {})[name] = _unpadded(key.sign(_canonical(content)))
    return {**content, "signatures": signatures}


def is_signed_by(content: Mapping[str, Any], user_id: str, key: Ed25519PrivateKey) -> bool:
    """Is there a good signature of that key under the object?"""
    name = f"ed25519:{public_part(key)}"
    found = mapping(mapping(content.get("signatures")).get(user_id)).get(name)
    if not isinstance(found, str):
        return False
    public: Ed25519PublicKey = key.public_key()
    try:
        public.verify(base64.b64decode(found + "=="), _canonical(content))
    except (InvalidSignature, ValueError):
        return False
    return True


async def own_keys(client: MatrixClient) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Fetch what the server shows of the own device and of the own master key."""
    user = client.user_id
    found = await client.request("POST", "/keys/query", {"device_keys": {user: []}})
    devices = mapping(mapping(found.get("device_keys")).get(user))
    return (
        mapping(devices.get(str(client.nio.device_id))),
        mapping(mapping(found.get("master_keys")).get(user)),
    )


async def ensure_signed(client: MatrixClient, port: Port, password: str) -> Health:
    """Make and publish the keys when the account has none, and sign this device.

    Keys of somebody else are never overwritten: that gives an unhealthy answer with a remedy.
    """
    device, master = await own_keys(client)
    if not device:
        # The upload of the device's own keys did not arrive; signing nothing helps nobody.
        raise ServerAwayError(has_left=False)
    keys = await _kept_keys(port, make=not master)
    if keys is None or (master and not _is_ours(master, keys)):
        return Health(False, "the account has signing keys of somebody else", _FOREIGN_REMEDY)
    try:
        if not master:
            await _publish(client, keys, password)
        if not is_signed_by(device, client.user_id, keys.self_signing):
            await _sign_device(client, device, keys)
            device, _ = await own_keys(client)
    except TokenRevokedError:
        raise
    except ServerRefusedError as no:
        detail = f"the homeserver refused the signing keys ({no.errcode or no.status})"
        return Health(False, detail, "give the account's password in the settings and restart")
    if not is_signed_by(device, client.user_id, keys.self_signing):
        return Health(False, "the bot's device is not signed", "restart wijkbot")
    return Health(True)


async def _kept_keys(port: Port, *, make: bool) -> SigningKeys | None:
    kept = await port.kept(KEPT_AS)
    if kept is None and make:
        # Kept before they are published: a crash in between must not lock us out.
        kept = SigningKeys.new().to_bytes()
        await port.keep(KEPT_AS, kept)
    return SigningKeys.from_bytes(kept) if kept is not None else None


async def _publish(client: MatrixClient, keys: SigningKeys, password: str) -> None:
    path, body = "/keys/device_signing/upload", keys.upload(client.user_id)
    try:
        await client.request("POST", path, body)
    except ServerRefusedError as no:
        session = no.answer.get("session")
        if no.status != _UNAUTHORISED or not password or not isinstance(session, str):
            raise
        proof = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": client.user_id},
            "password": password,
            "session": session,
        }
        await client.request("POST", path, {**body, "auth": proof})


async def _sign_device(client: MatrixClient, device: Mapping[str, Any], keys: SigningKeys) -> None:
    user, device_id = client.user_id, str(client.nio.device_id)
    bare = {name: part for name, part in device.items() if name not in _UNSIGNED_PARTS}
    body = {user: {device_id: signed(bare, user, keys.self_signing)}}
    await client.request("POST", "/keys/signatures/upload", body)


_UNSIGNED_PARTS = frozenset({"signatures", "unsigned"})


def _is_ours(master: Mapping[str, Any], keys: SigningKeys) -> bool:
    return public_part(keys.master) in mapping(master.get("keys")).values()


def _public_object(user_id: str, usage: str, key: Ed25519PrivateKey) -> dict[str, Any]:
    public = public_part(key)
    return {"user_id": user_id, "usage": [usage], "keys": {f"ed25519:{public}": public}}


def _canonical(content: Mapping[str, Any]) -> bytes:
    bare = {name: part for name, part in content.items() if name not in _UNSIGNED_PARTS}
    return json.dumps(bare, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _unpadded(raw: bytes) -> str:
    return base64.b64encode(raw).decode().rstrip("=")
