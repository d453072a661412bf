"""The record store: one engine, reading and writing units of work, SQLite or PostgreSQL by URL."""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from sqlalchemy import Connection, Executable, Select, Table, create_engine, event, literal, make_url, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from visits.store.columns import Base
from visits.store.errors import StoreBusy, StoreError, StoreUnavailable
from visits.store.locks import FileWriteLock, serving

logger = logging.getLogger(__name__)

WRITE_LOCK_TIMEOUT_S = 15.0
ROWS_AT_ONCE = 2000
# The race between a checkpoint and a commit that can damage a WAL file was mended in this version of SQLite.
FIRST_SQLITE_WITHOUT_WAL_RESET_RACE = (3, 51, 3)


@dataclass
class UnitOfWork:
    """One transaction, the key that opens what is sealed at rest, and what waits for the commit."""

    session: Session
    master_key: bytes = b""
    after_commit: list[Callable[[], None]] = field(default_factory=list)


class Store:
    """The way to the records. ``writing()`` commits at its end or not at all; ``reading()`` never writes."""

    def __init__(
        self, url: str, *, master_key: bytes = b"", write_lock_timeout_s: float = WRITE_LOCK_TIMEOUT_S
    ) -> None:
        """``write_lock_timeout_s`` is how long a writer waits for others before it says that the store is busy."""
        self._url = make_url(url)
        self._master_key = master_key
        self._write_lock_timeout_s = write_lock_timeout_s
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self.engine = create_engine(self._url, pool_pre_ping=not self.is_sqlite)
        self._write_lock: FileWriteLock | None = None
        if self.is_sqlite:
            self._prepare_sqlite()
        self._writers = sessionmaker(self.engine.execution_options(shidi_writes=True))
        self._readers = sessionmaker(self.engine)

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        """Commit when the block ends well, roll back when it raises; only edges (views, jobs, commands) use this."""
        with self.write_lock():
            try:
                with self._writers.begin() as session:
                    uow = UnitOfWork(session, self._master_key)
                    yield uow
            except OperationalError as reason:
                raise _told(reason) from reason
        for act in uow.after_commit:
            act()

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        """A unit of work that is rolled back at its end, whatever happened in it."""
        try:
            with self._readers() as session:
                yield UnitOfWork(session, self._master_key)
                session.rollback()
        except OperationalError as reason:
            raise _told(reason) from reason

    def write_lock(self) -> AbstractContextManager[None]:
        """The lock that every writer of a SQLite file takes; PostgreSQL needs none."""
        return self._write_lock.held() if self._write_lock else nullcontext()

    def serving(self) -> AbstractContextManager[None]:
        """The place of the one server process of a SQLite file; PostgreSQL takes any number."""
        return serving(self._sibling(".server")) if self.is_sqlite else nullcontext()

    def checkpoint(self) -> None:
        """Fold SQLite's write-ahead log into the file, while no commit can meet it (see ``_prepare_sqlite``).

        As far as it goes without waiting: a long reader (``shidi check``) would otherwise keep all writers out while
        this waits for it under the write lock. What is left is folded the next time.
        """
        if not self.is_sqlite:
            return
        with self.write_lock(), self.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")

    def wipe(self, *tables: str) -> None:
        """Return once nothing that was deleted or overwritten is left in the files of these tables.

        Both databases leave old rows in place for a while. SQLite writes its whole file anew; on either, writers wait.
        """
        with self.write_lock(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.exec_driver_sql(f"VACUUM FULL {', '.join(tables)}")
                return
            raw = connection.connection.cursor()
            raw.execute("VACUUM")
            is_busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if is_busy:
            raise StoreBusy("somebody reads what was there before; nothing is lost, please try again")

    @property
    def master_key(self) -> bytes:
        """What opens what is sealed at rest."""
        return self._master_key

    def ping(self) -> None:
        """Raise when the database does not answer."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        self.engine.dispose()
        if self._write_lock:
            self._write_lock.close()
            self._write_lock = None

    def _sibling(self, suffix: str) -> Path:
        database = Path(self._url.database or "")
        return database.with_name(database.name + suffix)

    def _prepare_sqlite(self) -> None:
        """Set what makes SQLite durable and fair.

        ``wal_autocheckpoint=0`` with own checkpoints under the write lock keeps a commit from ever meeting a
        checkpoint, which is how SQLite before 3.51.3 could damage its file.
        """
        if not self._url.database:
            raise ValueError("an in-memory database loses what it is told; give a file")
        if sqlite3.sqlite_version_info < FIRST_SQLITE_WITHOUT_WAL_RESET_RACE:
            logger.info("SQLite %s: checkpoints are made under the write lock", sqlite3.sqlite_version)
        self._write_lock = FileWriteLock(self._sibling(".lock"), timeout_s=self._write_lock_timeout_s)
        event.listen(self.engine, "connect", self._on_sqlite_connect)
        event.listen(self.engine, "begin", _on_sqlite_begin)

    def _on_sqlite_connect(self, connection: Any, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy's own BEGIN in ``_on_sqlite_begin`` is the only one
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={round(self._write_lock_timeout_s * 1000)}",
            "trusted_schema=OFF",
            "wal_autocheckpoint=0",
            "secure_delete=ON",  # What a rule removes is overwritten, however SQLite was built.
        ):
            connection.execute(f"PRAGMA {pragma}")


def _told(reason: OperationalError) -> StoreError:
    if "locked" in str(reason.orig):
        return StoreBusy("the record store is busy; nothing was written, please try again")
    logger.error("the record store does not answer: %s", reason.orig)
    return StoreUnavailable("the record store cannot be reached or cannot write; nothing was written")


def _on_sqlite_begin(connection: Connection) -> None:
    """A writer takes the write lock at once: a deferred BEGIN fails half of all read-then-write transactions."""
    writes = connection.get_execution_options().get("shidi_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def fetched_columns(uow: UnitOfWork, query: Select[*tuple[Any, ...]]) -> list[list[Any]]:
    """What a query for columns finds, column by column.

    For 80,000 rows: past the ORM, whose bookkeeping costs more than the query, and a part at a time, since Python's
    collector of cycles would else look through all rows again and again while they come.
    """
    uow.session.flush()  # Past the ORM nothing does this by itself.
    columns: list[list[Any]] = [[] for _ in query.selected_columns]
    for rows in uow.session.connection().execute(query).partitions(ROWS_AT_ONCE):
        for column, values in zip(columns, zip(*rows, strict=True), strict=True):
            column.extend(values)
    return columns


def insert_unless_there(uow: UnitOfWork, rows: type[Base], **values: Any) -> bool:
    """Insert one row unless a unique constraint says that it is there already; whether it was new.

    Two phones may say the same thing in the same moment; neither must fail for it.
    """
    statement = _insert_unless_there(cast(Table, rows.__table__), uow.session.get_bind().dialect.name)
    return uow.session.scalar(statement, values) is not None


def insert_those_not_there(uow: UnitOfWork, rows: type[Base], values: Sequence[Mapping[str, Any]]) -> None:
    """Insert, of many rows, those that no unique constraint says are there already."""
    if values:
        uow.session.execute(
            _insert_unless_there(cast(Table, rows.__table__), uow.session.get_bind().dialect.name, told=False), values
        )


@cache
def _insert_unless_there(table: Table, dialect_name: str, *, told: bool = True) -> Executable:
    """The statement, built once for a table: building it takes longer than running it."""
    statement = own_statements(dialect_name).insert(table).on_conflict_do_nothing()
    return cast(Executable, statement.returning(literal(1)) if told else statement)


def own_statements(dialect_name: str) -> ModuleType:
    """What this kind of database says in its own way; PostgreSQL's part is loaded by who uses PostgreSQL."""
    if dialect_name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql
    return sqlite


def lock_for_transaction(uow: UnitOfWork, name: str) -> None:
    """Let one transaction at a time go on from here, until its end.

    On SQLite a writing unit of work is alone already; on PostgreSQL an advisory lock makes it so for this name.
    """
    if uow.session.get_bind().dialect.name == "postgresql":
        uow.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})
