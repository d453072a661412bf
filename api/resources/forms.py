"""The questions of a visit, and the 29 items a problem may cite."""

from typing import Any

import marshmallow as ma
from flask import jsonify, request
from werkzeug.wrappers import Response

from api.http.blueprint import RoomBlueprint
from api.http.fields import Schema, Text
from visits.forms import ITEMS_VERSION, items, question_set

forms = RoomBlueprint("items", "What is asked, and what a problem may cite")


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


class QuestionQuery(Schema):
    """Which set is meant."""

    version = Text(least=1, most=60, load_default=None)


class QuestionOut(ma.Schema):
    """One question with the rule it rests on.

    `answer` says how it is answered (`yes_no`, `know_of`, `text`), `look_when` which answer deserves a look,
    `addressed_to` whose matter a lack is where it is not the village's, `board` which question asks whether the notice
    is up at all, and `document` which of the four kinds of papers it looks at. Words that answer a question that
    `cites_paper` hold the number of the paper they rest on.
    """

    id = ma.fields.String()
    group_zh = ma.fields.String()
    group_en = ma.fields.String()
    text_zh = ma.fields.String()
    text_en = ma.fields.String()
    answer = ma.fields.String()
    item = ma.fields.Integer(allow_none=True)
    rule_zh = ma.fields.String()
    rule_en = ma.fields.String()
    source = ma.fields.String()
    visit_kinds = ma.fields.List(ma.fields.String())
    look_when = ma.fields.String()
    addressed_to = ma.fields.String(allow_none=True)
    board = ma.fields.String(allow_none=True)
    document = ma.fields.String(allow_none=True)
    per_household = ma.fields.Boolean()
    cites_paper = ma.fields.Boolean()


class QuestionSetOut(ma.Schema):
    """One published set; `closing` words the two questions that `close` answers, with their rule."""

    version = ma.fields.String()
    published_on = ma.fields.String()
    script_zh = ma.fields.String()
    script_en = ma.fields.String()
    questions = ma.fields.List(ma.fields.Nested(QuestionOut))
    closing = ma.fields.List(ma.fields.Nested(QuestionOut))


_QUESTION_SET = QuestionSetOut()


@forms.get("/questions")
@forms.arguments(QuestionQuery, location="query")
@forms.response(200, QuestionSetOut)
def show_questions(query: dict[str, Any]) -> Response:
    """The newest set of questions, or the one of a version, however old. The version is the ETag."""
    asked = question_set(query["version"])
    response = jsonify(_QUESTION_SET.dump(asked))
    response.set_etag(asked.version)
    # What a set says never changes, but which one is newest does: it is kept, and asked about each time.
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)
