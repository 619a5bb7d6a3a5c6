"""May a process that serves hold as many open pages as it can, and does it answer at once?"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

from wijkbot.cli.serving import bind

PROGRAM = """
import resource
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, most))
from wijkbot.cli.serving import allow_many_pages
allow_many_pages()
print(resource.getrlimit(resource.RLIMIT_NOFILE) == (most, most), most > 64)
"""


COMES_AT_ONCE = """
import os, socket, sys
from pathlib import Path
from wijkbot.cli import serving
def come(port):
    socket.create_connection(("127.0.0.1", port), 5).close()
    print("taken", flush=True)
    os._exit(0)
serving._say_ready = lambda served: come
serving.serve(Path(sys.argv[1]), "all", 0)
"""

SAYS_WHAT_IT_HAS = """
import gc, os, sys
from pathlib import Path
from wijkbot.cli import serving
def look(port):
    needless = ("alembic", "PIL", "httpx", "rich", "twisted")
    print("loaded", *(name for name in needless if name in sys.modules), flush=True)
    print("children", Path("/proc/self/task", str(os.getpid()), "children").read_text())
    print("set aside", gc.get_freeze_count() > 10_000)
    gc.unfreeze()
    print("drafts", sum(type(one).__name__ == "ItemDraft" for one in gc.get_objects()), flush=True)
    os._exit(0)
serving._say_ready = lambda served: look
serving.serve(Path(sys.argv[1]), "all", 0)
"""


def served(tmp_path: Path, program: str) -> subprocess.CompletedProcess[str]:
    """What a program prints that serves a new organisation."""
    folder = tmp_path / "wijk"
    subprocess.run([sys.executable, "-m", "wijkbot", "init", str(folder)], check=True, timeout=60)
    return subprocess.run(
        [sys.executable, "-c", program, str(folder / "wijkbot.toml")],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_who_comes_the_moment_it_is_ready_is_not_refused(tmp_path: Path) -> None:
    told = served(tmp_path, COMES_AT_ONCE)
    assert "taken" in told.stdout, told.stderr


def test_what_a_server_needs_once_or_never_does_not_stay_in_its_memory(tmp_path: Path) -> None:
    told = served(tmp_path, SAYS_WHAT_IT_HAS)
    said = [line.strip() for line in told.stdout.splitlines() if line.strip()]
    assert ["loaded", "children", "set aside True", "drafts 0"] == said[-4:], told.stderr


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
