"""What walks through a log of positions, compiled: numba is loaded with this module and nowhere else."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

NIGHTS, DAYS, EDGES, SLOTS = 0, 32, 64, 96
"""Where the slots of a month begin: nights by their evening's date, days, and the hours between (dawn and evening)."""

SURE = 3.0
SIGMAS_IN_68_RADIUS = 1.515
SMALLEST_SIGMA_M = 1.0
LONGEST_GAP_S = 7200.0


# Divisions by zero are infinite rather than an error: such results are never looked at, and loops stay simple.
_compiled = numba.njit(cache=True, nogil=True, error_model="numpy")
_inlined = numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=True)


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


class Tally(NamedTuple):
    """What was seen of each posting so far; arrays by posting, ``fixes`` and ``leaning`` by posting and slot.

    ``leaning`` adds up signed distances in standard deviations, cut at 3 either way. ``tangled`` postings have rows out
    of order, or two different ones of one moment: what stands here of them is worthless, and they are read again.
    """

    fixes: NDArray[np.uint32]
    leaning: NDArray[np.float32]
    dwell_s: NDArray[np.float64]
    rows: NDArray[np.int64]
    doubles: NDArray[np.int64]
    unusable: NDArray[np.int64]
    started: NDArray[np.bool_]
    tangled: NDArray[np.bool_]
    first_t: NDArray[np.int64]
    first_p: NDArray[np.float64]
    last_t: NDArray[np.int64]
    last_p: NDArray[np.float64]
    last_fix: NDArray[np.float64]


def empty_tally(postings: int) -> Tally:
    """Return a tally in which nothing was seen.

    >>> empty_tally(2).fixes.shape
    (2, 96)
    """
    return Tally(
        fixes=np.zeros((postings, SLOTS), np.uint32),
        leaning=np.zeros((postings, SLOTS), np.float32),
        dwell_s=np.zeros(postings),
        rows=np.zeros(postings, np.int64),
        doubles=np.zeros(postings, np.int64),
        unusable=np.zeros(postings, np.int64),
        started=np.zeros(postings, np.bool_),
        tangled=np.zeros(postings, np.bool_),
        first_t=np.zeros(postings, np.int64),
        first_p=np.zeros(postings),
        last_t=np.zeros(postings, np.int64),
        last_p=np.zeros(postings),
        last_fix=np.zeros((postings, 3)),
    )


@_compiled
def fill_cells(cells: Cells, reach_m: float) -> Any:
    """Return ``state``, ``centre_m``, ``first`` and ``listed`` of :class:`Cells`."""
    total = cells.state.size
    count = np.zeros(total, np.int32)
    nearest = np.full(total, np.inf, np.float32)
    inside = np.zeros(total, np.bool_)
    # A pair for each square that an edge comes near to; twice as much room whenever it runs out.
    pair_square = np.empty(max(cells.edges.shape[1] * 16, 1024), np.int64)
    pair_edge = np.empty(pair_square.size, np.int32)
    pairs = 0
    for area in range(cells.known.size):
        columns, rows = cells.columns[area], cells.rows[area]
        grid = (cells.west[area], cells.south[area], cells.square_m[area])
        square_0 = cells.square_0[area]
        for edge in range(cells.edge_0[area], cells.edge_0[area + 1]):
            ends = (cells.edges[0, edge], cells.edges[1, edge], cells.edges[2, edge], cells.edges[3, edge])
            room = (columns + 2) * (rows + 2)
            if pair_square.size - pairs < room:
                more = max(pair_square.size, room)
                pair_square = np.concatenate((pair_square, np.empty(more, np.int64)))
                pair_edge = np.concatenate((pair_edge, np.empty(more, np.int32)))
            pairs = _near_squares(
                ends, edge, grid, columns, rows, square_0, reach_m, count, nearest, pair_square, pair_edge, pairs
            )
            _cross_rows(ends, grid, columns, rows, square_0, inside)
        _sweep_rows(columns, rows, square_0, inside)
    return _laid_out(count, nearest, inside, pair_square[:pairs], pair_edge[:pairs])


@_compiled
def _near_squares(
    ends: Any,
    edge: Any,
    grid: Any,
    columns: Any,
    rows: Any,
    square_0: Any,
    reach_m: Any,
    count: Any,
    nearest: Any,
    pair_square: Any,
    pair_edge: Any,
    pairs: Any,
) -> Any:
    """Note every square that an edge comes near to, with the way from its middle; return how many pairs there are."""
    x1, y1, x2, y2 = ends
    west, south, size = grid
    reach = np.float32(reach_m + size * 0.7072)
    dx, dy = x2 - x1, y2 - y1
    length2 = dx * dx + dy * dy
    inverse = np.float32(1.0) / length2 if length2 > 0 else np.float32(0.0)
    from_column = max(int(math.floor((min(x1, x2) - reach - west) / size)), 0)
    to_column = min(int(math.floor((max(x1, x2) + reach - west) / size)), columns - 1)
    from_row = max(int(math.floor((min(y1, y2) - reach - south) / size)), 0)
    to_row = min(int(math.floor((max(y1, y2) + reach - south) / size)), rows - 1)
    half = np.float32(0.5)
    for row in range(from_row, to_row + 1):
        y = south + (np.float32(row) + half) * size
        for column in range(from_column, to_column + 1):
            x = west + (np.float32(column) + half) * size
            way2 = _way2(x, y, x1, y1, x2, y2, inverse)
            if way2 <= reach * reach:
                square = square_0 + row * columns + column
                count[square] += 1
                nearest[square] = min(nearest[square], way2)
                pair_square[pairs] = square
                pair_edge[pairs] = edge
                pairs += 1
    return pairs


@_compiled
def _cross_rows(ends: Any, grid: Any, columns: Any, rows: Any, square_0: Any, inside: Any) -> None:
    """Turn over, in each row of middles that an edge crosses, the first square whose middle lies east of it."""
    x1, y1, x2, y2 = ends
    west, south, size = grid
    half = np.float32(0.5)
    from_row = max(int(math.floor((min(y1, y2) - south) / size - half)), 0)
    to_row = min(int(math.ceil((max(y1, y2) - south) / size - half)), rows - 1)
    for row in range(from_row, to_row + 1):
        y = south + (np.float32(row) + half) * size
        if (y1 > y) != (y2 > y):
            x = x1 + (y - y1) / (y2 - y1) * (x2 - x1)
            column = max(int(math.floor((x - west) / size + half)), 0)
            if column < columns:
                at = square_0 + row * columns + column
                inside[at] = not inside[at]


@_compiled
def _sweep_rows(columns: Any, rows: Any, square_0: Any, inside: Any) -> None:
    """Along each row, every border crossed turns over all that comes after."""
    for row in range(rows):
        turned = False
        for at in range(square_0 + row * columns, square_0 + (row + 1) * columns):
            turned = turned != inside[at]
            inside[at] = turned


@_compiled
def _laid_out(count: Any, nearest: Any, inside: Any, pair_square: Any, pair_edge: Any) -> Any:
    """Bring the pairs into the order of their squares."""
    near = 0
    for square in range(count.size):
        near += count[square] > 0
    state = np.empty(count.size, np.int32)
    centre_m = np.empty(near, np.float32)
    first = np.empty(near + 1, np.int64)
    entry, begin = 0, 0
    for square in range(count.size):
        if count[square] == 0:
            state[square] = -1 if inside[square] else -2
        else:
            state[square] = entry
            way_m = math.sqrt(nearest[square])
            centre_m[entry] = way_m if inside[square] else -way_m
            first[entry] = begin
            begin += count[square]
            entry += 1
    first[near] = begin
    free = first[:near].copy()
    listed = np.empty(pair_square.size, np.int32)
    for at in range(pair_square.size):
        entry = state[pair_square[at]]
        listed[free[entry]] = pair_edge[at]
        free[entry] += 1
    return state, centre_m, first, listed


@_inlined
def _way2(x: Any, y: Any, x1: Any, y1: Any, x2: Any, y2: Any, inverse: Any) -> Any:
    """Return the square of the way from a point to an edge; ``inverse`` is one over the square of its length."""
    dx = x2 - x1
    dy = y2 - y1
    share = ((x - x1) * dx + (y - y1) * dy) * inverse
    share = min(max(share, np.float32(0.0)), np.float32(1.0))
    off_x = x1 + share * dx - x
    off_y = y1 + share * dy - y
    return off_x * off_x + off_y * off_y


@_compiled
def _by_all_edges(edges: Any, from_edge: Any, to_edge: Any, x: Any, y: Any) -> Any:
    """Return the signed distance of any point, looking at every edge of the area; no branches, so eight at a time."""
    x1, y1 = edges[0, from_edge:to_edge], edges[1, from_edge:to_edge]
    x2, y2 = edges[2, from_edge:to_edge], edges[3, from_edge:to_edge]
    inverse = edges[4, from_edge:to_edge]
    nearest = np.float32(np.inf)
    crossed = np.int32(0)
    for at in range(x1.size):
        nearest = min(nearest, _way2(x, y, x1[at], y1[at], x2[at], y2[at], inverse[at]))
        crossing = x1[at] + (y - y1[at]) / (y2[at] - y1[at]) * (x2[at] - x1[at])
        crossed += np.int32(((y1[at] > y) != (y2[at] > y)) & (crossing > x))
    return -math.sqrt(nearest) if crossed % 2 == 0 else math.sqrt(nearest)


@_compiled
def _by_listed_edges(
    edges: Any, listed: Any, begin: Any, end: Any, inside: Any, middle_x: Any, middle_y: Any, x: Any, y: Any
) -> Any:
    """Return the signed distance of a point in a square near the border.

    From the middle of the square, of which it is known whether it is inside, east or west and then north or south to
    the point: every border crossed on that way turns it over, and all of them are listed.
    """
    nearest = np.float32(np.inf)
    turns = np.int32(0)
    for at in range(begin, end):
        edge = listed[at]
        x1, y1, x2, y2 = edges[0, edge], edges[1, edge], edges[2, edge], edges[3, edge]
        nearest = min(nearest, _way2(x, y, x1, y1, x2, y2, edges[4, edge]))
        across = x1 + (middle_y - y1) / (y2 - y1) * (x2 - x1)
        along = y1 + (x - x1) / (x2 - x1) * (y2 - y1)
        turns += np.int32(((y1 > middle_y) != (y2 > middle_y)) & ((across > middle_x) != (across > x)))
        turns += np.int32(((x1 > x) != (x2 > x)) & ((along > middle_y) != (along > y)))
    return math.sqrt(nearest) if inside == (turns % 2 == 0) else -math.sqrt(nearest)


@_compiled
def _plane_of(cells: Any, area: Any) -> Any:
    """Return the figures of one area, taken out once for all rows that follow each other in it."""
    return (
        cells.lon_deg[area],
        cells.lat_deg[area],
        cells.east_m[area],
        cells.north_m[area],
        cells.west[area],
        cells.south[area],
        cells.square_m[area],
        np.float32(1.0) / cells.square_m[area],
        np.int64(cells.columns[area]),
        np.int64(cells.rows[area]),
        cells.square_0[area],
        cells.edge_0[area],
        cells.edge_0[area + 1],
    )


@_inlined
def _leaning(
    plane: Any,
    lon: Any,
    lat: Any,
    sigma: Any,
    reach: Any,
    edges: Any,
    state: Any,
    centre_m: Any,
    first: Any,
    listed: Any,
) -> Any:
    """Return how far inside a position is, in standard deviations, cut at 3 either way."""
    lon_deg, lat_deg, east_m, north_m, west, south, size, per_m, columns, rows, square_0, from_edge, to_edge = plane
    x = np.float32((lon - lon_deg) * east_m)
    y = np.float32((lat - lat_deg) * north_m)
    across = (x - west) * per_m
    along = (y - south) * per_m
    sure_m = SURE * sigma
    if across >= 0.0 and along >= 0.0 and across < columns and along < rows:
        column = np.int64(across)
        row = np.int64(along)
        entry = state[square_0 + row * columns + column]
        if entry < 0:
            if sure_m <= reach:
                return SURE if entry == -1 else -SURE
        else:
            centre = centre_m[entry]
            if abs(centre) - size * 0.7072 >= sure_m:
                return SURE if centre > 0.0 else -SURE
            if sure_m <= reach:
                middle_x = west + (np.float32(column) + np.float32(0.5)) * size
                middle_y = south + (np.float32(row) + np.float32(0.5)) * size
                begin, end = first[entry], first[entry + 1]
                way = _by_listed_edges(edges, listed, begin, end, centre > 0.0, middle_x, middle_y, x, y)
                return min(max(way / sigma, -SURE), SURE)
    else:
        beyond = max(max(-across, across - columns), max(-along, along - rows))
        if beyond * size + reach >= sure_m:
            return -SURE
    way = _by_all_edges(edges, from_edge, to_edge, x, y)
    return min(max(way / sigma, -SURE), SURE)


@_compiled
def leanings(
    cells: Cells,
    area: NDArray[np.int32],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    sigma: NDArray[np.float64],
    reach_m: float,
) -> Any:
    """Return :func:`_leaning` of each row: what the tests compare with shapely."""
    edges, state, centre_m, first, listed = cells.edges, cells.state, cells.centre_m, cells.first, cells.listed
    out = np.empty(lon.size, np.float64)
    for at in range(lon.size):
        plane = _plane_of(cells, area[at])
        out[at] = _leaning(plane, lon[at], lat[at], sigma[at], reach_m, edges, state, centre_m, first, listed)
    return out


@_compiled
def chances(leaning: NDArray[np.float64]) -> Any:
    """Return the normal probability below each value."""
    out = np.empty(leaning.size, np.float64)
    for at in range(leaning.size):
        out[at] = 0.5 * math.erfc(-leaning[at] * 0.7071067811865476)
    return out


@_compiled
def take_rows(
    tally: Tally,
    cells: Cells,
    area_of: NDArray[np.int32],
    posting: NDArray[np.int32],
    time: NDArray[np.int64],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    accuracy: NDArray[np.float64],
    begin: int,
    seconds: float,
    slot_of_quarter: NDArray[np.int8],
    reach_m: float,
) -> int:
    """Add rows to the tally, in the order they come; return how many belong to no posting.

    ``time`` counts in units of ``seconds``, the month's quarters of an hour start at ``begin``.
    """
    edges, state, centre_m, first, listed = cells.edges, cells.state, cells.centre_m, cells.first, cells.listed
    fixes, leaning, last_fix = tally.fixes, tally.leaning, tally.last_fix
    plane, area = _plane_of(cells, 0), -1
    strangers, quarters, per_quarter = 0, slot_of_quarter.size, seconds / 900.0
    # What is known of the posting at hand stays out of the tables until another posting comes; so does its slot.
    hand, slot, slot_fixes, slot_leaning = -1, -1, 0, 0.0
    begun, tangled, then, chance_then, dwell_s = False, False, np.int64(0), 0.0, 0.0
    rows, doubles, unusable = 0, 0, 0
    then_lon, then_lat, then_within = 0.0, 0.0, 0.0
    for at in range(posting.size + 1):
        who = posting[at] if at < posting.size else -2
        if who == -1:
            strangers += 1
            continue
        if who != hand:
            if slot_fixes:
                fixes[hand, slot] += slot_fixes
                leaning[hand, slot] += np.float32(slot_leaning)
                slot_fixes, slot_leaning = 0, 0.0
            if hand >= 0:
                tally.rows[hand] += rows
                tally.doubles[hand] += doubles
                tally.unusable[hand] += unusable
                tally.dwell_s[hand] += dwell_s
                tally.started[hand], tally.tangled[hand] = begun, tangled
                tally.last_t[hand], tally.last_p[hand] = then, chance_then
                last_fix[hand, 0], last_fix[hand, 1], last_fix[hand, 2] = then_lon, then_lat, then_within
            if who == -2:
                break
            hand, slot, rows, doubles, unusable, dwell_s = who, -1, 0, 0, 0, 0.0
            begun, tangled = tally.started[who], tally.tangled[who]
            then, chance_then = tally.last_t[who], tally.last_p[who]
            then_lon, then_lat, then_within = last_fix[who, 0], last_fix[who, 1], last_fix[who, 2]
            area = area_of[who]
            if area >= 0:
                plane = _plane_of(cells, area)
        now = time[at]
        quarter = (now - begin) * per_quarter
        if not (quarter >= 0.0 and quarter < quarters):
            continue
        rows += 1
        here_lon, here_lat, within = lon[at], lat[at], accuracy[at]
        # Comparisons with NaN are false.
        usable = abs(here_lon) <= 180.0 and abs(here_lat) <= 90.0 and within >= 0.0 and within < 1e7
        if area < 0 or not usable:
            unusable += 1
            continue
        if begun and now <= then:
            if now == then and then_lon == here_lon and then_lat == here_lat and then_within == within:
                doubles += 1
            else:
                tangled = True
            continue
        sigma = max(within / SIGMAS_IN_68_RADIUS, SMALLEST_SIGMA_M)
        lean = _leaning(plane, here_lon, here_lat, sigma, reach_m, edges, state, centre_m, first, listed)
        chance = 1.0 if lean >= SURE else 0.0
        if abs(lean) < SURE:
            chance = 0.5 * math.erfc(-lean * 0.7071067811865476)
        in_slot = slot_of_quarter[np.int64(quarter)]
        if in_slot != slot:
            if slot_fixes:
                fixes[hand, slot] += slot_fixes
                leaning[hand, slot] += np.float32(slot_leaning)
            slot, slot_fixes, slot_leaning = in_slot, 0, 0.0
        if slot >= 0:
            slot_fixes += 1
            slot_leaning += lean
        if begun:
            gap_s = (now - then) * seconds
            if gap_s <= LONGEST_GAP_S:
                dwell_s += 0.5 * (chance + chance_then) * gap_s
        else:
            begun = True
            tally.first_t[who], tally.first_p[who] = now, chance
        then, chance_then, then_lon, then_lat, then_within = now, chance, here_lon, here_lat, within
    return strangers
