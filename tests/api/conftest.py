"""One application on a real, migrated SQLite store; each test works on its own copy."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from api.app import furnish, open_store, with_routes
from api.settings import read_settings
from tests.api.world import START, VILLAGE, Clock, World, settle
from tests.routes import shared_routes
from visits.access import actor_named
from visits.people import postings
from visits.store import Store, migrate


@pytest.fixture(scope="session")
def settled_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a migrated installation with the county in it; each test works on its own copy."""
    folder = tmp_path_factory.mktemp("settled") / "data"
    store = open_store(read_settings({}, data_dir=folder))
    migrate(store)
    settle(store, START)
    store.checkpoint()
    store.close()
    return folder


def open_world(folder: Path, app: Flask, **changes: Any) -> World:
    """The world of a data folder, living in these routes, with the settings changed where a test says so."""
    settings = replace(read_settings({}, data_dir=folder), **{"second_factor": "offered", **changes})
    store = open_store(settings)
    clock = Clock()
    furnish(app, settings, store, clock)
    with store.reading() as uow:
        known = postings(uow, actor_named(uow, "org"))
    return World(app, store, clock, settings, [p.id for p in known if p.village_code == VILLAGE])


@pytest.fixture
def make_world(settled_data: Path, tmp_path: Path) -> Iterator[Callable[..., World]]:
    """A maker of worlds on one data folder; the first lives in the routes that all tests share."""
    opened: list[Store] = []
    folder = tmp_path / "data"
    shutil.copytree(settled_data, folder)

    def make(**changes: Any) -> World:
        world = open_world(folder, with_routes() if opened else shared_routes(), **changes)
        opened.append(world.store)
        return world

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()
