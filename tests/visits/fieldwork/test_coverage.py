"""The small status file stays small."""

import gzip
import json
import random
from datetime import date, timedelta

from api.resources.fieldwork import CoverageStatusOut
from visits.fieldwork import CoverageStatus
from visits.places import TileSetView


def test_the_status_of_twenty_thousand_villages_fits_into_forty_kilobytes() -> None:
    dice = random.Random(4)
    villages = 20_000
    visited = [dice.random() < 0.7 for _ in range(villages)]
    status = CoverageStatus(
        tiles=[TileSetView(f"{350_000 + county}", f"{dice.getrandbits(256):064x}") for county in range(90)],
        numbers=[(1, villages)],
        first_day=date(2026, 1, 1) - timedelta(days=320),
        last_day=[dice.randrange(320) if one else None for one in visited],
        slots=[dice.choice((1, 2, 2, 2, 4, 6, 6, 8, 14)) if one else 0 for one in visited],
    )
    told = json.dumps(CoverageStatusOut().dump(status), separators=(",", ":")).encode()
    assert len(gzip.compress(told, mtime=0)) <= 40_000
