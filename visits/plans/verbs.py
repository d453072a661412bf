"""Assign a village to a team, and open the assignment once it is released."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, select

from visits.access import Account, Actor, Right, Role, note, require, within
from visits.forms import ITEMS_VERSION, question_set
from visits.log import append
from visits.people import PostingView, postings_expected
from visits.places import SiteView, VillageView, sites_of, village
from visits.plans.errors import AssignmentExpired, BadReleaseWindow, BadTeam, NoSuchAssignment
from visits.plans.rows import Assignment, AssignmentMember, Opening
from visits.store import UnitOfWork
from visits.zone import LOCAL_ZONE


@dataclass(frozen=True)
class NewAssignment:
    """What the office decides. ``release_utc`` is when the team may learn where it goes.

    A study of one case in depth (解剖麻雀) is made with the village's knowledge: it is announced, and counted apart.
    """

    village_code: str
    announced: bool
    team: tuple[UUID, ...]
    release_utc: datetime
    expires_utc: datetime
    reason: str = ""
    case_study: bool = False


@dataclass(frozen=True)
class Member:
    """One inspector of a team."""

    account_id: UUID
    name: str


@dataclass(frozen=True)
class AssignmentView:
    """An assignment as the caller may see it: the village stays None while it is sealed for an inspector."""

    id: UUID
    visit_id: UUID | None
    village: VillageView | None
    announced: bool
    visit_kind: str
    reason: str
    team: tuple[Member, ...]
    release_utc: datetime
    expires_utc: datetime
    assigned_utc: datetime
    opened: bool


@dataclass(frozen=True)
class Package:
    """All a phone needs to make the visit offline."""

    assignment_id: UUID
    visit_id: UUID
    village: VillageView
    announced: bool
    visit_kind: str
    sites: tuple[SiteView, ...]
    postings: tuple[PostingView, ...]
    team: tuple[Member, ...]
    items_version: str
    question_set: str
    nonce: str
    server_utc: datetime
    expires_utc: datetime


@dataclass(frozen=True)
class OpeningOutcome:
    """A request to open: the package, or None when it came before ``release_utc``. Either way it was noted."""

    package: Package | None
    release_utc: datetime


@dataclass(frozen=True)
class AssignedVisit:
    """What other rooms need to know of a visit's assignment."""

    visit_id: UUID
    assignment_id: UUID
    village_code: str
    announced: bool
    team: tuple[Member, ...]
    release_utc: datetime
    visit_kind: str
    question_set: str | None


@dataclass(frozen=True)
class OpenedFor:
    """A granted opening: the nonce a phone was given, and both clocks at that moment."""

    account_id: UUID
    device_id: UUID | None
    asked_utc: datetime
    device_utc: datetime | None
    nonce: str


def assign(uow: UnitOfWork, actor: Actor, new: NewAssignment, *, at_utc: datetime) -> AssignmentView:
    """Assign a village to a team; the log commits to it without telling the village."""
    require(actor, Right.ASSIGN)
    there = village(uow, actor, new.village_code)
    team = _team(uow, actor, new.team)
    if not at_utc < new.expires_utc or not new.release_utc < new.expires_utc:
        raise BadReleaseWindow("the assignment must expire in the future and after its release")
    assignment_id, visit_id = uuid4(), uuid4()
    entry = append(
        uow,
        "assignment",
        {
            "assignment_id": str(assignment_id),
            "visit_id": str(visit_id),
            "village_code": there.code,
            "team": sorted(str(m.account_id) for m in team),
            "release": new.release_utc.isoformat(),
        },
        at_utc=at_utc,
    )
    row = Assignment(
        id=assignment_id,
        visit_id=visit_id,
        village_code=there.code,
        announced=new.announced or new.case_study,
        reason=new.reason,
        draw_reference=None,
        case_study=new.case_study,
        question_set=question_set().version,
        release_utc=new.release_utc,
        expires_utc=new.expires_utc,
        assigned_by=actor.account_id,
        assigned_utc=at_utc,
        log_index=entry.index,
    )
    uow.session.add(row)
    uow.session.flush()
    uow.session.add_all(AssignmentMember(assignment_id=assignment_id, account_id=m.account_id) for m in team)
    uow.session.flush()
    note(uow, actor, "assignment.make", about=f"assignment:{assignment_id}", division_code=there.code, at_utc=at_utc)
    return _view(uow, actor, row, at_utc)


def assignments(
    uow: UnitOfWork, actor: Actor, *, before: tuple[datetime, UUID] | None = None, limit: int = 50, at_utc: datetime
) -> list[AssignmentView]:
    """The office's assignments in its division, or an inspector's own; newest first."""
    query = select(Assignment).where(_reach(actor)).order_by(Assignment.assigned_utc.desc(), Assignment.id.desc())
    if before is not None:
        moment, last = before
        query = query.where(
            (Assignment.assigned_utc < moment) | ((Assignment.assigned_utc == moment) & (Assignment.id < last))
        )
    return [_view(uow, actor, row, at_utc) for row in uow.session.scalars(query.limit(limit))]


def assignment(uow: UnitOfWork, actor: Actor, assignment_id: UUID, *, at_utc: datetime) -> AssignmentView:
    """One assignment, as the caller may see it."""
    return _view(uow, actor, _row(uow, actor, assignment_id), at_utc)


def open_assignment(
    uow: UnitOfWork, actor: Actor, assignment_id: UUID, *, device_utc: datetime | None, at_utc: datetime
) -> OpeningOutcome:
    """Open an assignment for one of its team; asking too early is refused and noted, so it is not raised."""
    require(actor, Right.RECORD)
    row = _row(uow, actor, assignment_id)
    if at_utc >= row.expires_utc:
        raise AssignmentExpired("the assignment has expired; the office can assign it anew")
    granted = at_utc >= row.release_utc
    known = uow.session.scalar(
        select(Opening).where(
            Opening.assignment_id == row.id,
            Opening.account_id == actor.account_id,
            Opening.device_id == actor.device_id,
            Opening.granted,
        )
    )
    nonce = known.nonce if known else secrets.token_hex(16)
    uow.session.add(
        Opening(
            id=uuid4(),
            assignment_id=row.id,
            account_id=actor.account_id,
            device_id=actor.device_id,
            granted=granted,
            asked_utc=at_utc,
            device_utc=device_utc,
            nonce=nonce if granted else None,
        )
    )
    if granted:
        append(
            uow,
            "opening",
            {"assignment_id": str(row.id), "account_id": str(actor.account_id), "nonce": nonce},
            at_utc=at_utc,
        )
    # The log before the audit chain, as everywhere: two locks taken in two orders would be a deadlock on PostgreSQL.
    note(
        uow,
        actor,
        "assignment.open",
        about=f"assignment:{row.id}",
        division_code=row.village_code,
        result="done" if granted else "refused",
        detail={"release": row.release_utc.isoformat()},
        at_utc=at_utc,
    )
    if not granted:
        return OpeningOutcome(None, row.release_utc)
    return OpeningOutcome(_package(uow, actor, row, nonce or "", at_utc), row.release_utc)


def assigned_visit(uow: UnitOfWork, visit_id: UUID) -> AssignedVisit | None:
    """The assignment behind a visit; for other rooms, which check the caller's reach themselves."""
    row = uow.session.scalar(select(Assignment).where(Assignment.visit_id == visit_id))
    if row is None:
        return None
    return AssignedVisit(
        visit_id=row.visit_id,
        assignment_id=row.id,
        village_code=row.village_code,
        announced=row.announced,
        team=_members(uow, row.id),
        release_utc=row.release_utc,
        visit_kind=_visit_kind(row),
        question_set=row.question_set,
    )


def openings_of(uow: UnitOfWork, assignment_id: UUID) -> list[OpenedFor]:
    """The granted openings, in the order they came."""
    query = select(Opening).where(Opening.assignment_id == assignment_id, Opening.granted).order_by(Opening.asked_utc)
    return [
        OpenedFor(o.account_id, o.device_id, o.asked_utc, o.device_utc, o.nonce or "")
        for o in uow.session.scalars(query)
    ]


def _team(uow: UnitOfWork, actor: Actor, wanted: Sequence[UUID]) -> list[Member]:
    found = uow.session.scalars(
        select(Account).where(
            Account.id.in_(wanted), Account.role == Role.INSPECTOR, within(actor, Account.division_prefix)
        )
    ).all()
    if not wanted or len(set(wanted)) != len(wanted) or len(found) != len(wanted):
        raise BadTeam("a team is one or more different inspectors of your division, usually two")
    return [Member(a.id, a.name) for a in found]


def _reach(actor: Actor) -> ColumnElement[bool]:
    if actor.may(Right.ASSIGN):
        return within(actor, Assignment.village_code)
    require(actor, Right.RECORD)
    own = select(AssignmentMember.assignment_id).where(AssignmentMember.account_id == actor.account_id)
    return Assignment.id.in_(own)


def _row(uow: UnitOfWork, actor: Actor, assignment_id: UUID) -> Assignment:
    row = uow.session.scalar(select(Assignment).where(Assignment.id == assignment_id, _reach(actor)))
    if row is None:
        raise NoSuchAssignment(f"there is no assignment {assignment_id}")
    return row


def _members(uow: UnitOfWork, assignment_id: UUID) -> tuple[Member, ...]:
    query = (
        select(Account.id, Account.name)
        .join(AssignmentMember, AssignmentMember.account_id == Account.id)
        .where(AssignmentMember.assignment_id == assignment_id)
        .order_by(Account.login)
    )
    return tuple(Member(found.id, found.name) for found in uow.session.execute(query))


def _view(uow: UnitOfWork, actor: Actor, row: Assignment, at_utc: datetime) -> AssignmentView:
    sealed = not actor.may(Right.ASSIGN) and at_utc < row.release_utc
    opened = uow.session.scalar(select(Opening.id).where(Opening.assignment_id == row.id, Opening.granted).limit(1))
    return AssignmentView(
        id=row.id,
        visit_id=None if sealed else row.visit_id,
        village=None if sealed else village(uow, actor, row.village_code),
        announced=row.announced,
        visit_kind=_visit_kind(row),
        reason="" if sealed else row.reason,
        team=_members(uow, row.id),
        release_utc=row.release_utc,
        expires_utc=row.expires_utc,
        assigned_utc=row.assigned_utc,
        opened=opened is not None,
    )


def _visit_kind(row: Assignment) -> str:
    return "case_study" if row.case_study else "announced" if row.announced else "unannounced"


def _package(uow: UnitOfWork, actor: Actor, row: Assignment, nonce: str, at_utc: datetime) -> Package:
    today = at_utc.astimezone(LOCAL_ZONE).date()
    return Package(
        assignment_id=row.id,
        visit_id=row.visit_id,
        village=village(uow, actor, row.village_code),
        announced=row.announced,
        visit_kind=_visit_kind(row),
        sites=tuple(sites_of(uow, row.village_code)),
        postings=tuple(postings_expected(uow, row.village_code, today, known_at_utc=at_utc)),
        team=_members(uow, row.id),
        items_version=ITEMS_VERSION,
        question_set=row.question_set or question_set().version,
        nonce=nonce,
        server_utc=at_utc,
        expires_utc=row.expires_utc,
    )
