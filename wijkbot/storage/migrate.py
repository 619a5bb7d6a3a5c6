"""How does a database become the one this code knows?"""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from wijkbot.storage.schema import MIGRATIONS, connection, refuse_newer, revision_of


def upgrade(url: str) -> None:
    """Bring the database to the newest schema, in one transaction; harmless when it is.

    Raises:
        DatabaseTooNew: a newer wijkbot made it; nothing is changed.
    """
    with connection(url) as conn:
        bring(conn)
        conn.commit()


def bring(conn: Connection, revision: str = "head") -> None:
    """As :func:`upgrade`, to that revision and in the caller's transaction."""
    refuse_newer(revision_of(conn))  # begins the transaction, which Alembic then leaves open
    config = config_of_alembic()
    config.attributes["connection"] = conn
    command.upgrade(config, revision)


def config_of_alembic() -> Config:
    """Where Alembic finds our migrations."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
