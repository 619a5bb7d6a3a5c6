"""What can wijkbot do on Matrix? Groups and direct chats, plain and end-to-end encrypted.

No buttons (numbered lines instead), threads and replies, exactly-once sending. The adapter
needs the extra ``matrix`` (matrix-nio with its encryption).
"""

from __future__ import annotations

from wijkbot.adapter_api import without

# What these load when it is installed takes memory of a bot that does not use it: peewee, in
# which nio keeps its keys, loads every database there is (PostgreSQL's takes 9 MB), and what
# opens attachments a reader of C headers.
with without("psycopg", "cffi"):
    import Crypto.Util._raw_api  # noqa: F401 - loaded now, without those
    import peewee  # type: ignore[import-untyped]  # noqa: F401 - and this
