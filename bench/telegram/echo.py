"""What is the least that a bot on this library does? It says again what was said to it.

    python -m bench.telegram.echo BASE_URL TOKEN

An ``Application`` behind a webhook of Starlette and uvicorn; nothing is stored.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters


async def _say_again(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    if update.message is not None and update.message.text is not None:
        await update.message.reply_text(update.message.text)


async def _serve(base_url: str, token: str) -> None:
    application: Application[Any, Any, Any, Any, Any, Any] = (
        Application.builder().token(token).base_url(base_url).updater(None).build()
    )
    application.add_handler(MessageHandler(filters.TEXT, _say_again))

    async def take(request: Request) -> Response:
        update = Update.de_json(await request.json(), application.bot)
        await application.update_queue.put(update)
        return Response()

    web = Starlette(routes=[Route("/telegram", take, methods=["POST"])])
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(web, access_log=False, log_config=None))
    async with application:
        await application.start()
        print(f"echo on port {bound.getsockname()[1]}.", flush=True)
        await server.serve(sockets=[bound])
        await application.stop()


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:3]))
