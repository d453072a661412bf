"""One memory of compiled statements for all databases of one kind, instead of one for each database.

A test opens a database of its own and with it a new engine, whose memory is empty: without this the same few hundred
statements would be compiled anew in every test, a quarter of what the domain tests cost. Only the text of statements
is shared, never a connection or a row. A server that a test starts is a process of its own and knows nothing of it.
"""

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import Dialect
from sqlalchemy.util import LRUCache

STATEMENTS = 4000

# By what a compiled statement depends on: the driver and the version of the server.
_shared: dict[tuple[str, str, object], tuple[Dialect, LRUCache]] = {}


def share_compiled_statements() -> None:
    """Let every connection from now on use the dialect, and so the statements, of the first one of its kind."""
    event.listen(Engine, "engine_connect", _share)


def _share(connection: Connection) -> None:
    own = connection.dialect
    kind = (own.name, own.driver, own.server_version_info)
    dialect, statements = _shared.setdefault(kind, (own, LRUCache(STATEMENTS)))
    connection.dialect = dialect
    connection.execution_options(compiled_cache=statements)
