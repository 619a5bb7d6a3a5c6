"""What becomes of the memory that only a start needs?

Reading and checking the content takes as much memory as a bot that runs, for a second; done by
the bot itself, most of that would stay taken. A process that ends gives it back to the machine.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_METHOD = "fork" if sys.platform == "linux" else "spawn"
"""A copy of this process has everything loaded already; only Linux makes one without risk."""


@contextmanager
def apart(work: Callable[P, T], *given: P.args, **named: P.kwargs) -> Iterator[Future[T]]:
    """Begin it beside us; what it gives, or raises, is what the future holds.

    To be called before this process has open databases or threads of its own: a copy of those
    is not safe. The other process ends as soon as the work is done.
    """
    try:
        processes = ProcessPoolExecutor(1, mp_context=get_context(_METHOD))
        working = processes.submit(work, *given, **named)
    except (OSError, ImportError):
        # no shared memory, or no room for a second process: better a larger bot than none
        yield _here(work, *given, **named)
        return
    with processes:
        working.add_done_callback(lambda _: processes.shutdown(wait=False))
        yield working


def _here(work: Callable[P, T], *given: P.args, **named: P.kwargs) -> Future[T]:
    """The same, done at once and by this process."""
    done: Future[T] = Future()
    try:
        done.set_result(work(*given, **named))
    except Exception as error:  # noqa: BLE001 - raised where the result is asked for
        done.set_exception(error)
    return done


def settle_down() -> None:
    """To be called when everything is loaded: what is free goes back, and the rest is set aside.

    What is loaded by then stays, so nobody needs to look through it for waste again and again.
    """
    gc.collect()
    gc.freeze()
    # glibc keeps what was freed, in case it is wanted again; other C libraries have no such word
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
