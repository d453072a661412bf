"""A real server on a county of its own and phones that are real browser windows, for all tests of the phone page."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from demo.server import Server, free_port
from tests.field.county import make_field_county
from tests.field.phone import PagePhone

VISITS = 60  # one page of fifty, and some more


@pytest.fixture(scope="session")
def field_county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder to copy from."""
    folder = tmp_path_factory.mktemp("field-county")
    make_field_county(folder, visits=VISITS)
    return folder


@pytest.fixture(scope="session")
def field_server(field_county: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that leave it running: a start takes seconds."""
    data_dir = tmp_path_factory.mktemp("field") / "data"
    shutil.copytree(field_county, data_dir)
    with Server(data_dir, free_port()) as running:
        yield running


@pytest.fixture
def own_server(field_county: Path, tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, to stop and start."""
    shutil.copytree(field_county, tmp_path / "data")
    with Server(tmp_path / "data", free_port()) as running:
        yield running


@pytest.fixture(scope="session")
def next_assignment(field_county: Path) -> Callable[[], str]:
    """Gives assignments that no other test has."""
    names = iter((field_county / "assignments").read_text().split())
    return lambda: next(names)


@pytest.fixture(scope="session")
def next_of_zhou(field_county: Path) -> Callable[[], str]:
    """The same of the inspector who has only a few, for tests in which a phone fetches all of them."""
    names = iter((field_county / "assignments-of-zhou").read_text().split())
    return lambda: next(names)


@pytest.fixture
def new_phone(new_context: Callable[..., BrowserContext], field_server: Server) -> Callable[..., PagePhone]:
    """A maker of phones with the page open: ``new_phone()``, ``new_phone(base_url=…, context=…)``."""

    def make(*, base_url: str | None = None, context: BrowserContext | None = None) -> PagePhone:
        return PagePhone(context or new_context("phone"), base_url or field_server.base_url)

    return make
