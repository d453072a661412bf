"""What runs of the presence model ask people to look at, and what they say of everybody and of inspectors together.

Letters, answers to them, appeals and hand-overs are made at the desk only: who acts there has the evidence before them.
"""

from typing import Any

import marshmallow as ma

from api.http.blueprint import RoomBlueprint
from api.http.fields import Id, Instant, Schema, Whole, word
from api.http.house import house, now_utc
from api.http.signin import current_actor
from api.resources.people import PostingOut
from api.resources.review import FindingOut
from visits.people import talks_of_quarter
from visits.review import figures_for_leaders, inspectors_looked_at, referrals
from visits.zone import LOCAL_ZONE

presence = RoomBlueprint("presence", "Presence: referrals, figures, inspectors, talks of a quarter")

PRINTED_LINE = "不得直接作为考核、问责依据"


class ReferralQuery(Schema):
    """Which referrals, in which of the two orders there are."""

    closed = word("yes", "no", load_default="no")
    about = word("absence", "nights", load_default=None)
    order = word("village", "age", load_default="village")


class ReferralOut(ma.Schema):
    """That a run asks people to look at one posting; `closed_reason` is what they made of it."""

    id = Id()
    village_code = ma.fields.String(attribute="finding.village_code")
    posting = ma.fields.Nested(PostingOut, allow_none=True)
    finding = ma.fields.Nested(FindingOut)
    opened_utc = Instant()
    closed_utc = Instant(allow_none=True)
    closed_by = ma.fields.String(allow_none=True)
    closed_reason = ma.fields.String()


class ReferralListOut(ma.Schema):
    """Referrals by village code or age. `printed_line` goes wherever they go."""

    printed_line = ma.fields.String()
    items = ma.fields.List(ma.fields.Nested(ReferralOut))
    next = ma.fields.String(allow_none=True)


class FiguresOut(ma.Schema):
    """The newest run of a county: how it was made, and what it says of everybody together."""

    number = ma.fields.Integer()
    county_code = ma.fields.String()
    as_of = ma.fields.Date()
    known_utc = Instant()
    model_version = ma.fields.String()
    input_sha256 = ma.fields.String()
    sightings = ma.fields.Integer()
    population = ma.fields.Dict()


class FiguresListOut(ma.Schema):
    """One run for each county in reach."""

    items = ma.fields.List(ma.fields.Nested(FiguresOut))
    next = ma.fields.String(allow_none=True)


class AgreementOut(ma.Schema):
    """How blind second teams agreed with the first; only the number of pairs while these are few."""

    pairs = ma.fields.Integer()
    agree = ma.fields.Float(allow_none=True)
    kappa = ma.fields.Float(allow_none=True)
    low95 = ma.fields.Float(allow_none=True)
    high95 = ma.fields.Float(allow_none=True)


class InspectorOut(ma.Schema):
    """What one inspector's random visits found; `share` with its 80 % interval stands beside the `usual` one."""

    name = ma.fields.String()
    visits = ma.fields.Integer()
    looked = ma.fields.Integer()
    found = ma.fields.Integer()
    visits_with_a_problem = ma.fields.Integer()
    usual = ma.fields.Float(allow_none=True)
    share = ma.fields.Float(allow_none=True)
    low80 = ma.fields.Float(allow_none=True)
    high80 = ma.fields.Float(allow_none=True)
    never_finds = ma.fields.Boolean()


class InspectorsOut(ma.Schema):
    """The inspectors of a county by login; none where too few made enough visits."""

    county_code = ma.fields.String()
    as_of = ma.fields.Date()
    agreement = ma.fields.Nested(AgreementOut)
    agreement_days_apart = ma.fields.Nested(AgreementOut)
    inspectors = ma.fields.List(ma.fields.Nested(InspectorOut))


class InspectorsListOut(ma.Schema):
    """One entry for each county in reach."""

    printed_line = ma.fields.String()
    items = ma.fields.List(ma.fields.Nested(InspectorsOut))
    next = ma.fields.String(allow_none=True)


class QuarterQuery(Schema):
    """A quarter of a year; the one that runs, where none is named."""

    year = Whole(least=2000, most=2100, load_default=None)
    quarter = Whole(least=1, most=4, load_default=None)


class TalksOfQuarterOut(ma.Schema):
    """With whom nobody talked in a quarter, by village code."""

    begins = ma.fields.Date()
    ends = ma.fields.Date()
    expected = ma.fields.Integer()
    without = ma.fields.List(ma.fields.Nested(PostingOut))


@presence.get("/referrals")
@presence.arguments(ReferralQuery, location="query")
@presence.response(200, ReferralListOut)
def list_referrals(query: dict[str, Any]) -> dict[str, Any]:
    """What people are asked to look at; reading it is noted."""
    with house().store.writing() as uow:
        found = referrals(
            uow,
            current_actor(),
            closed=query["closed"] == "yes",
            about=query["about"] or "",
            by_age=query["order"] == "age",
            at_utc=now_utc(),
        )
    return {"printed_line": PRINTED_LINE, "items": found, "next": None}


@presence.get("/presence-figures")
@presence.response(200, FiguresListOut)
def list_figures() -> dict[str, Any]:
    """Absence, excuses and the funnel of townships of the newest run, without names and small groups."""
    with house().store.reading() as uow:
        return {"items": figures_for_leaders(uow, current_actor()), "next": None}


@presence.get("/inspectors")
@presence.response(200, InspectorsListOut)
def list_inspectors() -> dict[str, Any]:
    """What the newest run says of inspectors, by login; reading it is noted."""
    with house().store.writing() as uow:
        found = inspectors_looked_at(uow, current_actor(), at_utc=now_utc())
    return {"printed_line": PRINTED_LINE, "items": found, "next": None}


@presence.get("/talks")
@presence.arguments(QuarterQuery, location="query")
@presence.response(200, TalksOfQuarterOut)
def show_talks(query: dict[str, Any]) -> Any:
    """With whom somebody talked in a quarter, and with whom not yet."""
    today = now_utc().astimezone(LOCAL_ZONE).date()
    year, quarter = query["year"] or today.year, query["quarter"] or (today.month + 2) // 3
    with house().store.reading() as uow:
        return talks_of_quarter(uow, current_actor(), year, quarter)
