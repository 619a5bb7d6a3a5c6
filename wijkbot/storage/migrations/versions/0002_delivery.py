"""What do announcements to many, schedules and dead letters add to the tables?"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_SCHEDULE = ("item_id", "audience", "created_by")
_BUSY = ("conversation", "lane", "chat")
_TROUBLE = sa.text("status IN (5, 8)")
_DUE = sa.text("due_at IS NOT NULL")
_COUNTS = ("cursor", "queued", "skipped", "lease")


def upgrade() -> None:
    """Add the columns, and room for updates in place on PostgreSQL."""
    op.add_column("broadcast", _text("audience"))
    op.add_column("broadcast", sa.Column("values_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("broadcast", sa.Column("due_at", sa.BigInteger(), nullable=True))
    for name in _COUNTS:
        zero = sa.text("0")
        op.add_column(
            "broadcast", sa.Column(name, sa.BigInteger(), server_default=zero, nullable=False)
        )
    for name in _SCHEDULE:
        op.add_column("schedule", _text(name))
    op.create_index(
        "broadcast_due_at", "broadcast", ["due_at"], sqlite_where=_DUE, postgresql_where=_DUE
    )
    op.create_index(
        "outbox_trouble", "outbox", ["status"], sqlite_where=_TROUBLE, postgresql_where=_TROUBLE
    )
    _storage("SET (fillfactor = 75, autovacuum_vacuum_scale_factor = 0.02)")


def downgrade() -> None:
    """Take them away; dead letters become refused ones."""
    _storage("RESET (fillfactor, autovacuum_vacuum_scale_factor)")
    op.drop_index("outbox_trouble", "outbox")
    op.drop_index("broadcast_due_at", "broadcast")
    op.execute("UPDATE outbox SET status = 6, values_sealed = NULL WHERE status = 8")
    for name in _SCHEDULE:
        op.drop_column("schedule", name)
    for name in (*_COUNTS, "due_at", "values_sealed", "audience"):
        op.drop_column("broadcast", name)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=sa.text("('')"), nullable=False)


def _storage(parameters: str) -> None:
    """These rows change often and grow little: leave room on their pages, and clean early."""
    if op.get_bind().dialect.name == "postgresql":
        for name in _BUSY:
            op.execute(f"ALTER TABLE {name} {parameters}")
