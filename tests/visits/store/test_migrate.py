"""The schema in the database is the one declared in code, on both databases."""

import importlib
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

import visits
from visits.store import Store, migrate, schema_differences, schema_is_current
from visits.store.migrate import MIGRATIONS, newest_schema


def test_the_migrations_make_exactly_the_declared_tables(store: Store) -> None:
    for rows in sorted(Path(visits.__file__).parent.glob("*/rows.py")):
        importlib.import_module(f"visits.{rows.parent.name}.rows")
    assert schema_differences(store) == []
    assert schema_is_current(store)


def test_migrating_again_changes_nothing(store: Store) -> None:
    migrate(store)
    assert schema_is_current(store)


@pytest.mark.parametrize("stands_at", ["0001", "9999", None])
def test_a_database_of_another_release_is_not_current(store: Store, stands_at: str | None) -> None:
    with store.writing() as uow:
        uow.session.execute(text("DELETE FROM alembic_version"))
        if stands_at is not None:
            uow.session.execute(text("INSERT INTO alembic_version VALUES (:it)"), {"it": stands_at})
    assert not schema_is_current(store)


def test_the_migration_with_the_highest_number_is_the_last_of_one_chain() -> None:
    assert newest_schema() == ScriptDirectory(str(MIGRATIONS)).get_current_head()


def test_an_empty_database_is_not_current(tmp_path: Path) -> None:
    empty = Store(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    assert not schema_is_current(empty)
    empty.close()
