"""How are the two bots run? Each in a process of its own, as an organisation would."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from bench.secure_chat.server import Server, serving, started
from tests.adapters.matrix.synapse import LocalSynapse
from wijkbot.app.assemble import ensure_key, ensure_schema
from wijkbot.clock import Clock
from wijkbot.settings import load_settings

PASSWORD = "a-plainly-pretend-password"
_SETTINGS = """
[organisation]
name = "Buurthuis De Brug"
country = "BE"
languages = ["nl", "fr", "en"]
public_url = "http://127.0.0.1:1"
[channels.buurt]
adapter = "matrix"
homeserver = "{url}"
user = "{user}"
password = "{password}"
"""


def echo(folder: Path, synapse: LocalSynapse, user: str) -> AbstractContextManager[Server]:
    """The bare echo."""
    store = folder / "echo"
    store.mkdir()
    command = [sys.executable, "-m", "bench.matrix.echo", synapse.url, user, PASSWORD, str(store)]
    return started(command, folder / "echo.log")


@contextmanager
def ours(folder: Path, synapse: LocalSynapse, user: str) -> Iterator[Server]:
    """Ours, on SQLite, with the starter pack."""
    config = folder / "wijkbot.toml"
    told = _SETTINGS.format(url=synapse.url, user=user, password=PASSWORD)
    config.write_text(told, encoding="utf-8")
    ensure_key(folder, Clock())
    ensure_schema(load_settings(config), folder)
    with serving(config) as server:
        yield server
