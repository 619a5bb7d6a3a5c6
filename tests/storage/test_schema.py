"""Is the schema the one of the code, on both databases, and is every column accounted for?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Connection, create_engine, inspect, text

from tests.storage.house import House
from wijkbot import storage
from wijkbot.storage import migrate, schema
from wijkbot.storage.errors import (
    DatabaseAway,
    DatabaseRefused,
    DatabaseTooNew,
    DatabaseTooOld,
    StorageProblem,
)
from wijkbot.storage.open import open_database
from wijkbot.storage.tables import metadata


def _differences(conn: Connection) -> list[Any]:
    context = MigrationContext.configure(
        conn, opts={"compare_type": True, "compare_server_default": True}
    )
    return [
        difference
        for difference in compare_metadata(context, metadata)
        if "alembic_version" not in repr(difference)
    ]


def _checks(conn: Connection) -> dict[str, set[str | None]]:
    inspector = inspect(conn)
    return {
        name: {check["name"] for check in inspector.get_check_constraints(name)}
        for name in metadata.tables
    }


@pytest.mark.storage
async def test_the_migrated_schema_is_the_one_in_the_code(house: House) -> None:
    assert await house.database.read(_differences) == []
    wanted = {
        name: {str(one.name) for one in table.constraints if isinstance(one, CheckConstraint)}
        for name, table in metadata.tables.items()
    }
    assert await house.database.read(_checks) == wanted


def test_the_schemas_known_by_their_files_are_those_of_alembic() -> None:
    scripts = ScriptDirectory.from_config(migrate.config_of_alembic())
    assert [one.revision for one in scripts.walk_revisions()] == list(reversed(schema.known()))
    assert scripts.get_current_head() == schema.head()


@pytest.mark.storage
def test_upgrading_twice_does_no_harm(database_url: str) -> None:
    migrate.upgrade(database_url)
    assert schema.current(database_url) == schema.head()


def _stamp(url: str, revision: str) -> None:
    engine = create_engine(url)
    with engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})
    engine.dispose()


def test_a_database_of_a_newer_wijkbot_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    migrate.upgrade(url)
    _stamp(url, "9999")
    with pytest.raises(DatabaseTooNew, match="install the newer wijkbot"):
        open_database(url)
    with pytest.raises(DatabaseTooNew):
        migrate.upgrade(url)


def test_a_database_that_was_never_upgraded_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(DatabaseTooOld, match="wijkbot db upgrade"):
        open_database(f"sqlite:///{tmp_path}/old.db")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("sqlite:////nowhere/at/all/wijkbot.db", DatabaseAway),
        ("postgresql://nobody@127.0.0.1:1/none", DatabaseAway),
        ("sqlite://", DatabaseRefused),
        ("mysql://somewhere/else", DatabaseRefused),
        ("wijkbot.db", DatabaseRefused),
    ],
)
def test_a_database_that_cannot_be_opened_says_why(url: str, kind: type[StorageProblem]) -> None:
    with pytest.raises(kind) as caught:
        open_database(url)
    assert caught.value.remedy


def test_every_column_has_a_line_in_the_data_map() -> None:
    path = Path(storage.__file__).parent / "data_map.yaml"
    known = yaml.safe_load(path.read_text(encoding="utf-8"))
    columns = {
        (table.name, column.name) for table in metadata.tables.values() for column in table.c
    }
    assert columns == {(table, column) for table, lines in known.items() for column in lines}
    for lines in known.values():
        for line in lines.values():
            assert set(line) == {"purpose", "basis", "retention"}
            assert all(isinstance(word, str) and word for word in line.values())
