"""A county made once and copied where a test needs one of its own, and servers on the copies."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo.phone import Phone
from demo.server import Server, free_port
from tests.reliability.quick import QuickServer
from tests.reliability.rig import INSPECTORS, make_county, open_visit, sign_in


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder to copy from."""
    folder = tmp_path_factory.mktemp("county")
    make_county(folder, visits=40)
    return folder


@pytest.fixture
def server(county: Path, tmp_path: Path) -> Iterator[Server]:
    """A running server on a data folder of its own."""
    shutil.copytree(county, tmp_path / "data")
    with QuickServer(tmp_path / "data", free_port()) as running:
        yield running


@pytest.fixture(scope="module")
def shared_server(county: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests that leave it running, each with visits of its own: a start takes seconds."""
    data_dir = tmp_path_factory.mktemp("shared") / "data"
    shutil.copytree(county, data_dir)
    with QuickServer(data_dir, free_port()) as running:
        yield running


@pytest.fixture(scope="module")
def new_phone(shared_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Phone]:
    """Gives phones that have opened a visit which no other test has."""
    folder = tmp_path_factory.mktemp("phones")
    signed_in = sign_in(folder / "lin", shared_server.base_url, INSPECTORS[0])
    assignments = iter((shared_server.data_dir / "assignments").read_text().split())

    def open_next() -> Phone:
        assignment_id = next(assignments)
        return open_visit(signed_in, folder / assignment_id, assignment_id)

    return open_next
