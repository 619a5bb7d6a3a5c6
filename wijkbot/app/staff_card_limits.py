"""How often may somebody of the team guess the code of an info card? A few times, then they wait.

Everybody together is counted too: a million codes are tried by many as easily as by one.
"""

from __future__ import annotations

from dataclasses import replace

from wijkbot.app.secure_limits import SITE, Limits


class CardLimits(Limits):
    """The wrong codes that one process saw, by account and of all."""

    def attempt(self, account: int) -> None:
        """Take a turn before the code is looked at, so that many at once gain nothing.

        Raises:
            Turned: slow; nothing is taken then.
        """
        self.claim(*_turns(account))

    def right(self, account: int) -> None:
        """It was a code that somebody gave: the turn comes back, earlier mistakes stay."""
        for key in _turns(account):
            bucket = self._buckets.get(key)
            if bucket is not None:
                self._buckets[key] = replace(bucket, left=bucket.left + 1)


def _turns(account: int) -> tuple[tuple[str, bytes], ...]:
    return ("card_account", str(account).encode()), ("card_site", SITE)
