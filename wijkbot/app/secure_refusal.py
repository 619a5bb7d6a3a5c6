"""What else is somebody told whose request is refused? A way to go on."""

from __future__ import annotations

from collections.abc import Mapping

from wijkbot.securechat.encoding import Refused


class Turned(Refused):
    """Refused, with what helps: ``more`` are further fields, ``retry_after`` whole seconds."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        more: Mapping[str, object] | None = None,
        retry_after: int = 0,
    ) -> None:
        super().__init__(code, detail)
        self.more = dict(more or {})
        self.retry_after = retry_after


class UnknownToken(Refused):
    """The token of a tab opens nothing: it was never one, or everything is deleted."""

    def __init__(self) -> None:
        super().__init__("unknown", "this token opens nothing")


class Nowhere(Refused):
    """There is no such conversation, or it is not the asker's: one and the same answer."""

    def __init__(self) -> None:
        super().__init__("unknown", "there is no such conversation")


def slow(seconds: int) -> Turned:
    """Too much, too fast."""
    return Turned("slow", "wait, and try again", retry_after=seconds)
