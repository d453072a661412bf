"""Datums, whereabouts and tiles over whole columns, beside the libraries people use: time, and memory at the peak.

``python -m bench.geo`` runs each case in a process of its own, at three sizes. A library that is not installed is left
out and named. Nothing here needs a server. CPU seconds are the best of three runs; memory is how much the peak of the
process grew over what it held when the columns lay ready, in the first run.
"""

import argparse
import gzip
import importlib.util
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import shapely

from geo import TILE_ZOOMS, convert, draw_tiles, whereabouts_column

SIZES = (1_000, 10_000, 100_000)
# An area is drawn in tens of tiles: more of them take minutes, and say nothing else.
TILE_SIZES = (100, 1_000, 4_000)
RUNS = 3
SEED = 20_261_122
MIDDLE = (119.5044, 27.4555)

Columns = tuple[np.ndarray, np.ndarray]


def main() -> None:
    """Print one line for each case and size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", help="rows of each run")
    parser.add_argument("--one", nargs=2, metavar=("CASE", "ROWS"), help="run one case here and print it as JSON")
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(_measured(asked.one[0], int(asked.one[1]))))
        return
    print(f"{'case':<44}{'rows':>9}{'CPU ms':>10}{'rows/s':>13}{'peak MB':>9}")
    for case, (needs, _) in CASES.items():
        if needs is not None and importlib.util.find_spec(needs) is None:
            print(f"{case:<44} skipped: {needs} is not installed")
            continue
        for rows in asked.sizes or (TILE_SIZES if case.startswith("tiles") else SIZES):
            command = [sys.executable, "-m", "bench.geo", "--one", case, str(rows)]
            root = Path(__file__).parent.parent
            told = json.loads(subprocess.run(command, cwd=root, capture_output=True, check=True).stdout)
            pace = rows / told["cpu_s"]
            print(f"{case:<44}{rows:>9,}{told['cpu_s'] * 1e3:>10.1f}{pace:>13,.0f}{told['peak_mb']:>9.1f}")


def _measured(case: str, rows: int) -> dict[str, float]:
    run = CASES[case][1]()
    columns = _fixes(rows)
    # A run of ten rows loads what is loaded once; it is not what is asked here.
    run(*(column[:10] for column in columns))
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times_s = []
    peak_kb = before_kb
    for count in range(RUNS):
        start_s = time.process_time()
        run(*columns)
        times_s.append(time.process_time() - start_s)
        if count == 0:
            peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"cpu_s": max(min(times_s), 1e-6), "peak_mb": (peak_kb - before_kb) * 1024 / 1e6}


def _fixes(rows: int) -> Columns:
    dice = np.random.default_rng(SEED)
    return MIDDLE[0] + dice.normal(0.0, 0.02, rows), MIDDLE[1] + dice.normal(0.0, 0.02, rows)


def _village() -> shapely.Polygon:
    """Return a village of 170 corners, some three kilometres across."""
    angles = np.linspace(0.0, 2.0 * np.pi, 170, endpoint=False)
    radius = 0.015 * (1.0 + 0.2 * np.sin(5.0 * angles) + 0.05 * np.sin(31.0 * angles))
    return shapely.Polygon(np.column_stack([MIDDLE[0] + radius * np.cos(angles), MIDDLE[1] + radius * np.sin(angles)]))


def _shidi_datum() -> Callable[..., object]:
    return lambda lon, lat: convert(lon, lat, source="gcj02", target="wgs84")


def _coord_convert() -> Callable[..., object]:
    from coord_convert.transform import gcj2wgs

    return lambda lon, lat: [gcj2wgs(x, y) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]


def _eviltransform() -> Callable[..., object]:
    from eviltransform import gcj2wgs_exact

    return lambda lon, lat: [gcj2wgs_exact(y, x) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]


def _shidi_whereabouts() -> Callable[..., object]:
    village = _village()
    return lambda lon, lat: whereabouts_column(lon, lat, 20.0, village)


def _by_row() -> Callable[..., object]:
    """Shapely and pyproj as most programs use them: a transformed point for each row, asked twice."""
    from pyproj import Transformer

    transformer = Transformer.from_crs("EPSG:4326", "EPSG:4549", always_xy=True)
    village = shapely.transform(_village(), lambda at: np.column_stack(transformer.transform(*at.T)))

    def run(lon: np.ndarray, lat: np.ndarray) -> list[tuple[bool, float]]:
        points = [shapely.Point(transformer.transform(x, y)) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]
        return [(village.contains(point), village.exterior.distance(point)) for point in points]

    return run


def _by_column() -> Callable[..., object]:
    """Shapely and pyproj at their best: columns, and the area prepared. Inside and metres, no answer of three."""
    from pyproj import Transformer

    transformer = Transformer.from_crs("EPSG:4326", "EPSG:4549", always_xy=True)
    village = shapely.transform(_village(), lambda at: np.column_stack(transformer.transform(*at.T)))
    border = village.exterior
    shapely.prepare(village)
    shapely.prepare(border)

    def run(lon: np.ndarray, lat: np.ndarray) -> Columns:
        x, y = transformer.transform(lon, lat)
        return shapely.contains_xy(village, x, y), shapely.distance(border, shapely.points(x, y))

    return run


def _grid(rows: int) -> list[shapely.Polygon]:
    """Return about so many neighbours with crooked borders of 10 pieces a side, shared to the last digit."""
    dice = np.random.default_rng(SEED)
    side, fine, step_deg = max(1, round(rows**0.5)), 10, 0.025
    steps = np.arange(side * fine + 1) * step_deg / fine
    east = MIDDLE[0] + steps[:, None] + dice.normal(0.0, step_deg / 50, (len(steps), len(steps)))
    north = MIDDLE[1] + steps[None, :] + dice.normal(0.0, step_deg / 50, (len(steps), len(steps)))
    ahead, back = np.arange(fine), np.arange(fine, 0, -1)
    x = np.concatenate([ahead, np.full(fine, fine), back, np.zeros(fine, int)])
    y = np.concatenate([np.zeros(fine, int), ahead, np.full(fine, fine), back])
    corners = [(column * fine, row * fine) for column in range(side) for row in range(side)]
    return [shapely.Polygon(np.column_stack([east[c + x, r + y], north[c + x, r + y]])) for c, r in corners]


def _shidi_tiles() -> Callable[..., object]:
    return lambda lon, lat: list(draw_tiles({"village": dict(enumerate(_grid(len(lon)), start=1))}))


def _naive_tiles() -> Callable[..., object]:
    """Each polygon simplified by itself and given to the encoder whole: no shared borders, its own clipping by hand."""
    from mapbox_vector_tile import encode

    def run(lon: np.ndarray, lat: np.ndarray) -> list[bytes]:
        tiles = []
        areas = [shapely.transform(area, _mercator) for area in _grid(len(lon))]
        tree = shapely.STRtree(areas)
        west, south, east, north = shapely.total_bounds(areas)
        for zoom in TILE_ZOOMS:
            size = 2.0**-zoom
            for column in range(int(west // size), int(east // size) + 1):
                for row in range(int(south // size), int(north // size) + 1):
                    box = (column * size, row * size, (column + 1) * size, (row + 1) * size)
                    here = [
                        {"geometry": shapely.clip_by_rect(areas[index], *box).simplify(size / 1024), "id": int(index)}
                        for index in tree.query(shapely.box(*box))
                    ]
                    features = [one for one in here if one["geometry"].geom_type in ("Polygon", "MultiPolygon")]
                    options = {"quantize_bounds": box, "y_coord_down": True}
                    tiles.append(gzip.compress(encode({"name": "v", "features": features}, default_options=options)))
        return tiles

    return run


def _mercator(at: np.ndarray) -> np.ndarray:
    return np.column_stack([at[:, 0] / 360 + 0.5, 0.5 - np.arcsinh(np.tan(np.radians(at[:, 1]))) / (2 * np.pi)])


CASES: dict[str, tuple[str | None, Callable[[], Callable[..., object]]]] = {
    "GCJ-02 to WGS 84: geo.convert": (None, _shidi_datum),
    "GCJ-02 to WGS 84: coord-convert, by row": ("coord_convert", _coord_convert),
    "GCJ-02 to WGS 84: eviltransform, by row": ("eviltransform", _eviltransform),
    "whereabouts: geo.whereabouts_column": (None, _shidi_whereabouts),
    "whereabouts: shapely and pyproj, by row": (None, _by_row),
    "whereabouts: shapely and pyproj, by column": (None, _by_column),
    "tiles z5-z11: geo.draw_tiles": (None, _shidi_tiles),
    "tiles z5-z11: mapbox-vector-tile, each area": (None, _naive_tiles),
}


if __name__ == "__main__":
    main()
