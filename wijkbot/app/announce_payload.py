"""How do the extras and the changes of an announcement stand beside its sealed values?"""

from __future__ import annotations

import json

from wijkbot.announcements.extras import Change, Extras
from wijkbot.app.payload import say_bytes
from wijkbot.engine.effects import Say


def announcement_bytes(
    say: Say, extras: Extras | None = None, change: Change | None = None
) -> bytes:
    """What an announcement seals: its text, what goes with it, and what earlier one it changes."""
    raw = json.loads(say_bytes(say))
    if extras is not None and extras != Extras():
        raw["extras"] = extras.to_plain()
    if change is not None:
        raw["change"] = change.to_plain()
    return json.dumps(raw, ensure_ascii=False).encode()


def extras_from(data: bytes) -> Extras:
    """What goes with the text of an outbox row."""
    return Extras.from_plain(json.loads(data).get("extras") or {})


def change_from(data: bytes) -> Change | None:
    """Which earlier message an outbox row changes; None when it is a message itself."""
    told = json.loads(data).get("change")
    return Change.from_plain(told) if told else None
