"""From a row of an office's workbook to the row a room imports: names of fields and of words, nothing judged."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from api.workbooks import Row
from visits.access import NewAccount, Role
from visits.people import LeaveRow, RosterRow
from visits.places import SiteRow, VillageRow

# The workbooks and the rooms name some kinds differently; what is not listed here has one name.
_POSTING_KINDS = {"seconded_secretary": "branch_secretary", "provincial_cadre": "provincial"}
_POSTING_STATES = {"term_ended": "ended", "reassigned": "moved"}
_VILLAGE_KINDS = {"community": "residents"}
_QUALITIES = {"drawn": "map", "geocoded": "unknown"}

# A complaint of a room names the room's field; the workbook marks the cell of its own.
FIELDS_OF_SHEET: Mapping[str, Mapping[str, str]] = {
    "villages": {"kind": "village_kind", "poor_village": "was_poor_village", "left_list_year": "delisted_year"},
    "sites": {"name": "site_name", "kind": "site_kind", "quality": "position_source", "source": "position_source"},
    "roster": {
        "name": "person_name",
        "kind": "posting_kind",
        "from_date": "posted_from",
        "to_date": "term_ends",
        "state": "posting_state",
    },
    "leave": {
        "name": "person_name",
        "kind": "leave_kind",
        "from_date": "left_at",
        "from_half": "left_at",
        "to_date": "planned_return_at",
        "to_half": "planned_return_at",
        "township_approved_at": "town_approved_at",
        "returned_on": "returned_at",
        "recorded_late_on": "entered_late_at",
    },
    "accounts": {},
}


def village_row(row: Row) -> VillageRow:
    """The row of a list of villages."""
    said = row.values
    return VillageRow(
        row_number=row.number,
        village_code=_text(said, "village_code"),
        village_name=_text(said, "village_name"),
        town_name=_text(said, "town_name"),
        town_code=_maybe(said, "town_code"),
        former_name=_maybe(said, "former_name"),
        kind=_renamed(said, "village_kind", _VILLAGE_KINDS),
        poor_village=_maybe(said, "was_poor_village"),
        left_list_year=_maybe(said, "delisted_year"),
        programme_round=_maybe(said, "programme_round"),
        valid_from=_maybe(said, "valid_from"),
        valid_to=_maybe(said, "valid_to"),
        successor_code=_maybe(said, "successor_code"),
    )


def site_row(row: Row) -> SiteRow:
    """The row of a list of sites."""
    said = row.values
    return SiteRow(
        row_number=row.number,
        name=_text(said, "site_name"),
        kind=_text(said, "site_kind"),
        lon_deg=_maybe(said, "lon_deg"),
        lat_deg=_maybe(said, "lat_deg"),
        village_code=_maybe(said, "village_code"),
        town_name=_maybe(said, "town_name"),
        village_name=_maybe(said, "village_name"),
        datum=_maybe(said, "datum"),
        radius_m=_maybe(said, "radius_m"),
        quality=_renamed(said, "position_source", _QUALITIES),
        source=_maybe(said, "position_source"),
    )


def roster_row(row: Row) -> RosterRow:
    """The row of a roster."""
    said = row.values
    round_number = _maybe(said, "round")
    return RosterRow(
        row_number=row.number,
        name=_text(said, "person_name"),
        birth_month=_maybe(said, "birth_month"),
        sending_unit=_text(said, "sending_unit"),
        kind=_renamed(said, "posting_kind", _POSTING_KINDS) or "",
        from_date=_maybe(said, "posted_from"),
        to_date=_maybe(said, "term_ends"),
        round=None if round_number is None else str(round_number),
        village_code=_maybe(said, "village_code"),
        town_name=_maybe(said, "town_name"),
        village_name=_maybe(said, "village_name"),
        must_live_in=_maybe(said, "must_live_in"),
        state=_renamed(said, "posting_state", _POSTING_STATES),
        changed_on=_maybe(said, "changed_on"),
        person_number=_maybe(said, "person_number"),
    )


def leave_row(row: Row) -> LeaveRow:
    """The row of a leave book."""
    said = row.values
    from_date, from_half = _half_day(said, "left_at")
    to_date, to_half = _half_day(said, "planned_return_at")
    return LeaveRow(
        row_number=row.number,
        name=_text(said, "person_name"),
        kind=_text(said, "leave_kind"),
        from_date=from_date,
        to_date=to_date,
        from_half=from_half,
        to_half=to_half,
        person_number=_maybe(said, "person_number"),
        sending_unit=_maybe(said, "sending_unit"),
        town_name=_maybe(said, "town_name"),
        village_name=_maybe(said, "village_name"),
        township_approved_at=_half_day(said, "town_approved_at")[0],
        department_approved_at=_half_day(said, "department_approved_at")[0],
        extended_to=_half_day(said, "extended_to")[0],
        returned_on=_half_day(said, "returned_at")[0],
        recorded_late_on=_half_day(said, "entered_late_at")[0],
    )


def account_row(row: Row) -> NewAccount:
    """The row of a list of accounts."""
    said = row.values
    return NewAccount(
        login=_text(said, "login_name"),
        name=_text(said, "person_name"),
        role=Role(_text(said, "role")),
        division_prefix=_text(said, "division_code"),
        unit=_maybe(said, "unit"),
        approval_number=_maybe(said, "approval_no"),
        ends_on=_maybe(said, "valid_to"),
    )


def _text(said: Mapping[str, Any], field: str) -> str:
    return str(said.get(field) or "")


def _maybe(said: Mapping[str, Any], field: str) -> Any:
    """The value as the column's reader gave it; the column fixes its type."""
    return said.get(field)


def _renamed(said: Mapping[str, Any], field: str, words: Mapping[str, str]) -> str | None:
    value = said.get(field)
    return None if value is None else words.get(value, value)


def _half_day(said: Mapping[str, Any], field: str) -> tuple[date | None, str | None]:
    value = said.get(field)
    return (None, None) if value is None else value
