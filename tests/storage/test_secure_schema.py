"""Is there a column in which something of a resident could be read?"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.storage.house import House
from wijkbot.storage.tables import metadata

TABLES = [table for name, table in metadata.tables.items() if name.startswith("sc_")]
BANNED = (
    "ip", "address", "agent", "browser", "referrer", "referer", "text", "plain", "body", "name",
    "phone", "mail", "token",
)  # fmt: skip
TEXTS = {
    "sc_conversation": {"state", "lang", "closed_for", "kdf"},
    "sc_manifest": {"manifest", "cert"},
    "sc_count": {"day", "kind"},
}
"""Every column with words in it, and none of them is a resident's."""


def test_49_no_column_is_for_an_address_a_browser_or_a_text() -> None:
    assert len(TABLES) >= 10
    for table in TABLES:
        for column in table.c:
            assert not set(column.name.split("_")) & set(BANNED), f"{table.name}.{column.name}"


def test_49_columns_with_words_are_a_closed_list() -> None:
    found = {
        table.name: {column.name for column in table.c if isinstance(column.type, sa.Text)}
        for table in TABLES
    }
    assert {name: columns for name, columns in found.items() if columns} == TEXTS


def test_49_nothing_leads_to_the_tables_of_the_chat_apps() -> None:
    leads = {key.column.table.name for table in TABLES for key in table.foreign_keys}
    assert leads <= {table.name for table in TABLES}
    others = [table for table in metadata.tables.values() if table not in TABLES]
    back = {key.column.table.name for table in others for key in table.foreign_keys}
    assert not back & {table.name for table in TABLES}


def test_every_module_of_the_secure_chat_is_kept_apart() -> None:
    root = Path(__file__).resolve().parents[2]
    contracts = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    (apart,) = (
        one
        for one in contracts["tool"]["importlinter"]["contracts"]
        if one["id"] == "secure-chat-apart"
    )
    there = {
        f"wijkbot.{room}.{path.stem}"
        for room in ("app", "storage")
        for path in (root / "wijkbot" / room).glob("secure_*.py")
    }
    assert set(apart["source_modules"]) == there | {"wijkbot.securechat"}


@pytest.mark.storage
async def test_49_the_database_has_these_columns_and_no_more(house: House) -> None:
    def columns(conn: sa.Connection) -> dict[str, set[str]]:
        inspector = sa.inspect(conn)
        return {
            name: {str(one["name"]) for one in inspector.get_columns(name)}
            for name in inspector.get_table_names()
            if name.startswith("sc_")
        }

    wanted = {table.name: {column.name for column in table.c} for table in TABLES}
    assert await house.database.read(columns) == wanted
