"""How is a package loaded without the others that it would load when they are installed?

What a package loads "if it is there" takes memory of a bot that has no use for it, on machines
where something else needed it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*packages: str) -> Iterator[None]:
    """Inside, these seem not to be installed, unless they are loaded already.

    Afterwards whoever wants them loads them as ever. For the start of a process: what other
    threads load meanwhile does not find them either.
    """
    hidden = [name for name in packages if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
