"""What may stand in a WhatsApp channel's section, and is it right?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from wijkbot.adapter_api import ChannelConfig, ConfigError

API_BASE_URL = "https://api.twilio.com"

_KNOWN = ("account_sid", "api_base_url", "auth_token", "sender")
_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")
_SENDER = re.compile(r"whatsapp:\+[1-9]\d{5,14}")


@dataclass(frozen=True, slots=True, repr=False)
class Options:
    """The checked settings of one WhatsApp number at Twilio.

    ``hooks_url`` is the public address below which Twilio's requests arrive, without a
    trailing slash.
    """

    account_sid: str
    auth_token: str
    sender: str
    api_base_url: str
    hooks_url: str

    @property
    def digits(self) -> str:
        """The number alone, as wa.me wants it."""
        return self.sender.removeprefix("whatsapp:+")


def read_options(config: ChannelConfig) -> Options:
    """Check a channel's settings; a wrong one raises ``ConfigError`` naming its full key."""
    for key in sorted(set(config.options) - set(_KNOWN)):
        raise ConfigError(_key(config, key), f"unknown key; these exist: {', '.join(_KNOWN)}")
    account = _text(config, "account_sid")
    if not _ACCOUNT.fullmatch(account):
        remedy = "give the Account SID of Twilio's console: AC and 32 letters or digits"
        raise ConfigError(_key(config, "account_sid"), remedy)
    token = _text(config, "auth_token")
    if not token or not token.isascii() or any(sign.isspace() for sign in token):
        remedy = "give the Auth Token of Twilio's console, without spaces"
        raise ConfigError(_key(config, "auth_token"), remedy)
    sender = _text(config, "sender")
    if not _SENDER.fullmatch(sender):
        remedy = 'give the number with its country, as "whatsapp:+32470123456"'
        raise ConfigError(_key(config, "sender"), remedy)
    base_url = _address(config)
    return Options(account, token, sender, base_url, _hooks_url(config, base_url))


def _text(config: ChannelConfig, key: str) -> str:
    value = config.options.get(key, "")
    if not isinstance(value, str):
        raise ConfigError(_key(config, key), "must be a text between quotes")
    return value.strip()


def _address(config: ChannelConfig) -> str:
    address = (_text(config, "api_base_url") or API_BASE_URL).rstrip("/")
    parts = urlsplit(address)
    is_plain = not (parts.path or parts.query or parts.fragment)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not is_plain:
        remedy = f'give an address without a path, as "{API_BASE_URL}", or leave it out'
        raise ConfigError(_key(config, "api_base_url"), remedy)
    return address


def _hooks_url(config: ChannelConfig, base_url: str) -> str:
    """Twilio itself must be met over https; a server of one's own may come over http."""
    parts = urlsplit(config.public_url)
    allowed = {"https"} if base_url == API_BASE_URL else {"http", "https"}
    if parts.scheme not in allowed or not parts.hostname:
        remedy = "WhatsApp needs an address with https that Twilio can reach"
        raise ConfigError("organisation.public_url", remedy)
    return f"{config.public_url.rstrip('/')}/hooks/{config.name}"


def _key(config: ChannelConfig, key: str) -> str:
    return f"channels.{config.name}.{key}"
