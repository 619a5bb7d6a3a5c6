"""What do tips, trials with a vote, and leaving add to the tables?"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_MOMENTS = ("last_tip_at", "leave_at", "trial_ends_at", "vote_ends_at")
_SOUGHT = ("leave_at", "trial_ends_at")


def upgrade() -> None:
    """Add the moments of a chat, and the votes."""
    for name in _MOMENTS:
        op.add_column("chat", sa.Column(name, sa.BigInteger(), nullable=True))
    for name in _SOUGHT:
        there = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"chat_{name}", "chat", [name], sqlite_where=there, postgresql_where=there)
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "vote",
        sa.Column(
            "chat_id",
            big,
            sa.ForeignKey("chat.id", name="vote_chat_id_fkey"),
            nullable=False,
            autoincrement=False,
        ),
        sa.Column("member_hmac", sa.Text(), nullable=False),
        sa.Column("is_yes", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "member_hmac", name="vote_pkey"),
    )
    op.create_index("vote_member_hmac", "vote", ["member_hmac"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("vote")
    for name in _SOUGHT:
        op.drop_index(f"chat_{name}", "chat")
    for name in _MOMENTS:
        op.drop_column("chat", name)
