"""The viewer for one photo: how it was taken, what it says by itself, and where the log holds it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from flask import Response, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.signin import check_csrf, current_actor
from api.pages.blueprint import desk
from api.pages.errors import BadForm
from api.pages.frame import page, told
from geo import LonLat, distance_m
from media import Box
from visits.access import Right, require
from visits.fieldwork import (
    MOST_BOXES,
    FixView,
    PhotoView,
    camera_time,
    cover,
    covers_of_photo,
    exif_place,
    look_alikes,
    photo_of_visit,
    visit,
)

SPARE_ROWS = 8


@dataclass(frozen=True)
class SideBySide:
    """The phone's best fix beside the photo's own position and clock, and how far the positions lie apart."""

    fix: FixView | None
    exif: LonLat | None
    apart_m: float | None
    camera_at: datetime | None


@desk.get("/visits/<uuid:visit_id>/photos/<sha256>")
def show_photo(visit_id: UUID, sha256: str) -> Response:
    """One photo of a visit, large, with all that is known of it."""
    with house().store.writing() as uow:
        actor = current_actor()
        found = visit(uow, actor, visit_id, at_utc=now_utc())
        photo = photo_of_visit(uow, actor, visit_id, sha256)
    number = 1 + [one.sha256 for one in found.photos].index(sha256)
    record = next(r for r in found.records if r.id == photo.record_id)
    shows = next((r for r in found.records if r.id == photo.of_record), None)
    compared = side_by_side(record.fixes, photo)
    hints = [h for h in found.hints if h.about.startswith(f"photo:{sha256}")]
    return page(
        "photo.html",
        visit=found,
        photo=photo,
        number=number,
        record=record,
        shows=shows,
        compared=compared,
        hints=hints,
    )


@desk.get("/visits/<uuid:visit_id>/photos/<sha256>/alike")
def show_look_alikes(visit_id: UUID, sha256: str) -> Response:
    """A photo beside each photo of another visit that looks like it, for a person to compare."""
    with house().store.writing() as uow:
        actor = current_actor()
        found = visit(uow, actor, visit_id, at_utc=now_utc())
        pairs = look_alikes(uow, actor, visit_id, sha256, at_utc=now_utc())
    photo = next(p for p in found.photos if p.sha256 == sha256)
    by = next(r.by for r in found.records if r.id == photo.record_id)
    return page("alike.html", visit=found, photo=photo, by=by, pairs=pairs)


@desk.get("/visits/<uuid:visit_id>/photos/<sha256>/cover")
def show_covers(visit_id: UUID, sha256: str) -> Response:
    """A photo to draw boxes on: what is covered in every copy that leaves the house."""
    with house().store.writing() as uow:
        actor = current_actor()
        require(actor, Right.DECIDE)
        covered = covers_of_photo(uow, actor, visit_id, sha256)
        found = visit(uow, actor, visit_id, at_utc=now_utc())
    photo = next(p for p in found.photos if p.sha256 == sha256)
    boxes = list(covered.boxes) if covered else []
    rows = [asdict(box) for box in boxes] + [None] * min(SPARE_ROWS, MOST_BOXES - len(boxes))
    return page("cover.html", visit=found, photo=photo, covered=covered, rows=rows, said=told())


@desk.post("/visits/<uuid:visit_id>/photos/<sha256>/cover")
def take_covers(visit_id: UUID, sha256: str) -> AnyResponse:
    """Have the boxes covered that the form holds, or none."""
    actor = current_actor()
    check_csrf()
    with house().store.writing() as uow:
        cover(uow, actor, visit_id, sha256, _boxes(request.form), at_utc=now_utc())
    return redirect(f"/desk/visits/{visit_id}/photos/{sha256}/cover?said=cover.done", 303)


def _boxes(form: MultiDict[str, str]) -> list[Box]:
    """The boxes of the form, whose edges are in per cent; a row left empty is none."""
    rows = zip(*(form.getlist(edge) for edge in ("left", "top", "right", "bottom")), strict=False)
    try:
        return [Box(*(float(edge) / 100 for edge in row)) for row in rows if any(row)]
    except ValueError as reason:
        raise BadForm("cover.numbers") from reason


def side_by_side(fixes: tuple[FixView, ...], photo: PhotoView) -> SideBySide:
    """The phone's most accurate fix and the photo's own position; neither is corrected by the other."""
    known = [fix for fix in fixes if fix.wgs84_lon_deg is not None]
    fix = min(known or fixes, key=lambda f: f.accuracy_m if f.accuracy_m is not None else float("inf"), default=None)
    exif, camera_at = exif_place(photo.facts), camera_time(photo.facts)
    if exif is None or fix is None or fix.wgs84_lon_deg is None or fix.wgs84_lat_deg is None:
        return SideBySide(fix, exif, None, camera_at)
    return SideBySide(fix, exif, distance_m(exif, LonLat(fix.wgs84_lon_deg, fix.wgs84_lat_deg)), camera_at)
