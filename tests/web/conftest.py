"""One county for all tests of the pages; a test that changes something gets its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.county import Desk, build, copy_of


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The county, for tests that only read."""
    made = build(tmp_path_factory.mktemp("county"))
    yield made
    made.world.store.close()


@pytest.fixture
def own_desk(desk: Desk, tmp_path: Path) -> Iterator[Desk]:
    """A county of the test's own, to decide in."""
    made = copy_of(desk, tmp_path / "county")
    yield made
    made.world.store.close()
