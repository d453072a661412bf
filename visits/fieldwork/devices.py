"""Phones that seem to give another datum than they declare: found from their own visits, said as a hint.

Nothing is converted on such a finding. What a phone declares is what its positions are read in, until somebody looks
at the phone.
"""

import math
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from shapely import MultiPolygon, Polygon
from sqlalchemy import select

from geo import Datum, Reading, misread_devices
from visits.fieldwork.rows import DeviceReading
from visits.intake import StoredRecord, arrivals_of_device
from visits.places import village_extents
from visits.plans import villages_visited
from visits.store import UnitOfWork, enqueue

# Raised whenever the same visits would lead to another finding.
METHOD = "sign-test-1"
VISITS_LOOKED_AT = 60


def read_device(uow: UnitOfWork, device_id: UUID, *, at_utc: datetime) -> None:
    """Look whether a phone's arrivals fit their villages clearly better in another datum, or with the axes swapped.

    One fix a visit, the first one of the arrival, over its newest visits. A finding that differs from the last is
    added with what it rests on, and the visits it rests on are looked at again.
    """
    last = device_readings(uow, [device_id]).get(device_id)
    found = _look(uow, device_id, at_utc)
    if found is None or (last is None and not found.misread):
        return
    if last is not None and (last.misread, last.datum, last.swapped) == (found.misread, found.datum, found.swapped):
        return
    uow.session.add(found)
    uow.session.flush()
    enqueue(uow, "judge_visit", *found.visit_ids, at_utc=at_utc)


def device_readings(uow: UnitOfWork, device_ids: Collection[UUID]) -> dict[UUID, DeviceReading]:
    """What was last found about each of these phones, without those of which nothing was ever odd."""
    query = select(DeviceReading).where(DeviceReading.device_id.in_(device_ids)).order_by(DeviceReading.number)
    return {row.device_id: row for row in uow.session.scalars(query)}


def _look(uow: UnitOfWork, device_id: UUID, at_utc: datetime) -> DeviceReading | None:
    rows = _arrivals(uow, device_id)
    if not rows:
        return None
    # Of a phone that changed what it declares, only what it declares now is looked at.
    declared = rows[0][1]["datum"]
    rows = [row for row in rows if row[1]["datum"] == declared]
    read_as = Datum.WGS84 if declared == Datum.CGCS2000 else Datum(declared)
    misread = misread_devices(
        [str(device_id)] * len(rows),
        [fix["lon_deg"] for _, fix, _ in rows],
        [fix["lat_deg"] for _, fix, _ in rows],
        range(len(rows)),
        [area for _, _, area in rows],
        read_as=Reading(read_as),
    )
    found = misread[0] if misread else None
    return DeviceReading(
        device_id=device_id,
        declared=declared,
        misread=found is not None,
        datum=str(found.reading.datum if found else read_as),
        swapped=bool(found and found.reading.swapped),
        fixes=len(rows),
        fitting_before=found.fitting_before if found else None,
        fitting_after=found.fitting_after if found else None,
        shift_east_m=_number(found.shift_east_m) if found else None,
        shift_north_m=_number(found.shift_north_m) if found else None,
        visit_ids=[str(visit_id) for visit_id, _, _ in rows],
        method=METHOD,
        found_utc=at_utc,
    )


def _arrivals(uow: UnitOfWork, device_id: UUID) -> list[tuple[UUID, dict[str, Any], Polygon | MultiPolygon]]:
    """The newest visits with the pair as received with which this phone arrived, and the village it should lie in."""
    arrived = {
        visit_id: fix
        for visit_id, records in arrivals_of_device(uow, device_id, visits=VISITS_LOOKED_AT).items()
        if (fix := _first_fix(records)) is not None
    }
    codes = villages_visited(uow, arrived)
    extents = village_extents(uow, set(codes.values()))
    areas = {visit_id: extents[code].area for visit_id, code in codes.items()}
    return [(visit_id, fix, area) for visit_id, fix in arrived.items() if (area := areas.get(visit_id)) is not None]


def _first_fix(records: Sequence[StoredRecord]) -> dict[str, Any] | None:
    """The first position with a known datum, as it came: where a phone stood is not corrected afterwards."""
    fixes = (record.record["body"].get("fix") for record in records)
    usable = (fix for fix in fixes if fix and fix["datum"] in set(Datum) and (fix["lon_deg"] or fix["lat_deg"]))
    return next(usable, None)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
