"""Which codes for an info card are out? One a private chat, and never the code itself."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from wijkbot.storage.columns import BigId, count, metadata, ms, words

card_code = Table(
    "card_code",
    metadata,
    Column("chat_id", BigId, ForeignKey("chat.id"), primary_key=True, autoincrement=False),
    Column("code_hmac", Text, nullable=False, unique=True),
    # no foreign key, as in the outbox: what was asked is answered in this conversation
    Column("conversation_id", BigId, nullable=False),
    words("member_hmac"),
    words("language"),
    count("sent"),
    ms("given_at", nullable=False),
    ms("expires_at", nullable=False),
    Index("card_code_member_hmac", "member_hmac"),
    Index("card_code_expires_at", "expires_at"),
)
