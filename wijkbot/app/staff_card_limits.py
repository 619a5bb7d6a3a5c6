"""How often may somebody of the team guess the code of an info card? A few times, then they wait.

Everybody together is counted too: a million codes are tried by many as easily as by one.
"""

from __future__ import annotations

from dataclasses import replace

from wijkbot.app.secure_limits import SITE, Limits
from wijkbot.app.secure_refusal import slow
from wijkbot.securechat.limits import retry_after

_ACCOUNT, _SITE = "card_account", "card_site"


class CardLimits(Limits):
    """The wrong codes that one process saw, by account and of all."""

    def attempt(self, account: int) -> None:
        """Take a turn before the code is looked at, so that many at once gain nothing.

        Raises:
            Turned: slow; nothing is taken then.
        """
        who = _who(account)
        wait = max(self.wait(_ACCOUNT, who), self.wait(_SITE, SITE))
        if wait > 0:
            raise slow(retry_after(wait))
        self.take(who, _ACCOUNT)
        self.take(SITE, _SITE)

    def right(self, account: int) -> None:
        """It was a code that somebody gave: the turn comes back, earlier mistakes stay."""
        for key in ((_ACCOUNT, _who(account)), (_SITE, SITE)):
            bucket = self._buckets.get(key)
            if bucket is not None:
                self._buckets[key] = replace(bucket, left=bucket.left + 1)


def _who(account: int) -> bytes:
    return str(account).encode()
