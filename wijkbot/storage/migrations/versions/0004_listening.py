"""What do alerts for a human, and answers that wait for a neighbour, add to the tables?"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add both tables."""
    op.create_table(
        "alert",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("chat_id", _BIG, nullable=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("link_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name="alert_chat_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="alert_pkey"),
        sa.UniqueConstraint("key", name="alert_key_key"),
    )
    op.create_index("alert_at", "alert", ["at"])
    empty = sa.text("''")
    op.create_table(
        "waiting_answer",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("chat_id", _BIG, nullable=False),
        sa.Column("thread_hmac", sa.Text(), server_default=empty, nullable=False),
        sa.Column("member_hmac", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default=empty, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name="waiting_answer_chat_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="waiting_answer_pkey"),
        sa.UniqueConstraint("key", name="waiting_answer_key_key"),
    )
    op.create_index("waiting_answer_due_at", "waiting_answer", ["due_at"])
    op.create_index("waiting_answer_chat_id", "waiting_answer", ["chat_id"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("waiting_answer")
    op.drop_table("alert")
