"""Bring a database to the schema of this release, and say where it differs.

Alembic is imported inside, since the server process has no use for it where the schema is current.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, inspect, text

from visits.store.columns import Base
from visits.store.database import Store, UnitOfWork

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(store: Store) -> None:
    """Upgrade to the newest revision; safe to call again."""
    from alembic import command

    with store.write_lock(), store.engine.begin() as connection:
        command.upgrade(_config(connection), "head")


def schema_is_current(store: Store) -> bool:
    """Whether the database stands at the newest revision."""
    with store.reading() as uow:
        is_ours = inspect(uow.session.connection()).has_table("alembic_version")
        return is_ours and schema_of(uow) == newest_schema()


def newest_schema() -> str:
    """The revision that this release brings a database to.

    Told by the names of the migrations, whose numbers only go up: every start of the server asks, and to load Alembic
    would cost it more than the answer.
    """
    return max(path.name for path in MIGRATIONS.glob("versions/[0-9]*.py")).partition("_")[0]


def schema_of(uow: UnitOfWork) -> str:
    """The revision that a database stands at."""
    return str(uow.session.scalar(text("SELECT version_num FROM alembic_version")))


def is_known_schema(revision: str) -> bool:
    """Whether this release knows a revision, and so can bring it up to date; not one of a later release."""
    from alembic.script import ScriptDirectory

    return revision in {one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}


def schema_differences(store: Store) -> list[Any]:
    """What the tables of the database lack or have beyond the rows declared in code; empty when they agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": only_ours, "compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def only_ours(name: str | None, type_: str, _parents: object) -> bool:
    """Leave out tables that belong to the engine or to PostGIS."""
    return type_ != "table" or name in Base.metadata.tables


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
