"""Who is in the team now, as residents may trust it? Read once for each version."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from wijkbot.app.secure_refusal import Turned
from wijkbot.securechat.encoding import Refused
from wijkbot.securechat.manifest import (
    COORDINATOR,
    Cert,
    Manifest,
    accept_earlier,
    check_time,
    read_cert,
    read_manifest,
)
from wijkbot.storage import secure_manifests
from wijkbot.storage.secure_manifests import Kept

_RETRY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Team:
    """One version of the signed list of the team, read and as it travels."""

    kept: Kept
    manifest: Manifest
    cert: Cert

    @property
    def coordinators(self) -> frozenset[bytes]:
        """Their ids."""
        return frozenset(who.id for who in self.manifest.members if who.role == COORDINATOR)

    @property
    def readers(self) -> frozenset[bytes]:
        """The ids of workers and coordinators."""
        return frozenset(who.id for who in self.manifest.readers)


class TeamList:
    """The newest list of this process; asks the database for its number only.

    What is signed never changes, so its signatures are looked at once; its time, always.
    """

    def __init__(self) -> None:
        self._newest: Team | None = None
        self._proven: Team | None = None

    def newest(self, conn: Connection) -> Team | None:
        """The newest version, whether it still holds or not; None before the first."""
        version = secure_manifests.newest_version(conn)
        known = self._newest
        if known is None or known.kept.version != version:
            kept = secure_manifests.newest(conn)
            known = read_team(kept) if kept else None
            self._newest = known
        return known

    def current(self, conn: Connection, now: int) -> Team:
        """The version that holds now (s).

        Raises:
            Turned: no_team: there is none, so nobody may be written to.
        """
        return self.holding(self.newest(conn), now)

    def holding(self, team: Team | None, now: int) -> Team:
        """This version, the newest one, if it holds now (s).

        Raises:
            Turned: no_team, as :meth:`current`.
        """
        if team is None:
            raise no_team()
        try:
            check_time(team.manifest, team.cert, now)
            if team is not self._proven:
                accept_earlier(team.manifest, team.cert, team.kept.root_sig)
                self._proven = team
        except Refused as refused:
            raise no_team() from refused
        return team


def read_team(kept: Kept) -> Team:
    """A stored version, read."""
    return Team(kept, read_manifest(kept.manifest), read_cert(kept.cert))


def no_team() -> Turned:
    """There is no list of the team that holds."""
    detail = "no list of the team holds now; the telephone works"
    return Turned("no_team", detail, retry_after=_RETRY_SECONDS)
