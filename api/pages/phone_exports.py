"""Phones' unsent work at the desk: bring in a file, see what became of all in it, take the receipt back."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house
from api.http.signin import check_csrf, current_actor
from api.pages.blueprint import desk
from api.pages.errors import BadForm
from api.pages.frame import page
from api.resources.phone_exports import importer
from visits.access import Actor, NotAllowed, Right, require
from visits.fieldwork import NoSuchVisit, visible_visit
from visits.intake import NoSuchExport, PhoneExportView, phone_export, phone_exports
from visits.places import village
from visits.store import UnitOfWork

# A form around a file adds little; the file itself has its own limit.
FORM_BYTES = 64 * 1024


@dataclass(frozen=True)
class VisitInFile:
    """What became of one visit's records and photos, counted by outcome; what was refused, one by one."""

    id: str
    reached: bool
    place: str
    records: list[tuple[str, int]]
    refused: list[dict[str, Any]]
    photos: list[tuple[str, int]]


@desk.get("/phone-exports")
def show_phone_exports() -> Response:
    """The form, and what was brought in before."""
    with house().store.reading() as uow:
        found = phone_exports(uow, current_actor())
    return page("phone_exports.html", imports=found)


@desk.post("/phone-exports")
def take_phone_export() -> AnyResponse:
    """Take a file; its page then says what became of it, also when it could not be opened."""
    actor = current_actor()
    require(actor, Right.IMPORT_PHONES)
    most_bytes = house().settings.max_export_bytes
    request.max_content_length = most_bytes + FORM_BYTES
    check_csrf()
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise BadForm("exports.choose")
    export_id = importer(house()).take(actor, sent.stream, most_bytes=most_bytes)
    house().jobs.wake()
    return redirect(f"/desk/phone-exports/{export_id}", 303)


@desk.get("/phone-exports/<uuid:export_id>")
def show_phone_export(export_id: UUID) -> Response:
    """One import: what became of each visit in it."""
    actor = current_actor()
    with house().store.reading() as uow:
        found = phone_export(uow, actor, export_id)
        results = [_visit(uow, actor, result) for result in _results(found)]
    return page("phone_export.html", one=found, results=results)


@desk.get("/phone-exports/<uuid:export_id>/receipt")
def give_phone_receipt(export_id: UUID) -> Response:
    """The receipt as a file, to be carried back to the phone."""
    with house().store.reading() as uow:
        found = phone_export(uow, current_actor(), export_id)
    if found.receipt is None:
        raise NoSuchExport("a file that could not be opened has no receipt")
    response = Response(json.dumps(found.receipt, ensure_ascii=False), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="receipt-{str(export_id)[:8]}.json"'
    return response


def _results(found: PhoneExportView) -> list[dict[str, Any]]:
    if found.receipt is None:
        return []
    results: list[dict[str, Any]] = json.loads(found.receipt["receipts"])["results"]
    return results


def _visit(uow: UnitOfWork, actor: Actor, result: dict[str, Any]) -> VisitInFile:
    try:
        there = village(uow, actor, visible_visit(uow, actor, UUID(result["visit_id"])).village_code)
        reached, place = True, f"{there.town_name} {there.name}"
    except (NoSuchVisit, NotAllowed):
        reached, place = False, ""
    return VisitInFile(
        id=result["visit_id"],
        reached=reached,
        place=place,
        records=sorted(Counter(record["outcome"] for record in result["records"]).items()),
        refused=[record for record in result["records"] if record["outcome"] in ("refused", "conflict")],
        photos=sorted(Counter(photo["outcome"] for photo in result["photos"]).items()),
    )
