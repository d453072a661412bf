"""Keeping an installation well: a lost file of tiles is told by the check and drawn again by a command."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.app import open_store
from api.jobs import draw_county
from api.map_tiles import tile_folder
from api.settings import read_settings
from tests.api.cli.folder import Folder
from tests.api.cli.test_cli import with_villages
from tests.api.world import COUNTY


def with_tiles(folder: Folder) -> Path:
    """Import a boundary and have it drawn; the file of the tiles."""
    with_villages(folder)
    ring = [[119.40, 27.25], [119.44, 27.25], [119.44, 27.28], [119.40, 27.28], [119.40, 27.25]]
    area = {
        "type": "Feature",
        "properties": {"code": "350924100201"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    file = folder.path / "areas.geojson"
    file.write_text(json.dumps(area), encoding="utf-8")
    said = ("--datum", "wgs84", "--quality", "map", "--source", "test", "--licence", "none")
    answer = folder.run("import", "areas", file, *said, login="root")
    assert answer.exit_code == 0, answer.output
    settings = read_settings({}, data_dir=folder.data)
    store = open_store(settings)
    draw_county(store, tile_folder(settings), COUNTY, lambda: datetime.now(UTC))
    store.close()
    [drawn] = (folder.data / "tiles" / COUNTY).glob("*.mbtiles")
    return drawn


@pytest.mark.parametrize("how", ["missing", "damaged"])
def test_lost_tiles_are_told_and_drawn_again(folder: Folder, how: str) -> None:
    file = with_tiles(folder)
    assert folder.run("check").exit_code == 0
    whole = file.read_bytes()
    if how == "missing":
        file.unlink()
    else:
        file.write_bytes(whole[:2000])
    told = folder.run("check")
    assert told.exit_code == 1
    assert f"tiles: county {COUNTY}: the file is {how}" in told.output
    drawn = folder.run("tiles", "redraw")
    assert (drawn.exit_code, drawn.output) == (0, f"county {COUNTY}: {how}, drawn again\n1 counties drawn again\n")
    assert file.stat().st_size == len(whole)
    assert folder.run("check").exit_code == 0
    assert folder.run("tiles", "redraw").output == "0 counties drawn again\n"
    assert folder.run("tiles", "redraw", "--all").output.endswith("1 counties drawn again\n")
