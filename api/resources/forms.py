"""The 29 items a problem may cite."""

from typing import Any

import marshmallow as ma

from api.http.blueprint import RoomBlueprint
from visits.forms import ITEMS_VERSION, items

forms = RoomBlueprint("items", "What a problem may cite")


class ItemOut(ma.Schema):
    """One item."""

    number = ma.fields.Integer()
    group = ma.fields.Integer()
    group_zh = ma.fields.String()
    group_en = ma.fields.String()
    text_zh = ma.fields.String()
    text_en = ma.fields.String()
    seen_in_field = ma.fields.Boolean()
    asked_of_people = ma.fields.Boolean()
    desk_only = ma.fields.Boolean()
    clue = ma.fields.Boolean()


class ItemListOut(ma.Schema):
    """All items, by number, and the name of this wording."""

    version = ma.fields.String()
    items = ma.fields.List(ma.fields.Nested(ItemOut))
    next = ma.fields.String(allow_none=True)


@forms.get("/items")
@forms.response(200, ItemListOut)
def list_items() -> dict[str, Any]:
    """The items with the version of their wording, which a finding keeps."""
    return {"version": ITEMS_VERSION, "items": items(), "next": None}
