"""Stories that are told once and kept: databases to copy from, so that no test plays what another has played already.

``stories.world(...)`` is the small county. ``world.kept(story)`` brings it to where ``story`` leads: the first time the
story is told through the verbs, and the database it left is kept as a template; every later test of the process gets
a copy of that. ``docs/testing.md`` says how to use it.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import uuid4

import psycopg
from sqlalchemy import event

from tests.components import PostgresServer
from tests.visits.world import Devices, Phone, World, make_world
from visits.store import Store, migrate

MASTER_KEY = bytes(range(32))
T = TypeVar("T")


class Shelf(Protocol):
    """Databases of one kind by name; a copy is made while nobody is connected to what is copied."""

    def copy(self, source: str | None, name: str) -> None:
        """Make ``name`` a copy of ``source``, or an empty database."""

    def url(self, name: str) -> str: ...

    def drop(self, name: str) -> None: ...


@dataclass(frozen=True)
class SqliteShelf:
    """Each database is a folder with its file and what SQLite keeps beside it."""

    folder: Path

    def copy(self, source: str | None, name: str) -> None:
        self._file(name).parent.mkdir(parents=True)
        if source is not None:
            shutil.copyfile(self._file(source), self._file(name))

    def url(self, name: str) -> str:
        return f"sqlite:///{self._file(name)}"

    def drop(self, name: str) -> None:
        shutil.rmtree(self._file(name).parent)

    def _file(self, name: str) -> Path:
        return self.folder / name / "shidi.sqlite"


@dataclass(frozen=True)
class PostgresShelf:
    """Each database is one of the server, with PostGIS in it."""

    server: PostgresServer
    admin: psycopg.Connection[Any]

    def copy(self, source: str | None, name: str) -> None:
        self.server.make(self.admin, name, source)

    def url(self, name: str) -> str:
        return self.server.address.set(database=name).render_as_string(hide_password=False)

    def drop(self, name: str) -> None:
        self.server.drop(self.admin, name)


@dataclass(frozen=True)
class Kept:
    """What a story left behind: a database, the phones not used yet, what it returned, and what it built on."""

    story: object
    database: str
    devices: Devices
    told: Any
    before: "Kept | None" = None

    def chain(self) -> "Iterator[Kept]":
        """This one and all that it builds on, down to the county."""
        yield self
        if self.before is not None:
            yield from self.before.chain()


class Stories:
    """The stories that this process has told so far, on one kind of database."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._kept: dict[object, Kept] = {}
        self._county: Kept | None = None
        self.empty = new_name()
        shelf.copy(None, self.empty)
        with opened(shelf.url(self.empty)) as store:
            migrate(store)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """A fresh store with the bare schema."""
        name = new_name()
        self.shelf.copy(self.empty, name)
        with opened(self.shelf.url(name)) as store:
            yield store
        self.shelf.drop(name)

    @contextmanager
    def world(self) -> Iterator[World]:
        """The small county, in a database that is copied when the test first asks for it."""
        world = KeptWorld(self, self._county or self._make_county())
        yield world
        world.leave()

    def find(self, before: Kept, story: object) -> Kept | None:
        return self._kept.get((before.database, story))

    def keep(self, before: Kept, kept: Kept) -> None:
        self._kept[before.database, kept.story] = kept

    def copy(self, store: Store) -> str:
        """The name of a copy of the database as ``store`` has it now; the store stays open."""
        store.checkpoint()
        store.engine.dispose()
        name = new_name()
        self.shelf.copy(_name_of(store), name)
        return name

    def open(self, kept: Kept) -> Store:
        """A store on a copy of what was kept."""
        name = new_name()
        self.shelf.copy(kept.database, name)
        return Store(self.shelf.url(name), master_key=MASTER_KEY)

    def drop(self, store: Store) -> None:
        store.close()
        self.shelf.drop(_name_of(store))

    def drop_all(self) -> None:
        counties = [self._county] if self._county else []
        for name in (self.empty, *(kept.database for kept in (*counties, *self._kept.values()))):
            self.shelf.drop(name)

    def _make_county(self) -> Kept:
        with self.store() as store:
            made = make_world(store)
            devices = {name: made.new_phone(name) for name in ("first", "second", "third")}
            self._county = Kept(None, self.copy(store), devices, (made.actors, made.postings))
        return self._county


class KeptWorld(World):
    """A world whose database is copied from what was kept last, at the moment when it is first used."""

    def __init__(self, stories: Stories, county: Kept) -> None:
        self.actors, self.postings = deepcopy(county.told)
        self._stories = stories
        self._store: Store | None = None
        self._begin_from(county)

    @property
    def store(self) -> Store:
        if self._store is None:
            self._store = self._stories.open(self._from)
            event.listen(self._store.engine, "commit", self._has_changed)
        return self._store

    def kept(self, story: Callable[..., T], *args: object) -> T:
        """What ``story(world, *args)`` returned, with the world as it left it; comes before anything is changed.

        A story that the last kept one builds on is not told again: the world is further on already.
        """
        if self._changed:
            raise RuntimeError("a kept story begins with the county as it is, or with another kept story")
        name = (story.__module__, story.__qualname__, args)
        if earlier := next((kept for kept in self._from.chain() if kept.story == name), None):
            return deepcopy(earlier.told)
        if (known := self._stories.find(self._from, name)) is None:
            return self._tell(name, story, args)
        self.leave()
        self._begin_from(known)
        return deepcopy(known.told)

    def open_visit(self, *who: str, **how: Any) -> list[Phone]:
        """As everywhere; the visit that most tests are about is opened once for all of them."""
        if who or how or self._changed or self._from.story is not None:
            return super().open_visit(*who, **how)
        return self.kept(World.open_visit)

    def leave(self) -> None:
        """Drop the copy, if there is one."""
        if self._store is not None:
            self._stories.drop(self._store)
            self._store = None

    def _tell(self, name: object, story: Callable[..., T], args: tuple[object, ...]) -> T:
        began = self._from
        told = story(self, *args)
        kept = Kept(name, self._stories.copy(self.store), dict(self.devices), deepcopy(told), before=self._from)
        self._stories.keep(began, kept)
        self._from, self._changed = kept, False
        return told

    def _begin_from(self, kept: Kept) -> None:
        self._from, self._changed = kept, False
        self.devices = dict(kept.devices)

    def _has_changed(self, _connection: object) -> None:
        self._changed = True


@contextmanager
def opened(url: str) -> Iterator[Store]:
    store = Store(url, master_key=MASTER_KEY)
    yield store
    store.checkpoint()
    store.close()


def new_name() -> str:
    return f"shidi_test_{uuid4().hex[:16]}"


def _name_of(store: Store) -> str:
    database = str(store.engine.url.database)
    return Path(database).parent.name if store.is_sqlite else database
