"""How does the bot start? ``serve`` for an organisation, ``demo`` for everybody."""

from __future__ import annotations

import asyncio
import signal
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer
import uvicorn

from wijkbot.app.assemble import (
    assemble,
    ensure_key,
    ensure_schema,
    make_adapters,
    open_house,
)
from wijkbot.app.demo import demo_settings
from wijkbot.app.logging import configure_logging
from wijkbot.app.run import lock_folder, prepare, running
from wijkbot.clock import Clock
from wijkbot.content.locate import content_dir
from wijkbot.settings import Settings, SettingsError, load_settings
from wijkbot.web.create_app import create_app

ROLES = ("all",)


def serve(config: Path, role: str) -> None:
    """Run the bot of one organisation until it is stopped."""
    if role not in ROLES:
        raise SettingsError("--role", f"use one of: {', '.join(ROLES)}")
    settings = load_settings(config)
    folder = config.resolve().parent
    dialogs = folder / "dialogs"
    source = dialogs if dialogs.is_dir() else content_dir("dialogs")
    _run(settings, folder, source, _say_ready(settings))


def demo(port: int, data: Path | None) -> None:
    """Run the invented neighbourhoods; without ``--data`` nothing is kept."""
    with tempfile.TemporaryDirectory(prefix="wijkbot-demo-") as temporary:
        folder = data.resolve() if data else Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        settings = demo_settings(port)
        ensure_key(folder, Clock())
        ensure_schema(settings, folder)
        _run(settings, folder, content_dir("dialogs"), _say_demo(settings))


def _run(settings: Settings, folder: Path, dialogs: Path, ready: Callable[[int], None]) -> None:
    configure_logging()
    clock = Clock()
    adapters = make_adapters(settings, folder, clock)
    bound = bind(settings.server.host, settings.server.port)
    lock = lock_folder(folder)
    try:
        asyncio.run(_serve(settings, folder, dialogs, adapters, clock, bound, ready))
    finally:
        bound.close()
        lock.close()


async def _serve(  # noqa: PLR0917 - everything that was opened before the loop began
    settings: Settings,
    folder: Path,
    dialogs: Path,
    adapters: dict[str, Any],
    clock: Clock,
    bound: socket.socket,
    ready: Callable[[int], None],
) -> None:
    house = await open_house(settings, folder, clock)
    bot = assemble(house, adapters, folder)
    for problem in await prepare(bot, dialogs):
        typer.echo(f"wijkbot: the old texts stay: {problem}", err=True)
    server = uvicorn.Server(
        uvicorn.Config(create_app(bot), log_config=None, access_log=False, lifespan="off")
    )
    async with running(bot) as failed:
        ready(bound.getsockname()[1])
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        _stop_on_signal(server)
        await asyncio.wait({serving, failed}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
        if failed.done():
            failed.result()


def bind(host: str, port: int) -> socket.socket:
    """Take the port before anything else starts.

    Raises:
        SettingsError: another program uses it.
    """
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
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


def _say_ready(settings: Settings) -> Callable[[int], None]:
    def say(port: int) -> None:
        channels = ", ".join(settings.channels)
        typer.echo(f"wijkbot serves {settings.organisation.name} ({channels}) on port {port}.")

    return say


def _say_demo(settings: Settings) -> Callable[[int], None]:
    def say(port: int) -> None:
        base = f"http://{settings.server.host}:{port}"
        typer.echo("The demo runs, with invented neighbourhoods and residents.")
        typer.echo(f"  Start here:  {base}/")
        for name, channel in settings.channels.items():
            area = settings.areas()[channel.neighbourhood]
            typer.echo(f"  {area.name} ({area.country}):  {base}/sandbox/{name}/")
        typer.echo("Open two windows side by side to be two residents. Stop with Ctrl+C.")

    return say
