"""How often may somebody try to come in? Who tries too often waits; nobody is ever locked out."""

from __future__ import annotations

from wijkbot.app.secure_limits import Limits

_ACCOUNT = "login_account"
_VISITOR = "login_visitor"


class LoginLimits(Limits):
    """The attempts that one process saw, by account and by visitor."""

    def attempt(self, account: bytes, who: bytes) -> None:
        """Take a turn of both before anything is looked at, so that a crowd gains nothing.

        Raises:
            Turned: slow; nothing is taken then.
        """
        self.claim((_ACCOUNT, account), (_VISITOR, who))

    def glance(self, who: bytes) -> None:
        """Take a turn of somebody who asks for a salt or looks at an invitation.

        Raises:
            Turned: slow.
        """
        self.claim(("config", who))

    def succeeded(self, account: bytes) -> None:
        """It was the right one: earlier mistakes with this account do not count any more."""
        self._buckets.pop((_ACCOUNT, account), None)
