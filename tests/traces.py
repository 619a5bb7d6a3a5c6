"""What is left of a resident? In files, in dumps and logs, and in the rows of the database."""

from __future__ import annotations

import base64
import hashlib
import re
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, make_url, or_, select

from tests.conftest import needed
from wijkbot.engine.words import Purpose
from wijkbot.storage.consent_tables import consent
from wijkbot.storage.outbox import Status
from wijkbot.storage.tables import (
    chat,
    conversation,
    inbox,
    lane,
    metadata,
    odd_job,
    opt_out,
    outbox,
    token,
    vote,
)

_SAYS_NOTHING = (
    re.compile(r"[0-9a-f]{64}"),  # a keyed pseudonym
    re.compile(r"\d+(-\d+)+"),  # our own numbers of rows
    re.compile(r"[A-Z]\d+[a-z]?|klus|wis"),  # the id of an item
)
_OF_THE_HOUSE = {"nl", "nl-BE", "mention", "chat", "erased", "buurthuis-de-brug", *Purpose}
_HOW_THEY_AGREED = {"question", "wrote", "start", "stop", "erased", "aanmeld"}
_OF_A_MEMBER = (consent, conversation, odd_job, opt_out, token, vote)


def plain_shapes(word: str) -> set[bytes]:
    """How a word could stand in a file that a database writes."""
    return {spelt.encode(code) for spelt in (word, word.lower()) for code in ("utf-8", "utf-16le")}


def told_shapes(word: str) -> set[bytes]:
    """How a word could stand in a dump or a log: also coded, or hashed without a key."""
    raw = word.encode()
    hashed = (hashlib.new(name, raw).hexdigest() for name in ("md5", "sha1", "sha256"))
    # three bytes are four letters, so a word looks different at each of three places
    shifted = (base64.b64encode(b"." * at + raw + b"...")[4:-8] for at in range(3))
    coded = {raw.hex(), raw.hex().upper(), *hashed}
    return plain_shapes(word) | {one.encode() for one in coded} | {s for s in shifted if s[4:]}


def in_files(folder: Path, words: Iterable[str]) -> list[str]:
    """Which of these words can be read in which file below that folder."""
    wanted = {word: plain_shapes(word) for word in words}
    return sorted(
        f"{path.name}: {word}"
        for path, content in _contents(folder)
        for word, shapes in wanted.items()
        if any(shape in content for shape in shapes)
    )


def in_told(told: bytes | str, words: Iterable[str]) -> list[str]:
    """Which of these words, plain, coded or hashed, stand in a dump or a log."""
    content = told.encode() if isinstance(told, str) else told
    return sorted(word for word in words if any(shape in content for shape in told_shapes(word)))


def sqlite_dump(path: Path) -> str:
    """Everything that SQLite gives of this file and its journal."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as conn:
        return "\n".join(conn.iterdump())


def postgres_dump(url: str) -> bytes:
    """Everything that pg_dump gives of this database."""
    program = Path(needed("postgresql").path) / "pg_dump"
    target = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return subprocess.run([program, target], capture_output=True, check=True).stdout


def everything(conn: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, as they are now."""
    return {
        table.name: sorted((tuple(row) for row in conn.execute(table.select())), key=repr)
        for table in metadata.sorted_tables
    }


def rows_of(conn: Connection, member_hmac: str) -> dict[str, int]:
    """In how many rows of which table this resident stands."""
    found = {}
    for table in _OF_A_MEMBER:
        query = select(func.count()).where(table.c.member_hmac == member_hmac)
        found[table.name] = int(conn.execute(query).scalar_one())
    return found


def left_in_rows(conn: Connection, member_hmac: str) -> list[str]:
    """What stands of this resident in any row, but keyed HMACs, counters and moments.

    Words of the house itself (a purpose, the id of an item) say nothing of anybody.
    """
    return sorted(
        {
            f"{table.name}.{name} = {value!r}"
            for table, row in _rows(conn, member_hmac)
            for name, value in row.items()
            if name != "channel" and _tells(value)
        }
    )


def waiting_events(conn: Connection) -> int:
    """How many events wait for the engine."""
    query = select(func.count()).where(inbox.c.payload_sealed.is_not(None))
    return int(conn.execute(query).scalar_one())


def waiting_answers(conn: Connection) -> int:
    """How many messages wait until they can leave."""
    query = select(func.count()).where(outbox.c.status == int(Status.WAITING))
    return int(conn.execute(query).scalar_one())


def unsettled_answers(conn: Connection) -> int:
    """How many messages wait, or are on their way."""
    query = select(func.count()).where(outbox.c.status < int(Status.SENT))
    return int(conn.execute(query).scalar_one())


def _tells(value: object) -> bool:
    if isinstance(value, str):
        known = value in _OF_THE_HOUSE or value in _HOW_THEY_AGREED
        is_ours = known or any(form.fullmatch(value) for form in _SAYS_NOTHING)
        return bool(value) and not is_ours
    return isinstance(value, bytes)


def _rows(conn: Connection, member_hmac: str) -> Iterator[tuple[Table, dict[str, Any]]]:
    mine = conversation.c.member_hmac == member_hmac
    talks = select(conversation.c.id).where(mine)
    chats = select(chat.c.id).join(conversation, conversation.c.chat_id == chat.c.id)
    private = chats.where(chat.c.is_private, mine)
    lanes = select(lane.c.id).where(lane.c.chat_id.in_(private))
    where = {
        chat: chat.c.id.in_(private),
        inbox: inbox.c.conversation_id.in_(talks),
        lane: lane.c.chat_id.in_(private),
        outbox: or_(outbox.c.lane_id.in_(lanes), outbox.c.conversation_id.in_(talks)),
        **{table: table.c.member_hmac == member_hmac for table in _OF_A_MEMBER},
    }
    for table, condition in where.items():
        for row in conn.execute(table.select().where(condition)).mappings():
            yield table, dict(row)


def _contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_file():
                yield path, path.read_bytes()
        except FileNotFoundError:  # the database took it away meanwhile
            continue
