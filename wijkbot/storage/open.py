"""Which database does a url open?"""

from __future__ import annotations

from wijkbot.storage import schema
from wijkbot.storage.database import Database
from wijkbot.storage.distributed import Distributed
from wijkbot.storage.embedded import Embedded
from wijkbot.storage.url import parse_url


def open_database(url: str, *, check: bool = True, takes_given_clock: bool = False) -> Database:
    """Open ``sqlite:///file`` or ``postgresql://…``; ``check`` wants the newest schema.

    ``takes_given_clock``: PostgreSQL takes the moments that callers give for now, instead of
    its own clock. Only for tests that move time.

    Raises:
        DatabaseRefused: the url is neither of the two.
        DatabaseAway: it does not answer.
        DatabaseTooOld, DatabaseTooNew: the remedy says what to do.
    """
    parsed = parse_url(url)
    if check:
        schema.check(url)
    if parsed.drivername == "sqlite":
        return Embedded(parsed)
    return Distributed(parsed, takes_given_clock=takes_given_clock)
