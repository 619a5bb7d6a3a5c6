"""How is a column of the tables written? And where do all tables come together?"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, MetaData, Text, text

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)
"""Holds every table once ``wijkbot.storage.tables`` is imported."""

BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers only INTEGER keys itself


KEPT = "values_sealed IS NOT NULL AND sent_at IS NOT NULL"
"""Messages that were sent and of which the values stay for a while."""


def row_id() -> Column[int]:
    """A number that the database gives."""
    return Column("id", BigId, primary_key=True, autoincrement=True)


def ms(name: str, *, nullable: bool = True) -> Column[Any]:
    """A moment, in ms since 1970 (UTC)."""
    return Column(name, BigInteger, nullable=nullable)


def seconds(name: str, *, nullable: bool = False) -> Column[Any]:
    """A moment of the secure chat, in seconds since 1970 (UTC)."""
    return Column(name, BigInteger, nullable=nullable)


def count(name: str, default: int = 0) -> Column[int]:
    """A number that is never missing."""
    return Column(name, BigInteger, nullable=False, server_default=text(str(default)))


def words(name: str, default: str | None = None, *, nullable: bool = False) -> Column[Any]:
    """A text, or a name of a closed set."""
    shown = None if default is None else text(f"'{default}'")
    return Column(name, Text, nullable=nullable, server_default=shown)


def flag(name: str, *, default: bool) -> Column[bool]:
    """Yes or no."""
    return Column(
        name, Boolean, nullable=False, server_default=text("true" if default else "false")
    )


def raw(name: str, *, nullable: bool = False) -> Column[Any]:
    """Bytes: a key, a hash, an id or what only its readers can open."""
    return Column(name, LargeBinary, nullable=nullable)
