"""What is the same for every conversation of this installation? The salt of return codes."""

from __future__ import annotations

import base64

from sqlalchemy import Connection, select

from wijkbot.storage.dialect import insert
from wijkbot.storage.tables import meta

_SALT = "secure.site_salt"


def keep_salt(conn: Connection, fresh: bytes) -> None:
    """Keep this salt, unless there is one: another would kill every return code."""
    row = {"name": _SALT, "value": base64.b64encode(fresh).decode()}
    conn.execute(insert(conn, meta).values(row).on_conflict_do_nothing())


def salt(conn: Connection) -> bytes | None:
    """The salt; None before the first start."""
    found = conn.execute(select(meta.c.value).where(meta.c.name == _SALT)).scalar()
    return base64.b64decode(found) if found else None
