"""wijkbot: a chat bot for neighbourhoods that never gives help on social media."""

from __future__ import annotations

from wijkbot.without import without

# For a coloured console, which a bot never has, it loads whatever of these is installed.
with without("rich", "twisted", "zope"):
    import structlog  # noqa: F401 - loaded now, without those
