"""Where things are: divisions by code, villages, sites and boundaries, each with what is known of its quality."""

from visits.places.areas import BoundaryView, boundary, boundary_of, import_areas, known_at
from visits.places.errors import ImportRefused, NoSuchBoundary, NoSuchVillage, PlacesError, RowComplaint
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
    "Division",
    "ImportCount",
    "ImportRefused",
    "ImportReport",
    "NoSuchBoundary",
    "NoSuchVillage",
    "PlacesError",
    "Quality",
    "RowCheck",
    "RowComplaint",
    "Site",
    "SiteKind",
    "SiteRow",
    "SiteView",
    "VillageExtent",
    "VillageFacts",
    "VillageFinder",
    "VillageKind",
    "VillageMatch",
    "VillageRow",
    "VillageView",
    "boundary",
    "boundary_of",
    "import_areas",
    "import_sites",
    "import_villages",
    "known_at",
    "name_key",
    "site_versions",
    "sites_of",
    "tidy_name",
    "village",
    "village_extent",
    "villages",
]
