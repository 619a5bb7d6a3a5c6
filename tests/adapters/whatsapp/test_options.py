"""Is a wrong setting one clear line that names its key?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.adapters.whatsapp.house import HandClock, config_for
from wijkbot.adapter_api import ConfigError
from wijkbot_whatsapp.adapter import create
from wijkbot_whatsapp.options import read_options

GOOD = {
    "account_sid": "AC" + "0" * 32,
    "auth_token": "plainly-pretend",
    "sender": "whatsapp:+3212345678",
}
TIERS: list[dict[str, Any]] = [{}, {"tier": 1000}, {"tier": 0}]


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"account_sid": ""}, "account_sid"),
        ({"account_sid": "AC12"}, "account_sid"),
        ({"account_sid": 12}, "account_sid"),
        ({"auth_token": ""}, "auth_token"),
        ({"auth_token": "with space"}, "auth_token"),
        ({"sender": ""}, "sender"),
        ({"sender": "+3212345678"}, "sender"),
        ({"sender": "whatsapp:012345678"}, "sender"),
        ({"api_base_url": "twilio"}, "api_base_url"),
        ({"api_base_url": "https://api.example/v1"}, "api_base_url"),
        ({"auth_token_old": "with space"}, "auth_token_old"),
        ({"webhook_key": "with space"}, "webhook_key"),
        ({"tier": -1}, "tier"),
        ({"tier": "veel"}, "tier"),
        ({"tier": True}, "tier"),
        ({"tokn": "x"}, "tokn"),
    ],
)
def test_a_wrong_setting_names_its_key(changed: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        create(config_for(GOOD | changed, HandClock()))
    assert wrong.value.key == f"channels.buurt-whatsapp.{key}"
    assert wrong.value.remedy
    assert GOOD["auth_token"] not in str(wrong.value)


@pytest.mark.parametrize("missing", sorted(GOOD))
def test_a_missing_setting_names_its_key(missing: str) -> None:
    options = {key: value for key, value in GOOD.items() if key != missing}
    with pytest.raises(ConfigError) as wrong:
        create(config_for(options, HandClock()))
    assert wrong.value.key == f"channels.buurt-whatsapp.{missing}"


@pytest.mark.parametrize("public_url", ["", "http://buurt.example.org", "buurt.example.org"])
def test_twilio_itself_needs_https(public_url: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        create(config_for(GOOD, HandClock(), public_url))
    assert wrong.value.key == "organisation.public_url"


def test_a_server_of_ones_own_may_come_over_http() -> None:
    own = GOOD | {"api_base_url": "http://127.0.0.1:9000/"}
    options = read_options(config_for(own, HandClock(), "http://127.0.0.1:8080"))
    assert options.api_base_url == "http://127.0.0.1:9000"
    assert options.hooks_url == "http://127.0.0.1:8080/hooks/buurt-whatsapp"


def test_without_a_clock_there_is_no_adapter() -> None:
    with pytest.raises(ConfigError):
        create(replace(config_for(GOOD, HandClock()), now=None))


def test_settings_do_not_show_their_secrets() -> None:
    assert GOOD["auth_token"] not in repr(read_options(config_for(GOOD, HandClock())))


def test_whatsapp_itself_says_how_many_a_day_unless_told_otherwise() -> None:
    tiers = [read_options(config_for(GOOD | more, HandClock())).tier for more in TIERS]
    assert tiers == [0, 1000, 0]
    assert create(config_for(GOOD, HandClock())).capabilities("").unasked_per_day == 0
