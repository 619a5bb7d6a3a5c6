"""How does wijkbot speak with Telegram? This package is the adapter."""

from __future__ import annotations

from wijkbot.adapter_api import without

# httpx, which the library loads, loads a console in colours where one is installed: 3 MB that
# no bot uses.
with without("rich", "pygments"):
    import httpx  # noqa: F401 - loaded now, without those
