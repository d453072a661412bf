"""An inspector who has announced a photo."""

import pytest

from tests.api.uploads.pieces import DATA
from tests.api.world import Phone, World, photo_body


@pytest.fixture
def announced(world: World) -> tuple[Phone, str]:
    """An inspector whose visit has announced ``DATA``."""
    lin = world.phone("lin")
    visit_id = world.opened(lin)
    assert lin.deliver(visit_id, lin.record(visit_id, "photo", photo_body(DATA))).status_code == 200
    return lin, visit_id
