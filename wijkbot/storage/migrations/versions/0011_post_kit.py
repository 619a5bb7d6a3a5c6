"""What does the post kit add to the tables?"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ZERO, _ONE, _EMPTY, _NO = (sa.text(word) for word in ("0", "1", "''", "false"))


def upgrade() -> None:
    """Add the groups in which a person posts, the cards, and what was done with each."""
    op.create_table(
        "hand_group",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("neighbourhood", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("languages", sa.Text(), nullable=False),
        sa.Column("size_band", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), server_default=_NO, nullable=False),
        sa.Column("has_consent", sa.Boolean(), server_default=_NO, nullable=False),
        sa.Column("checked_on", sa.Text(), nullable=False),
        sa.Column("link_hmac", sa.Text(), nullable=True),
        sa.Column("linked_at", sa.BigInteger(), nullable=True),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="hand_group_pkey"),
        sa.UniqueConstraint("link_hmac", name="hand_group_link_hmac_key"),
        sa.CheckConstraint(
            "platform IN ('whatsapp', 'facebook', 'signal', 'other')",
            name="platform",
        ),
        sa.CheckConstraint("size_band IN ('<25', '25-100', '100-250', '>250')", name="size_band"),
    )
    _cards()
    op.create_table(
        "post",
        sa.Column("card_id", _BIG, nullable=False),
        sa.Column("group_id", _BIG, nullable=False),
        sa.Column("edition", sa.BigInteger(), server_default=_ZERO, nullable=False),
        sa.Column("edition_before", sa.BigInteger(), server_default=_ZERO, nullable=False),
        sa.Column("is_removed", sa.Boolean(), server_default=_NO, nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["card_id"], ["post_card.id"], name="post_card_id_fkey"),
        sa.ForeignKeyConstraint(["group_id"], ["hand_group.id"], name="post_group_id_fkey"),
        sa.PrimaryKeyConstraint("card_id", "group_id", name="post_pkey"),
    )
    op.create_index("post_group_id", "post", ["group_id"])


def _cards() -> None:
    op.create_table(
        "post_card",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("item_version", sa.BigInteger(), server_default=_ZERO, nullable=False),
        sa.Column("said_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("neighbourhood", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("broadcast_id", _BIG, nullable=True),
        sa.Column("photo_id", sa.BigInteger(), nullable=True),
        sa.Column("edition", sa.BigInteger(), server_default=_ONE, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcast.id"], name="post_card_broadcast_id_fkey"
        ),
        sa.PrimaryKeyConstraint("id", name="post_card_pkey"),
        sa.UniqueConstraint("key", name="post_card_key_key"),
    )
    for name in ("broadcast_id", "expires_at"):
        op.create_index(f"post_card_{name}", "post_card", [name])


def downgrade() -> None:
    """Take them away."""
    for name in ("post", "post_card", "hand_group"):
        op.drop_table(name)
