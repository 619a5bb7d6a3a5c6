"""What may stand in a Telegram channel's section, and is it right?"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from wijkbot.adapter_api import ChannelConfig, ConfigError

BASE_URL = "https://api.telegram.org/bot"
BASE_FILE_URL = "https://api.telegram.org/file/bot"

_KNOWN = (
    "base_file_url",
    "base_url",
    "ephemeral",
    "per_second",
    "receive",
    "token",
    "webhook_secret",
)
PER_SECOND = 28
"""A little below the 30 messages a second that Telegram takes of an ordinary bot."""
_MOST_PER_SECOND = 10_000
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, repr=False)
class Options:
    """The checked settings of one bot. ``webhook_url`` is "" when the bot polls.

    ``ephemeral``: a link for one person in a group is shown to that person only.
    ``per_second``: so many messages may leave in a second.
    """

    token: str
    base_url: str
    base_file_url: str
    webhook_secret: str
    webhook_url: str = ""
    ephemeral: bool = False
    per_second: int = PER_SECOND


def read_options(config: ChannelConfig) -> Options:
    """Check a channel's settings; a wrong one raises ``ConfigError`` naming its full key."""
    for key in sorted(set(config.options) - set(_KNOWN)):
        raise ConfigError(_key(config, key), f"unknown key; these exist: {', '.join(_KNOWN)}")
    token = _text(config, "token")
    if not _TOKEN.fullmatch(token):
        remedy = "give the token that @BotFather showed, as 123456:ABC-DEF"
        raise ConfigError(_key(config, "token"), remedy)
    receive = _text(config, "receive") or "polling"
    if receive not in {"polling", "webhook"}:
        raise ConfigError(_key(config, "receive"), 'write "polling" or "webhook"')
    secret = _text(config, "webhook_secret") or _derived_secret(config.name, token)
    if not _SECRET.fullmatch(secret):
        remedy = "use 1 to 256 letters, digits, _ and -, or leave it out"
        raise ConfigError(_key(config, "webhook_secret"), remedy)
    base_url = _address(config, "base_url", BASE_URL)
    return Options(
        token=token,
        base_url=base_url,
        base_file_url=_address(config, "base_file_url", _file_url(base_url)),
        webhook_secret=secret,
        webhook_url=_webhook_url(config, base_url) if receive == "webhook" else "",
        ephemeral=_switch(config, "ephemeral"),
        per_second=_per_second(config),
    )


def _text(config: ChannelConfig, key: str) -> str:
    value = config.options.get(key, "")
    if not isinstance(value, str):
        raise ConfigError(_key(config, key), "must be a text between quotes")
    return value.strip()


def _switch(config: ChannelConfig, key: str) -> bool:
    value = config.options.get(key, False)
    if not isinstance(value, bool):
        raise ConfigError(_key(config, key), "write true or false, without quotes")
    return value


def _per_second(config: ChannelConfig) -> int:
    value = config.options.get("per_second", PER_SECOND)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST_PER_SECOND:
        remedy = f"give a whole number from 1 to {_MOST_PER_SECOND}, or leave it out"
        raise ConfigError(_key(config, "per_second"), remedy)
    return value


def _address(config: ChannelConfig, key: str, otherwise: str) -> str:
    address = _text(config, key) or otherwise
    if urlsplit(address).scheme not in {"http", "https"}:
        raise ConfigError(_key(config, key), f'give an address, as "{BASE_URL}"')
    return address


def _file_url(base_url: str) -> str:
    """A server of one's own offers files beside its methods, as Telegram's does."""
    return f"{base_url.removesuffix('bot')}file/bot" if base_url.endswith("/bot") else base_url


def _webhook_url(config: ChannelConfig, base_url: str) -> str:
    """Telegram itself delivers to https only; a Bot API server of one's own also to http."""
    scheme = urlsplit(config.public_url).scheme
    if scheme != "https" and (base_url == BASE_URL or scheme != "http"):
        remedy = 'webhooks need an address with https; or set receive = "polling"'
        raise ConfigError("organisation.public_url", remedy)
    return f"{config.public_url.rstrip('/')}/hooks/{config.name}/update"


def _derived_secret(name: str, token: str) -> str:
    """The same at every start and in every process, and of no use for finding the token."""
    purpose = f"wijkbot telegram webhook {name}".encode()
    return hmac.new(token.encode(), purpose, hashlib.sha256).hexdigest()


def _key(config: ChannelConfig, key: str) -> str:
    return f"channels.{config.name}.{key}"
