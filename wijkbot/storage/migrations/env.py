"""How does Alembic reach the database? Over the connection that migrate.py opened."""

from __future__ import annotations

from alembic import context

from wijkbot.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
