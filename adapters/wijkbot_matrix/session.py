"""How does the bot come back as the same device after every start?

A password is used once; the device's token is kept sealed. A device whose encryption store
was lost is thrown away: its published keys could never be answered for.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from dataclasses import asdict
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from wijkbot.adapter_api import ConfigError, Health, Port
from wijkbot_matrix.client import MatrixClient
from wijkbot_matrix.crosssigning import own_keys
from wijkbot_matrix.incoming import mapping
from wijkbot_matrix.options import Options
from wijkbot_matrix.wire import Login, MatrixError, ServerRefusedError, TokenRevokedError

_KEPT_LOGIN = "login"
_KEPT_PICKLE = "pickle_key"
_KEY_BITS = 256


class StoreLock:
    """Only one process may use an encryption store: two lose each other's keys."""

    def __init__(self, store: Path) -> None:
        self._path = store / "lock"
        self._handle: int | None = None

    def take(self, where: str) -> None:
        """Take the lock, or raise ``ConfigError`` when another process has it."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as taken:
            os.close(handle)
            raise ConfigError(
                f"{where}.store",
                "another process uses this directory; stop it, or give each its own account",
            ) from taken
        self._handle = handle

    def release(self) -> None:
        """Give the lock back."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


async def open_session(options: Options, port: Port, where: str) -> MatrixClient:
    """Return a client that is logged in as the channel's lasting device.

    Raises ``ConfigError`` when the account's details are wrong, ``MatrixError`` when the
    homeserver is away.
    """
    pickle_key = options.pickle_key or await _pickle_key(port)
    client = MatrixClient(options.homeserver, options.store, pickle_key)
    try:
        if options.access_token:
            await _continue_with_token(client, options, where)
        else:
            await _continue_or_login(client, options, port, where)
        if await _is_foreign(client):
            client = await _replaced(client, options, port, where, pickle_key)
    except BaseException:
        await client.close()
        raise
    return client


async def probe(options: Options) -> Health:
    """Look, without logging in, whether a start could work (for ``doctor``)."""
    client = MatrixClient(options.homeserver, options.store, "")
    try:
        if options.access_token:
            await client.request("GET", "/account/whoami", token=options.access_token)
            return Health(True, "the homeserver knows the access token")
        flows = (await client.request("GET", "/login")).get("flows")
    except TokenRevokedError:
        return Health(False, "the homeserver does not know the access token", "make a new one")
    except MatrixError:
        return Health(False, "the homeserver does not answer", "check its address and the network")
    finally:
        await client.close()
    kinds = {mapping(flow).get("type") for flow in flows} if isinstance(flows, list) else set()
    if "m.login.password" in kinds:
        return Health(True, "the homeserver answers and takes passwords")
    return Health(
        False, "the homeserver takes no passwords", "give an access_token and its device_id"
    )


def _restore(client: MatrixClient, login: Login, where: str) -> None:
    try:
        client.restore(login)
    except Exception as fault:
        # nio, peewee and vodozemac each have their own way of not reading a file.
        raise ConfigError(
            f"{where}.store",
            "the encryption store cannot be read; restore it, give its pickle_key, or remove the "
            "directory to begin as a new device",
        ) from fault


async def _continue_with_token(client: MatrixClient, options: Options, where: str) -> None:
    try:
        who = await client.request("GET", "/account/whoami", token=options.access_token)
    except TokenRevokedError as no:
        raise ConfigError(
            f"{where}.access_token", "the homeserver does not know it; make a new one"
        ) from no
    device = str(who.get("device_id") or options.device_id)
    if not device:
        raise ConfigError(f"{where}.device_id", "give the device that the token belongs to")
    _restore(client, Login(str(who["user_id"]), device, options.access_token), where)


async def _continue_or_login(
    client: MatrixClient, options: Options, port: Port, where: str
) -> None:
    kept = await _kept_login(port, options)
    if kept is not None and client.has_store(kept):
        try:
            await client.request("GET", "/account/whoami", token=kept.access_token)
        except TokenRevokedError:
            kept = None
        else:
            _restore(client, kept, where)
            return
    if kept is not None:
        # Without its store that device can read nothing: nobody should write to it any more.
        with contextlib.suppress(MatrixError):
            await client.request("POST", "/logout", token=kept.access_token)
    await _login(client, options, port, where)


async def _login(client: MatrixClient, options: Options, port: Port, where: str) -> None:
    try:
        login = await client.login(options.user, options.password)
    except ServerRefusedError as no:
        if no.errcode not in {"M_FORBIDDEN", "M_USER_DEACTIVATED"}:
            raise
        raise ConfigError(
            f"{where}.password", "the homeserver refuses this user and password; correct them"
        ) from no
    kept = {"homeserver": options.homeserver, "user": options.user, **asdict(login)}
    await port.keep(_KEPT_LOGIN, json.dumps(kept).encode())
    _restore(client, login, where)


async def _replaced(
    client: MatrixClient, options: Options, port: Port, where: str, pickle_key: str
) -> MatrixClient:
    if options.access_token:
        raise ConfigError(
            f"{where}.access_token",
            "this device has other encryption keys than the store; make a token for a new device",
        )
    # When it fails, the old device stays on the account's list, unused.
    with contextlib.suppress(MatrixError):
        await client.request("POST", "/logout")
    await client.close()
    fresh = MatrixClient(options.homeserver, options.store, pickle_key)
    await _login(fresh, options, port, where)
    return fresh


async def _is_foreign(client: MatrixClient) -> bool:
    """Does the server show other keys for this device than the store holds?"""
    device, _ = await own_keys(client)
    shown = mapping(device.get("keys")).get(f"ed25519:{client.nio.device_id}")
    if shown is None or client.nio.olm is None:
        return False
    return bool(shown != client.nio.olm.account.identity_keys["ed25519"])


async def _kept_login(port: Port, options: Options) -> Login | None:
    raw = await port.kept(_KEPT_LOGIN)
    if raw is None:
        return None
    kept = json.loads(raw)
    if (kept["homeserver"], kept["user"]) != (options.homeserver, options.user):
        return None
    return Login(kept["user_id"], kept["device_id"], kept["access_token"])


async def _pickle_key(port: Port) -> str:
    kept = await port.kept(_KEPT_PICKLE)
    if kept is None:
        kept = AESGCM.generate_key(_KEY_BITS).hex().encode()
        await port.keep(_KEPT_PICKLE, kept)
    return kept.decode()
