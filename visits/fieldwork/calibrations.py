"""Phones tried out at a known point: how their numbers are to be read, said by somebody who stood there with them.

A calibration never changes a position that says what it is in. It is told as a hint where a phone declares something
else, and it is the knowledge by which a position without any datum is read at all (``device_profile``).
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import select

from geo import Datum, LonLat, calibrate, convert, local_distance_m
from visits.access import Account, Actor, Device, Right, note, require, within
from visits.fieldwork.errors import CalibrationRefused, NoSuchDevice
from visits.fieldwork.records import FieldRecord
from visits.fieldwork.rows import DeviceCalibration
from visits.intake import visits_of_device
from visits.store import UnitOfWork, enqueue

# Raised whenever the same fixes would lead to another result.
METHOD = "known-point-1"
UNKNOWN = "unknown"
LEAST_FIXES = 3
MOST_FIXES = 50
# Datums lie 170 m apart at least, and 590 m here: with fixes and a point this good only one can fit.
WORST_ACCURACY_M = 50.0
WORST_POINT_ERROR_M = 30.0
WITHIN_M = 60.0
VISITS_LOOKED_AT_AGAIN = 60


@dataclass(frozen=True)
class KnownPoint:
    """Where the phone was held: what the point is and who says so, its degrees and datum, and how wrong they may be."""

    name: str
    lon_deg: float
    lat_deg: float
    datum: Datum
    error_m: float


@dataclass(frozen=True)
class PhoneFix:
    """What the phone gave, as it gave it: first and second number are called longitude and latitude by the phone."""

    lon_deg: float
    lat_deg: float
    accuracy_m: float
    fixed_utc: datetime

    def as_kept(self) -> dict[str, Any]:
        pair = {"lon_deg": self.lon_deg, "lat_deg": self.lat_deg, "accuracy_m": self.accuracy_m}
        return {**pair, "fixed_at": self.fixed_utc.isoformat()}


@dataclass(frozen=True)
class CalibrationView:
    """One calibration. ``datum`` is ``None`` where no reading fits: then nothing is known, and nothing assumed."""

    number: int
    point: str
    declared: str
    datum: Datum | None
    swapped: bool
    distance_m: float | None
    declared_distance_m: float | None
    fixes: int
    calibrated_by: str
    calibrated_utc: datetime

    @property
    def agrees(self) -> bool:
        """Whether the phone gives what it declares."""
        return self.datum is not None and not self.swapped and _worked_as(self.declared) == self.datum


@dataclass(frozen=True)
class PhoneView:
    """One phone, whose it is, and what was found out about it at known points, the newest first."""

    id: UUID
    label: str
    owner: str
    registered_utc: datetime
    calibrations: tuple[CalibrationView, ...]


def phones(uow: UnitOfWork, actor: Actor) -> list[PhoneView]:
    """The phones of the actor's division, by owner; those of ended accounts too."""
    require(actor, Right.CALIBRATE)
    query = (
        select(Device, Account.name)
        .join(Account, Account.id == Device.account_id)
        .where(within(actor, Account.division_prefix))
        .order_by(Account.name, Device.registered_utc, Device.id)
    )
    known = uow.session.execute(query).all()
    found = _views(uow, [device.id for device, _ in known])
    return [_phone(device, owner, found.get(device.id, ())) for device, owner in known]


def phone(uow: UnitOfWork, actor: Actor, device_id: UUID) -> PhoneView:
    """One phone of the actor's division; :class:`NoSuchDevice` for all else."""
    require(actor, Right.CALIBRATE)
    row = uow.session.execute(
        select(Device, Account.name)
        .join(Account, Account.id == Device.account_id)
        .where(Device.id == device_id, within(actor, Account.division_prefix))
    ).first()
    if row is None:
        raise NoSuchDevice(f"there is no phone {device_id} in your division")
    device, owner = row
    return _phone(device, owner, _views(uow, [device_id]).get(device_id, ()))


def calibrate_phone(
    uow: UnitOfWork,
    actor: Actor,
    device_id: UUID,
    point: KnownPoint,
    declared: str,
    fixes: Sequence[PhoneFix],
    *,
    at_utc: datetime,
) -> CalibrationView:
    """Keep what a phone gave at a known point, and how its numbers are to be read by that; ``None`` fits is kept too.

    ``declared`` is what the phone says its numbers are in, or ``unknown``. Earlier calibrations stay; the newest
    counts. The phone's visits are looked at again, so that what is newly known reaches them as a hint.
    """
    phone(uow, actor, device_id)
    _check(point, declared, fixes)
    lon_deg, lat_deg = convert(point.lon_deg, point.lat_deg, source=point.datum, target=Datum.WGS84)
    place = LonLat(lon_deg, lat_deg)
    x, y = [fix.lon_deg for fix in fixes], [fix.lat_deg for fix in fixes]
    fits = calibrate(x, y, place, within_m=WITHIN_M + point.error_m)
    row = DeviceCalibration(
        device_id=device_id,
        point=point.name,
        point_lon_deg=point.lon_deg,
        point_lat_deg=point.lat_deg,
        point_datum=point.datum.value,
        point_error_m=point.error_m,
        declared=declared,
        fixes=[fix.as_kept() for fix in fixes],
        datum=fits.reading.datum.value if fits else None,
        swapped=bool(fits and fits.reading.swapped),
        distance_m=fits.distance_m if fits else None,
        declared_distance_m=_as_declared_m(x, y, declared, place),
        method=METHOD,
        calibrated_by=actor.account_id,
        calibrated_utc=at_utc,
    )
    uow.session.add(row)
    uow.session.flush()
    detail = {"datum": row.datum or "", "declared": declared, "fixes": len(fixes)}
    note(uow, actor, "phone.calibrate", about=f"device:{device_id}", detail=detail, at_utc=at_utc)
    for visit_id in visits_of_device(uow, device_id, limit=VISITS_LOOKED_AT_AGAIN):
        enqueue(uow, "judge_visit", str(visit_id), at_utc=at_utc)
    return _view(row, actor.name)


def calibrations_of(uow: UnitOfWork, device_ids: Collection[UUID]) -> dict[UUID, CalibrationView]:
    """The newest calibration of each of these phones, without those with which nobody has stood at a known point."""
    return {device_id: views[0] for device_id, views in _views(uow, device_ids).items()}


def read_by_profile(record: FieldRecord, calibration: CalibrationView) -> FieldRecord:
    """The record, its fixes without a datum read in the one the phone was found to give; all others as they came."""
    if calibration.datum is None or calibration.swapped:
        return record
    profile = {"datum": calibration.datum.value, "datum_how": "device_profile", "calibration": calibration.number}
    if record.kind == "photo":
        fixes = [{**fix, **profile} if fix["datum"] == UNKNOWN else fix for fix in record.body["fixes"]]
        return replace(record, body={**record.body, "fixes": fixes})
    fix = record.body.get("fix")
    if not fix or fix["datum"] != UNKNOWN:
        return record
    return replace(record, body={**record.body, "fix": {**fix, **profile}})


def contradicts(calibration: CalibrationView, declared: set[str]) -> bool:
    """Whether what a phone declared on a visit is another datum than it was found to give."""
    said = {_worked_as(datum) for datum in declared if datum in set(Datum)}
    return calibration.datum is not None and not calibration.swapped and bool(said - {calibration.datum})


def _check(point: KnownPoint, declared: str, fixes: Sequence[PhoneFix]) -> None:
    if not 0 < len(point.name) <= 120:
        raise CalibrationRefused("say what the known point is and who surveyed it, in at most 120 letters")
    lon_deg, _ = convert(point.lon_deg, point.lat_deg, source=point.datum, target=Datum.WGS84)
    if math.isnan(lon_deg) or (point.lon_deg == 0.0 and point.lat_deg == 0.0):
        raise CalibrationRefused("the known point is no place on the globe; longitude goes first, in degrees")
    if not 0.0 <= point.error_m <= WORST_POINT_ERROR_M:
        raise CalibrationRefused(f"a known point is known to {WORST_POINT_ERROR_M:.0f} m or better")
    if declared != UNKNOWN and declared not in set(Datum):
        raise CalibrationRefused(f"{declared!r} is no datum that a phone declares")
    if len(fixes) > MOST_FIXES or len({fix.fixed_utc for fix in fixes}) < LEAST_FIXES:
        raise CalibrationRefused(f"{LEAST_FIXES} to {MOST_FIXES} fixes of different moments are needed")
    if not all(0.0 <= fix.accuracy_m <= WORST_ACCURACY_M for fix in fixes):
        raise CalibrationRefused(
            f"every fix must be accurate to {WORST_ACCURACY_M:.0f} m; wait under the open sky and take them again"
        )
    if not all(math.isfinite(fix.lon_deg) and math.isfinite(fix.lat_deg) for fix in fixes):
        raise CalibrationRefused("a fix is two numbers")


def _worked_as(datum: str) -> str:
    """Nobody can tell CGCS2000 from WGS 84 with a phone."""
    return Datum.WGS84 if datum == Datum.CGCS2000 else datum


def _as_declared_m(x: list[float], y: list[float], declared: str, place: LonLat) -> float | None:
    if declared == UNKNOWN:
        return None
    lon, lat = convert(x, y, source=declared, target=Datum.WGS84)
    median_m = float(np.median(local_distance_m(lon, lat, place.lon_deg, place.lat_deg)))
    return None if math.isnan(median_m) else median_m


def _views(uow: UnitOfWork, device_ids: Collection[UUID]) -> dict[UUID, tuple[CalibrationView, ...]]:
    query = (
        select(DeviceCalibration, Account.name)
        .join(Account, Account.id == DeviceCalibration.calibrated_by)
        .where(DeviceCalibration.device_id.in_(device_ids))
        .order_by(DeviceCalibration.number.desc())
    )
    found: dict[UUID, tuple[CalibrationView, ...]] = {}
    for row, name in uow.session.execute(query):
        found[row.device_id] = (*found.get(row.device_id, ()), _view(row, name))
    return found


def _view(row: DeviceCalibration, calibrated_by: str) -> CalibrationView:
    return CalibrationView(
        number=row.number,
        point=row.point,
        declared=row.declared,
        datum=Datum(row.datum) if row.datum else None,
        swapped=row.swapped,
        distance_m=row.distance_m,
        declared_distance_m=row.declared_distance_m,
        fixes=len(row.fixes),
        calibrated_by=calibrated_by,
        calibrated_utc=row.calibrated_utc,
    )


def _phone(device: Device, owner: str, calibrations: tuple[CalibrationView, ...]) -> PhoneView:
    return PhoneView(device.id, device.label, owner, device.registered_utc, calibrations)
