"""Do a million seals of the page take a million ivs? Counted in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route

from tests.securechat.browser.visit import TOGETHER
from tests.securechat.test_ivs import LARGEST_CHI2, MANY, chi2
from tests.securechat.web_client import CLIENT, ensure_client, run

pytestmark = TOGETHER

# `seal` is the one of the pages, whole. Only the browser's cipher behind it does nothing here: it
# notes the iv that it is given, as a million real ciphers would take the better part of a minute.
COUNT = """
async (many) => {
  const [real, batch] = [crypto.subtle.encrypt, 10_000];
  const [ivs, bytes] = [new Set(), new Array(256).fill(0)];
  const key = await crypto.subtle.generateKey({name: 'AES-GCM', length: 256}, false, ['encrypt']);
  const nothing = new ArrayBuffer(16);
  crypto.subtle.importKey = async () => key;
  crypto.subtle.encrypt = async ({iv}) => {
    const pair = (at) => iv[at] * 256 + iv[at + 1];
    ivs.add(String.fromCharCode(pair(0), pair(2), pair(4), pair(6), pair(8), pair(10)));
    for (const byte of iv) bytes[byte] += 1;
    return nothing;
  };
  const [secret, aad, clear] = [new Uint8Array(32), new Uint8Array(8), new Uint8Array(256)];
  let told = 0;
  for (let done = 0; done < many; done += batch) {
    const sealing = Array.from({length: batch}, () => wb1.seal(secret, aad, clear));
    for (const {iv} of await Promise.all(sealing)) told += iv.length === 12;
  }
  delete crypto.subtle.importKey;
  delete crypto.subtle.encrypt;
  return {ivs: ivs.size, told, bytes, isBack: crypto.subtle.encrypt === real};
}
"""
SEAL_AND_OPEN = """
async (many) => {
  const [secret, aad] = [wb1.random(32), wb1.utf8('aad')];
  const ivs = new Set();
  for (let i = 0; i < many; i += 1) {
    const sealed = await wb1.seal(secret, aad, wb1.utf8('zelfde'));
    ivs.add(wb1.b64(sealed.iv));
    if (wb1.text(await wb1.open(secret, aad, sealed)) !== 'zelfde') return -1;
  }
  return ivs.size;
}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """A page with the protocol half of ours, and nothing else."""
    ensure_client()
    bundle = Path(tmp_path_factory.mktemp("wb1")) / "wb1.js"
    run(
        str(CLIENT / "node_modules" / ".bin" / "esbuild"),
        *("src/wb1/index.ts", "--bundle", "--format=iife", "--global-name=wb1"),
        *(f"--outfile={bundle}", "--log-level=error"),
    )
    opened = await browser.new_page()

    async def empty(route: Route) -> None:
        await route.fulfill(content_type="text/html", body="<title>wb1</title>")

    # browsers lend their cryptography to secure pages only, and loopback is one
    await opened.route("http://127.0.0.1/", empty)
    await opened.goto("http://127.0.0.1/")
    await opened.add_script_tag(content=bundle.read_text(encoding="utf-8"))
    return opened


async def test_07_a_million_seals_of_the_page_take_a_million_ivs(page: Page) -> None:
    found: dict[str, Any] = await page.evaluate(COUNT, MANY)
    assert {"ivs": MANY, "told": MANY, "isBack": True} == {
        name: found[name] for name in ("ivs", "told", "isBack")
    }
    assert 12 * MANY == sum(found["bytes"])
    assert chi2(found["bytes"]) < LARGEST_CHI2


async def test_07_what_was_sealed_with_them_opens(page: Page) -> None:
    """The same with the browser's own cipher, fewer times."""
    assert 1_000 == await page.evaluate(SEAL_AND_OPEN, 1_000)
