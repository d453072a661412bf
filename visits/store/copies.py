"""All records as one file, the same moment of everything, while others go on writing; and the way back.

SQLite writes its own copy (``VACUUM INTO``). PostgreSQL's comes from its own tools, ``pg_dump`` and ``pg_restore``,
which have to be installed where the command runs, and be no older than the server.
"""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL, create_engine, inspect, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from visits.store.database import Store, UnitOfWork
from visits.store.errors import CopyFailed, NotEmpty

_VERSIONS = "alembic_version"


@contextmanager
def copied(store: Store, path: Path) -> Iterator[UnitOfWork]:
    """Write all records into the file at ``path``; yields a unit of work that reads exactly what was copied.

    The file is durable when the block begins. Writers are not kept waiting.
    """
    if store.is_sqlite:
        with store.engine.connect() as connection:
            raw = connection.connection.cursor()
            try:
                raw.execute("VACUUM INTO ?", (str(path),))
            except sqlite3.OperationalError as reason:
                raise CopyFailed(f"the records could not be copied: {reason}") from reason
        _make_durable(path)
        with _reading_file(path, store.master_key) as uow:
            yield uow
        return
    engine = store.engine.execution_options(isolation_level="REPEATABLE READ")
    with Session(engine) as session:
        snapshot = session.scalar(text("SELECT pg_export_snapshot()"))
        _run_tool("pg_dump", store.engine.url, "--format=custom", f"--snapshot={snapshot}", f"--file={path}")
        _make_durable(path)
        yield UnitOfWork(session, store.master_key)
        session.rollback()


def fill_empty(url: str, path: Path) -> None:
    """Put copied records into a database that has none; all of them or nothing.

    Raises :class:`NotEmpty` when there are records already.
    """
    database = make_url(url)
    refuse_unless_empty(url)
    if database.get_backend_name() != "sqlite":
        options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments")
        _run_tool("pg_restore", database, *options, str(path))
        return
    target = Path(database.database or "")
    draft = target.with_name(target.name + ".restoring")
    draft.unlink(missing_ok=True)
    with path.open("rb") as source, draft.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        while block := source.read(1 << 20):
            file.write(block)
    _make_durable(draft)
    try:
        # Linked, since that refuses a file which came between our look and now.
        os.link(draft, target)
    except FileExistsError:
        raise _not_empty() from None
    finally:
        draft.unlink()
    _make_durable(target.parent)


def refuse_unless_empty(url: str) -> None:
    """Raise :class:`NotEmpty` when a database has records of ours already."""
    database = make_url(url)
    if database.get_backend_name() == "sqlite":
        # A write-ahead log of another file would be folded into this one.
        if any(Path(f"{database.database}{suffix}").exists() for suffix in ("", "-wal", "-journal")):
            raise _not_empty()
        return
    engine = create_engine(database)
    try:
        with engine.connect() as connection:
            if inspect(connection).has_table(_VERSIONS):
                raise _not_empty()
    except OperationalError as reason:
        raise CopyFailed("the database to restore into cannot be reached; make an empty one first") from reason
    finally:
        engine.dispose()


@contextmanager
def _reading_file(path: Path, master_key: bytes) -> Iterator[UnitOfWork]:
    """A unit of work on a copied SQLite file that leaves every byte of it as it is."""
    engine = create_engine(f"sqlite:///file:{path}?mode=ro&immutable=1&uri=true")
    try:
        with closing(Session(engine)) as session:
            yield UnitOfWork(session, master_key)
    finally:
        engine.dispose()


def _run_tool(tool: str, database: URL, *options: str) -> None:
    # The password goes by the environment: arguments are seen by every account of the machine.
    address = database.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environ = {**os.environ, **({"PGPASSWORD": str(database.password)} if database.password else {})}
    try:
        done = subprocess.run(
            [tool, f"--dbname={address}", *options], env=environ, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise CopyFailed(f"{tool} is not installed here; it comes with PostgreSQL's client programs") from None
    if done.returncode:
        raise CopyFailed(f"{tool} failed: {done.stderr.strip()[-500:]}")


def _make_durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _not_empty() -> NotEmpty:
    return NotEmpty("there are records already; what is there is never overwritten, restore into an empty place")
