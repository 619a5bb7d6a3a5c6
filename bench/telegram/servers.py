"""How are the two bots run? Each in a process of its own, as an organisation would."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from bench.secure_chat.server import Server, serving, started
from bench.telegram.bot_api import TOKEN
from wijkbot.app.assemble import ensure_key, ensure_schema
from wijkbot.clock import Clock
from wijkbot.settings import load_settings

CHANNEL = "buurt-telegram"
SECRET = "a-secret-of-the-bench"
PATHS = {"wijkbot": f"/hooks/{CHANNEL}/update", "echo": "/telegram"}
ALLOWED_PER_S, FREE_PER_S = 28.0, 10_000.0
"""What Telegram lets an account answer, and more than anybody can."""
_SETTINGS = """
[organisation]
name = "Buurthuis De Brug"
country = "BE"
languages = ["nl", "fr", "en"]
public_url = "http://127.0.0.1:1"
[channels.{channel}]
adapter = "telegram"
token = "{token}"
receive = "webhook"
webhook_secret = "{secret}"
base_url = "{base_url}"
per_second = 10000
"""


def echo(folder: Path, base_url: str) -> AbstractContextManager[Server]:
    """The bare echo."""
    command = [sys.executable, "-m", "bench.telegram.echo", base_url, TOKEN]
    return started(command, folder / "echo.log")


@contextmanager
def ours(folder: Path, base_url: str) -> Iterator[Server]:
    """Ours, on SQLite, with the starter pack."""
    config = folder / "wijkbot.toml"
    told = _SETTINGS.format(channel=CHANNEL, token=TOKEN, secret=SECRET, base_url=base_url)
    config.write_text(told, encoding="utf-8")
    ensure_key(folder, Clock())
    ensure_schema(load_settings(config), folder)
    with serving(config) as server:
        yield server


def set_limit(folder: Path, per_s: float) -> None:
    """How fast our account may answer: between two loads, and in this bench only."""
    with closing(sqlite3.connect(folder / "wijkbot.db", timeout=5)) as conn, conn:
        burst = max(2, int(per_s / 100))  # at a high rate not only two in each millisecond
        conn.execute("UPDATE limiter SET per_s = ?, burst = ?", (per_s, burst))
