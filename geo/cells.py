"""Areas cut into small squares, so that most positions are told inside from outside by one look into a table.

Each area has a plane of its own, in metres around its middle: right to 0.006 % three kilometres from it and 0.02 % ten
kilometres from it. Edges are straight in degrees. ``geo.cutting`` makes the tables, ``geo.residence_kernel`` walks
through them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SQUARE_M = 64.0
# Three standard deviations of a fix accurate to 50 m: nearer borders than that are listed in a square.
REACH_M = 100.0
MOST_SQUARES_A_SIDE = 700


class Cells(NamedTuple):
    """The tables of some areas, flat arrays throughout. ``known`` is false for an area that is empty or missing.

    ``state`` holds, for each square, -1 (all inside, farther than the reach from any border), -2 (all outside), or the
    number of its entry in ``centre_m`` (signed distance of its middle) and ``first`` (where its edges start in
    ``listed``). An edge is a column of ``edges``: x and y of both ends, one over the square of its length.
    """

    known: NDArray[np.bool_]
    lon_deg: NDArray[np.float64]
    lat_deg: NDArray[np.float64]
    east_m: NDArray[np.float64]
    north_m: NDArray[np.float64]
    west: NDArray[np.float32]
    south: NDArray[np.float32]
    square_m: NDArray[np.float32]
    columns: NDArray[np.int32]
    rows: NDArray[np.int32]
    square_0: NDArray[np.int64]
    edge_0: NDArray[np.int64]
    edges: NDArray[np.float32]
    state: NDArray[np.int32]
    centre_m: NDArray[np.float32]
    first: NDArray[np.int64]
    listed: NDArray[np.int32]
