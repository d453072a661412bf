"""What is held about an account holder, for that account holder (个人信息查阅、复制)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from visits.access import Actor, Device, note, own_account
from visits.fieldwork.rows import DeviceCalibration, Visit
from visits.plans import recusals_about, teams_of
from visits.store import UnitOfWork

Section = list[dict[str, Any]]


def held_about_me(uow: UnitOfWork, actor: Actor, *, at_utc: datetime) -> dict[str, Section]:
    """Everything held about the caller, by section, as plain values; handing it out is a line of the audit.

    Of a visit only its number, day and end: what was found there is about others. Sealed assignments are not in it.
    """
    said = {
        **own_account(uow, actor),
        "visits": _visits(uow, actor),
        "calibrations": _calibrations(uow, actor),
        "recusals": recusals_about(uow, actor),
    }
    note(uow, actor, "account.extract", about=f"account:{actor.login}", at_utc=at_utc)
    return {name: [_plain(row) for row in rows] for name, rows in said.items()}


def _visits(uow: UnitOfWork, actor: Actor) -> Section:
    query = select(Visit).where(Visit.assignment_id.in_(teams_of(actor))).order_by(Visit.began_utc, Visit.id)
    return [{"visit_id": str(v.id), "local_date": v.local_date, "state": v.state} for v in uow.session.scalars(query)]


def _calibrations(uow: UnitOfWork, actor: Actor) -> Section:
    rows = uow.session.execute(
        select(DeviceCalibration, Device.label)
        .join(Device, Device.id == DeviceCalibration.device_id)
        .where(Device.account_id == actor.account_id)
        .order_by(DeviceCalibration.number)
    )
    return [
        {
            "phone": label,
            "calibrated_utc": one.calibrated_utc,
            "point": one.point,
            "declared": one.declared,
            "datum": one.datum,
            "swapped": one.swapped,
            "distance_m": one.distance_m,
        }
        for one, label in rows
    ]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}
