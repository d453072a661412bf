"""Copies that leave the house: what a reviewer had covered in them, and the lines that say where they are from.

The original and the display copy stay as they are. Bystanders are covered in what is handed on: a villager on a
doorstep has nothing to do with whether somebody was at their post.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from media import Box
from visits.access import Account, Actor, Right, note, require
from visits.fieldwork.errors import BoxOutsidePhoto, NoSuchPhoto, PhotoNotLookedOver
from visits.fieldwork.photos import PhotoView, photo_of_visit
from visits.fieldwork.rows import PhotoCover
from visits.fieldwork.scope import visible_visit
from visits.places import village
from visits.store import UnitOfWork
from visits.zone import LOCAL_ZONE

MOST_BOXES = 40


@dataclass(frozen=True)
class CoverView:
    """What is covered in the copies of a photo, by whom and since when."""

    boxes: tuple[Box, ...]
    by: str
    covered_utc: datetime


@dataclass(frozen=True)
class LeavingCopy:
    """What the copy that leaves is made of: the boxes, and the lines below the picture."""

    boxes: tuple[Box, ...]
    lines: tuple[str, ...]


def cover(
    uow: UnitOfWork, actor: Actor, visit_id: UUID, sha256: str, boxes: Sequence[Box], *, at_utc: datetime
) -> CoverView:
    """Have these boxes, or none at all, covered in every copy that leaves from now on; what was said before is kept."""
    require(actor, Right.DECIDE)
    _arrived(uow, actor, visit_id, sha256)
    if len(boxes) > MOST_BOXES:
        raise BoxOutsidePhoto(f"at most {MOST_BOXES} boxes can be covered in one photo")
    for box in boxes:
        if not (0 <= box.left < box.right <= 1 and 0 <= box.top < box.bottom <= 1):
            raise BoxOutsidePhoto("a box lies in the photo: left before right, top before bottom, each from 0 to 1")
    uow.session.add(
        PhotoCover(
            visit_id=visit_id,
            sha256=sha256,
            boxes=[asdict(box) for box in boxes],
            covered_by=actor.account_id,
            covered_utc=at_utc,
        )
    )
    uow.session.flush()
    _note(uow, actor, "photo.cover", visit_id, {"sha256": sha256, "boxes": len(boxes)}, at_utc)
    return CoverView(tuple(boxes), actor.name, at_utc)


def covers_of_photo(uow: UnitOfWork, actor: Actor, visit_id: UUID, sha256: str) -> CoverView | None:
    """What is covered in the copies of a photo now, or None while nobody has looked it over."""
    photo_of_visit(uow, actor, visit_id, sha256)
    row = uow.session.execute(
        select(PhotoCover, Account.name)
        .join(Account, Account.id == PhotoCover.covered_by)
        .where(PhotoCover.visit_id == visit_id, PhotoCover.sha256 == sha256)
        .order_by(PhotoCover.number.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    return CoverView(tuple(Box(**box) for box in row.PhotoCover.boxes), row.name, row.PhotoCover.covered_utc)


def leaving_copy(uow: UnitOfWork, actor: Actor, visit_id: UUID, sha256: str, *, at_utc: datetime) -> LeavingCopy:
    """What to make the copy of, for an office that may see the photo; inspectors hand nothing on. It is noted."""
    require(actor, Right.READ_LEDGER)
    photo = _arrived(uow, actor, visit_id, sha256)
    said = covers_of_photo(uow, actor, visit_id, sha256)
    if said is None:
        raise PhotoNotLookedOver("say first what is to be covered in this photo, even if it is nothing")
    where = village(uow, actor, visible_visit(uow, actor, visit_id).village_code)
    taken = datetime.fromisoformat(photo.taken_at).astimezone(LOCAL_ZONE)
    _note(uow, actor, "photo.leave", visit_id, {"sha256": sha256, "boxes": len(said.boxes)}, at_utc)
    return LeavingCopy(
        said.boxes,
        (
            f"{where.county_name}{where.town_name}{where.name} {where.code}  {taken:%Y-%m-%d %H:%M} 拍摄",
            f"核查 {visit_id}",
            f"副本，原图 SHA-256 {sha256}",
        ),
    )


def _arrived(uow: UnitOfWork, actor: Actor, visit_id: UUID, sha256: str) -> PhotoView:
    photo = photo_of_visit(uow, actor, visit_id, sha256)
    if photo.arrived_utc is None or not photo.readable:
        raise NoSuchPhoto("there is no copy of this photo yet: it has not arrived, or could not be read")
    return photo


def _note(
    uow: UnitOfWork, actor: Actor, act: str, visit_id: UUID, detail: dict[str, str | int], at_utc: datetime
) -> None:
    code = visible_visit(uow, actor, visit_id).village_code
    note(uow, actor, act, about=f"visit:{visit_id}", division_code=code, detail=detail, at_utc=at_utc)
