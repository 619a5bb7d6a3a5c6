"""Does a request reach the other side once, and is it known what became of it?"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from telegram import Bot
from telegram.error import NetworkError, TelegramError, TimedOut

from tests.adapters.telegram.other_side import (
    OtherSide,
    answer,
    certificate_of_this_machine,
)
from wijkbot.adapter_api import Reason, Refused, Unknown
from wijkbot_telegram import transport
from wijkbot_telegram.errors import NotSent, NotTelegram, result_of
from wijkbot_telegram.transport import Transport

TOKEN = "7000000001:AAF-plainly_pretend_token_for_tests"
SEND = f"bot{TOKEN}/sendMessage"


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@asynccontextmanager
async def opened(connections: int = 4, *, read: float = 10.0) -> AsyncIterator[Transport]:
    made = Transport(connections, read_seconds=read, connect_seconds=0.5, pool_seconds=0.5)
    try:
        yield made
    finally:
        await made.shutdown()


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A certificate of the other side that this process believes, as a host's own may be."""
    path = certificate_of_this_machine(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    transport._certificates.cache_clear()
    yield path
    transport._certificates.cache_clear()


async def _sent_again_after(other: OtherSide, requests: Transport, *, turns: int) -> None:
    """Close the kept connections while our loop is busy, and send at once."""
    await asyncio.gather(*(requests.post(other.url(SEND)) for _ in range(3)))
    before = other.connections
    for _ in range(turns):
        await asyncio.sleep(0)
    other.hang_up()
    time.sleep(0.05)  # noqa: ASYNC251 -- a busy loop: it saw nothing of it yet
    assert await requests.post(other.url(SEND)) is True
    assert (len(other.asked), other.connections) == (4, before + 1)


async def test_connection_that_was_closed_meanwhile_is_not_used() -> None:
    """What is sent into it has an unknown fate, so an announcement would be lost."""
    with OtherSide() as other:
        async with opened() as requests:
            await _sent_again_after(other, requests, turns=0)


async def test_secret_connection_that_was_closed_meanwhile_is_not_used(
    certificate: Path,
) -> None:
    with OtherSide(certificate=certificate) as other:
        async with opened() as requests:
            await _sent_again_after(other, requests, turns=5)


async def test_connection_is_kept_but_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who stands between may forget it without a word."""
    monkeypatch.setattr(transport, "KEPT_SECONDS", 0.5)
    with OtherSide() as other:
        async with opened() as requests:
            for _ in range(3):
                await requests.post(other.url(SEND))
            assert other.connections == 1
            await asyncio.sleep(0.8)
            await requests.post(other.url(SEND))
            assert other.connections == 2


@pytest.mark.parametrize("is_kept", [False, True])
async def test_request_that_was_read_and_not_answered_goes_once_and_is_unknown(
    *, is_kept: bool
) -> None:
    with OtherSide(lambda asked: None if b"last" in asked else answer()) as other:
        async with opened() as requests:
            if is_kept:
                await requests.post(other.url(SEND))
            with pytest.raises(NetworkError) as raised:
                await requests.post(other.url(f"{SEND}?last"))
            assert isinstance(result_of(raised.value), Unknown)
            assert sum(b"last" in asked for asked in other.asked) == 1


async def _refused(requests: Transport, url: str, why: str) -> None:
    with pytest.raises(NotSent) as raised:
        await requests.post(url)
    verdict = result_of(raised.value)
    assert isinstance(verdict, Refused) and not verdict.permanent
    assert (verdict.reason, verdict.detail) == (Reason.UNAVAILABLE, why)


async def test_what_found_no_connection_was_surely_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/{SEND}"
    async with opened() as requests:
        await _refused(requests, nobody, "ClientConnectorError")


async def test_who_shows_an_unknown_certificate_is_told_nothing(tmp_path: Path) -> None:
    with OtherSide(certificate=certificate_of_this_machine(tmp_path)) as other:
        async with opened() as requests:
            await _refused(requests, other.url(SEND), "ClientConnectorCertificateError")
            assert not other.asked


async def test_who_does_not_finish_the_handshake_was_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with opened() as requests:
            url = f"https://127.0.0.1:{silent.getsockname()[1]}/{SEND}"
            await _refused(requests, url, "ConnectionTimeoutError")


async def test_what_found_no_free_connection_was_surely_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/{SEND}"
        async with opened(1) as requests:
            first = asyncio.create_task(requests.post(url))
            await asyncio.sleep(0.1)
            await _refused(requests, url, "ConnectionTimeoutError")
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)


async def test_answer_is_waited_for_as_long_as_it_was_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/{SEND}"
        async with opened(read=0.1) as requests:
            assert requests.read_timeout == 0.1
            start = time.monotonic()
            with pytest.raises(TimedOut) as raised:
                await requests.post(url)
            assert time.monotonic() - start < 1
            assert isinstance(result_of(raised.value), Unknown)
            with pytest.raises(TimedOut):
                await requests.post(url, read_timeout=1.0)
            assert time.monotonic() - start > 1
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(requests.post(url, read_timeout=None), 0.5)


async def test_after_the_end_nothing_is_sent_until_it_is_opened_again() -> None:
    with OtherSide() as other:
        async with opened() as requests:
            await requests.post(other.url(SEND))
            await requests.shutdown()
            await _refused(requests, other.url(SEND), "Closed")
            await requests.shutdown()
            await requests.initialize()
            assert await requests.post(other.url(SEND)) is True
        assert (len(other.asked), other.connections) == (2, 2)


async def test_cookies_are_not_given_back_and_nobody_is_followed() -> None:
    """Nor does it ask for what takes longer to unpack than to read."""
    elsewhere = answer(b"", "Set-Cookie: a=b", "Location: /elsewhere", code=307)
    with OtherSide(lambda _: elsewhere) as other:
        async with opened() as requests:
            for _ in range(2):
                with pytest.raises(NotTelegram):
                    await requests.post(other.url(SEND))
        assert len(other.asked) == 2
        heads = b"".join(other.asked).lower()
        assert b"cookie" not in heads and b"elsewhere" not in heads
        assert b"accept-encoding: identity" in heads and b"python-telegram-bot" in heads


async def test_large_file_goes_in_parts_with_its_name_and_length() -> None:
    data = bytes(range(256)) * 8192
    sent = b'{"ok":true,"result":{"message_id":1,"date":1,"chat":{"id":5,"type":"private"}}}'
    with OtherSide(lambda _: answer(sent)) as other:
        base = other.url("bot")
        async with opened() as requests, opened(1) as polling:
            bot = Bot(TOKEN, base_url=base, request=requests, get_updates_request=polling)
            await bot.send_document(5, data, filename="café.ics", caption="é & ü")
        (asked,) = other.asked
        head, _, body = asked.partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}".encode() in head
        assert 'name="document"; filename="café.ics"'.encode() in body
        assert "é & ü".encode() in body and data in body


async def test_proxy_of_the_environment_is_used_save_for_whom_it_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As the library does by itself: an organisation may have no other way out."""
    with OtherSide() as other, OtherSide() as proxy:
        monkeypatch.setenv("http_proxy", f"http://me:word@127.0.0.1:{proxy.port}")
        async with opened() as requests:
            assert await requests.post("http://telegram.invalid/bot1:a/getMe") is True
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with opened() as requests:
            assert await requests.post(other.url(SEND)) is True
        monkeypatch.delenv("http_proxy")
        monkeypatch.setenv("all_proxy", f"127.0.0.1:{proxy.port}")
        async with opened() as requests:
            assert await requests.post("http://telegram.invalid/bot1:a/getMe") is True
    assert [asked.split()[1] for asked in proxy.asked] == [
        b"http://telegram.invalid/bot1:a/getMe"
    ] * 2
    assert b"Proxy-Authorization: Basic bWU6d29yZA==" in proxy.asked[0]
    assert len(other.asked) == 1


async def test_proxy_that_makes_no_way_to_telegram_passed_nothing_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with OtherSide(lambda _: answer(b"", code=503)) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        async with opened() as requests:
            await _refused(requests, f"https://telegram.invalid/{SEND}", "ClientHttpProxyError")
    assert [asked.split()[:2] for asked in proxy.asked] == [[b"CONNECT", b"telegram.invalid:443"]]


async def test_proxy_that_speaks_no_http_is_not_spoken_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with OtherSide() as other:
        monkeypatch.setenv("all_proxy", f"socks5://127.0.0.1:{other.port}")
        async with opened() as requests:
            await _refused(requests, f"https://telegram.invalid/{SEND}", "ProxyOfAnotherKind")
        assert not other.connections


@pytest.mark.parametrize("address", ["http://[::1/", "ftp://127.0.0.1/", "http://", "http:///"])
async def test_address_that_is_none_is_an_error_of_the_library(address: str) -> None:
    async with opened() as requests:
        with pytest.raises(TelegramError):
            await requests.post(f"{address}{SEND}")
