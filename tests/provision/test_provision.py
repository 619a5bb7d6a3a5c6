"""Does what was found or fetched for the tests really work?"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from playwright.async_api import async_playwright
from pytest_socket import SocketConnectBlockedError

from tests.provision import findings
from tests.provision.findings import ROOT, Found, Missing

SKIPPING = "import pytest\ndef test_one():\n    pytest.skip('no cake')\n"


def test_database_server_answers_and_is_new_enough(postgres_url: str) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        row = connection.execute("SELECT version(), current_setting('server_version_num')")
        name, number = row.fetchone() or ("", "0")
    assert name.startswith("PostgreSQL")
    assert int(number) >= 150000


def test_database_server_listens_on_no_network_address(postgres_url: str) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


@pytest.mark.browser
async def test_browser_opens_a_page(chromium_path: str, chromium_args: list[str]) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path, args=chromium_args
        )
        page = await browser.new_page()
        await page.goto("data:text/html,<h1>Dag buurt</h1>")
        assert await page.inner_text("h1") == "Dag buurt"
        await browser.close()


def test_browser_keeps_its_sandbox_where_it_can(chromium_args: list[str]) -> None:
    if os.geteuid() == 0:
        assert "--no-sandbox" in chromium_args
    assert "--disable-background-networking" in chromium_args


def test_network_outside_this_machine_is_closed() -> None:
    with (
        socket.socket() as outside,
        pytest.warns(UserWarning, match="socket"),
        pytest.raises(SocketConnectBlockedError),
    ):
        outside.connect(("192.0.2.1", 80))


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()


@pytest.mark.parametrize(("strict", "code"), [("1", 1), ("", 0)])
def test_a_skipped_test_is_named_and_fails_a_strict_run(
    tmp_path: Path, strict: str, code: int
) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text())
    (tmp_path / "test_cake.py").write_text(SKIPPING)
    environment = {k: v for k, v in os.environ.items() if k != "CI"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", tmp_path, tmp_path],
        cwd=tmp_path,
        env=environment | {"WIJKBOT_STRICT": strict, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "test_cake.py::test_one: Skipped: no cake" in done.stdout


def test_what_was_not_found_is_said_with_the_next_step() -> None:
    assert findings.line(Missing("node", "install it.")).endswith("Next step: install it.")
    assert "/usr/bin/node" in findings.line(Found("node", "/usr/bin/node", "v20"))


def test_record_survives_writing_and_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "CACHE", tmp_path)
    monkeypatch.setattr(findings, "RECORD", tmp_path / "provision.json")
    found = Found("chromium", sys.executable, "1", ("--headless",))
    findings.write([found, Missing("node", "install it.")])
    assert findings.read("chromium") == found
    assert findings.read("node") == Missing("node", "install it.")
    assert isinstance(findings.read("synapse"), Missing)
