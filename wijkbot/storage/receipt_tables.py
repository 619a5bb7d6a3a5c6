"""Which tables tell how a message arrived, and which two addresses are of one person?"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, SmallInteger, Table, Text, UniqueConstraint

from wijkbot.storage.columns import BigId, metadata, ms, row_id, words

receipt = Table(
    "receipt",
    metadata,
    row_id(),
    words("channel"),
    words("external_message_id"),
    Column("status", SmallInteger, nullable=False),
    words("code", ""),
    words("refused", ""),
    ms("at", nullable=False),
    UniqueConstraint("channel", "external_message_id", "status"),
)

chat_alias = Table(
    "chat_alias",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("alias_hmac", Text, primary_key=True),
    Column("chat_id", BigId, ForeignKey("chat.id"), nullable=False),
    words("member_hmac"),
    ms("at", nullable=False),
    Index("chat_alias_chat_id", "chat_id"),
    Index("chat_alias_member_hmac", "member_hmac"),
)
