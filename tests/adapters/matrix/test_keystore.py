"""Is everything that nio wants to keep kept, nothing written twice, and nothing loaded in vain?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from nio.crypto import OlmAccount  # type: ignore[import-untyped]
from peewee import SqliteDatabase  # type: ignore[import-untyped]

from wijkbot_matrix.keystore import KeyStore

_LOADS = """
import sys
import wijkbot_matrix.adapter
print("psycopg" in sys.modules, "cffi" in sys.modules)
import psycopg, cffi
print(psycopg.__name__, cffi.__name__)
"""


def opened(folder: Path) -> KeyStore:
    """The store of one device, with the account without which nio keeps nothing."""
    store = KeyStore("@bot:wijk", "DEVICE", str(folder), "a pretend pickle key")
    if store.load_account() is None:
        store.save_account(OlmAccount())
    return store


def test_encrypted_rooms_are_kept_over_a_restart_and_added_to(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.save_encrypted_rooms({"!one:wijk"})
    store.save_encrypted_rooms({"!one:wijk", "!two:wijk"})
    again = opened(tmp_path)
    assert {"!one:wijk", "!two:wijk"} == again.load_encrypted_rooms()
    again.save_encrypted_rooms({"!three:wijk"})
    assert 3 == len(opened(tmp_path).load_encrypted_rooms())


def test_a_room_that_is_known_is_not_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(tmp_path)
    store.save_encrypted_rooms({"!one:wijk"})
    asked: list[str] = []
    plain = SqliteDatabase.execute_sql

    def listened(self: SqliteDatabase, sql: str, *given: object) -> object:
        asked.append(sql)
        return plain(self, sql, *given)

    monkeypatch.setattr(SqliteDatabase, "execute_sql", listened)
    store.save_encrypted_rooms(set())
    store.save_encrypted_rooms({"!one:wijk"})
    assert [] == asked
    store.save_encrypted_rooms({"!two:wijk"})
    assert asked


def test_what_is_not_used_is_left_alone_and_can_still_be_loaded() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _LOADS], capture_output=True, text=True, check=True, timeout=60
    )
    assert ["False", "False", "psycopg", "cffi"] == told.stdout.split()
