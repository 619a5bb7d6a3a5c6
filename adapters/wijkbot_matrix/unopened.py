"""Which messages wait for their key, and when is it time to say that one did not come?

A key may come a moment after its message, so nothing is said at once. What waits is kept
sealed: a restart loses none of it, and no message stays without any answer at all.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from dataclasses import asdict, dataclass, replace

import structlog

from wijkbot.adapter_api import EventKind, IncomingEvent, Port
from wijkbot_matrix.incoming import Raw, content_of, mapping, text

PATIENCE_SECONDS = 10.0
"""So long a key may be late before the resident hears of it."""
_FORGET_SECONDS = 900.0
_MOST = 200
_LARGEST = 16_000
_KEPT_AS = "unopened"
_SUFFIX = "/unreadable"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shut:
    """One message that nobody can read yet. ``is_told``: the house knows of it."""

    room: str
    event: Raw
    is_told: bool = False


class Unopened:
    """What waits for its key, oldest first; never more than 200 messages."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self._waiting: OrderedDict[str, Shut] = OrderedDict()
        self._since: dict[str, float] = {}
        self._is_changed = False
        self.count = 0

    async def load(self) -> None:
        """Go on with what waited when the bot was stopped."""
        raw = await self._port.kept(_KEPT_AS)
        if raw is not None:
            for key, shut in json.loads(raw).items():
                self._waiting[key] = Shut(**shut)
                self._since[key] = time.monotonic()

    async def keep(self) -> None:
        """Write down what changed; done before the house accepts the batch it came with."""
        if self._is_changed:
            kept = {key: asdict(shut) for key, shut in self._waiting.items() if _is_small(shut)}
            await self._port.keep(_KEPT_AS, json.dumps(kept).encode())
            self._is_changed = False

    def add(self, room: str, event: Raw) -> None:
        """Put a message aside."""
        key = text(event.get("event_id"))
        if key in self._waiting:
            return
        self.count += 1
        _log.warning("matrix.unreadable", count=self.count)
        # an edit is not spoken of: what it changes was already answered, or spoken of
        self._waiting[key] = Shut(room, event, is_told=_edits(event))
        self._since[key] = time.monotonic()
        self._is_changed = True
        if len(self._waiting) > _MOST:
            self._drop(next(iter(self._waiting)))

    def waiting(self) -> list[tuple[str, Raw]]:
        """Return what still waits, as (room, event); what waited too long is let go."""
        now = time.monotonic()
        for key in [k for k, since in self._since.items() if now - since > _FORGET_SECONDS]:
            self._drop(key)
        return [(shut.room, shut.event) for shut in self._waiting.values()]

    def is_due(self, event: Raw) -> bool:
        """Is it time to say that this message cannot be opened?"""
        key = text(event.get("event_id"))
        shut = self._waiting.get(key)
        return shut is not None and not shut.is_told and self._left(key) <= 0

    def patience(self, longest: float) -> float:
        """Return after how many seconds something is due; ``longest`` when nothing is."""
        untold = (key for key, shut in self._waiting.items() if not shut.is_told)
        # never less than a second: what is due and cannot be told must not make us ask on and on
        return min([longest, *(max(self._left(key), 1.0) for key in untold)])

    async def settle(self, events: list[IncomingEvent]) -> None:
        """Let go of what the house has read by now, and remember what it was told of."""
        for event in events:
            told = event.event_id.removesuffix(_SUFFIX)
            if event.kind is EventKind.UNREADABLE and told in self._waiting:
                self._waiting[told] = replace(self._waiting[told], is_told=True)
                self._is_changed = True
            else:
                self._drop(event.event_id)
        await self.keep()

    def drop(self, event: Raw) -> None:
        """Let go of a message that is not to be read after all."""
        self._drop(text(event.get("event_id")))

    def _drop(self, key: str) -> None:
        if self._waiting.pop(key, None) is not None:
            del self._since[key]
            self._is_changed = True

    def _left(self, key: str) -> float:
        return PATIENCE_SECONDS - (time.monotonic() - self._since[key])


def id_of_notice(event_id: str) -> str:
    """Name what the house is told of a shut message: itself it may still come, under its id."""
    return f"{event_id}{_SUFFIX}"


def _edits(event: Raw) -> bool:
    return mapping(content_of(event).get("m.relates_to")).get("rel_type") == "m.replace"


def _is_small(shut: Shut) -> bool:
    """Nothing that a resident types is larger; a flood of noise is not written to disk."""
    return len(json.dumps(shut.event)) <= _LARGEST
