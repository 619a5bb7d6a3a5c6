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
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_METHOD = "fork" if sys.platform == "linux" else "spawn"
"""A copy of this process has everything loaded already; only Linux makes one without risk."""


class Handover(Generic[T]):
    """What the other process gives, or raises: handed over once, and not kept."""

    def __init__(self, future: Future[T]) -> None:
        self._futures = [future]

    def when_done(self, then: Callable[[], None]) -> None:
        """Do this when it is there."""
        self._futures[0].add_done_callback(lambda _: then())

    def take(self) -> Future[T]:
        """The future of it; whoever takes it is the only one who has it."""
        return self._futures.pop()


@contextmanager
def apart(work: Callable[P, T], *given: P.args, **named: P.kwargs) -> Iterator[Handover[T]]:
    """Begin it beside us.

    To be called before this process has open databases or threads of its own: a copy of those
    is not safe. The other process ends as soon as the work is done.
    """
    try:
        processes = ProcessPoolExecutor(1, mp_context=get_context(_METHOD))
        handover = Handover(processes.submit(work, *given, **named))
    except (OSError, ImportError):
        # no shared memory, or no room for a second process: better a larger bot than none
        yield Handover(_here(work, *given, **named))
        return
    with processes:
        handover.when_done(lambda: processes.shutdown(wait=False))
        yield handover


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
