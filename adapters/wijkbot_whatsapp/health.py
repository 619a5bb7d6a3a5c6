"""Is this number well, and if not, what should somebody do? Pure."""

from __future__ import annotations

from dataclasses import dataclass

from wijkbot.adapter_api import Health
from wijkbot_whatsapp.options import RETRIES

_NEWS_WAITS = "news waits for it, at most 5 minutes: somebody may have written STOP"
_NEWS_GOES = "news goes out all the same"


@dataclass(frozen=True, slots=True)
class State:
    """What this process saw lately. ``unasked_trouble``: why Twilio's list was not read, or "".

    ``is_behind``: it was not read since the start, so that news waits.
    """

    hooks_url: str
    unasked_trouble: str
    files_left: int
    has_buttons: bool
    is_behind: bool = False


def health_of(state: State, account: str) -> Health:
    """The verdict; ``account`` is how Twilio calls the account's standing."""
    if account != "active":
        return Health(False, f"the account is {account}", "see Twilio's console for why")
    if state.unasked_trouble:
        news = _NEWS_WAITS if state.is_behind else _NEWS_GOES
        return Health(
            False,
            f"not asked what came in: {state.unasked_trouble}; {news}",
            "messages that came while nothing listened wait at Twilio for 24 hours: look at "
            "the network and the database; it is tried again by itself",
        )
    if state.files_left:
        return Health(
            True,
            f"files of residents still at Twilio: {state.files_left}",
            "they are taken away hourly; if this number grows, look at the account's rights",
        )
    if not state.has_buttons:
        return Health(
            True,
            "choices go as numbered lines",
            "Twilio gave no access to Content: look at the account's rights; it is tried again",
        )
    return Health(True, f"messages come in at {state.hooks_url}/message{RETRIES}")
