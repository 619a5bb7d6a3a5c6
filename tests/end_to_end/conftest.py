"""What do the end-to-end tests share? One homeserver, and residents on it."""

from __future__ import annotations

from tests.adapters.matrix.conftest import homeserver, new_resident

__all__ = ["homeserver", "new_resident"]
