"""Do the addresses of the bot answer as they should, also to nonsense?"""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.living import living_bot

CHANNELS = {"wijk": {"adapter": "sandbox"}}


async def test_health_tells_that_the_bot_lives_and_is_ready(tmp_path: Path) -> None:
    """Database, book, backlog and every channel."""
    async with living_bot(tmp_path, CHANNELS) as living, httpx.AsyncClient() as client:
        answer = await client.get(f"{living.base_url}/health")
        report = answer.json()
        assert 200 == answer.status_code
        assert (True, True, "ok") == (report["live"], report["ready"], report["database"])
        assert report["book"] >= 1
        assert report["channels"]["wijk"]["ok"] is True


async def test_nonsense_gets_a_clear_answer(tmp_path: Path) -> None:
    """Unknown channel 404, a body too large 413, and no webhook where there is none."""
    async with living_bot(tmp_path, CHANNELS) as living, httpx.AsyncClient() as client:
        hooks = f"{living.base_url}/hooks"
        assert 404 == (await client.post(f"{hooks}/nobody/update", content=b"x")).status_code
        assert 404 == (await client.post(f"{hooks}/wijk/update", content=b"x")).status_code
        large = await client.post(f"{hooks}/wijk/update", content=b"x" * 1_100_000)
        assert 413 == large.status_code


async def test_every_page_carries_the_protecting_headers(tmp_path: Path) -> None:
    """Nothing from elsewhere, no referrer, no frame."""
    async with living_bot(tmp_path, CHANNELS) as living, httpx.AsyncClient() as client:
        for path in ("/", "/sandbox/wijk/", "/health"):
            headers = (await client.get(f"{living.base_url}{path}")).headers
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "no-referrer" == headers["referrer-policy"]
