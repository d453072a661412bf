"""Photos that look alike: found once, when a photo is read, and shown to people side by side."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from media import FINGERPRINT_VERSION, Fingerprints, Resemblance, Seen, SeenPhotos
from visits.access import Account, Actor, note
from visits.fieldwork.case import COUNTY_DIGITS
from visits.fieldwork.errors import NoSuchPhoto, NoSuchVisit
from visits.fieldwork.photos import PhotoView, photo_of_visit
from visits.fieldwork.rows import PhotoFact, PhotoPrint, PhotoResemblance
from visits.fieldwork.scope import visible_visit
from visits.intake import RemovedByRule, removals, visits_with_photo
from visits.places import VillageView, village
from visits.plans import assigned_visit
from visits.store import UnitOfWork, enqueue, lock_for_transaction

# Ten notice boards from one template are enough for a person; nearest first.
MOST_PAIRS = 10
# How many of the nearest are looked up to find those ten: a burst of one visit may stand before the others.
MOST_ASKED = 200
LOADED_AT_ONCE = 50_000


@dataclass(frozen=True)
class OtherPhoto:
    """The other photo of a pair, as far as the caller may see it."""

    visit_id: UUID
    village: VillageView
    by: str
    photo: PhotoView


@dataclass(frozen=True)
class LookAlike:
    """A photo of another visit that is the same file, matches, or is worth a look; ``other`` is None when it is hidden.

    ``likeness`` is ``same``, ``match`` or ``look``; bits are out of 64 and 256, and None for the same file.
    """

    likeness: str
    turn: str
    dhash_bits: int | None
    pdq_bits: int | None
    other: OtherPhoto | None


def catch_up(uow: UnitOfWork, seen: SeenPhotos) -> None:
    """Add to ``seen`` what has come since it was last asked, by whichever process; after a removal, begin anew."""
    seen.as_of(removals(uow))
    while True:
        rows = uow.session.execute(
            select(PhotoPrint.number, PhotoPrint.dhash64, PhotoPrint.pdq256)
            .where(PhotoPrint.number > seen.last_number, PhotoPrint.version == FINGERPRINT_VERSION)
            .order_by(PhotoPrint.number)
            .limit(LOADED_AT_ONCE)
        ).all()
        if not rows:
            return
        seen.add(Seen(number, dhash64, pdq256) for number, dhash64, pdq256 in rows)


def keep_prints(
    uow: UnitOfWork, seen: SeenPhotos, visit_id: UUID, sha256: str, prints: Fingerprints, *, at_utc: datetime
) -> None:
    """Keep the fingerprints of a photo, and each pair it makes with one of another visit; safe to repeat.

    One photo for a unit of work: ``seen`` holds what is committed. One at a time, too, so that of two photos that come
    together the later finds the earlier, and so that numbers rise in the order of commits.
    """
    if prints.dhash64 is None or prints.pdq256 is None:
        return
    lock_for_transaction(uow, "photo_print")
    known = select(PhotoPrint.number).where(PhotoPrint.visit_id == visit_id, PhotoPrint.sha256 == sha256)
    if uow.session.scalar(known) is not None:
        return
    catch_up(uow, seen)
    pairs = _in_other_visits(uow, seen.find(prints), visit_id, sha256)
    for found, other in pairs:
        _keep_pair(uow, found, (visit_id, sha256), (other.visit_id, other.sha256), at_utc)
    uow.session.add(
        PhotoPrint(
            visit_id=visit_id,
            sha256=sha256,
            version=FINGERPRINT_VERSION,
            dhash64=prints.dhash64,
            pdq256=prints.pdq256,
        )
    )
    uow.session.flush()
    for other_visit_id in sorted({other.visit_id for _, other in pairs}):
        enqueue(uow, "judge_visit", str(other_visit_id), at_utc=at_utc)


def resemblances_of_visit(uow: UnitOfWork, visit_id: UUID) -> dict[str, list[PhotoResemblance]]:
    """The pairs of a visit by its own photo, nearest first."""
    rows = uow.session.scalars(
        select(PhotoResemblance)
        .where(PhotoResemblance.visit_id == visit_id)
        .order_by(PhotoResemblance.pdq_bits, PhotoResemblance.other_sha256)
    )
    by_photo: dict[str, list[PhotoResemblance]] = {}
    for row in rows:
        by_photo.setdefault(row.sha256, []).append(row)
    return by_photo


def look_alikes(uow: UnitOfWork, actor: Actor, visit_id: UUID, sha256: str, *, at_utc: datetime) -> list[LookAlike]:
    """What of other visits looks like a photo the caller may see. What lies outside their reach is told, not shown.

    Of another county only a match is told: a mere look asks for eyes on both, and nobody here has them.
    """
    photo_of_visit(uow, actor, visit_id, sha256)
    own_village = visible_visit(uow, actor, visit_id).village_code
    own_county = own_village[:COUNTY_DIGITS]
    note(
        uow,
        actor,
        "photo.alike",
        about=f"visit:{visit_id}",
        division_code=own_village,
        detail={"sha256": sha256},
        at_utc=at_utc,
    )
    told = [
        LookAlike("same", "as_is", None, None, _other(uow, actor, other_visit_id, sha256))
        for other_visit_id in sorted(visits_with_photo(uow, sha256) - {visit_id})
    ]
    for row in resemblances_of_visit(uow, visit_id).get(sha256, []):
        other = _other(uow, actor, row.other_visit_id, row.other_sha256)
        if other is not None or row.likeness == "match" or county_of(uow, row.other_visit_id) == own_county:
            told.append(LookAlike(row.likeness, row.turn, row.dhash_bits, row.pdq_bits, other))
    return told


def forget_photos(uow: UnitOfWork, visit_id: UUID, *, at_utc: datetime) -> None:
    """Drop what the photos of a visit said and looked like. The other half of each pair goes too, and its hint."""
    pairs = (PhotoResemblance.visit_id == visit_id) | (PhotoResemblance.other_visit_id == visit_id)
    others = select(PhotoResemblance.other_visit_id).where(PhotoResemblance.visit_id == visit_id).distinct()
    for other_visit_id in sorted(uow.session.scalars(others)):
        enqueue(uow, "judge_visit", str(other_visit_id), at_utc=at_utc)
    uow.session.execute(delete(PhotoResemblance).where(pairs))
    for rows in (PhotoFact, PhotoPrint):
        uow.session.execute(delete(rows).where(rows.visit_id == visit_id))


def county_of(uow: UnitOfWork, visit_id: UUID) -> str | None:
    """The county of a visit."""
    assigned = assigned_visit(uow, visit_id)
    return assigned.village_code[:COUNTY_DIGITS] if assigned else None


def _other(uow: UnitOfWork, actor: Actor, visit_id: UUID, sha256: str) -> OtherPhoto | None:
    try:
        row = visible_visit(uow, actor, visit_id)
        photo = photo_of_visit(uow, actor, visit_id, sha256)
    except (NoSuchVisit, NoSuchPhoto, RemovedByRule):
        return None
    account = uow.session.get(Account, photo.account_id)
    return OtherPhoto(visit_id, village(uow, actor, row.village_code), account.name if account else "", photo)


def _in_other_visits(
    uow: UnitOfWork, found: list[Resemblance], visit_id: UUID, sha256: str
) -> list[tuple[Resemblance, PhotoPrint]]:
    """The nearest of other visits. A burst of one visit is no re-use, and the same file is told by its hash alone."""
    numbers = [one.number for one in found[:MOST_ASKED]]
    rows = {row.number: row for row in uow.session.scalars(select(PhotoPrint).where(PhotoPrint.number.in_(numbers)))}
    others = [(one, rows[one.number]) for one in found[:MOST_ASKED] if one.number in rows]
    return [(one, row) for one, row in others if row.visit_id != visit_id and row.sha256 != sha256][:MOST_PAIRS]


def _keep_pair(
    uow: UnitOfWork, found: Resemblance, one: tuple[UUID, str], other: tuple[UUID, str], at_utc: datetime
) -> None:
    for own, their in ((one, other), (other, one)):
        uow.session.add(
            PhotoResemblance(
                visit_id=own[0],
                sha256=own[1],
                other_visit_id=their[0],
                other_sha256=their[1],
                likeness=found.likeness,
                turn=found.turn,
                dhash_bits=found.dhash_bits,
                pdq_bits=found.pdq_bits,
                found_utc=at_utc,
            )
        )
