"""Which tables are there? Times are whole milliseconds since 1970 (UTC) unless named a day.

``*_hmac`` columns are keyed pseudonyms, ``*_sealed`` columns are readable with the key file
only. What each column is for stands in ``data_map.yaml``.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from wijkbot.engine.words import Purpose

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)

_BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers only INTEGER keys itself
_PURPOSES = ", ".join(f"'{purpose.value}'" for purpose in Purpose)


def _id() -> Column[int]:
    return Column("id", _BigId, primary_key=True, autoincrement=True)


def _ms(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, BigInteger, nullable=nullable)


def _count(name: str, default: int = 0) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text(str(default)))


def _text(name: str, default: str | None = None, *, nullable: bool = False) -> Column[Any]:
    shown = None if default is None else text(f"'{default}'")
    return Column(name, Text, nullable=nullable, server_default=shown)


def _flag(name: str, *, default: bool) -> Column[bool]:
    return Column(
        name, Boolean, nullable=False, server_default=text("true" if default else "false")
    )


meta = Table("meta", metadata, Column("name", Text, primary_key=True), _text("value"))

chat = Table(
    "chat",
    metadata,
    _id(),
    _text("channel"),
    _text("address_hmac"),
    Column("address_sealed", LargeBinary, nullable=True),
    Column("is_private", Boolean, nullable=False),
    _text("neighbourhood", ""),
    _text("language", "nl"),
    _text("mode", "mention"),
    _flag("is_active", default=True),
    _flag("was_told", default=False),
    _ms("silent_until"),
    _ms("last_crisis_at"),
    _ms("last_referral_at"),
    _count("answers_this_hour"),
    _ms("hour_started_at"),
    _ms("limit_shown_at"),
    _ms("last_tip_at"),
    _ms("leave_at"),
    _ms("trial_ends_at"),
    _ms("vote_ends_at"),
    _count("unasked_today"),
    _text("unasked_day", ""),
    _count("unasked_this_week"),
    _text("unasked_week", ""),
    _count("next_send_at"),
    _ms("created_at", nullable=False),
    _ms("left_at"),
    _ms("erase_at"),
    UniqueConstraint("channel", "address_hmac"),
    Index("chat_erase_at", "erase_at", sqlite_where=text("erase_at IS NOT NULL"),
          postgresql_where=text("erase_at IS NOT NULL")),
    Index("chat_leave_at", "leave_at", sqlite_where=text("leave_at IS NOT NULL"),
          postgresql_where=text("leave_at IS NOT NULL")),
    Index("chat_trial_ends_at", "trial_ends_at", sqlite_where=text("trial_ends_at IS NOT NULL"),
          postgresql_where=text("trial_ends_at IS NOT NULL")),
)  # fmt: skip

conversation = Table(
    "conversation",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    Column("chat_id", _BigId, ForeignKey("chat.id"), nullable=False),
    _text("member_hmac", ""),
    _count("in_seq"),
    _count("done_seq"),
    _ms("due_at"),
    _count("lease"),
    _count("attempts"),
    Column("state_sealed", LargeBinary, nullable=True),
    _ms("state_at"),
    _ms("timer_at"),
    _ms("last_at", nullable=False),
    Index("conversation_due_at", "due_at", sqlite_where=text("due_at IS NOT NULL"),
          postgresql_where=text("due_at IS NOT NULL")),
    Index("conversation_timer_at", "timer_at", sqlite_where=text("timer_at IS NOT NULL"),
          postgresql_where=text("timer_at IS NOT NULL")),
    Index("conversation_chat_id", "chat_id"),
    Index("conversation_member_hmac", "member_hmac"),
    Index("conversation_last_at", "last_at"),
)  # fmt: skip

inbox = Table(
    "inbox",
    metadata,
    Column("conversation_id", _BigId, ForeignKey("conversation.id"), primary_key=True,
           autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _text("channel"),
    _text("external_id"),
    Column("payload_sealed", LargeBinary, nullable=True),
    _ms("received_at", nullable=False),
    _ms("dead_at"),
    _text("error", ""),
    UniqueConstraint("channel", "external_id"),
    Index("inbox_received_at", "received_at"),
    Index("inbox_dead_at", "dead_at", sqlite_where=text("dead_at IS NOT NULL"),
          postgresql_where=text("dead_at IS NOT NULL")),
)  # fmt: skip

lane = Table(
    "lane",
    metadata,
    _id(),
    Column("chat_id", _BigId, ForeignKey("chat.id"), nullable=False),
    _text("channel"),
    Column("class", SmallInteger, nullable=False, key="kind"),
    _count("out_seq"),
    _count("sent_seq"),
    _ms("due_at"),
    _count("lease"),
    _count("attempts"),
    _flag("suspended", default=False),
    UniqueConstraint("chat_id", "kind"),
    CheckConstraint("class IN (0, 1, 2)", name="class"),
    Index("lane_due", "channel", "kind", "due_at", sqlite_where=text("due_at IS NOT NULL"),
          postgresql_where=text("due_at IS NOT NULL")),
)  # fmt: skip

item = Table(
    "item",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    _text("scope", ""),
    _text("kind"),
    _text("body"),
    _ms("published_at", nullable=False),
)

book = Table(
    "book",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    _ms("published_at", nullable=False),
    _flag("is_current", default=False),
    _text("items"),
    Index("book_current", "is_current", unique=True, sqlite_where=text("is_current"),
          postgresql_where=text("is_current")),
)  # fmt: skip

broadcast = Table(
    "broadcast",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    _text("item_id"),
    Column("item_version", BigInteger, nullable=False),
    _text("created_by", ""),
    _text("audience", ""),
    Column("values_sealed", LargeBinary, nullable=True),
    _count("cursor"),
    _count("queued"),
    _count("skipped"),
    _ms("due_at"),
    _count("lease"),
    _ms("created_at", nullable=False),
    _ms("expires_at"),
    ForeignKeyConstraint(["item_id", "item_version"], ["item.id", "item.version"]),
    Index("broadcast_due_at", "due_at", sqlite_where=text("due_at IS NOT NULL"),
          postgresql_where=text("due_at IS NOT NULL")),
)  # fmt: skip

outbox = Table(
    "outbox",
    metadata,
    Column("lane_id", _BigId, ForeignKey("lane.id"), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False, unique=True),
    # no foreign key: idle conversations are deleted before the rows they caused
    Column("conversation_id", _BigId, nullable=True),
    _text("purpose"),
    _text("item_id"),
    Column("item_version", BigInteger, nullable=False),
    _text("language", "nl"),
    Column("values_sealed", LargeBinary, nullable=True),
    Column("status", SmallInteger, nullable=False, server_default=text("0")),
    _count("attempts"),
    _text("external_message_id", nullable=True),
    _text("error", ""),
    Column("broadcast_id", _BigId, ForeignKey("broadcast.id"), nullable=True),
    _ms("created_at", nullable=False),
    _ms("sent_at"),
    _ms("expires_at"),
    ForeignKeyConstraint(["item_id", "item_version"], ["item.id", "item.version"]),
    CheckConstraint(f"purpose IN ({_PURPOSES})", name="purpose"),
    CheckConstraint("status BETWEEN 0 AND 8", name="status"),
    Index("outbox_sent_at", "sent_at", sqlite_where=text("sent_at IS NOT NULL"),
          postgresql_where=text("sent_at IS NOT NULL")),
    Index("outbox_trouble", "status", sqlite_where=text("status IN (5, 8)"),
          postgresql_where=text("status IN (5, 8)")),
    Index("outbox_external_message_id", "external_message_id",
          sqlite_where=text("external_message_id IS NOT NULL"),
          postgresql_where=text("external_message_id IS NOT NULL")),
    Index("outbox_broadcast", "broadcast_id", "lane_id", unique=True,
          sqlite_where=text("broadcast_id IS NOT NULL"),
          postgresql_where=text("broadcast_id IS NOT NULL")),
    Index("outbox_conversation_id", "conversation_id",
          sqlite_where=text("conversation_id IS NOT NULL"),
          postgresql_where=text("conversation_id IS NOT NULL")),
)  # fmt: skip

limiter = Table(
    "limiter",
    metadata,
    Column("account", Text, primary_key=True),
    Column("tat", Double, nullable=False, server_default=text("0")),
    Column("per_s", Double, nullable=False),
    Column("burst", BigInteger, nullable=False),
)

schedule = Table(
    "schedule",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    _text("rule"),
    _text("zone"),
    _text("item_id", ""),
    _text("audience", ""),
    _text("created_by", ""),
    _ms("next_at"),
    _ms("due_at"),
    _count("lease"),
    _ms("last_fired_at"),
    Index("schedule_due_at", "due_at", sqlite_where=text("due_at IS NOT NULL"),
          postgresql_where=text("due_at IS NOT NULL")),
)  # fmt: skip

channel_state = Table(
    "channel_state",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value_sealed", LargeBinary, nullable=False),
    _ms("changed_at", nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    _text("holder"),
    _count("fence"),
    _ms("expires_at", nullable=False),
)

opt_out = Table(
    "opt_out",
    metadata,
    Column("member_hmac", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    _text("source"),
    _ms("at", nullable=False),
)

odd_job = Table(
    "odd_job",
    metadata,
    _id(),
    Column("number", BigInteger, nullable=False, unique=True),
    _text("kind"),
    _text("category"),
    Column("words_sealed", LargeBinary, nullable=True),
    _text("area", ""),
    _text("when_text", ""),
    _text("member_hmac"),
    Column("chat_id", _BigId, ForeignKey("chat.id"), nullable=True),
    _text("status", "open"),
    _ms("created_at", nullable=False),
    _ms("expires_at", nullable=False),
    Index("odd_job_member_hmac", "member_hmac"),
    Index("odd_job_expires_at", "expires_at"),
)

token = Table(
    "token",
    metadata,
    Column("token_hmac", Text, primary_key=True),
    _text("dialog"),
    _text("member_hmac"),
    _ms("expires_at", nullable=False),
    _ms("used_at"),
    Index("token_expires_at", "expires_at"),
)

day_key = Table(
    "day_key",
    metadata,
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    Column("wrapped", LargeBinary, nullable=False),
    _ms("created_at", nullable=False),
)

vote = Table(
    "vote",
    metadata,
    Column("chat_id", _BigId, ForeignKey("chat.id"), primary_key=True, autoincrement=False),
    Column("member_hmac", Text, primary_key=True),
    Column("is_yes", Boolean, nullable=False),
    _ms("at", nullable=False),
    Index("vote_member_hmac", "member_hmac"),
)

alert = Table(
    "alert",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    Column("chat_id", _BigId, ForeignKey("chat.id"), nullable=True),
    _text("label"),
    Column("link_sealed", LargeBinary, nullable=True),
    _ms("at", nullable=False),
    _ms("told_at"),
    Index("alert_at", "at"),
)

waiting_answer = Table(
    "waiting_answer",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    Column("chat_id", _BigId, ForeignKey("chat.id"), nullable=False),
    _text("thread_hmac", ""),
    _text("member_hmac"),
    _text("item_id"),
    _text("language", ""),
    _ms("due_at", nullable=False),
    Index("waiting_answer_due_at", "due_at"),
    Index("waiting_answer_chat_id", "chat_id"),
)

event_count = Table(
    "event_count",
    metadata,
    Column("day", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    _count("count"),
)
