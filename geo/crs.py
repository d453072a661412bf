"""What the numbers of a file are counted in, and the way from there to WGS 84: a datum of ours, or any CRS by name.

A CRS is believed when the file or the caller names it, and never guessed. pyproj is loaded when first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from geo.datum import DATUM_ERROR_M, Datum, convert, known_datum
from geo.errors import ContradictedDatum, MissingCrs, UnknownCrs

if TYPE_CHECKING:
    from pyproj import CRS

Column = NDArray[np.float64]

# How far beyond the part of the world a CRS is made for a place may still lie: a county may overlap a zone's edge, and
# beyond three degrees it is more likely that the axes are swapped or another zone was meant.
BEYOND_DEG = 3.0

_DATUM_OF_NAME = {"World Geodetic System 1984": Datum.WGS84, "China 2000": Datum.CGCS2000}


@dataclass(frozen=True)
class Reference:
    """What numbers are counted in: its name, what bringing it to WGS 84 may leave wrong, and the way there.

    ``to_wgs84`` takes columns of east (or longitude) and north (or latitude), in this order whatever the order of the
    CRS, and returns longitudes and latitudes, NaN in both where that is no place.
    """

    name: str
    error_m: float
    to_wgs84: Callable[[Any, Any], tuple[Column, Column]]


def reference(*, datum: Datum | str | None, crs: str | None, declared: str | None) -> Reference:
    """Return what a file's numbers are counted in, from what the caller says and what the file declares.

    One of the three must speak, or :class:`MissingCrs` is raised; those that do must agree, or it is
    :class:`ContradictedDatum`. ``crs`` and ``declared`` are whatever PROJ reads: an authority's code, WKT, PROJJSON.
    A CRS that PROJ does not know, or cannot bring to WGS 84 with an accuracy that somebody states, is
    :class:`UnknownCrs`.

    >>> west = reference(datum=None, crs="EPSG:4549", declared=None)
    >>> lon_deg, lat_deg = west.to_wgs84([500000.0], [3038000.0])
    >>> west.name, west.error_m, round(float(lon_deg[0]), 6), round(float(lat_deg[0]), 3)
    ('EPSG:4549', 1.0, 120.0, 27.455)
    """
    said = None if datum is None else known_datum(datum)
    if said is None and crs is None and declared is None:
        raise MissingCrs("the file does not say what its coordinates are counted in; name its CRS or datum")
    if crs is None and declared is None and said is not None:
        return _of_datum(said)
    named, found = (None if text is None else _known_crs(text) for text in (crs, declared))
    if named is not None and found is not None and not _same(named, found):
        raise ContradictedDatum(
            f"the file says {_name(found)}, you say {_name(named)}; find out which is true and mend the other"
        )
    system = found if found is not None else named
    assert system is not None  # one of the two was given, or we had returned above
    if said is not None and said is not _datum_of(system):
        # GCJ-02 and BD-09 have no CRS: a file of theirs that declares one is mislabelled, whatever it declares.
        raise ContradictedDatum(
            f"{_name(system)} is not in {said.value}, as you say; find out which is true and mend the other"
        )
    return _of_crs(system)


def _of_datum(datum: Datum) -> Reference:
    def to_wgs84(lon_deg: Any, lat_deg: Any) -> tuple[Column, Column]:
        return convert(lon_deg, lat_deg, source=datum, target=Datum.WGS84)

    return Reference(datum.value, DATUM_ERROR_M[datum], to_wgs84)


def _of_crs(system: CRS) -> Reference:
    from pyproj import Transformer
    from pyproj.exceptions import ProjError

    datum = _datum_of(system)
    try:
        if datum is not None and _is_plain_degrees(system):
            transformer = None
            error_m = DATUM_ERROR_M[datum]
        elif datum is not None:
            # To its own degrees only: exact, and our table says what CGCS2000 taken as WGS 84 leaves wrong.
            transformer = Transformer.from_crs(system, system.geodetic_crs, always_xy=True)
            error_m = DATUM_ERROR_M[datum]
        else:
            transformer = Transformer.from_crs(system, "EPSG:4326", always_xy=True, allow_ballpark=False)
            error_m = _worst_accuracy_m(system)
    except ProjError as error:
        raise UnknownCrs(
            f"PROJ has no way from {_name(system)} to WGS 84 whose accuracy is known; have the file brought to "
            "CGCS2000 by whoever surveyed it"
        ) from error
    box = system.area_of_use

    def to_wgs84(east: Any, north: Any) -> tuple[Column, Column]:
        found = (east, north) if transformer is None else transformer.transform(east, north)
        lon, lat = (np.asarray(column, dtype=np.float64) for column in found)
        place = (np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)
        if box is not None and box.west <= box.east:
            place &= (lon >= box.west - BEYOND_DEG) & (lon <= box.east + BEYOND_DEG)
            place &= (lat >= box.south - BEYOND_DEG) & (lat <= box.north + BEYOND_DEG)
        return np.where(place, lon, np.nan), np.where(place, lat, np.nan)

    return Reference(_name(system), error_m, to_wgs84)


def _is_plain_degrees(system: CRS) -> bool:
    """Whether the numbers are degrees from Greenwich already, east first as files have it."""
    axes = system.axis_info
    return bool(
        system.is_geographic
        and len(axes) == 2
        and all(axis.unit_name == "degree" for axis in axes)
        and (system.prime_meridian is None or system.prime_meridian.longitude == 0.0)
    )


def _worst_accuracy_m(system: CRS) -> float:
    from pyproj.transformer import TransformerGroup

    ways = TransformerGroup(system, "EPSG:4326", always_xy=True, allow_ballpark=False).transformers
    # PROJ takes one way or another by the place; the worst of them is what may be promised.
    accuracies_m = [way.accuracy for way in ways]
    if not accuracies_m or min(accuracies_m) < 0.0:
        raise UnknownCrs(f"nobody states how accurate the way from {_name(system)} to WGS 84 is")
    return float(max(accuracies_m))


@lru_cache(maxsize=64)
def _known_crs(text: str) -> CRS:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        system = CRS.from_user_input(text)
    except CRSError as error:
        raise UnknownCrs(f"PROJ knows no coordinate system {text!r}") from error
    if system.is_compound:
        system = system.sub_crs_list[0]
    if len(system.axis_info) > 2:
        system = system.to_2d()
    if system.geodetic_crs is None:
        raise UnknownCrs(f"{_name(system)} is not tied to the earth; name the true CRS of the file")
    # What is read from a file's WKT lacks what the authority knows of it, its area of use above all. At PROJ's usual
    # confidence nothing but the spelling differs.
    code = system.to_epsg()
    return CRS.from_epsg(code) if code is not None else system


def _same(a: CRS, b: CRS) -> bool:
    codes = a.to_epsg(), b.to_epsg()
    if None not in codes and codes[0] == codes[1]:
        return True
    return bool(a.equals(b, ignore_axis_order=True))


def _datum_of(system: CRS) -> Datum | None:
    geodetic = system.geodetic_crs
    name = "" if geodetic is None or geodetic.datum is None else geodetic.datum.name
    return next((ours for start, ours in _DATUM_OF_NAME.items() if name.startswith(start)), None)


@lru_cache(maxsize=64)
def _name(system: CRS) -> str:
    code = system.to_epsg()
    return f"EPSG:{code}" if code is not None else str(system.name)
