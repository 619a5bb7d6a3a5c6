"""What is wrong when the database cannot do its work now, and what can the operator do?

Only trouble that passes is told here; a mistake of ours is none of it. The driver's own words
may hold values of a row, so that nothing but its code is used.
"""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from wijkbot.storage.errors import DatabaseAway

_SQLITE = {
    "SQLITE_BUSY": (
        "the database file is locked",
        "another program holds it, such as a copy or a database shell: end that program",
    ),
    "SQLITE_LOCKED": ("the database file is locked", "another program holds it: end that program"),
    "SQLITE_FULL": ("the disk is full", "make room on the disk of the database"),
    "SQLITE_IOERR": (
        "the database file cannot be written or read",
        "look whether the disk is full or broken",
    ),
    "SQLITE_READONLY": (
        "the database file cannot be written",
        "look whether it belongs to wijkbot's user, and whether its disk may be written",
    ),
    "SQLITE_CANTOPEN": (
        "the database file cannot be opened",
        "look whether its folder is there and belongs to wijkbot's user",
    ),
}
_POSTGRESQL = {
    "53100": ("the disk of PostgreSQL is full", "make room on the disk of the server"),
    "53300": (
        "PostgreSQL has no connection left",
        "let it have more (max_connections), or run fewer processes",
    ),
    "57P01": ("PostgreSQL is being stopped", "start it again"),
    "57P02": ("PostgreSQL crashed", "look into its log"),
    "57P03": ("PostgreSQL is starting or stopping", "wait a moment, or start it"),
    "25006": (
        "PostgreSQL only reads",
        "give the address of the server that writes in [database] url",
    ),
    "25P03": ("PostgreSQL ended a session", "look at its idle_in_transaction_session_timeout"),
}
_SILENT = ("the database does not answer", "look whether it runs, and its address in [database]")


def passing(error: Exception) -> DatabaseAway | None:
    """The trouble that this error of the driver tells of; None when it is something else."""
    if not isinstance(error, DBAPIError):
        return None
    known = _known(error)
    if known is None and not _is_away(error):
        return None
    what, remedy = known or _SILENT
    away = DatabaseAway(f"{what} ({type(error.orig).__name__})", remedy)
    away.__cause__ = error
    return away


def _is_away(error: DBAPIError) -> bool:
    return isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated


def _known(error: DBAPIError) -> tuple[str, str] | None:
    name = getattr(error.orig, "sqlite_errorname", None) or ""
    for code, told in _SQLITE.items():
        if name == code or name.startswith(f"{code}_"):
            return told
    return _POSTGRESQL.get(getattr(error.orig, "sqlstate", None) or "")
