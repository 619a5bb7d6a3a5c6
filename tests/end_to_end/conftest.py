"""What do the end-to-end tests share? One homeserver, residents on it, and a log in earnest."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.adapters.matrix.conftest import homeserver, new_resident
from wijkbot.app.logging import configure_logging

__all__ = ["homeserver", "new_resident"]


@pytest.fixture
def logging_in_earnest() -> Iterator[None]:
    """The log of a running bot, not that of a test; afterwards as it was."""
    before, root = structlog.get_config(), logging.getLogger().handlers[:]
    configure_logging()
    yield
    structlog.configure(**before)
    logging.getLogger().handlers[:] = root
