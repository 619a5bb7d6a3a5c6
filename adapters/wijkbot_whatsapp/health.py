"""Is this number well, and if not, what should somebody do? Pure."""

from __future__ import annotations

from dataclasses import dataclass

from wijkbot.adapter_api import Health
from wijkbot_whatsapp.options import RETRIES


@dataclass(frozen=True, slots=True)
class State:
    """What this process saw lately. ``unasked_trouble``: why Twilio's list was not read, or ""."""

    hooks_url: str
    unasked_trouble: str
    files_left: int
    has_buttons: bool


def health_of(state: State, account: str) -> Health:
    """The verdict; ``account`` is how Twilio calls the account's standing."""
    if account != "active":
        return Health(False, f"the account is {account}", "see Twilio's console for why")
    if state.unasked_trouble:
        return Health(
            False,
            f"not asked what came in: {state.unasked_trouble}",
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
