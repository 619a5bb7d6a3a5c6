"""How many single rows can this database keep for good in a second, one commit each?"""

from __future__ import annotations

import sqlite3
import time

SECONDS = 3.0


def commits_per_s(url: str) -> float:
    """The driver alone: one connection, INSERT, COMMIT, again. In the database of ``url``."""
    return round(_sqlite(url) if url.startswith("sqlite") else _postgresql(url), 1)


def _sqlite(url: str) -> float:
    conn = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    conn.execute("PRAGMA journal_mode=WAL")
    conn.execute("PRAGMA synchronous=FULL")
    conn.execute("CREATE TABLE raw (id INTEGER PRIMARY KEY, it TEXT)")
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        # without BEGIN it is its own transaction
        conn.execute("INSERT INTO raw (it) VALUES (?)", ("x" * 100,))
        count += 1
    rate = count / (time.perf_counter() - began)
    conn.execute("DROP TABLE raw")
    conn.close()
    return rate


def _postgresql(url: str) -> float:
    import psycopg

    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("CREATE TABLE raw (id BIGSERIAL PRIMARY KEY, it TEXT)")
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < SECONDS:
            conn.execute("INSERT INTO raw (it) VALUES (%s)", ("x" * 100,))
            count += 1
        rate = count / (time.perf_counter() - began)
        conn.execute("DROP TABLE raw")
    return rate
