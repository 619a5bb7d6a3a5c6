"""What is kept of the secure chat? Public keys, ciphertext, and who may read; never a text.

Times are seconds since 1970 (UTC), of residents whole minutes. There is no column for an address,
a browser or a page that somebody came from, and none of them refers to a table of the chat apps.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from wijkbot.storage.columns import count, flag, metadata, raw, seconds, words


def _conv() -> Column[bytes]:
    return Column("conv", LargeBinary, ForeignKey("sc_conversation.id"), primary_key=True)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


def _key(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, primary_key=True)


sc_manifest = Table(
    "sc_manifest",
    metadata,
    _number("version"),
    Column("hash", LargeBinary, nullable=False, unique=True),
    words("manifest"),
    words("cert"),
    raw("root_sig"),
)

sc_conversation = Table(
    "sc_conversation",
    metadata,
    _key("id"),
    words("state", "waiting"),
    count("version", 1),
    raw("assigned_to", nullable=True),
    raw("pending_to", nullable=True),
    seconds("offered_at", nullable=True),
    raw("was_with", nullable=True),
    words("lang", ""),
    flag("is_returning", default=False),
    words("closed_for", ""),
    seconds("created_at"),
    seconds("queued_at"),
    seconds("last_at"),
    seconds("purge_at", nullable=True),
    raw("kem"),
    raw("sig"),
    Column("locator_hash", LargeBinary, nullable=False, unique=True),
    raw("auth_hash"),
    words("kdf"),
    raw("bundle_iv"),
    raw("bundle_ct"),
    count("epoch", 1),
    count("last_seq"),
    CheckConstraint("state IN ('waiting', 'assigned', 'closed')", name="state"),
    Index("sc_conversation_state", "state", "created_at"),
)

sc_wrapset = Table(
    "sc_wrapset",
    metadata,
    _conv(),
    _number("number"),
    count("e"),
    Column("by", LargeBinary, nullable=False, key="sender"),
    raw("commit"),
    raw("manifest_hash"),
    raw("signature"),
    raw("hash"),
)

sc_recipient = Table(
    "sc_recipient",
    metadata,
    _key("conv"),
    _number("number"),
    Column("to", LargeBinary, primary_key=True, key="receiver"),
    raw("digest"),
    raw("kem", nullable=True),
    raw("enc", nullable=True),
    raw("ct", nullable=True),
    ForeignKeyConstraint(["conv", "number"], ["sc_wrapset.conv", "sc_wrapset.number"]),
    Index("sc_recipient_to", "receiver", sqlite_where=text("ct IS NOT NULL"),
          postgresql_where=text("ct IS NOT NULL")),
)  # fmt: skip

sc_message = Table(
    "sc_message",
    metadata,
    _conv(),
    _number("seq"),
    count("e"),
    Column("by", LargeBinary, nullable=False, key="sender"),
    count("n"),
    raw("prev"),
    raw("iv"),
    raw("ct"),
    raw("signature"),
    raw("hash"),
    seconds("at"),
    UniqueConstraint("conv", "sender", "n"),
)

sc_blob = Table(
    "sc_blob",
    metadata,
    _conv(),
    _key("id"),
    raw("sealed"),
    seconds("at"),
)

sc_token = Table(
    "sc_token",
    metadata,
    _key("hash"),
    Column("conv", LargeBinary, ForeignKey("sc_conversation.id"), nullable=False),
    seconds("at"),
    Index("sc_token_conv", "conv"),
)

sc_draft = Table(
    "sc_draft",
    metadata,
    _conv(),
    _key("author"),
    raw("draft"),
    count("e"),
    raw("iv"),
    raw("ct"),
    seconds("at"),
)

sc_guest = Table("sc_guest", metadata, _conv(), _key("member"), seconds("at"))

sc_tombstone = Table("sc_tombstone", metadata, _key("hash"), seconds("day"))

sc_count = Table(
    "sc_count",
    metadata,
    Column("day", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    count("count"),
)
