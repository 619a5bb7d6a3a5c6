"""Which tables are there? Times are whole milliseconds since 1970 (UTC) unless named a day.

``*_hmac`` columns are keyed pseudonyms, ``*_sealed`` columns are readable with the key file
only. What each column is for stands in ``data_map.yaml``.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

import wijkbot.storage.announce_tables
import wijkbot.storage.card_tables
import wijkbot.storage.consent_tables
import wijkbot.storage.postkit_tables
import wijkbot.storage.receipt_tables
import wijkbot.storage.secure_tables
import wijkbot.storage.staff_tables  # noqa: F401 - all tables belong to the same metadata
from wijkbot.engine.words import Purpose
from wijkbot.storage.columns import KEPT, BigId, count, flag, metadata, ms, row_id, words

__all__ = [
    "alert",
    "book",
    "broadcast",
    "channel_state",
    "chat",
    "conversation",
    "day_key",
    "event_count",
    "inbox",
    "item",
    "lane",
    "lease",
    "limiter",
    "meta",
    "metadata",
    "odd_job",
    "opt_out",
    "outbox",
    "schedule",
    "token",
    "vote",
    "waiting_answer",
]

_PURPOSES = ", ".join(f"'{purpose.value}'" for purpose in Purpose)

meta = Table("meta", metadata, Column("name", Text, primary_key=True), words("value"))

chat = Table(
    "chat",
    metadata,
    row_id(),
    words("channel"),
    words("address_hmac"),
    Column("address_sealed", LargeBinary, nullable=True),
    Column("is_private", Boolean, nullable=False),
    words("neighbourhood", ""),
    words("language", "nl"),
    words("mode", "mention"),
    flag("is_active", default=True),
    flag("was_told", default=False),
    ms("silent_until"),
    ms("last_crisis_at"),
    ms("last_referral_at"),
    count("answers_this_hour"),
    ms("hour_started_at"),
    ms("limit_shown_at"),
    ms("last_tip_at"),
    ms("leave_at"),
    ms("trial_ends_at"),
    ms("vote_ends_at"),
    count("unasked_today"),
    words("unasked_day", ""),
    count("unasked_this_week"),
    words("unasked_week", ""),
    count("next_send_at"),
    ms("shut_at"),
    ms("template_at"),
    ms("created_at", nullable=False),
    ms("left_at"),
    ms("erase_at"),
    UniqueConstraint("channel", "address_hmac"),
    Index("chat_erase_at", "erase_at", sqlite_where=text("erase_at IS NOT NULL"),
          postgresql_where=text("erase_at IS NOT NULL")),
    Index("chat_leave_at", "leave_at", sqlite_where=text("leave_at IS NOT NULL"),
          postgresql_where=text("leave_at IS NOT NULL")),
    Index("chat_trial_ends_at", "trial_ends_at", sqlite_where=text("trial_ends_at IS NOT NULL"),
          postgresql_where=text("trial_ends_at IS NOT NULL")),
    Index("chat_template_at", "channel", "template_at",
          sqlite_where=text("template_at IS NOT NULL"),
          postgresql_where=text("template_at IS NOT NULL")),
)  # fmt: skip

conversation = Table(
    "conversation",
    metadata,
    row_id(),
    Column("key", Text, nullable=False, unique=True),
    Column("chat_id", BigId, ForeignKey("chat.id"), nullable=False),
    words("member_hmac", ""),
    count("in_seq"),
    count("done_seq"),
    ms("due_at"),
    count("lease"),
    count("attempts"),
    Column("state_sealed", LargeBinary, nullable=True),
    ms("state_at"),
    ms("timer_at"),
    ms("last_at", nullable=False),
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
    Column("conversation_id", BigId, ForeignKey("conversation.id"), primary_key=True,
           autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    words("channel"),
    words("external_id"),
    Column("payload_sealed", LargeBinary, nullable=True),
    ms("received_at", nullable=False),
    ms("dead_at"),
    words("error", ""),
    UniqueConstraint("channel", "external_id"),
    Index("inbox_received_at", "received_at"),
    Index("inbox_dead_at", "dead_at", sqlite_where=text("dead_at IS NOT NULL"),
          postgresql_where=text("dead_at IS NOT NULL")),
)  # fmt: skip

lane = Table(
    "lane",
    metadata,
    row_id(),
    Column("chat_id", BigId, ForeignKey("chat.id"), nullable=False),
    words("channel"),
    Column("class", SmallInteger, nullable=False, key="kind"),
    count("out_seq"),
    count("sent_seq"),
    ms("due_at"),
    count("lease"),
    count("attempts"),
    flag("suspended", default=False),
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
    words("scope", ""),
    words("kind"),
    words("body"),
    ms("published_at", nullable=False),
)

book = Table(
    "book",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    ms("published_at", nullable=False),
    flag("is_current", default=False),
    words("items"),
    Index("book_current", "is_current", unique=True, sqlite_where=text("is_current"),
          postgresql_where=text("is_current")),
)  # fmt: skip

broadcast = Table(
    "broadcast",
    metadata,
    row_id(),
    Column("key", Text, nullable=False, unique=True),
    words("item_id"),
    Column("item_version", BigInteger, nullable=False),
    words("created_by", ""),
    words("audience", ""),
    Column("values_sealed", LargeBinary, nullable=True),
    words("act", ""),
    Column("amends", BigId, nullable=True),
    count("cursor"),
    count("queued"),
    count("skipped"),
    ms("due_at"),
    count("lease"),
    ms("created_at", nullable=False),
    ms("expires_at"),
    ForeignKeyConstraint(["item_id", "item_version"], ["item.id", "item.version"]),
    Index("broadcast_due_at", "due_at", sqlite_where=text("due_at IS NOT NULL"),
          postgresql_where=text("due_at IS NOT NULL")),
)  # fmt: skip

outbox = Table(
    "outbox",
    metadata,
    Column("lane_id", BigId, ForeignKey("lane.id"), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False, unique=True),
    # no foreign key: idle conversations are deleted before the rows they caused
    Column("conversation_id", BigId, nullable=True),
    words("purpose"),
    words("item_id"),
    Column("item_version", BigInteger, nullable=False),
    words("language", "nl"),
    Column("values_sealed", LargeBinary, nullable=True),
    Column("status", SmallInteger, nullable=False, server_default=text("0")),
    count("attempts"),
    count("again"),
    flag("by_template", default=False),
    words("external_message_id", nullable=True),
    words("error", ""),
    Column("broadcast_id", BigId, ForeignKey("broadcast.id"), nullable=True),
    ms("created_at", nullable=False),
    ms("sent_at"),
    ms("expires_at"),
    ForeignKeyConstraint(["item_id", "item_version"], ["item.id", "item.version"]),
    CheckConstraint(f"purpose IN ({_PURPOSES})", name="purpose"),
    CheckConstraint("status BETWEEN 0 AND 9", name="status"),
    Index("outbox_sent_at", "sent_at", sqlite_where=text("sent_at IS NOT NULL"),
          postgresql_where=text("sent_at IS NOT NULL")),
    Index("outbox_kept", "sent_at", sqlite_where=text(KEPT), postgresql_where=text(KEPT)),
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
    row_id(),
    Column("key", Text, nullable=False, unique=True),
    words("rule"),
    words("zone"),
    words("item_id", ""),
    words("audience", ""),
    words("created_by", ""),
    words("extras", ""),
    ms("next_at"),
    ms("due_at"),
    count("lease"),
    ms("last_fired_at"),
    Index("schedule_due_at", "due_at", sqlite_where=text("due_at IS NOT NULL"),
          postgresql_where=text("due_at IS NOT NULL")),
)  # fmt: skip

channel_state = Table(
    "channel_state",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value_sealed", LargeBinary, nullable=False),
    ms("changed_at", nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    words("holder"),
    count("fence"),
    ms("expires_at", nullable=False),
)

opt_out = Table(
    "opt_out",
    metadata,
    Column("member_hmac", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    words("source"),
    ms("at", nullable=False),
)

odd_job = Table(
    "odd_job",
    metadata,
    row_id(),
    Column("number", BigInteger, nullable=False, unique=True),
    words("kind"),
    words("category"),
    Column("words_sealed", LargeBinary, nullable=True),
    words("area", ""),
    words("when_text", ""),
    words("member_hmac"),
    Column("chat_id", BigId, ForeignKey("chat.id"), nullable=True),
    words("status", "open"),
    ms("created_at", nullable=False),
    ms("expires_at", nullable=False),
    Index("odd_job_member_hmac", "member_hmac"),
    Index("odd_job_expires_at", "expires_at"),
)

token = Table(
    "token",
    metadata,
    Column("token_hmac", Text, primary_key=True),
    words("dialog"),
    words("member_hmac"),
    ms("expires_at", nullable=False),
    ms("used_at"),
    Index("token_expires_at", "expires_at"),
)

day_key = Table(
    "day_key",
    metadata,
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    Column("wrapped", LargeBinary, nullable=False),
    ms("created_at", nullable=False),
)

vote = Table(
    "vote",
    metadata,
    Column("chat_id", BigId, ForeignKey("chat.id"), primary_key=True, autoincrement=False),
    Column("member_hmac", Text, primary_key=True),
    Column("is_yes", Boolean, nullable=False),
    ms("at", nullable=False),
    Index("vote_member_hmac", "member_hmac"),
)

alert = Table(
    "alert",
    metadata,
    row_id(),
    Column("key", Text, nullable=False, unique=True),
    Column("chat_id", BigId, ForeignKey("chat.id"), nullable=True),
    words("label"),
    Column("link_sealed", LargeBinary, nullable=True),
    ms("at", nullable=False),
    ms("told_at"),
    Index("alert_at", "at"),
)

waiting_answer = Table(
    "waiting_answer",
    metadata,
    row_id(),
    Column("key", Text, nullable=False, unique=True),
    Column("chat_id", BigId, ForeignKey("chat.id"), nullable=False),
    words("thread_hmac", ""),
    words("member_hmac"),
    words("item_id"),
    words("language", ""),
    ms("due_at", nullable=False),
    Index("waiting_answer_due_at", "due_at"),
    Index("waiting_answer_chat_id", "chat_id"),
)

event_count = Table(
    "event_count",
    metadata,
    Column("day", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    count("count"),
)
