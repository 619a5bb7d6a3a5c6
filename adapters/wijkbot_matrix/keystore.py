"""What does nio write down of keys, sessions and devices? All of it, but nothing twice."""

from __future__ import annotations

from collections.abc import Collection

from nio.store import DefaultStore  # type: ignore[import-untyped]


class KeyStore(DefaultStore):  # type: ignore[misc]
    """nio's own store of one device.

    nio 0.26 writes after every answer of the homeserver which of its rooms are encrypted, new or
    not, mostly none: a tenth of all that a message costs us.
    """

    def __post_init__(self) -> None:
        """Open it; what an earlier process wrote is read by nio, and written once more by us."""
        super().__post_init__()
        self._written: set[str] = set()

    def save_encrypted_rooms(self, rooms: Collection[str]) -> None:
        """Remember that these are encrypted; that never ends."""
        fresh = set(rooms) - self._written
        if fresh:
            super().save_encrypted_rooms(fresh)
            self._written |= fresh
