"""Which settings does a Matrix channel have, and are they right?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from wijkbot.adapter_api import ChannelConfig, ConfigError

_KNOWN = frozenset(
    {
        "homeserver",
        "user",
        "password",
        "access_token",
        "device_id",
        "store",
        "allowed_inviters",
        "pickle_key",
    }
)


@dataclass(frozen=True, slots=True)
class Options:
    """The checked settings of one channel; ``allowed_inviters`` empty means own server only."""

    homeserver: str
    user: str
    store: Path
    password: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    device_id: str = ""
    pickle_key: str = field(default="", repr=False)
    allowed_inviters: tuple[str, ...] = ()

    def guessed_user_id(self) -> str:
        """Return the full user id, taking the homeserver's host for a bare name."""
        if self.user.startswith("@") and ":" in self.user:
            return self.user
        host = urlsplit(self.homeserver).hostname or ""
        return f"@{self.user.removeprefix('@')}:{host}"


def read_options(config: ChannelConfig) -> Options:
    """Check a channel's settings; a wrong one raises ``ConfigError`` naming its full key."""
    where = f"channels.{config.name}"
    values = config.options
    for key in sorted(set(values) - _KNOWN):
        raise ConfigError(f"{where}.{key}", "unknown key; remove it or correct its spelling")
    homeserver = _text(values, where, "homeserver").rstrip("/")
    if urlsplit(homeserver).scheme not in {"http", "https"}:
        raise ConfigError(f"{where}.homeserver", 'give its address, as "https://matrix.org"')
    user = _text(values, where, "user")
    if not user:
        raise ConfigError(f"{where}.user", 'give the account, as "@wijkbot:matrix.org"')
    password = _text(values, where, "password")
    token = _text(values, where, "access_token")
    if not password and not token:
        raise ConfigError(f"{where}.password", "give a password or an access_token")
    return Options(
        homeserver=homeserver,
        user=user,
        store=Path(_text(values, where, "store") or Path(config.data_dir) / config.name),
        password=password,
        access_token=token,
        device_id=_text(values, where, "device_id"),
        pickle_key=_text(values, where, "pickle_key"),
        allowed_inviters=_inviters(values, where),
    )


def _text(values: Mapping[str, Any], where: str, key: str) -> str:
    value = values.get(key, "")
    if not isinstance(value, str):
        raise ConfigError(f"{where}.{key}", "must be a text between quotes")
    return value.strip()


def _inviters(values: Mapping[str, Any], where: str) -> tuple[str, ...]:
    found = values.get("allowed_inviters", ())
    if not isinstance(found, list | tuple) or not all(
        isinstance(one, str) and one for one in found
    ):
        raise ConfigError(
            f"{where}.allowed_inviters",
            'must be a list of servers or accounts, as ["matrix.org", "@anna:example.org"]',
        )
    return tuple(found)
