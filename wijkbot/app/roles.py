"""Which part of the work does a process do? One of four roles."""

from __future__ import annotations

from enum import StrEnum

from wijkbot.settings import Settings, SettingsError


class Role(StrEnum):
    """What ``wijkbot serve --role`` takes."""

    ALL = "all"
    WEB = "web"
    ENGINE = "engine"
    SENDER = "sender"

    @property
    def receives(self) -> bool:
        """Answers webhooks, and may be the home of a channel."""
        return self in {Role.ALL, Role.WEB}

    @property
    def thinks(self) -> bool:
        """Turns messages into decisions, and keeps the house clean."""
        return self in {Role.ALL, Role.ENGINE}

    @property
    def sends(self) -> bool:
        """Sends for the channels that any process may send for."""
        return self in {Role.ALL, Role.SENDER}


def role_of(name: str, settings: Settings) -> Role:
    """The role with that name, when these settings allow it.

    Raises:
        SettingsError: there is no such role, or it needs PostgreSQL.
    """
    try:
        role = Role(name)
    except ValueError:
        raise SettingsError("--role", f"use one of: {', '.join(Role)}") from None
    is_embedded = settings.database.is_embedded
    has_sandbox = any(one.adapter == "sandbox" for one in settings.channels.values())
    if is_embedded and role is not Role.ALL:
        raise SettingsError(
            "--role",
            f'"{role}" needs PostgreSQL, as SQLite serves one process: set [database] url ='
            ' "postgresql://…", or leave --role out',
        )
    if has_sandbox and (role is not Role.ALL or not is_embedded):
        raise SettingsError(
            "channels", "a sandbox lives in one process: use SQLite and --role all"
        )
    return role
