"""What is kept of the team no longer than needed? Sessions, links, challenges, old lines."""

from __future__ import annotations

from sqlalchemy import Connection

from wijkbot.storage import staff_audit, staff_invites, staff_passkeys, staff_sessions


def sweep_staff(conn: Connection, now: int) -> int:
    """Take away what is over, ``now`` in seconds; returns how many rows."""
    rooms = (staff_sessions, staff_invites, staff_passkeys, staff_audit)
    return sum(room.sweep(conn, now) for room in rooms)
