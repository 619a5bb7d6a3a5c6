"""What did the doctor find, and what should be done about it?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``remedy`` is empty when it is well."""

    what: str
    state: str
    remedy: str = ""
    is_warning: bool = False
