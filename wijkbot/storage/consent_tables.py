"""What did who agree to, when and by which words? The ledger that proves it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Table,
    text,
)

from wijkbot.storage.columns import BigId, metadata, ms, row_id, words

_OPEN = text("withdrawn_at IS NULL")
_ENDED = text("withdrawn_at IS NOT NULL")

consent = Table(
    "consent",
    metadata,
    row_id(),
    words("member_hmac"),
    words("purpose"),
    words("neighbourhood", ""),
    words("channel", ""),
    Column("chat_id", BigId, ForeignKey("chat.id"), nullable=True),
    # no foreign key: the journal may bring back a consent to words that an older backup lacks
    words("item_id"),
    Column("item_version", BigInteger, nullable=False),
    words("language", ""),
    words("source"),
    ms("given_at", nullable=False),
    ms("withdrawn_at"),
    words("withdrawn_by", ""),
    CheckConstraint("purpose IN ('service', 'announcement', 'odd_job')", name="purpose"),
    Index("consent_member_hmac", "member_hmac"),
    Index("consent_given", "member_hmac", "purpose", unique=True,
          sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("consent_chat_id", "chat_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("consent_withdrawn_at", "withdrawn_at", sqlite_where=_ENDED, postgresql_where=_ENDED),
)  # fmt: skip
