"""What can wijkbot do on Matrix? Groups and direct chats, plain and end-to-end encrypted.

No buttons (numbered lines instead), threads and replies, exactly-once sending. The adapter
needs the extra ``matrix`` (matrix-nio with its encryption).
"""

from __future__ import annotations

import sys

# nio keeps its keys in SQLite, through a library that loads each database that is installed:
# PostgreSQL's takes 9 MB of a bot that does not use it. Who does loads it all the same, later.
if "psycopg" not in sys.modules:
    sys.modules["psycopg"] = None  # type: ignore[assignment]
    try:
        import peewee  # type: ignore[import-untyped]  # noqa: F401 - loaded now, without that
    finally:
        del sys.modules["psycopg"]
