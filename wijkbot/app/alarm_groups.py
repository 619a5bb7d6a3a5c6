"""Is this a group in which neighbours warn each other of danger? Its title tells.

Source: whatsappbuurtpreventie.nl and the Belgian BIN groups call themselves so.
"""

from __future__ import annotations

import re

_ALARM = re.compile(
    r"buurt\W?preventie|buurt\W?alarm|alarm\W?groep|\bwabp\b|\bbin\b|\bb\.i\.n\b|\bsaar\b"
    r"|buurt\W?informatie\W?netwerk|partenariat local de pr[ée]vention|\bplp\b"
    r"|voisins? vigilants?|neighbou?rhood\W?watch|inbraak\W?alarm",
    re.IGNORECASE,
)


def is_alarm_title(title: str) -> bool:
    """Does the title of a group say that it is for warnings?"""
    return _ALARM.search(title) is not None
