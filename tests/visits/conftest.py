"""A migrated store on both databases; every domain test runs on SQLite and on PostgreSQL with PostGIS.

The schema, the small county and every story that several tests begin with are made once for a process and copied for
each test, which is much faster than making them again; see ``tests.visits.stories``.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from tests.components import PostgresServer, quick_folder
from tests.visits.stories import PostgresShelf, SqliteShelf, Stories
from tests.visits.world import World
from visits.store import Store


@pytest.fixture(scope="session")
def sqlite_stories() -> Iterator[Stories]:
    with TemporaryDirectory(prefix="shidi-tests-", dir=quick_folder()) as folder:
        yield Stories(SqliteShelf(Path(folder)))


@pytest.fixture(scope="session")
def postgres_stories(postgres_server: PostgresServer) -> Iterator[Stories]:
    with psycopg.connect(postgres_server.plain_address, autocommit=True) as admin:
        stories = Stories(PostgresShelf(postgres_server, admin))
        yield stories
        stories.drop_all()


@pytest.fixture
def sqlite_store(sqlite_stories: Stories) -> Iterator[Store]:
    """A fresh, empty SQLite store of its own."""
    with sqlite_stories.store() as store:
        yield store


BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A fresh, empty store, once on each database."""
    with stories_of(request).store() as store:
        yield store


@pytest.fixture(params=BOTH)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """The small county of ``tests.visits.world``, once on each database."""
    with stories_of(request).world() as world:
        yield world


def stories_of(request: pytest.FixtureRequest) -> Stories:
    stories: Stories = request.getfixturevalue(f"{request.param}_stories")
    return stories
