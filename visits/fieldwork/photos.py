"""Photos of a visit: what they say by themselves, and opening them for those who may look."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from visits.access import Actor, note
from visits.fieldwork.errors import NoSuchPhoto
from visits.fieldwork.records import FieldRecord, field_records
from visits.fieldwork.rows import PhotoFact
from visits.fieldwork.scope import visible_records, visible_visit
from visits.intake import (
    RemovedByRule,
    VisitSeal,
    arrived_photos,
    blurs_of,
    hashes_of,
    open_for_visit,
    removal_of,
    seal_for_visit,
)
from visits.plans import issues_of
from visits.store import UnitOfWork, enqueue, insert_unless_there, lock_for_transaction

_OF_THE_PLACE = frozenset({"lon_deg", "lat_deg", "altitude_m"})


@dataclass(frozen=True)
class InspectedPhoto:
    """What reading a photo told: its facts, or the reason why it could not be read."""

    visit_id: UUID
    sha256: str
    readable: bool
    reason: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class PhotoView:
    """A photo of a visit for those who may see it: the capture record, the arrival, and what the photo itself says.

    Capture facts (what the phone claimed at the shutter) stay apart from photo facts (what its metadata says).
    """

    sha256: str
    record_id: UUID
    of_record: UUID | None
    after_fixing: bool
    account_id: UUID
    taken_at: str
    made_at_utc: datetime
    source: str
    size_bytes: int
    media_type: str
    fixes: list[dict[str, Any]]
    arrived_utc: datetime | None
    log_index: int | None
    readable: bool | None
    reason: str
    facts: dict[str, Any]


def record_inspection(
    uow: UnitOfWork,
    visit_id: UUID,
    sha256: str,
    *,
    facts: Mapping[str, Any],
    at_utc: datetime,
) -> None:
    """Keep what a photo said. ``facts`` holds plain values and datetimes. Never beside a removal of the visit."""
    lock_for_transaction(uow, f"visit:{visit_id}")
    plain = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in facts.items()}
    if blurs_of(uow, visit_id):
        plain = _without_place(plain)
    sealed = seal_for_visit(uow, visit_id, json.dumps(plain, ensure_ascii=False).encode(), f"facts:{sha256}")
    _keep(uow, visit_id, sha256, at_utc, readable=True, sealed_facts=sealed)


def reading_failed(uow: UnitOfWork, visit_id: UUID, sha256: str, reason: str, *, at_utc: datetime) -> None:
    """Keep why a photo could not be read. Its bytes stay: not readable today is no reason to drop evidence."""
    _keep(uow, visit_id, sha256, at_utc, readable=False, reason=reason[:300])


def blur_facts(uow: UnitOfWork, visit_id: UUID, old: VisitSeal, new: VisitSeal) -> None:
    """Seal what the photos of a visit say of themselves anew, without the place; the photos themselves stay."""
    rows = uow.session.scalars(
        select(PhotoFact).where(PhotoFact.visit_id == visit_id, PhotoFact.sealed_facts.is_not(None))
    )
    for row in rows:
        context = f"facts:{row.sha256}"
        facts = _without_place(json.loads(old.open(row.sealed_facts or b"", context)))
        row.sealed_facts = new.close(json.dumps(facts, ensure_ascii=False).encode(), context)
    uow.session.flush()


def _without_place(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if name in _OF_THE_PLACE else value for name, value in facts.items()}


def inspected_photos(uow: UnitOfWork, visit_id: UUID) -> dict[str, InspectedPhoto]:
    """The inspected photos of a visit by hash, their facts opened."""
    rows = uow.session.scalars(select(PhotoFact).where(PhotoFact.visit_id == visit_id))
    return {row.sha256: _inspected(uow, row) for row in rows}


def photos_of_visit(uow: UnitOfWork, actor: Actor, visit_id: UUID) -> list[PhotoView]:
    """The photos a visit holds, in the order they were taken."""
    row = visible_visit(uow, actor, visit_id)
    records = visible_records(actor, field_records(uow, visit_id, issues_of(uow, row.assignment_id)))
    arrived = arrived_photos(uow, visit_id)
    inspected = inspected_photos(uow, visit_id)
    return [
        _view(r, arrived.get(r.body["sha256"]), inspected.get(r.body["sha256"]))
        for r in sorted(records, key=lambda r: r.at_utc)
        if r.kind == "photo"
    ]


def photo_of_visit(uow: UnitOfWork, actor: Actor, visit_id: UUID, sha256: str) -> PhotoView:
    """One photo of a visit."""
    for photo in photos_of_visit(uow, actor, visit_id):
        if photo.sha256 == sha256:
            return photo
    if removal_of(uow, visit_id) is not None and sha256 in hashes_of(uow, visit_id)[1]:
        raise RemovedByRule("this photo was removed by rule")
    raise NoSuchPhoto(f"visit {visit_id} has no photo {sha256}")


def open_photo(
    uow: UnitOfWork, actor: Actor, visit_id: UUID, sha256: str, *, original: bool, at_utc: datetime
) -> PhotoView:
    """Let the caller look at a photo's bytes, and note that they did."""
    photo = photo_of_visit(uow, actor, visit_id, sha256)
    if photo.arrived_utc is None:
        raise NoSuchPhoto("the bytes of this photo have not arrived yet")
    row = visible_visit(uow, actor, visit_id)
    note(
        uow,
        actor,
        "photo.original" if original else "photo.read",
        about=f"visit:{visit_id}",
        division_code=row.village_code,
        detail={"sha256": sha256},
        at_utc=at_utc,
    )
    return photo


def _keep(uow: UnitOfWork, visit_id: UUID, sha256: str, at_utc: datetime, **values: Any) -> None:
    insert_unless_there(
        uow,
        PhotoFact,
        visit_id=visit_id,
        sha256=sha256,
        inspected_utc=at_utc,
        readable=values["readable"],
        reason=values.get("reason", ""),
        sealed_facts=values.get("sealed_facts"),
    )
    enqueue(uow, "judge_visit", str(visit_id), at_utc=at_utc)


def _inspected(uow: UnitOfWork, row: PhotoFact) -> InspectedPhoto:
    facts: dict[str, Any] = {}
    if row.sealed_facts is not None:
        facts = json.loads(open_for_visit(uow, row.visit_id, row.sealed_facts, f"facts:{row.sha256}"))
        for name in ("taken_at", "gps_at_utc"):
            if facts.get(name):
                facts[name] = datetime.fromisoformat(facts[name])
    return InspectedPhoto(row.visit_id, row.sha256, row.readable, row.reason, facts)


def _view(record: FieldRecord, arrived: Any, inspected: InspectedPhoto | None) -> PhotoView:
    body = record.body
    return PhotoView(
        sha256=body["sha256"],
        record_id=record.id,
        of_record=UUID(body["of_record"]) if body["of_record"] else None,
        after_fixing=body.get("after_fixing", False),
        account_id=record.account_id,
        taken_at=body["taken_at"],
        made_at_utc=record.at_utc,
        source=body["source"],
        size_bytes=body["size_bytes"],
        media_type=body["media_type"],
        fixes=body["fixes"],
        arrived_utc=arrived.arrived_utc if arrived else None,
        log_index=arrived.log_index if arrived else None,
        readable=inspected.readable if inspected else None,
        reason=inspected.reason if inspected else "",
        facts=inspected.facts if inspected else {},
    )
