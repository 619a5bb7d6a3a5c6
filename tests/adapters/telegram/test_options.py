"""Is a wrong setting one clear line that names its key?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.telegram.house import NOON
from wijkbot.adapter_api import ChannelConfig, ConfigError
from wijkbot_telegram.adapter import create
from wijkbot_telegram.options import read_options

TOKEN = "123456:plainly_pretend"


def channel(public_url: str = "https://buurt.example.org", **options: Any) -> ChannelConfig:
    return ChannelConfig("tg", "De Brug", public_url, "", options, lambda: NOON)


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({}, "channels.tg.token"),
        ({"token": ""}, "channels.tg.token"),
        ({"token": "geen token"}, "channels.tg.token"),
        ({"token": 12}, "channels.tg.token"),
        ({"token": TOKEN, "tokn": "x"}, "channels.tg.tokn"),
        ({"token": TOKEN, "receive": "push"}, "channels.tg.receive"),
        ({"token": TOKEN, "per_second": 0}, "channels.tg.per_second"),
        ({"token": TOKEN, "per_second": True}, "channels.tg.per_second"),
        ({"token": TOKEN, "per_second": "28"}, "channels.tg.per_second"),
        ({"token": TOKEN, "webhook_secret": "é"}, "channels.tg.webhook_secret"),
        ({"token": TOKEN, "base_url": "telegram"}, "channels.tg.base_url"),
        ({"token": TOKEN, "ephemeral": "true"}, "channels.tg.ephemeral"),
    ],
)
def test_a_wrong_setting_names_its_key(options: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        create(channel(**options))
    assert wrong.value.key == key
    assert TOKEN not in str(wrong.value)


def test_webhooks_of_telegram_need_https() -> None:
    with pytest.raises(ConfigError) as wrong:
        create(channel("http://buurt.example.org", token=TOKEN, receive="webhook"))
    assert wrong.value.key == "organisation.public_url"


def test_the_webhook_url_is_that_of_the_channel() -> None:
    options = read_options(channel(token=TOKEN, receive="webhook"))
    assert options.webhook_url == "https://buurt.example.org/hooks/tg/update"
    assert read_options(channel(token=TOKEN)).webhook_url == ""


def test_the_derived_secret_is_stable_and_hides_the_token() -> None:
    first, second = read_options(channel(token=TOKEN)), read_options(channel(token=TOKEN))
    other = read_options(channel(token=TOKEN + "x"))
    assert first.webhook_secret == second.webhook_secret != other.webhook_secret
    assert TOKEN not in first.webhook_secret
    assert TOKEN not in repr(first)


def test_what_is_for_one_is_shown_to_all_unless_switched_on() -> None:
    assert not read_options(channel(token=TOKEN)).ephemeral
    assert read_options(channel(token=TOKEN, ephemeral=True)).ephemeral


def test_a_secret_of_ones_own_is_used() -> None:
    assert read_options(channel(token=TOKEN, webhook_secret="abc")).webhook_secret == "abc"


def test_a_server_of_ones_own_gives_files_beside_its_methods() -> None:
    options = read_options(channel(token=TOKEN, base_url="http://10.0.0.2:8081/bot"))
    assert options.base_file_url == "http://10.0.0.2:8081/file/bot"


def test_a_bot_that_may_send_more_in_a_second_does() -> None:
    assert create(channel(token=TOKEN)).capabilities("").account_per_s == 28
    assert create(channel(token=TOKEN, per_second=100)).capabilities("").account_per_s == 100
