"""Which tables does the first release have?"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:  # noqa: PLR0915 - one statement for each table and index
    """Make every table."""
    op.create_table(
        "book",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("is_current", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("book_pkey")),
    )
    op.create_index(
        "book_current",
        "book",
        ["is_current"],
        unique=True,
        sqlite_where=sa.text("is_current"),
        postgresql_where=sa.text("is_current"),
    )
    op.create_table(
        "channel_state",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "name", name=op.f("channel_state_pkey")),
    )
    op.create_table(
        "chat",
        sa.Column(
            "id",
            _ID,
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address_hmac", sa.Text(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("is_private", sa.Boolean(), nullable=False),
        sa.Column("neighbourhood", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("language", sa.Text(), server_default=sa.text("'nl'"), nullable=False),
        sa.Column("mode", sa.Text(), server_default=sa.text("'mention'"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.Column("was_told", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("silent_until", sa.BigInteger(), nullable=True),
        sa.Column("last_crisis_at", sa.BigInteger(), nullable=True),
        sa.Column("last_referral_at", sa.BigInteger(), nullable=True),
        sa.Column(
            "answers_this_hour", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("hour_started_at", sa.BigInteger(), nullable=True),
        sa.Column("limit_shown_at", sa.BigInteger(), nullable=True),
        sa.Column("unasked_today", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("unasked_day", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column(
            "unasked_this_week", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("unasked_week", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("next_send_at", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.Column("erase_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("chat_pkey")),
        sa.UniqueConstraint("channel", "address_hmac", name=op.f("chat_channel_address_hmac_key")),
    )
    op.create_index(
        "chat_erase_at",
        "chat",
        ["erase_at"],
        unique=False,
        sqlite_where=sa.text("erase_at IS NOT NULL"),
        postgresql_where=sa.text("erase_at IS NOT NULL"),
    )
    op.create_table(
        "day_key",
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("day_key_pkey")),
    )
    op.create_table(
        "event_count",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("day", "kind", "place", name=op.f("event_count_pkey")),
    )
    op.create_table(
        "item",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("scope", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("item_pkey")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("fence", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("lease_pkey")),
    )
    op.create_table(
        "limiter",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("tat", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("per_s", sa.Double(), nullable=False),
        sa.Column("burst", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("limiter_pkey")),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("meta_pkey")),
    )
    op.create_table(
        "opt_out",
        sa.Column("member_hmac", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("member_hmac", "purpose", name=op.f("opt_out_pkey")),
    )
    op.create_table(
        "schedule",
        sa.Column(
            "id",
            _ID,
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("lease", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_fired_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("schedule_pkey")),
        sa.UniqueConstraint("key", name=op.f("schedule_key_key")),
    )
    op.create_index(
        "schedule_due_at",
        "schedule",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "token",
        sa.Column("token_hmac", sa.Text(), nullable=False),
        sa.Column("dialog", sa.Text(), nullable=False),
        sa.Column("member_hmac", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("token_hmac", name=op.f("token_pkey")),
    )
    op.create_index("token_expires_at", "token", ["expires_at"], unique=False)
    op.create_table(
        "broadcast",
        sa.Column(
            "id",
            _ID,
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("item_version", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["item_id", "item_version"],
            ["item.id", "item.version"],
            name=op.f("broadcast_item_id_item_version_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("broadcast_pkey")),
        sa.UniqueConstraint("key", name=op.f("broadcast_key_key")),
    )
    op.create_table(
        "conversation",
        sa.Column(
            "id",
            _ID,
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("chat_id", _ID, nullable=False),
        sa.Column("member_hmac", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("in_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("done_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("lease", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("state_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state_at", sa.BigInteger(), nullable=True),
        sa.Column("timer_at", sa.BigInteger(), nullable=True),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("conversation_chat_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("conversation_pkey")),
        sa.UniqueConstraint("key", name=op.f("conversation_key_key")),
    )
    op.create_index("conversation_chat_id", "conversation", ["chat_id"], unique=False)
    op.create_index(
        "conversation_due_at",
        "conversation",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("conversation_last_at", "conversation", ["last_at"], unique=False)
    op.create_index("conversation_member_hmac", "conversation", ["member_hmac"], unique=False)
    op.create_index(
        "conversation_timer_at",
        "conversation",
        ["timer_at"],
        unique=False,
        sqlite_where=sa.text("timer_at IS NOT NULL"),
        postgresql_where=sa.text("timer_at IS NOT NULL"),
    )
    op.create_table(
        "lane",
        sa.Column(
            "id",
            _ID,
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("chat_id", _ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("class", sa.SmallInteger(), nullable=False),
        sa.Column("out_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("sent_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("lease", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("suspended", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.CheckConstraint("class IN (0, 1, 2)", name=op.f("lane_class_check")),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("lane_chat_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("lane_pkey")),
        sa.UniqueConstraint("chat_id", "class", name=op.f("lane_chat_id_class_key")),
    )
    op.create_index(
        "lane_due",
        "lane",
        ["channel", "class", "due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_table(
        "odd_job",
        sa.Column(
            "id",
            _ID,
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("area", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("when_text", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("member_hmac", sa.Text(), nullable=False),
        sa.Column("chat_id", _ID, nullable=True),
        sa.Column("status", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name=op.f("odd_job_chat_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("odd_job_pkey")),
        sa.UniqueConstraint("number", name=op.f("odd_job_number_key")),
    )
    op.create_index("odd_job_expires_at", "odd_job", ["expires_at"], unique=False)
    op.create_index("odd_job_member_hmac", "odd_job", ["member_hmac"], unique=False)
    op.create_table(
        "inbox",
        sa.Column(
            "conversation_id",
            _ID,
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("payload_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("dead_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("inbox_conversation_id_fkey")
        ),
        sa.PrimaryKeyConstraint("conversation_id", "seq", name=op.f("inbox_pkey")),
        sa.UniqueConstraint("channel", "external_id", name=op.f("inbox_channel_external_id_key")),
    )
    op.create_index(
        "inbox_dead_at",
        "inbox",
        ["dead_at"],
        unique=False,
        sqlite_where=sa.text("dead_at IS NOT NULL"),
        postgresql_where=sa.text("dead_at IS NOT NULL"),
    )
    op.create_index("inbox_received_at", "inbox", ["received_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column(
            "lane_id",
            _ID,
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("conversation_id", _ID, nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("item_version", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.Text(), server_default=sa.text("'nl'"), nullable=False),
        sa.Column("values_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("external_message_id", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("broadcast_id", _ID, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('contact', 'info', 'announcement', 'referral', 'crisis',"
            " 'odd_job', 'service', 'staff')",
            name=op.f("outbox_purpose_check"),
        ),
        sa.CheckConstraint("status BETWEEN 0 AND 8", name=op.f("outbox_status_check")),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcast.id"], name=op.f("outbox_broadcast_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["item_id", "item_version"],
            ["item.id", "item.version"],
            name=op.f("outbox_item_id_item_version_fkey"),
        ),
        sa.ForeignKeyConstraint(["lane_id"], ["lane.id"], name=op.f("outbox_lane_id_fkey")),
        sa.PrimaryKeyConstraint("lane_id", "seq", name=op.f("outbox_pkey")),
        sa.UniqueConstraint("key", name=op.f("outbox_key_key")),
    )
    op.create_index(
        "outbox_broadcast",
        "outbox",
        ["broadcast_id", "lane_id"],
        unique=True,
        sqlite_where=sa.text("broadcast_id IS NOT NULL"),
        postgresql_where=sa.text("broadcast_id IS NOT NULL"),
    )
    op.create_index(
        "outbox_conversation_id",
        "outbox",
        ["conversation_id"],
        unique=False,
        sqlite_where=sa.text("conversation_id IS NOT NULL"),
        postgresql_where=sa.text("conversation_id IS NOT NULL"),
    )
    op.create_index(
        "outbox_external_message_id",
        "outbox",
        ["external_message_id"],
        unique=False,
        sqlite_where=sa.text("external_message_id IS NOT NULL"),
        postgresql_where=sa.text("external_message_id IS NOT NULL"),
    )
    op.create_index(
        "outbox_sent_at",
        "outbox",
        ["sent_at"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NOT NULL"),
        postgresql_where=sa.text("sent_at IS NOT NULL"),
    )


def downgrade() -> None:  # noqa: PLR0915 - one statement for each table and index
    """Drop every table."""
    op.drop_index(
        "outbox_sent_at",
        table_name="outbox",
        sqlite_where=sa.text("sent_at IS NOT NULL"),
        postgresql_where=sa.text("sent_at IS NOT NULL"),
    )
    op.drop_index(
        "outbox_external_message_id",
        table_name="outbox",
        sqlite_where=sa.text("external_message_id IS NOT NULL"),
        postgresql_where=sa.text("external_message_id IS NOT NULL"),
    )
    op.drop_index(
        "outbox_conversation_id",
        table_name="outbox",
        sqlite_where=sa.text("conversation_id IS NOT NULL"),
        postgresql_where=sa.text("conversation_id IS NOT NULL"),
    )
    op.drop_index(
        "outbox_broadcast",
        table_name="outbox",
        sqlite_where=sa.text("broadcast_id IS NOT NULL"),
        postgresql_where=sa.text("broadcast_id IS NOT NULL"),
    )
    op.drop_table("outbox")
    op.drop_index("inbox_received_at", table_name="inbox")
    op.drop_index(
        "inbox_dead_at",
        table_name="inbox",
        sqlite_where=sa.text("dead_at IS NOT NULL"),
        postgresql_where=sa.text("dead_at IS NOT NULL"),
    )
    op.drop_table("inbox")
    op.drop_index("odd_job_member_hmac", table_name="odd_job")
    op.drop_index("odd_job_expires_at", table_name="odd_job")
    op.drop_table("odd_job")
    op.drop_index(
        "lane_due",
        table_name="lane",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_table("lane")
    op.drop_index(
        "conversation_timer_at",
        table_name="conversation",
        sqlite_where=sa.text("timer_at IS NOT NULL"),
        postgresql_where=sa.text("timer_at IS NOT NULL"),
    )
    op.drop_index("conversation_member_hmac", table_name="conversation")
    op.drop_index("conversation_last_at", table_name="conversation")
    op.drop_index(
        "conversation_due_at",
        table_name="conversation",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_index("conversation_chat_id", table_name="conversation")
    op.drop_table("conversation")
    op.drop_table("broadcast")
    op.drop_index("token_expires_at", table_name="token")
    op.drop_table("token")
    op.drop_index(
        "schedule_due_at",
        table_name="schedule",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_table("schedule")
    op.drop_table("opt_out")
    op.drop_table("meta")
    op.drop_table("limiter")
    op.drop_table("lease")
    op.drop_table("item")
    op.drop_table("event_count")
    op.drop_table("day_key")
    op.drop_index(
        "chat_erase_at",
        table_name="chat",
        sqlite_where=sa.text("erase_at IS NOT NULL"),
        postgresql_where=sa.text("erase_at IS NOT NULL"),
    )
    op.drop_table("chat")
    op.drop_table("channel_state")
    op.drop_index(
        "book_current",
        table_name="book",
        sqlite_where=sa.text("is_current"),
        postgresql_where=sa.text("is_current"),
    )
    op.drop_table("book")
