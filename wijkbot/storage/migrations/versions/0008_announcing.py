"""What do photos, pins and later changes of announcements add to the tables?"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ZERO = sa.text("0")


def upgrade() -> None:
    """Add the table of photos, what an announcement changes, and what a planned one carries."""
    op.create_table(
        "photo",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("data_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("alt_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("mime_type", sa.Text(), nullable=False),
        sa.Column("width", sa.BigInteger(), server_default=_ZERO, nullable=False),
        sa.Column("height", sa.BigInteger(), server_default=_ZERO, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="photo_pkey"),
    )
    op.create_index("photo_expires_at", "photo", ["expires_at"])
    empty = sa.text("''")
    op.add_column("broadcast", sa.Column("act", sa.Text(), server_default=empty, nullable=False))
    op.add_column("broadcast", sa.Column("amends", _BIG, nullable=True))
    op.add_column("schedule", sa.Column("extras", sa.Text(), server_default=empty, nullable=False))


def downgrade() -> None:
    """Take them away."""
    with op.batch_alter_table("schedule") as table:
        table.drop_column("extras")
    with op.batch_alter_table("broadcast") as table:
        table.drop_column("amends")
        table.drop_column("act")
    op.drop_table("photo")
