"""Where things are: divisions by code, villages, sites and boundaries, each with what is known of its quality."""

from visits.places.areas import BoundaryView, boundary, boundary_of, import_areas, known_at
from visits.places.errors import ImportRefused, NoSuchBoundary, NoSuchTiles, NoSuchVillage, PlacesError, RowComplaint
from visits.places.imports import ImportCount, ImportReport, RowCheck
from visits.places.names import name_key, tidy_name
from visits.places.rows import AreaBoundary, Division, Site, VillageFacts
from visits.places.rules import Quality, SiteKind
from visits.places.sites import (
    SiteRow,
    SiteView,
    VillageExtent,
    import_sites,
    site_versions,
    sites_of,
    village_extent,
)
from visits.places.tiles import (
    CountyShapes,
    TileFolder,
    TileSetFacts,
    TileSetView,
    check_tiles_reach,
    county_shapes,
    map_numbers,
    note_tiles,
    number_divisions,
    tile_sets,
)
from visits.places.villages import (
    VillageFinder,
    VillageKind,
    VillageMatch,
    VillageRow,
    VillageView,
    import_villages,
    village,
    villages,
)

__all__ = [
    "AreaBoundary",
    "BoundaryView",
    "CountyShapes",
    "Division",
    "ImportCount",
    "ImportRefused",
    "ImportReport",
    "NoSuchBoundary",
    "NoSuchTiles",
    "NoSuchVillage",
    "PlacesError",
    "Quality",
    "RowCheck",
    "RowComplaint",
    "Site",
    "SiteKind",
    "SiteRow",
    "SiteView",
    "TileFolder",
    "TileSetFacts",
    "TileSetView",
    "VillageExtent",
    "VillageFacts",
    "VillageFinder",
    "VillageKind",
    "VillageMatch",
    "VillageRow",
    "VillageView",
    "boundary",
    "boundary_of",
    "check_tiles_reach",
    "county_shapes",
    "import_areas",
    "import_sites",
    "import_villages",
    "known_at",
    "map_numbers",
    "name_key",
    "note_tiles",
    "number_divisions",
    "site_versions",
    "sites_of",
    "tidy_name",
    "tile_sets",
    "village",
    "village_extent",
    "villages",
]
