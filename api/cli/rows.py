"""From a row of an office's workbook to the row a room imports. Books and rooms share the names of their fields."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from api.workbooks import Row
from visits.access import NewAccount, Role
from visits.people import LeaveRow, RosterRow
from visits.places import HouseholdRow, ProjectRow, SiteRow, VillageRow
from visits.plans import PlanRow

# A leave book says day and half in one cell; the rooms keep them apart, and a complaint of either is about that cell.
CELL_OF = {"from_half": "from_date", "to_half": "to_date"}


def village_row(row: Row) -> VillageRow:
    """The row of a list of villages."""
    return VillageRow(row_number=row.number, **_said(VillageRow, row.values))


def site_row(row: Row) -> SiteRow:
    """The row of a list of sites."""
    return SiteRow(row_number=row.number, **_said(SiteRow, row.values))


def roster_row(row: Row) -> RosterRow:
    """The row of a roster."""
    said = _said(RosterRow, row.values)
    if said["round"] is not None:
        said["round"] = str(said["round"])
    return RosterRow(row_number=row.number, **said)


def leave_row(row: Row) -> LeaveRow:
    """The row of a leave book."""
    said = _said(LeaveRow, row.values)
    for edge in ("from", "to"):
        day_and_half: Any = row.values.get(f"{edge}_date")
        said[f"{edge}_date"], said[f"{edge}_half"] = day_and_half or (None, None)
    return LeaveRow(row_number=row.number, **said)


def household_row(row: Row) -> HouseholdRow:
    """The row of a village's list of households."""
    return HouseholdRow(row_number=row.number, **_said(HouseholdRow, row.values))


def project_row(row: Row) -> ProjectRow:
    """The row of the county's list of projects."""
    return ProjectRow(row_number=row.number, **_said(ProjectRow, row.values))


def plan_row(row: Row) -> PlanRow:
    """The row of a year's plan of checks."""
    return PlanRow(row_number=row.number, **_said(PlanRow, row.values))


def account_row(row: Row) -> NewAccount:
    """The row of a list of accounts."""
    said = _said(NewAccount, row.values)
    return NewAccount(**{**said, "role": Role(said["role"])})


def _said(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a workbook's row says of each field of ``kind``; an empty cell is an empty text where a text must be."""
    said: dict[str, Any] = {}
    for field in fields(kind):
        if field.name != "row_number":
            value = values.get(field.name)
            said[field.name] = "" if value is None and field.type is str else value
    return said
