"""What do subscribers, and the proof of what they agreed to, add to the tables?"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("withdrawn_at IS NULL")
_ENDED = sa.text("withdrawn_at IS NOT NULL")


def upgrade() -> None:
    """Add the ledger of consents."""
    empty = sa.text("''")
    op.create_table(
        "consent",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("member_hmac", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("neighbourhood", sa.Text(), server_default=empty, nullable=False),
        sa.Column("channel", sa.Text(), server_default=empty, nullable=False),
        sa.Column("chat_id", _BIG, nullable=True),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("item_version", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.Text(), server_default=empty, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), server_default=empty, nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name="consent_chat_id_fkey"),
        sa.PrimaryKeyConstraint("id", name="consent_pkey"),
        sa.CheckConstraint(
            "purpose IN ('service', 'announcement', 'odd_job')",
            name=op.f("consent_purpose_check"),
        ),
    )
    op.create_index("consent_member_hmac", "consent", ["member_hmac"])
    for name, columns, is_unique, where in (
        ("consent_given", ["member_hmac", "purpose"], True, _OPEN),
        ("consent_chat_id", ["chat_id"], False, _OPEN),
        ("consent_withdrawn_at", ["withdrawn_at"], False, _ENDED),
    ):
        op.create_index(
            name,
            "consent",
            columns,
            unique=is_unique,
            sqlite_where=where,
            postgresql_where=where,
        )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("consent")
