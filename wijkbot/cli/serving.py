"""How does the bot start? ``serve`` for an organisation, ``demo`` for everybody."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
import uvicorn

from wijkbot.adapter_api import Adapter
from wijkbot.app.apart import Handover, apart, settle_down
from wijkbot.app.assemble import (
    assemble,
    ensure_key,
    ensure_schema,
    make_adapters,
    open_house,
)
from wijkbot.app.demo import demo_settings
from wijkbot.app.demo_team import PASSWORD, Shown, make_demo_team, shown
from wijkbot.app.home import TTL_MS
from wijkbot.app.logging import configure_logging
from wijkbot.app.publish import Edition, read_edition
from wijkbot.app.roles import Role, role_of
from wijkbot.app.run import lock_folder, prepare, running
from wijkbot.clock import Clock
from wijkbot.content.locate import content_dir
from wijkbot.settings import Settings, SettingsError, load_settings
from wijkbot.web.create_app import create_app

SERVING: dict[str, Any] = {
    "log_config": None,
    "access_log": False,
    "lifespan": "off",
    # who stands before us is a setting: nobody's X-Forwarded-For is believed without it
    "proxy_headers": False,
    "server_header": False,
    # a console listens for ever, and a page waits for news: neither holds up a stop for long
    "timeout_graceful_shutdown": 5,
    "h11_max_incomplete_event_size": 16 * 1024,
}
"""How the web server is set up."""


@dataclass(frozen=True, slots=True)
class Served:
    """What one process serves: whose bot, from which folder, and which part of its work."""

    settings: Settings
    folder: Path
    dialogs: Path
    port: int
    role: Role = Role.ALL
    ttl_ms: int = TTL_MS
    is_demo: bool = False


def serve(config: Path, role: str, port: int | None = None, *, ttl_ms: int = TTL_MS) -> None:
    """Run the bot of one organisation, or a part of it, until it is stopped.

    ``port`` is used instead of the configured one; 0 takes a free one and says which.
    """
    settings = load_settings(config)
    folder = config.resolve().parent
    dialogs = folder / "dialogs"
    served = Served(
        settings=settings,
        folder=folder,
        dialogs=dialogs if dialogs.is_dir() else content_dir("dialogs"),
        port=settings.server.port if port is None else port,
        role=role_of(role, settings),
        ttl_ms=ttl_ms,
    )
    _run(served, _say_ready(served))


def demo(port: int, data: Path | None) -> None:
    """Run the invented neighbourhoods; without ``--data`` nothing is kept."""
    with tempfile.TemporaryDirectory(prefix="wijkbot-demo-") as temporary:
        folder = data.resolve() if data else Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        settings = demo_settings(port)
        ensure_key(folder, Clock())
        ensure_schema(settings, folder)
        dialogs = content_dir("dialogs")
        served = Served(settings, folder, dialogs, settings.server.port, is_demo=True)
        _run(served, _say_demo(settings))


def _run(served: Served, ready: Callable[[int], None]) -> None:
    configure_logging()
    allow_many_pages()
    clock = Clock()
    with ExitStack() as held:
        edition = held.enter_context(apart(read_edition, served.dialogs, served.settings))
        adapters = make_adapters(served.settings, served.folder, clock)
        bound = held.enter_context(bind(served.settings.server.host, served.port))
        if served.settings.database.is_embedded:
            held.enter_context(lock_folder(served.folder))
        asyncio.run(_serve(served, edition, adapters, clock, bound, ready))


async def _serve(
    served: Served,
    edition: Handover[Edition],
    adapters: dict[str, Adapter],
    clock: Clock,
    bound: socket.socket,
    ready: Callable[[int], None],
) -> None:
    house = await open_house(served.settings, served.folder, clock)
    bot = assemble(house, adapters, served.folder, served.role, ttl_ms=served.ttl_ms)
    for problem in await prepare(bot, await asyncio.wrap_future(edition.take())):
        typer.echo(f"wijkbot: the old texts stay: {problem}", err=True)
    if served.is_demo:
        _say_team(await make_demo_team(house, served.folder), await shown(house))
    made = create_app(bot, is_demo=served.is_demo)
    settle_down()
    server = uvicorn.Server(uvicorn.Config(made, **SERVING))
    async with running(bot) as failed:
        # who comes the moment they hear that we are ready waits for an answer, and is not refused
        bound.listen(socket.SOMAXCONN)
        ready(bound.getsockname()[1])
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        _stop_on_signal(server)
        await asyncio.wait({serving, failed}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
        if failed.done():
            failed.result()


def allow_many_pages() -> None:
    """Open as many files as this user may: each page of the secure chat that waits is one.

    Linux starts a program with 1,024, and lets it take more when it asks.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def bind(host: str, port: int) -> socket.socket:
    """Take the port before anything else starts.

    Raises:
        SettingsError: another program uses it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # named as TCP, or asyncio lets the second part of each answer wait 40 ms for the first one
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise SettingsError(
            "server.port", f"port {port} on {host} is in use; choose another, or stop that program"
        ) from None
    return bound


def _stop_on_signal(server: uvicorn.Server) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)


def _say_ready(served: Served) -> Callable[[int], None]:
    def say(port: int) -> None:
        channels = ", ".join(served.settings.channels)
        part = "" if served.role is Role.ALL else f" as {served.role}"
        name = served.settings.organisation.name
        typer.echo(f"wijkbot serves {name} ({channels}){part} on port {port}.")

    return say


def _say_demo(settings: Settings) -> Callable[[int], None]:
    def say(port: int) -> None:
        base = f"http://{settings.server.host}:{port}"
        typer.echo("The demo runs, with invented neighbourhoods and residents.")
        typer.echo(f"  Start here:  {base}/")
        for name, channel in settings.channels.items():
            area = settings.areas()[channel.neighbourhood]
            typer.echo(f"  {area.name} ({area.country}):  {base}/sandbox/{name}/")
        typer.echo(f"  Secure chat, as a resident:  {base}/c")
        typer.echo(f"  Secure chat, as a worker:    {base}/werk")
        typer.echo("Open two windows side by side to be two residents. Stop with Ctrl+C.")

    return say


def _say_team(words: Sequence[str], team: Sequence[Shown]) -> None:
    """How to come in as a worker; a code is on the page of the demo too."""
    typer.echo(f'The team of the secure chat, only for this demo; password "{PASSWORD}":')
    for one in team:
        typer.echo(f"  {one.login:<12} {one.name}, authenticator app: {one.secret}")
    if words:
        typer.echo(f"  The twelve words of the organisation: {' '.join(words)}")
