"""Errors of places."""

from collections.abc import Iterable
from dataclasses import dataclass

from visits.errors import VisitsError


@dataclass(frozen=True)
class RowComplaint:
    """What is wrong, or worth a look, in one row of a file; row 0 speaks of the file as a whole."""

    row_number: int
    field: str
    reason_zh: str
    reason_en: str


class PlacesError(VisitsError):
    """Something about divisions, villages, sites or boundaries."""


class NoSuchVillage(PlacesError):
    """There is no such village in the caller's division."""


class NoSuchBoundary(PlacesError):
    """No boundary is known for this division, or it is not in the caller's reach."""


class NoSuchTiles(PlacesError):
    """There are no such tiles, or they show a county that is not in the caller's reach."""


class ImportRefused(VisitsError):
    """Some rows cannot be taken. Nothing of the file was stored; ``complaints`` lists everything at once."""

    def __init__(self, complaints: Iterable[RowComplaint]) -> None:
        self.complaints = tuple(complaints)
        super().__init__(
            "nothing was imported, because of: "
            + "; ".join(f"row {c.row_number}, {c.field}: {c.reason_en}" for c in self.complaints)
        )
