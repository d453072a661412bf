"""Where, how far, and which shape: positions, datums and areas, in degrees outside and metres inside."""

from geo.coverage import PlaceCoverage, Season, Spread, coverage, timing_spread
from geo.datum import DATUM_ERROR_M, Datum, convert
from geo.distance import LonLat, bearing_deg, distance_m, local_distance_m
from geo.errors import (
    AreasRefused,
    BadDisc,
    BadLog,
    BadZooms,
    ContradictedDatum,
    GeoError,
    MissingCrs,
    NoOutline,
    Refusal,
    SwappedAxes,
    UnknownCrs,
    UnknownDatum,
    UnknownName,
    UnreadableAreas,
    UnwritableLayer,
)
from geo.exports import OutLayer, write_geopackage
from geo.neighbours import Seam, SeamKind, seams
from geo.outline import Outline, outline
from geo.plausibility import DatumMixUp, TimedFix, explained_by_datum, implied_speed_mps
from geo.readings import Calibration, Misreading, Reading, calibrate, misread_devices
from geo.residence import residence
from geo.shapes import Area, Repair, disc, read_areas
from geo.signals import (
    Signal,
    Strength,
    constant_accuracy,
    identical_coordinates,
    impossible_speed,
    light_at_night,
    photo_against_fix,
    time_disorder,
)
from geo.sun import sun_height_deg
from geo.tiles import TILE_ZOOMS, Tile, draw_tiles, join_tiles
from geo.whereabouts import Answer, Whereabouts, WhereaboutsColumn, whereabouts, whereabouts_column

__all__ = [
    "DATUM_ERROR_M",
    "TILE_ZOOMS",
    "Answer",
    "Area",
    "AreasRefused",
    "BadDisc",
    "BadLog",
    "BadZooms",
    "Calibration",
    "ContradictedDatum",
    "Datum",
    "DatumMixUp",
    "GeoError",
    "LonLat",
    "Misreading",
    "MissingCrs",
    "NoOutline",
    "OutLayer",
    "Outline",
    "PlaceCoverage",
    "Reading",
    "Refusal",
    "Repair",
    "Seam",
    "SeamKind",
    "Season",
    "Signal",
    "Spread",
    "Strength",
    "SwappedAxes",
    "Tile",
    "TimedFix",
    "UnknownCrs",
    "UnknownDatum",
    "UnknownName",
    "UnreadableAreas",
    "UnwritableLayer",
    "Whereabouts",
    "WhereaboutsColumn",
    "bearing_deg",
    "calibrate",
    "constant_accuracy",
    "convert",
    "coverage",
    "disc",
    "distance_m",
    "draw_tiles",
    "explained_by_datum",
    "identical_coordinates",
    "implied_speed_mps",
    "impossible_speed",
    "join_tiles",
    "light_at_night",
    "local_distance_m",
    "misread_devices",
    "outline",
    "photo_against_fix",
    "read_areas",
    "residence",
    "seams",
    "sun_height_deg",
    "time_disorder",
    "timing_spread",
    "whereabouts",
    "whereabouts_column",
    "write_geopackage",
]
