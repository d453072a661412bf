"""Postings: the roster, and the page of one posting."""

from typing import Any
from uuid import UUID

import marshmallow as ma

from api.http.blueprint import RoomBlueprint
from api.http.fields import Id, Instant
from api.http.house import house
from api.http.paging import PageQuery, page, read_cursor
from api.http.signin import current_actor
from visits.people import postings

people = RoomBlueprint("postings", "People posted to villages")


class PackagePostingOut(ma.Schema):
    """A posting as a phone needs it: whom to look for, and nothing else about them."""

    id = Id()
    name = ma.fields.String()
    kind = ma.fields.String()
    sending_unit = ma.fields.String()


class PostingOut(ma.Schema):
    """A posting as it is known now."""

    id = Id()
    version = ma.fields.Integer()
    person_id = Id()
    person_number = ma.fields.String()
    name = ma.fields.String()
    kind = ma.fields.String()
    round = ma.fields.String(allow_none=True)
    village_code = ma.fields.String()
    from_date = ma.fields.Date()
    to_date = ma.fields.Date(allow_none=True)
    left_on = ma.fields.Date(allow_none=True)
    sending_unit = ma.fields.String()
    must_live_in = ma.fields.Boolean()
    state = ma.fields.String()
    recorded_utc = Instant()


class PostingListOut(ma.Schema):
    """A page of postings, by village code."""

    items = ma.fields.List(ma.fields.Nested(PostingOut))
    next = ma.fields.String(allow_none=True)


@people.get("/postings")
@people.arguments(PageQuery, location="query")
@people.response(200, PostingListOut)
def list_postings(query: dict[str, Any]) -> dict[str, Any]:
    """The postings of the own division, by village code."""
    after = read_cursor(query["cursor"], str, UUID)
    with house().store.reading() as uow:
        found = postings(uow, current_actor(), after=after, limit=query["limit"] + 1)
    return page(found, query["limit"], lambda one: (one.village_code, one.id))
