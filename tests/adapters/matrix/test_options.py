"""Is a wrong setting named before anything starts?"""

from __future__ import annotations

from typing import Any

import pytest

from wijkbot.adapter_api import Adapter, ChannelConfig, ConfigError
from wijkbot_matrix.adapter import create

GOOD = {"homeserver": "https://matrix.example", "user": "@wijkbot:example", "password": "geheim"}


def config(options: dict[str, Any]) -> ChannelConfig:
    """A channel with these options."""
    return ChannelConfig("buurt", "Wijkhuis", "https://example.org", "/nowhere", options)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"homeserver": ""}, "homeserver"),
        ({"homeserver": "matrix.example"}, "homeserver"),
        ({"user": ""}, "user"),
        ({"password": ""}, "password"),
        ({"password": 5}, "password"),
        ({"pasword": "x"}, "pasword"),
        ({"allowed_inviters": "example.org"}, "allowed_inviters"),
    ],
)
def test_wrong_setting_is_named(change: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as told:
        create(config(GOOD | change))
    assert told.value.key == f"channels.buurt.{key}"
    assert told.value.remedy
    assert "geheim" not in str(told.value)


def test_adapter_fits_the_seam_and_hides_its_secrets() -> None:
    adapter = create(config(GOOD | {"pickle_key": "ook-geheim"}))
    assert isinstance(adapter, Adapter)
    assert adapter.secrets() == ("geheim", "ook-geheim")
    assert "geheim" not in repr(vars(adapter))
    assert adapter.private_link("") == "https://matrix.to/#/@wijkbot:example"
    assert adapter.capabilities("!x").is_idempotent


async def test_what_matrix_has_not_got_is_said() -> None:
    adapter = create(config(GOOD))
    assert type(await adapter.set_commands({})).__name__ == "Unsupported"
    assert type(await adapter.answer_choice("x", "y")).__name__ == "Unsupported"
    assert type(await adapter.fetch_media("mxc://x/y")).__name__ == "Unsupported"


async def test_doctor_hears_that_nobody_answers() -> None:
    health = await create(config(GOOD | {"homeserver": "http://127.0.0.1:9"})).health()
    assert not health.ok
    assert health.remedy
