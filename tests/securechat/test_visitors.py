"""Is a visitor recognised for a day, without their address, and not by what they pretend?"""

from __future__ import annotations

import pytest

from wijkbot.securechat.visitors import real_address, visitor

TODAY = b"t" * 32


def test_same_household_is_one_visitor_and_the_next_one_another() -> None:
    home = visitor(TODAY, "2001:db8:1:2::1")
    assert home == visitor(TODAY, "2001:db8:1:2:ffff::9")
    assert home != visitor(TODAY, "2001:db8:1:3::1")
    assert visitor(TODAY, "192.0.2.1") != visitor(TODAY, "192.0.2.2")
    assert visitor(TODAY, "192.0.2.1") == visitor(TODAY, "::ffff:192.0.2.1")


def test_tomorrow_nobody_is_recognised() -> None:
    assert visitor(TODAY, "192.0.2.1") != visitor(b"u" * 32, "192.0.2.1")


def test_key_does_not_hold_the_address() -> None:
    key = visitor(TODAY, "192.0.2.1")
    assert len(key) == 32
    assert bytes([192, 0, 2, 1]) not in key


def test_what_is_no_address_is_one_visitor() -> None:
    assert visitor(TODAY, "") == visitor(TODAY, "unix:") != visitor(TODAY, "192.0.2.1")


@pytest.mark.parametrize(
    ("forwarded", "proxies", "expected"),
    [
        ([], 0, "10.0.0.1"),
        (["192.0.2.66"], 0, "10.0.0.1"),
        (["192.0.2.1"], 1, "192.0.2.1"),
        (["192.0.2.66", " 192.0.2.1"], 1, "192.0.2.1"),
        (["192.0.2.66", "192.0.2.1", "10.0.0.2"], 2, "192.0.2.1"),
        (["192.0.2.66"], 2, "10.0.0.1"),
        ([], 1, "10.0.0.1"),
    ],
    ids=[
        "no proxy", "forged without a proxy", "one proxy", "forged before one proxy",
        "forged before two", "fewer than agreed", "nothing forwarded",
    ],
)  # fmt: skip
def test_55_forged_forwarding_is_ignored(
    forwarded: list[str], proxies: int, expected: str
) -> None:
    assert real_address("10.0.0.1", forwarded, proxies) == expected
