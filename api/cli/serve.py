"""``shidi serve``: the server, ready for real use on one machine."""

import contextlib
import gc
import logging
import resource
import select
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import click

from api.cli.place import evidence_beside, here, located
from api.settings import Settings

THREADS = 8
# A slow phone holds a connection, not a thread, so there may be many more of them.
MOST_CONNECTIONS = 2000
SPARE_FILES = 256
ENVELOPE_BYTES = 64 * 1024

_PACKAGES = Path(__file__).resolve().parents[2]
_MIGRATION = """
import sys
sys.path.insert(0, sys.argv[1])
from api.cli.serve import migrate_alone
migrate_alone(sys.stdin.read())
"""


@click.command()
@click.option("--host", help="The address to listen on; 127.0.0.1 if not given.")
@click.option("--port", type=click.IntRange(0, 65_535), help="The port to listen on; 8000 if not given.")
@located
@click.pass_context
def serve(context: click.Context, host: str | None, port: int | None, data_dir: Path | None) -> None:
    """Serve the desk and the API until stopped; the schema is brought up to date first."""
    settings = here(context, data_dir).settings()
    settings = replace(settings, host=host or settings.host, port=settings.port if port is None else port)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    _allow_many_connections()
    _serve(settings)


def _serve(settings: Settings) -> None:
    import waitress

    from api.app import create_app, open_store
    from api.http.house import EXTENSION, House
    from visits.places import redraw_lost_tiles
    from visits.review import begin_reviews
    from visits.store import schema_is_current
    from visits.upkeep import begin_blurring, begin_daily_checkpoints

    store = open_store(settings)
    with contextlib.closing(store), store.serving():
        if not schema_is_current(store):
            _bring_up_to_date(settings.database_url)
        evidence_beside(settings, store)
        app = create_app(settings, store)
        house: House = app.extensions[EXTENSION]
        server = waitress.create_server(app, **_waitress_options(settings))
        for stop_signal in (signal.SIGTERM, signal.SIGINT):
            signal.signal(stop_signal, _stop)
        with store.writing() as uow:
            begin_daily_checkpoints(uow, at_utc=house.clock())
            begin_blurring(uow, at_utc=house.clock())
            redraw_lost_tiles(uow, house.tiles, at_utc=house.clock())
            begin_reviews(uow, at_utc=house.clock())
        # What is there for good is no longer looked through each time a large answer makes Python search for cycles.
        gc.collect()
        gc.freeze()
        house.jobs.start()
        try:
            click.echo(f"Shidi is at http://{settings.host}:{server.effective_port}/desk/ (stop with Ctrl-C)")
            sys.stdout.flush()
            # Waitress ends its loop on SystemExit and lets the requests at hand finish.
            server.run()
        finally:
            server.close()
            house.jobs.stop()
            store.checkpoint()


def _waitress_options(settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "threads": THREADS,
        "connection_limit": MOST_CONNECTIONS,
        "asyncore_use_poll": hasattr(select, "poll"),
        "max_request_body_size": max(settings.max_body_bytes, settings.max_photo_bytes, settings.max_export_bytes)
        + ENVELOPE_BYTES,
        "ident": None,
        "clear_untrusted_proxy_headers": True,
    }
    if settings.trusted_proxy is not None:
        options["trusted_proxy"] = settings.trusted_proxy
        options["trusted_proxy_headers"] = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}
    return options


def _bring_up_to_date(database_url: str) -> None:
    """Migrate in a process of its own: what that loads (50 MB) would stay in the server for its whole life."""
    done = subprocess.run(
        [sys.executable, "-c", _MIGRATION, str(_PACKAGES)],
        # Not as an argument: an address may hold a password, and arguments are seen by every account of the machine.
        input=database_url,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise click.ClickException(f"the schema could not be brought up to date:\n{done.stderr}")


def migrate_alone(database_url: str) -> None:
    """Bring the database to the schema of this release; what the process of a migration does."""
    from visits.store import Store, migrate

    with contextlib.closing(Store(database_url)) as store:
        migrate(store)


def _allow_many_connections() -> None:
    """Raise this process's own limit of open files, within what the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def _stop(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(0)
