"""Where, how far, and which shape: positions, datums and areas, in degrees outside and metres inside."""

from geo.datum import DATUM_ERROR_M, Datum, convert
from geo.distance import LonLat, bearing_deg, distance_m, local_distance_m
from geo.errors import (
    AreasRefused,
    BadDisc,
    ContradictedDatum,
    GeoError,
    MissingCrs,
    Refusal,
    UnknownCrs,
    UnknownDatum,
    UnreadableAreas,
)
from geo.neighbours import Seam, SeamKind, seams
from geo.plausibility import DatumMixUp, TimedFix, explained_by_datum, implied_speed_mps
from geo.readings import Calibration, Misreading, Reading, calibrate, misread_devices
from geo.shapes import Area, Repair, disc, read_areas
from geo.whereabouts import Answer, Whereabouts, WhereaboutsColumn, whereabouts, whereabouts_column

__all__ = [
    "DATUM_ERROR_M",
    "Answer",
    "Area",
    "AreasRefused",
    "BadDisc",
    "Calibration",
    "ContradictedDatum",
    "Datum",
    "DatumMixUp",
    "GeoError",
    "LonLat",
    "Misreading",
    "MissingCrs",
    "Reading",
    "Refusal",
    "Repair",
    "Seam",
    "SeamKind",
    "TimedFix",
    "UnknownCrs",
    "UnknownDatum",
    "UnreadableAreas",
    "Whereabouts",
    "WhereaboutsColumn",
    "bearing_deg",
    "calibrate",
    "convert",
    "disc",
    "distance_m",
    "explained_by_datum",
    "implied_speed_mps",
    "local_distance_m",
    "misread_devices",
    "read_areas",
    "seams",
    "whereabouts",
    "whereabouts_column",
]
