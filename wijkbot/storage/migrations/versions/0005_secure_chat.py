"""What does the secure chat add to the tables? Public keys, ciphertext, and who may read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_WRAPPED = sa.text("ct IS NOT NULL")


def upgrade() -> None:
    """Add them all."""
    _conversations()
    _content()
    _around()


def _conversations() -> None:
    op.create_table(
        "sc_conversation",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("assigned_to", sa.LargeBinary(), nullable=True),
        sa.Column("pending_to", sa.LargeBinary(), nullable=True),
        sa.Column("offered_at", sa.BigInteger(), nullable=True),
        sa.Column("was_with", sa.LargeBinary(), nullable=True),
        sa.Column("lang", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("is_returning", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("closed_for", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("purge_at", sa.BigInteger(), nullable=True),
        sa.Column("kem", sa.LargeBinary(), nullable=False),
        sa.Column("sig", sa.LargeBinary(), nullable=False),
        sa.Column("locator_hash", sa.LargeBinary(), nullable=False),
        sa.Column("auth_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kdf", sa.Text(), nullable=False),
        sa.Column("bundle_iv", sa.LargeBinary(), nullable=False),
        sa.Column("bundle_ct", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'assigned', 'closed')", name=op.f("sc_conversation_state_check")
        ),
        sa.PrimaryKeyConstraint("id", name="sc_conversation_pkey"),
        sa.UniqueConstraint("locator_hash", name="sc_conversation_locator_hash_key"),
    )
    op.create_index("sc_conversation_state", "sc_conversation", ["state", "created_at"])
    op.create_table(
        "sc_token",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("conv", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["conv"], ["sc_conversation.id"], name="sc_token_conv_fkey"),
        sa.PrimaryKeyConstraint("hash", name="sc_token_pkey"),
    )
    op.create_index("sc_token_conv", "sc_token", ["conv"])
    op.create_table(
        "sc_guest",
        sa.Column("conv", sa.LargeBinary(), nullable=False),
        sa.Column("member", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["conv"], ["sc_conversation.id"], name="sc_guest_conv_fkey"),
        sa.PrimaryKeyConstraint("conv", "member", name="sc_guest_pkey"),
    )


def _content() -> None:
    op.create_table(
        "sc_wrapset",
        sa.Column("conv", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("e", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("by", sa.LargeBinary(), nullable=False),
        sa.Column("commit", sa.LargeBinary(), nullable=False),
        sa.Column("manifest_hash", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["conv"], ["sc_conversation.id"], name="sc_wrapset_conv_fkey"),
        sa.PrimaryKeyConstraint("conv", "number", name="sc_wrapset_pkey"),
    )
    op.create_table(
        "sc_recipient",
        sa.Column("conv", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("to", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kem", sa.LargeBinary(), nullable=True),
        sa.Column("enc", sa.LargeBinary(), nullable=True),
        sa.Column("ct", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conv", "number"],
            ["sc_wrapset.conv", "sc_wrapset.number"],
            name="sc_recipient_conv_number_fkey",
        ),
        sa.PrimaryKeyConstraint("conv", "number", "to", name="sc_recipient_pkey"),
    )
    op.create_index(
        "sc_recipient_to", "sc_recipient", ["to"], sqlite_where=_WRAPPED, postgresql_where=_WRAPPED
    )
    op.create_table(
        "sc_message",
        sa.Column("conv", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("e", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("by", sa.LargeBinary(), nullable=False),
        sa.Column("n", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("prev", sa.LargeBinary(), nullable=False),
        sa.Column("iv", sa.LargeBinary(), nullable=False),
        sa.Column("ct", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["conv"], ["sc_conversation.id"], name="sc_message_conv_fkey"),
        sa.PrimaryKeyConstraint("conv", "seq", name="sc_message_pkey"),
        sa.UniqueConstraint("conv", "by", "n", name="sc_message_conv_by_n_key"),
    )
    op.create_table(
        "sc_blob",
        sa.Column("conv", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["conv"], ["sc_conversation.id"], name="sc_blob_conv_fkey"),
        sa.PrimaryKeyConstraint("conv", "id", name="sc_blob_pkey"),
    )
    op.create_table(
        "sc_draft",
        sa.Column("conv", sa.LargeBinary(), nullable=False),
        sa.Column("author", sa.LargeBinary(), nullable=False),
        sa.Column("draft", sa.LargeBinary(), nullable=False),
        sa.Column("e", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("iv", sa.LargeBinary(), nullable=False),
        sa.Column("ct", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["conv"], ["sc_conversation.id"], name="sc_draft_conv_fkey"),
        sa.PrimaryKeyConstraint("conv", "author", name="sc_draft_pkey"),
    )


def _around() -> None:
    op.create_table(
        "sc_manifest",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("cert", sa.Text(), nullable=False),
        sa.Column("root_sig", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="sc_manifest_pkey"),
        sa.UniqueConstraint("hash", name="sc_manifest_hash_key"),
    )
    op.create_table(
        "sc_tombstone",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="sc_tombstone_pkey"),
    )
    op.create_table(
        "sc_count",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("day", "kind", name="sc_count_pkey"),
    )


def downgrade() -> None:
    """Take them away."""
    for name in (
        "sc_recipient",
        "sc_wrapset",
        "sc_token",
        "sc_message",
        "sc_guest",
        "sc_draft",
        "sc_blob",
        "sc_tombstone",
        "sc_manifest",
        "sc_count",
        "sc_conversation",
    ):
        op.drop_table(name)
