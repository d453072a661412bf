"""Visits at the desk: the list, and one visit whole."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.paging import read_cursor, write_cursor
from api.http.signin import current_actor
from api.pages.blueprint import desk
from api.pages.frame import page
from visits.access import Actor, Right
from visits.fieldwork import PhotoView, VisitSummary, VisitView, receipt, visit, visits
from visits.forms import items

PER_PAGE = 100
# What each filter lets through. A visit can be closed while some of its photos are still on a phone.
FILTERS: dict[str, Callable[[VisitSummary], bool]] = {
    "open": lambda v: v.state == "open",
    "missing": lambda v: v.state == "closed" and not v.complete,
    "complete": lambda v: v.state == "closed" and v.complete,
    "aborted": lambda v: v.state == "aborted",
}


@desk.get("/")
def show_visits() -> AnyResponse:
    """The visits in the reader's reach; whoever reads none is taken to what they do read."""
    actor = current_actor()
    if not actor.may(Right.READ_VISITS):
        return redirect(first_page_of(actor), 303)
    chosen = request.args.get("state", "")
    with house().store.reading() as uow:
        found = visits(uow, actor, before=read_cursor(request.args.get("cursor"), datetime, UUID), limit=PER_PAGE + 1)
    shown = [v for v in found[:PER_PAGE] if chosen not in FILTERS or FILTERS[chosen](v)]
    next_cursor = write_cursor(found[PER_PAGE - 1].began_utc, found[PER_PAGE - 1].id) if len(found) > PER_PAGE else None
    return page("visits.html", visits=shown, chosen=chosen, filters=tuple(FILTERS), next_cursor=next_cursor)


@desk.get("/visits/<uuid:visit_id>")
def show_visit(visit_id: UUID) -> Response:
    """One visit with everything the reader may see of it; the read is noted."""
    actor = current_actor()
    with house().store.writing() as uow:
        found = visit(uow, actor, visit_id, at_utc=now_utc())
        receipts = receipt(uow, actor, visit_id)
    return page(
        "visit.html",
        visit=found,
        receipts=receipts.items,
        names=names_of_phones(found),
        records={r.id: r for r in found.records},
        photos_of=photos_by_record(found),
        items={one.number: one for one in items()},
    )


def first_page_of(actor: Actor) -> str:
    """Where the desk begins for somebody who reads no visits."""
    if actor.may(Right.READ_COVERAGE):
        return "/desk/map"
    return "/desk/log"


def names_of_phones(found: VisitView) -> dict[str, str]:
    """Who holds which phone, for what is said about phones."""
    names = {str(r.device_id): r.by for r in found.records if r.device_id is not None}
    return names | {str(member.account_id): member.name for member in found.summary.team}


def photos_by_record(found: VisitView) -> dict[UUID | None, list[tuple[int, PhotoView]]]:
    """The photos with their numbers, under the record (problem or sighting) that each of them shows.

    A photo of a problem that was given up again names a record that never came: it is one of the visit.
    """
    there = {record.id for record in found.records}
    grouped: dict[UUID | None, list[tuple[int, PhotoView]]] = {}
    for number, photo in enumerate(found.photos, start=1):
        shown = photo.of_record if photo.of_record in there else None
        grouped.setdefault(shown, []).append((number, photo))
    return grouped
