"""What several tests of the demo need: the county's villages with their synthetic positions, worked out once."""

import pytest

from demo.county import sample_county
from demo.places import Placed, place_villages


@pytest.fixture(scope="session")
def placed() -> dict[str, Placed]:
    return place_villages(sample_county())
