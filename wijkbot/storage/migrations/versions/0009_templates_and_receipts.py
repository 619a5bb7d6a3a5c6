"""What do reply windows, receipts and second addresses add to the tables?"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ZERO = sa.text("0")
_EMPTY = sa.text("''")


def upgrade() -> None:
    """Add what a chat's window is, what became of a message, and who has two addresses."""
    for name in ("shut_at", "template_at"):
        op.add_column("chat", sa.Column(name, sa.BigInteger(), nullable=True))
    there = sa.text("template_at IS NOT NULL")
    op.create_index(
        "chat_template_at",
        "chat",
        ["channel", "template_at"],
        sqlite_where=there,
        postgresql_where=there,
    )
    op.add_column("outbox", _number("again"))
    no = sa.text("false")
    op.add_column(
        "outbox", sa.Column("by_template", sa.Boolean(), server_default=no, nullable=False)
    )
    _statuses(9)
    kept = sa.text("values_sealed IS NOT NULL AND sent_at IS NOT NULL")
    op.create_index("outbox_kept", "outbox", ["sent_at"], sqlite_where=kept, postgresql_where=kept)
    op.create_table(
        "receipt",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("external_message_id", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("refused", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="receipt_pkey"),
        sa.UniqueConstraint(
            "channel",
            "external_message_id",
            "status",
            name="receipt_channel_external_message_id_status_key",
        ),
    )
    op.create_table(
        "chat_alias",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("alias_hmac", sa.Text(), nullable=False),
        sa.Column("chat_id", _BIG, nullable=False),
        sa.Column("member_hmac", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name="chat_alias_chat_id_fkey"),
        sa.PrimaryKeyConstraint("channel", "alias_hmac", name="chat_alias_pkey"),
    )
    for name in ("chat_id", "member_hmac"):
        op.create_index(f"chat_alias_{name}", "chat_alias", [name])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("chat_alias")
    op.drop_table("receipt")
    op.drop_index("outbox_kept", "outbox")
    op.execute("UPDATE outbox SET status = 4 WHERE status = 9")
    _statuses(8)
    for name in ("by_template", "again"):
        op.drop_column("outbox", name)
    op.drop_index("chat_template_at", "chat")
    for name in ("template_at", "shut_at"):
        op.drop_column("chat", name)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default=_ZERO, nullable=False)


def _statuses(last: int) -> None:
    """Let a message have a status up to that one."""
    name = op.f("outbox_status_check")
    with op.batch_alter_table("outbox") as table:
        table.drop_constraint(name, type_="check")
        table.create_check_constraint(name, f"status BETWEEN 0 AND {last}")
