"""What do info cards add to the tables?"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the codes of residents, and in the audit which card was sent."""
    op.create_table(
        "card_code",
        sa.Column("chat_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("code_hmac", sa.Text(), nullable=False),
        sa.Column("conversation_id", _BIG, nullable=False),
        sa.Column("member_hmac", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("sent", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["chat_id"], ["chat.id"], name="card_code_chat_id_fkey"),
        sa.PrimaryKeyConstraint("chat_id", name="card_code_pkey"),
        sa.UniqueConstraint("code_hmac", name="card_code_code_hmac_key"),
    )
    for name in ("member_hmac", "expires_at"):
        op.create_index(f"card_code_{name}", "card_code", [name])
    op.add_column(
        "staff_audit", sa.Column("item", sa.Text(), server_default=sa.text("''"), nullable=False)
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_column("staff_audit", "item")
    op.drop_table("card_code")
