"""May a process that serves hold as many open pages as it can, and does it answer at once?"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys

from wijkbot.cli.serving import bind

PROGRAM = """
import resource
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, most))
from wijkbot.cli.serving import allow_many_pages
allow_many_pages()
print(resource.getrlimit(resource.RLIMIT_NOFILE) == (most, most), most > 64)
"""


def test_a_process_that_serves_takes_all_the_files_it_may_open() -> None:
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    )
    assert "True True" == told.stdout.strip()


async def test_the_second_part_of_an_answer_does_not_wait_for_the_first() -> None:
    """A listener that does not say that it is TCP gives connections that hold small parts back."""
    bound, held = bind("127.0.0.1", 0), asyncio.get_running_loop().create_future()

    def met(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        end: socket.socket = writer.get_extra_info("socket")
        held.set_result(end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async with await asyncio.start_server(met, sock=bound):
        _, writer = await asyncio.open_connection(*bound.getsockname())
        assert await asyncio.wait_for(held, 10)
        writer.close()
        await writer.wait_closed()
