"""Phones at the desk: which there are, what was found out about them at known points, and the form to find out more."""

import re
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.signin import check_csrf, current_actor
from api.pages.blueprint import desk
from api.pages.errors import BadForm
from api.pages.frame import page, told
from geo import Datum
from visits.access import Right, require
from visits.fieldwork import KnownPoint, PhoneFix, calibrate_phone, phone, phones
from visits.zone import LOCAL_ZONE

DECLARED = ("wgs84", "gcj02", "bd09", "cgcs2000", "unknown")
_BETWEEN = re.compile(r"[\s,，;；]+")


@desk.get("/phones")
def show_phones() -> Response:
    """The phones of the reader's division, each with the newest finding about it."""
    with house().store.reading() as uow:
        found = phones(uow, current_actor())
    return page("phones.html", phones=found)


@desk.get("/phones/<uuid:device_id>")
def show_phone(device_id: UUID) -> Response:
    """One phone: what was found before, and the form for what it gives at a known point."""
    with house().store.reading() as uow:
        found = phone(uow, current_actor(), device_id)
    return page("phone.html", phone=found, declared=DECLARED, datums=tuple(Datum), said=told())


@desk.post("/phones/<uuid:device_id>")
def take_calibration(device_id: UUID) -> AnyResponse:
    """Keep what a phone gave at a known point; its page then says what that shows."""
    actor = current_actor()
    check_csrf()
    require(actor, Right.CALIBRATE)
    with house().store.reading() as uow:
        phone(uow, actor, device_id)
    point, declared, fixes = _point(), request.form.get("declared", ""), list(_fixes(request.form.get("fixes", "")))
    with house().store.writing() as uow:
        calibrate_phone(uow, actor, device_id, point, declared, fixes, at_utc=now_utc())
    house().jobs.wake()
    return redirect(f"/desk/phones/{device_id}?said=phones.done", 303)


def _point() -> KnownPoint:
    """Gate 1 of the form's first half: the known point in the right types."""
    form = request.form
    try:
        return KnownPoint(
            name=form["point"].strip(),
            lon_deg=float(form["lon_deg"]),
            lat_deg=float(form["lat_deg"]),
            datum=Datum(form["datum"]),
            error_m=float(form["error_m"]),
        )
    except (KeyError, ValueError) as reason:
        raise BadForm("phones.fill_point") from reason


def _fixes(text: str) -> Iterator[PhoneFix]:
    """One fix a line: two numbers, the accuracy, and the time (local where it names no zone of its own)."""
    for line in text.splitlines():
        if not line.strip():
            continue
        try:
            lon, lat, accuracy, at = _BETWEEN.split(line.strip(), maxsplit=3)
            fixed = datetime.fromisoformat(at.strip())
            fixed = fixed if fixed.tzinfo else fixed.replace(tzinfo=LOCAL_ZONE)
            yield PhoneFix(float(lon), float(lat), float(accuracy), fixed)
        except ValueError as reason:
            raise BadForm("phones.fill_fixes") from reason
