"""Projects as a visit saw them: how far from the planned place, and whether anything is there at all."""

from collections.abc import Iterable
from dataclasses import dataclass

from geo import LonLat, distance_m
from visits.fieldwork.positions import canonical
from visits.fieldwork.records import FieldRecord
from visits.places import ProjectView, projects_of
from visits.store import UnitOfWork

FAR_M = 500.0
"""Project lists plan by hamlet rather than by survey: below this a difference says nothing."""


@dataclass(frozen=True)
class ProjectSeen:
    """One project as one inspector saw it. ``metres`` is from planned to seen, None where one of them has no place."""

    record: FieldRecord
    code: str
    project: ProjectView | None
    seen: str
    note: str
    metres: int | None
    is_far: bool


def projects_seen(uow: UnitOfWork, village_code: str, records: Iterable[FieldRecord]) -> list[ProjectSeen]:
    """What the records of a visit say of the village's projects, in the order in which they were made."""
    made = [record for record in records if record.kind == "project"]
    known = {one.code: one for one in projects_of(uow, village_code)} if made else {}
    return [_seen(record, known.get(record.body["code"])) for record in made]


def _seen(record: FieldRecord, project: ProjectView | None) -> ProjectSeen:
    if record.blurred is not None:
        metres, is_far = record.blurred.get("metres"), bool(record.blurred.get("is_far"))
        return ProjectSeen(
            record, record.body["code"], project, record.body["seen"], record.body["note"], metres, is_far
        )
    place = canonical(record.fixes[0]) if record.fixes else None
    metres, is_far = None, False
    if place is not None and project is not None and project.lon_deg is not None and project.lat_deg is not None:
        apart = distance_m(place, LonLat(project.lon_deg, project.lat_deg))
        metres = round(apart)
        is_far = record.body["seen"] == "elsewhere" or apart > FAR_M + (record.fixes[0]["accuracy_m"] or 0.0)
    return ProjectSeen(record, record.body["code"], project, record.body["seen"], record.body["note"], metres, is_far)
