"""The schema in the database is the one declared in code, on both databases."""

import importlib
from pathlib import Path

import visits
from visits.store import Store, migrate, schema_differences, schema_is_current


def test_the_migrations_make_exactly_the_declared_tables(store: Store) -> None:
    for rows in sorted(Path(visits.__file__).parent.glob("*/rows.py")):
        importlib.import_module(f"visits.{rows.parent.name}.rows")
    assert schema_differences(store) == []
    assert schema_is_current(store)


def test_migrating_again_changes_nothing(store: Store) -> None:
    migrate(store)
    assert schema_is_current(store)


def test_an_empty_database_is_not_current(tmp_path: Path) -> None:
    empty = Store(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    assert not schema_is_current(empty)
    empty.close()
