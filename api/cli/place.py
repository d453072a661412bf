"""Where a command works and as whom: the data folder, its records and evidence, and the acting account."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from api.evidence import open_evidence
from api.map_tiles import tile_folder
from api.settings import Settings, read_settings
from media.proof import load_or_create_master_key
from media.store import EvidenceStore
from visits.access import Actor, actor_named
from visits.intake import photos_have_arrived
from visits.places import TileFolder
from visits.store import Store, UnitOfWork

Command = TypeVar("Command", bound=Callable[..., Any])


def _machines_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Place:
    """What the options before and after a command's name add up to; ``clock`` tells the time a command acts at."""

    environ: Mapping[str, str]
    data_dir: Path | None = None
    login: str | None = None
    clock: Callable[[], datetime] = _machines_clock

    def settings(self) -> Settings:
        """The settings of this installation."""
        return read_settings(self.environ, data_dir=self.data_dir)

    def evidence(self, store: Store) -> EvidenceStore:
        """The evidence store of this installation."""
        return evidence_beside(self.settings(), store)

    def tiles(self) -> TileFolder:
        """Where the map's tiles of this installation are."""
        return tile_folder(self.settings())

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The record store, closed at the end."""
        settings = self.settings()
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        store = Store(settings.database_url, master_key=load_or_create_master_key(settings.master_key_path))
        try:
            yield store
        finally:
            store.close()

    def actor(self, uow: UnitOfWork) -> Actor:
        """The account this command acts as; what it does is noted under that name."""
        if self.login is None:
            raise click.UsageError("say as whom, with --as LOGIN")
        return actor_named(uow, self.login)


def evidence_beside(settings: Settings, store: Store) -> EvidenceStore:
    """The evidence store that belongs to these records; refused when they name photos and the store is away."""
    with store.reading() as uow:
        return open_evidence(settings, create=not photos_have_arrived(uow))


def located(command: Command) -> Command:
    """Give a command ``--data``, also after its name."""
    return click.option("--data", "data_dir", type=click.Path(path_type=Path), help="The data folder.")(command)


def acting(command: Command) -> Command:
    """Give a command ``--data`` and ``--as``, also after its name."""
    return located(click.option("--as", "login", help="The login name of the account this acts as.")(command))


def here(context: click.Context, data_dir: Path | None, login: str | None = None) -> Place:
    """The place, with what was said after the command's name going first."""
    place = context.find_object(Place)
    if place is None:
        raise click.UsageError("this command is part of shidi")
    return replace(place, data_dir=data_dir or place.data_dir, login=login or place.login)


def now_utc() -> datetime:
    """The time at which a command acts: the machine's, unless its caller brought a clock, as a rehearsal does."""
    place = click.get_current_context().find_object(Place)
    return place.clock() if place is not None else _machines_clock()
