"""The list of postings, and the page of one: the sum of its records, with every number open to its evidence."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from flask import Response, request

from api.http.house import house, now_utc
from api.http.paging import read_cursor, write_cursor
from api.http.signin import current_actor
from api.pages.blueprint import desk
from api.pages.frame import page
from api.pages.places import every_village
from visits.access import Actor
from visits.fieldwork import PhotoView, SightingView, photos_of_visit
from visits.people import MATTER_CATEGORIES, TALK_KINDS, postings
from visits.places import village
from visits.review import SightingOnPage, person_page
from visits.store import UnitOfWork
from visits.zone import LOCAL_ZONE

PER_PAGE = 100
SLOTS = ("dawn", "day", "evening", "night")
OUTCOMES = ("met", "seen_by_others", "leave", "leave_pending", "trip", "excused", "not_met", "cannot_tell")


@dataclass(frozen=True)
class SlotRow:
    """The outcomes of one slot, for visits when presence was required, or when it was not."""

    slot: str
    required: bool
    counts: dict[str, int]


@dataclass(frozen=True)
class SlotTable:
    """Slots by outcomes; only what occurs has a column, in the fixed order of the vocabulary."""

    rows: tuple[SlotRow, ...]
    outcomes: tuple[str, ...]


@desk.get("/postings")
def show_postings() -> Response:
    """The postings of the reader's division, by village code."""
    actor = current_actor()
    after = read_cursor(request.args.get("cursor"), str, UUID)
    with house().store.reading() as uow:
        found = postings(uow, actor, after=after, limit=PER_PAGE + 1)
        places = {v.code: v for v in every_village(uow, actor)}
    shown = found[:PER_PAGE]
    next_cursor = write_cursor(shown[-1].village_code, shown[-1].id) if len(found) > PER_PAGE else None
    return page("postings.html", postings=shown, villages=places, next_cursor=next_cursor)


@desk.get("/postings/<uuid:posting_id>")
def show_posting(posting_id: UUID) -> Response:
    """One posting whole; the verb notes that it was read."""
    actor, at_utc = current_actor(), now_utc()
    with house().store.writing() as uow:
        person = person_page(uow, actor, posting_id, at_utc=at_utc)
        there = village(uow, actor, person.posting.village_code)
        shown = [s for s in person.sightings if is_asked_for(s)]
        photos = photos_of_sightings(uow, actor, shown)
    return page(
        "posting.html",
        person=person,
        village=there,
        table=slot_table([s.seen for s in person.sightings]),
        shown=shown,
        filtered=len(shown) < len(person.sightings),
        photos=photos,
        talk_kinds=TALK_KINDS,
        matter_categories=MATTER_CATEGORIES,
        today=at_utc.astimezone(LOCAL_ZONE).date(),
    )


def is_asked_for(on_page: SightingOnPage) -> bool:
    """Whether a sighting is behind the number that was followed; without a number all are."""
    asked, seen = request.args, on_page.seen
    if asked.get("counted") == "1":
        return on_page.counted
    return (
        asked.get("slot") in (None, seen.slot)
        and asked.get("outcome") in (None, seen.now.outcome)
        and asked.get("required") in (None, "yes" if seen.required else "no")
    )


def slot_table(seen: list[SightingView]) -> SlotTable:
    """How often each outcome occurred in each slot."""
    counts: dict[tuple[str, bool], Counter[str]] = {}
    for s in seen:
        counts.setdefault((s.slot, s.required), Counter())[s.now.outcome] += 1
    rows = tuple(
        SlotRow(slot, required, dict(counts[slot, required]))
        for slot in SLOTS
        for required in (True, False)
        if (slot, required) in counts
    )
    return SlotTable(rows, tuple(word for word in OUTCOMES if any(word in row.counts for row in rows)))


def photos_of_sightings(uow: UnitOfWork, actor: Actor, shown: list[SightingOnPage]) -> dict[UUID, list[PhotoView]]:
    """The photos taken for each sighting, by its id."""
    of_visit = {i: photos_of_visit(uow, actor, i) for i in {s.seen.visit_id for s in shown}}
    return {
        s.seen.id: [photo for photo in of_visit[s.seen.visit_id] if photo.of_record in s.seen.record_ids] for s in shown
    }
