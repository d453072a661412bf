"""A migrated store on both databases; every domain test runs on SQLite and on PostgreSQL with PostGIS.

The schema and the small county are made once for a process and copied for each test, which is much faster than
making them again.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.components import PostgresServer
from tests.visits.world import World, make_world, read_world
from visits.store import Store, migrate

MASTER_KEY = bytes(range(32))


@dataclass(frozen=True)
class Templates:
    """Two SQLite files to copy from: the bare schema, and the small county."""

    empty: Path
    county: Path


@pytest.fixture(scope="session")
def sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    folder = tmp_path_factory.mktemp("templates")
    made = Templates(folder / "empty.sqlite", folder / "county.sqlite")
    with open_store(f"sqlite:///{made.empty}") as store:
        migrate(store)
    shutil.copyfile(made.empty, made.county)
    with open_store(f"sqlite:///{made.county}") as store:
        make_world(store)
    return made


@pytest.fixture(scope="session")
def postgres_templates(postgres_server: PostgresServer) -> Iterator[dict[str, str]]:
    """Names of two databases to copy from, of this process alone."""
    plain = postgres_server.address.set(drivername="postgresql").render_as_string(hide_password=False)
    names = {kind: f"shidi_{kind}_{uuid4().hex[:12]}" for kind in ("empty", "county")}
    with psycopg.connect(plain, autocommit=True) as admin:
        copy_from = postgres_server.template or "template1"
        for kind, name in names.items():
            admin.execute(f"create database {name} template {copy_from}")
            with open_store(postgres_server.address.set(database=name).render_as_string(hide_password=False)) as store:
                if kind == "empty":
                    migrate(store)
                else:
                    make_world(store)
            copy_from = name
        yield names
        for name in names.values():
            admin.execute(f"drop database {name} with (force)")


@contextmanager
def open_store(url: str) -> Iterator[Store]:
    store = Store(url, master_key=MASTER_KEY)
    yield store
    store.checkpoint()
    store.close()


@pytest.fixture
def sqlite_store(tmp_path: Path, sqlite_templates: Templates) -> Iterator[Store]:
    """A fresh, empty SQLite store of its own."""
    path = tmp_path / "shidi.sqlite"
    shutil.copyfile(sqlite_templates.empty, path)
    with open_store(f"sqlite:///{path}") as store:
        yield store


BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A fresh, empty store, once on each database."""
    yield from fresh_store(request, "empty")


@pytest.fixture(params=BOTH)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """The small county of ``tests.visits.world``, once on each database."""
    for store in fresh_store(request, "county"):
        yield read_world(store)


def fresh_store(request: pytest.FixtureRequest, kind: str) -> Iterator[Store]:
    if request.param == "sqlite":
        path = request.getfixturevalue("tmp_path") / "shidi.sqlite"
        shutil.copyfile(getattr(request.getfixturevalue("sqlite_templates"), kind), path)
        url = f"sqlite:///{path}"
    else:
        make_database: Callable[..., str] = request.getfixturevalue("postgres_url")
        url = make_database(template=request.getfixturevalue("postgres_templates")[kind])
    with open_store(url) as store:
        yield store
