"""Assignments: made by the office, opened by a team once they are released."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response

from api.http.blueprint import RoomBlueprint
from api.http.fields import Day, Id, Instant, Number, Schema, Text, VillageCode, YesNo
from api.http.house import house, now_utc
from api.http.paging import PageQuery, page, read_cursor
from api.http.problems import ASSIGNMENT_SEALED, answer
from api.http.signin import current_actor
from api.resources.people import PackagePostingOut
from api.resources.places import PackageSiteOut, PackageVillageOut, VillageOut
from api.resources.yearly import ReasonIn
from visits.fieldwork import ended_assignments
from visits.plans import (
    NewAssignment,
    Package,
    assign,
    assignment,
    assignments,
    household_order,
    issue_package,
    open_assignment,
    order_blind_double,
    route_of_day,
    show_code,
    withdraw_assignment,
)
from visits.zone import LOCAL_ZONE

plans = RoomBlueprint("assignments", "Assignments, sealed until their release")

LARGEST_TEAM = 12


class AssignmentIn(Schema):
    """What the office decides."""

    village_code = VillageCode(required=True)
    announced = YesNo(load_default=False)
    case_study = YesNo(load_default=False)
    team = ma.fields.List(Id(), required=True, validate=ma.validate.Length(min=1, max=LARGEST_TEAM))
    release_utc = Instant(required=True)
    expires_utc = Instant(required=True)
    reason = Text(most=200, load_default="")
    plan_line_id = Id(load_default=None, allow_none=True)


class DoubleIn(Schema):
    """Who goes a second time, and when: nobody of the first team, within three days of its release."""

    team = ma.fields.List(Id(), required=True, validate=ma.validate.Length(min=1, max=LARGEST_TEAM))
    release_utc = Instant(required=True)
    expires_utc = Instant(required=True)


class TravelIn(Schema):
    """A travel time between two villages, either way; an empty code is where the team sets out."""

    from_code = Text(most=12, pattern=r"\A(?:[0-9]{12})?\Z", required=True)
    to_code = VillageCode(required=True)
    minutes = Number(least=0, most=1440, required=True)


class DayRouteIn(Schema):
    """Which day (today, when not said), and travel times that are known; else the straight line is taken."""

    day = Day(load_default=None, allow_none=True)
    minutes = ma.fields.List(ma.fields.Nested(TravelIn), load_default=list, validate=ma.validate.Length(max=100))


class DayStopOut(ma.Schema):
    """One stop of the day, in its order."""

    assignment_id = Id()
    village = ma.fields.Nested(VillageOut)
    metres = ma.fields.Float(attribute="leg.metres", allow_none=True)
    minutes = ma.fields.Float(attribute="leg.minutes")
    arrive_utc = Instant(attribute="leg.arrive")
    late = ma.fields.TimeDelta(attribute="leg.late")


class DayRouteOut(ma.Schema):
    """The stops in order; `late` is seconds after the assignment has expired."""

    stops = ma.fields.List(ma.fields.Nested(DayStopOut))


class MemberOut(ma.Schema):
    """One inspector of a team."""

    account_id = Id()
    name = ma.fields.String()


class AssignmentOut(ma.Schema):
    """An assignment; `village` and `visit_id` are null for an inspector while it is sealed."""

    id = Id()
    visit_id = Id(allow_none=True)
    village = ma.fields.Nested(VillageOut, allow_none=True)
    announced = ma.fields.Boolean()
    visit_kind = ma.fields.String()
    reason = ma.fields.String()
    team = ma.fields.List(ma.fields.Nested(MemberOut))
    release_utc = Instant()
    expires_utc = Instant()
    assigned_utc = Instant()
    opened = ma.fields.Boolean()
    drawn = ma.fields.Boolean()
    plan_line_id = Id(allow_none=True)
    withdrawn_utc = Instant(allow_none=True)
    withdrawn_reason = ma.fields.String()


class AssignmentListOut(ma.Schema):
    """A page of assignments, newest first."""

    items = ma.fields.List(ma.fields.Nested(AssignmentOut))
    next = ma.fields.String(allow_none=True)


class OpeningIn(Schema):
    """A phone's request to open, with its clock. Where it is is not asked: nobody opens at the village."""

    device_utc = Instant(load_default=None, allow_none=True)


class OutlineOut(ma.Schema):
    """The village drawn small: closed rings of `[lon, lat]` in WGS 84, at most 4 kB, off by `error_m` at most.

    To find one's way by and never to judge by; fill it by the even-odd rule.
    """

    rings = ma.fields.List(ma.fields.List(ma.fields.List(ma.fields.Float())))
    quality = ma.fields.String()
    error_m = ma.fields.Float()


class DrawnHouseholdOut(ma.Schema):
    """A household in the order of chance; answers name its `number`, and its name is cleared once it was asked."""

    number = ma.fields.Integer()
    serial = ma.fields.String()
    group_name = ma.fields.String()
    name = ma.fields.String()


class ProjectOut(ma.Schema):
    """A project of the county's store, where it is planned (WGS 84); a `project` record speaks of it by `code`."""

    code = ma.fields.String()
    name = ma.fields.String()
    state = ma.fields.String()
    lon_deg = ma.fields.Float(allow_none=True)
    lat_deg = ma.fields.Float(allow_none=True)


class HouseholdOrderOut(ma.Schema):
    """The seed of a visit, and the numbers of the village's list in its order; names are not told."""

    seed = ma.fields.String()
    serials = ma.fields.List(ma.fields.String())


class PackageContentOut(ma.Schema):
    """What is sealed in a package: all a phone needs to make the visit with no signal."""

    assignment_id = Id()
    visit_id = Id()
    village = ma.fields.Nested(PackageVillageOut)
    outline = ma.fields.Nested(OutlineOut, allow_none=True)
    announced = ma.fields.Boolean()
    visit_kind = ma.fields.String()
    sites = ma.fields.List(ma.fields.Nested(PackageSiteOut))
    households = ma.fields.List(ma.fields.Nested(DrawnHouseholdOut))
    projects = ma.fields.List(ma.fields.Nested(ProjectOut))
    postings = ma.fields.List(ma.fields.Nested(PackagePostingOut))
    team = ma.fields.List(ma.fields.Nested(MemberOut))
    items_version = ma.fields.String()
    question_set = ma.fields.String()
    expires_utc = Instant()


class PackageOut(PackageContentOut):
    """A package opened online, with the nonce for its records."""

    nonce = ma.fields.String()
    server_utc = Instant()


class SealedOut(ma.Schema):
    """The sealed part: AES-256-GCM under HKDF-SHA256 of the 16 bytes of the code; base64url without padding.

    `info` is `shidi sealed package`, the additional data is the assignment's id. It is padded with spaces to a
    multiple of 16 KiB.
    """

    alg = ma.fields.String()
    salt = ma.fields.String()
    iv = ma.fields.String()
    ciphertext = ma.fields.String()


class IssuedPackageOut(ma.Schema):
    """A package to keep until the code is at hand. Nothing outside of `sealed` tells where it leads."""

    assignment_id = Id()
    announced = ma.fields.Boolean()
    release_utc = Instant()
    expires_utc = Instant()
    team = ma.fields.List(ma.fields.Nested(MemberOut))
    nonce = ma.fields.String()
    issued_utc = Instant()
    sealed = ma.fields.Nested(SealedOut)


class NothingIn(Schema):
    """An empty object."""


class DepartureSlipOut(ma.Schema):
    """The code that opens an assignment's packages: to be typed, and as a square code says it."""

    code = ma.fields.String()
    qr = ma.fields.String()


_CONTENT = PackageContentOut()


@plans.post("/assignments")
@plans.arguments(AssignmentIn)
@plans.response(201, AssignmentOut)
def add_assignment(new: dict[str, Any]) -> Any:
    """Assign a village to a team."""
    with house().store.writing() as uow:
        return assign(uow, current_actor(), NewAssignment(**{**new, "team": tuple(new["team"])}), at_utc=now_utc())


@plans.get("/assignments")
@plans.arguments(PageQuery, location="query")
@plans.response(200, AssignmentListOut)
def list_assignments(query: dict[str, Any]) -> dict[str, Any]:
    """The office's assignments, or an inspector's own; newest first."""
    before = read_cursor(query["cursor"], datetime, UUID)
    with house().store.reading() as uow:
        found = assignments(uow, current_actor(), before=before, limit=query["limit"] + 1, at_utc=now_utc())
    return page(found, query["limit"], lambda one: (one.assigned_utc, one.id))


@plans.get("/assignments/<uuid:assignment_id>")
@plans.response(200, AssignmentOut)
def show_assignment(assignment_id: UUID) -> Any:
    """One assignment, as the caller may see it."""
    with house().store.reading() as uow:
        return assignment(uow, current_actor(), assignment_id, at_utc=now_utc())


@plans.get("/assignments/<uuid:assignment_id>/households")
@plans.response(200, HouseholdOrderOut)
def show_household_order(assignment_id: UUID) -> Any:
    """Which households a released visit was to ask, in the order that anybody gets from its seed."""
    with house().store.reading() as uow:
        return household_order(uow, current_actor(), assignment_id, at_utc=now_utc())


@plans.post("/assignments/<uuid:assignment_id>/double")
@plans.arguments(DoubleIn)
@plans.response(201, AssignmentOut)
def add_double(wanted: dict[str, Any], assignment_id: UUID) -> Any:
    """Order a blind second team after a surprise visit whose release has come; neither team is told of the other."""
    with house().store.writing() as uow:
        return order_blind_double(
            uow, current_actor(), assignment_id, **{**wanted, "team": tuple(wanted["team"])}, at_utc=now_utc()
        )


@plans.post("/assignments/<uuid:assignment_id>/withdrawal")
@plans.arguments(ReasonIn)
@plans.response(200, AssignmentOut)
def take_assignment_back(said: dict[str, Any], assignment_id: UUID) -> Any:
    """Withdraw an assignment that nobody has opened; it stays in the list with the reason."""
    with house().store.writing() as uow:
        return withdraw_assignment(uow, current_actor(), assignment_id, reason=said["reason"], at_utc=now_utc())


@plans.post("/day-route")
@plans.arguments(DayRouteIn)
@plans.response(200, DayRouteOut)
def show_day_route(wanted: dict[str, Any]) -> dict[str, Any]:
    """An order for the caller's own released visits of a day; nobody else can ask for it, and it is kept nowhere."""
    at_utc = now_utc()
    day = wanted["day"] or at_utc.astimezone(LOCAL_ZONE).date()
    minutes = {(one["from_code"], one["to_code"]): one["minutes"] for one in wanted["minutes"]}
    with house().store.reading() as uow:
        done = ended_assignments(uow, current_actor(), on=day)
        return {"stops": route_of_day(uow, current_actor(), day=day, done=done, minutes=minutes, at_utc=at_utc)}


@plans.post("/assignments/<uuid:assignment_id>/opening")
@plans.arguments(OpeningIn)
@plans.response(200, PackageOut)
def open_sealed(wanted: dict[str, Any], assignment_id: UUID) -> Any:
    """Open an assignment; too early is refused, noted, and answered 409 `assignment-sealed`."""
    with house().store.writing() as uow:
        outcome = open_assignment(
            uow, current_actor(), assignment_id, device_utc=wanted["device_utc"], at_utc=now_utc()
        )
    if outcome.package is None:
        return _sealed(outcome.release_utc.isoformat())
    return outcome.package


@plans.post("/assignments/<uuid:assignment_id>/package")
@plans.arguments(OpeningIn)
@plans.response(200, IssuedPackageOut)
def fetch_package(wanted: dict[str, Any], assignment_id: UUID) -> Any:
    """The package to take along, sealed; also before the release. Each download is noted."""
    with house().store.writing() as uow:
        return issue_package(
            uow,
            current_actor(),
            assignment_id,
            write=_package_json,
            device_utc=wanted["device_utc"],
            at_utc=now_utc(),
        )


@plans.post("/assignments/<uuid:assignment_id>/key")
@plans.arguments(NothingIn)
@plans.response(200, DepartureSlipOut)
def show_key(wanted: dict[str, Any], assignment_id: UUID) -> Any:
    """The code for the departure slip; before the release it is refused, noted, and answered `assignment-sealed`."""
    with house().store.writing() as uow:
        slip = show_code(uow, current_actor(), assignment_id, at_utc=now_utc())
    return slip if slip.code is not None else _sealed(slip.release_utc.isoformat())


def _package_json(package: Package) -> bytes:
    return json.dumps(_CONTENT.dump(package), ensure_ascii=False, separators=(",", ":")).encode()


def _sealed(release_utc: str) -> Response:
    return answer(ASSIGNMENT_SEALED, "the village is told when the assignment is released", release_utc=release_utc)
