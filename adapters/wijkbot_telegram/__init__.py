"""How does wijkbot speak with Telegram? This package is the adapter."""

from __future__ import annotations

import sys

# httpx, which the library loads, loads a console in colours where one is installed: 3 MB that
# no bot uses. Who needs that loads it all the same, later.
_UNUSED = [name for name in ("rich", "pygments") if name not in sys.modules]
for _name in _UNUSED:
    sys.modules[_name] = None  # type: ignore[assignment]
try:
    import httpx  # noqa: F401 - loaded now, without those
finally:
    for _name in _UNUSED:
        del sys.modules[_name]
