"""What a phone carries to a visit: the package, given on opening, or beforehand, sealed."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from geo import GeoError, outline
from media.proof import SealedPackage, seal_package
from visits.access import Actor, Right, note, require
from visits.forms import ITEMS_VERSION, question_set
from visits.log import append
from visits.people import PostingView, postings_expected
from visits.places import (
    DrawnHousehold,
    ProjectView,
    SiteView,
    VillageView,
    projects_of,
    sites_of,
    village,
    village_extent,
)
from visits.plans.codes import code_of
from visits.plans.errors import AssignmentExpired, AssignmentWithdrawn
from visits.plans.nonces import first_issue, new_nonce
from visits.plans.reading import Member, households_of, members, row_in_reach, visit_kind
from visits.plans.rows import Assignment, PackageIssue
from visits.store import UnitOfWork, lock_for_transaction
from visits.zone import LOCAL_ZONE

LARGEST_OUTLINE_BYTES = 4000
FIRST_PATH_BYTES = 1200


@dataclass(frozen=True)
class PackageOutline:
    """The village drawn small, in WGS 84 degrees: to find one's way by, never to judge by."""

    rings: tuple[tuple[tuple[float, float], ...], ...]
    quality: str
    error_m: float


@dataclass(frozen=True)
class Package:
    """All a phone needs to make the visit offline."""

    assignment_id: UUID
    visit_id: UUID
    village: VillageView
    outline: PackageOutline | None
    announced: bool
    visit_kind: str
    sites: tuple[SiteView, ...]
    households: tuple[DrawnHousehold, ...]
    projects: tuple[ProjectView, ...]
    postings: tuple[PostingView, ...]
    team: tuple[Member, ...]
    items_version: str
    question_set: str
    nonce: str
    server_utc: datetime
    expires_utc: datetime


@dataclass(frozen=True)
class IssuedPackage:
    """A package that a phone may keep before the release: nothing outside of ``sealed`` tells where it leads."""

    assignment_id: UUID
    announced: bool
    release_utc: datetime
    expires_utc: datetime
    team: tuple[Member, ...]
    nonce: str
    issued_utc: datetime
    sealed: SealedPackage


def issue_package(
    uow: UnitOfWork,
    actor: Actor,
    assignment_id: UUID,
    *,
    write: Callable[[Package], bytes],
    device_utc: datetime | None,
    at_utc: datetime,
) -> IssuedPackage:
    """Give one of the team the package, sealed, at any time from the assignment on; each time is noted.

    ``write`` makes the JSON. The same phone gets the same nonce each time, and ``issued_utc`` is when it first did.
    """
    require(actor, Right.RECORD)
    row = row_in_reach(uow, actor, assignment_id)
    refuse_ended(row, at_utc)
    lock_for_transaction(uow, f"assignment:{row.id}")
    known = first_issue(uow, actor, row)
    nonce = known.nonce if known else new_nonce()
    _keep_issue(uow, actor, row, nonce, device_utc, at_utc)
    if known is None:
        said = {"assignment_id": str(row.id), "account_id": str(actor.account_id), "nonce": nonce}
        append(uow, "package", said, at_utc=at_utc)
    note(
        uow,
        actor,
        "assignment.package",
        about=f"assignment:{row.id}",
        division_code=row.village_code,
        detail={"device": str(actor.device_id or "")},
        at_utc=at_utc,
    )
    plaintext = write(package_of(uow, actor, row, nonce, at_utc))
    return IssuedPackage(
        assignment_id=row.id,
        announced=row.announced,
        release_utc=row.release_utc,
        expires_utc=row.expires_utc,
        team=members(uow, row.id),
        nonce=nonce,
        issued_utc=known.issued_utc if known else at_utc,
        sealed=seal_package(code_of(uow, row.id), plaintext, str(row.id)),
    )


def package_of(uow: UnitOfWork, actor: Actor, row: Assignment, nonce: str, at_utc: datetime) -> Package:
    """The package as it is known now, with the people expected on the day of the visit at the earliest."""
    visited_on = max(at_utc, row.release_utc).astimezone(LOCAL_ZONE).date()
    return Package(
        assignment_id=row.id,
        visit_id=row.visit_id,
        village=village(uow, actor, row.village_code),
        outline=_outline(uow, row.village_code, visited_on),
        announced=row.announced,
        visit_kind=visit_kind(row),
        sites=tuple(sites_of(uow, row.village_code, on=visited_on)),
        households=tuple(households_of(uow, row, at_utc)),
        projects=tuple(projects_of(uow, row.village_code)),
        postings=tuple(postings_expected(uow, row.village_code, visited_on, known_at_utc=at_utc)),
        team=members(uow, row.id),
        items_version=ITEMS_VERSION,
        question_set=row.question_set or question_set().version,
        nonce=nonce,
        server_utc=at_utc,
        expires_utc=row.expires_utc,
    )


def refuse_ended(row: Assignment, at_utc: datetime) -> None:
    """Raise when the time for this assignment is over, or the office withdrew it."""
    if row.withdrawn_utc is not None:
        raise AssignmentWithdrawn("the office has withdrawn this assignment")
    if at_utc >= row.expires_utc:
        raise AssignmentExpired("the assignment has expired; the office can assign it anew")


def _keep_issue(
    uow: UnitOfWork, actor: Actor, row: Assignment, nonce: str, device_utc: datetime | None, at_utc: datetime
) -> None:
    uow.session.add(
        PackageIssue(
            id=uuid4(),
            assignment_id=row.id,
            account_id=actor.account_id,
            device_id=actor.device_id,
            nonce=nonce,
            issued_utc=at_utc,
            device_utc=device_utc,
        )
    )
    uow.session.flush()


def _outline(uow: UnitOfWork, village_code: str, on: date) -> PackageOutline | None:
    """The outline where a boundary is known; sites come with their radius and need none."""
    extent = village_extent(uow, village_code, on=on)
    if extent is None or extent.area is None or extent.basis != "boundary":
        return None
    path_bytes = FIRST_PATH_BYTES
    while True:
        try:
            drawn = outline(extent.area, largest_bytes=path_bytes)
        except GeoError:  # too thin to be drawn, or it does not fit
            return None
        if len(json.dumps(drawn.rings_deg)) <= LARGEST_OUTLINE_BYTES:
            return PackageOutline(drawn.rings_deg, str(extent.quality), round(drawn.error_m, 1))
        path_bytes = path_bytes * 2 // 3
