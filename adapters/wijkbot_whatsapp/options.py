"""What may stand in a WhatsApp channel's section, and is it right?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from wijkbot.adapter_api import ChannelConfig, ConfigError

API_BASE_URL = "https://api.twilio.com"

RETRIES = "#rc=5&rp=all"
"""Behind an address of ours it asks Twilio to try up to five times more, whatever went wrong."""

_KNOWN = (
    "account_sid",
    "api_base_url",
    "auth_token",
    "auth_token_old",
    "sender",
    "tier",
    "webhook_key",
)
_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")
_SENDER = re.compile(r"whatsapp:\+[1-9]\d{5,14}")


@dataclass(frozen=True, slots=True, repr=False)
class Options:
    """The checked settings of one WhatsApp number at Twilio.

    ``hooks_url`` is the public address below which Twilio's requests arrive, without a
    trailing slash. ``signing_words``: whoever signs a webhook with one of them is Twilio; more
    than one while a token is being replaced. ``tier`` 0: WhatsApp's own limit alone.
    """

    account_sid: str
    auth_token: str
    sender: str
    api_base_url: str
    hooks_url: str
    signing_words: tuple[str, ...]
    tier: int

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
    token = _word(config, "auth_token")
    if not token:
        remedy = "give the Auth Token of Twilio's console"
        raise ConfigError(_key(config, "auth_token"), remedy)
    sender = _text(config, "sender")
    if not _SENDER.fullmatch(sender):
        remedy = 'give the number with its country, as "whatsapp:+32470123456"'
        raise ConfigError(_key(config, "sender"), remedy)
    base_url = _address(config)
    words = (token, _word(config, "auth_token_old"), _word(config, "webhook_key"))
    return Options(
        account_sid=account,
        auth_token=token,
        sender=sender,
        api_base_url=base_url,
        hooks_url=_hooks_url(config, base_url),
        signing_words=tuple(word for word in words if word),
        tier=_tier(config),
    )


def _tier(config: ChannelConfig) -> int:
    value = config.options.get("tier", 0)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        remedy = "give a whole number, as 1000; 0 is WhatsApp's own limit alone"
        raise ConfigError(_key(config, "tier"), remedy)
    return value


def _word(config: ChannelConfig, key: str) -> str:
    """A secret of Twilio, or "" when it is not there."""
    word = _text(config, key)
    if not word.isascii() or any(sign.isspace() for sign in word):
        raise ConfigError(_key(config, key), "copy it from Twilio's console, without spaces")
    return word


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
