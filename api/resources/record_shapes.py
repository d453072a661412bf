"""The shapes of the records that phones make, and the reading of one record's exact text.

A record whose shape is wrong is still kept: reading says what is wrong with it and never raises.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import validates_schema

from api.http.errors import UnreadableBody
from api.http.fields import Id, Instant, Number, Schema, Sha256Hex, Text, Whole, YesNo, word
from api.http.strict_json import read_json
from visits.intake import kind_corrected

MOST_RECORDS_OF_A_PHONE = 10_000
MOST_FIXES_OF_A_PHOTO = 8
MOST_FIXES_OF_AN_ARRIVAL = 60
MOST_ANSWERS_OF_A_RECORD = 200
LAST_ITEM = 29
MOST_COMPLAINTS_TOLD = 8


@dataclass(frozen=True)
class ReadRecord:
    """What could be read from a record's text: all of it, or its id at least, and what is wrong with the rest."""

    parsed: dict[str, Any] | None
    id: UUID | None
    problems: tuple[str, ...]


class Fix(Schema):
    """A position as the phone got it, never converted."""

    lon_deg = Number(least=-180, most=180, required=True)
    lat_deg = Number(least=-90, most=90, required=True)
    datum = word("wgs84", "gcj02", "bd09", "cgcs2000", "unknown", required=True)
    datum_how = word("declared", "device_profile", "inferred", required=True)
    accuracy_m = Number(least=0, most=20_000_000, required=True, allow_none=True)
    altitude_m = Number(least=-20_000, most=1_000_000, allow_none=True)
    fixed_at = Instant(required=True)
    source = word("geolocation", "gnss", "manual", "exif", required=True)
    mocked = YesNo(allow_none=True)


def _fix() -> ma.fields.Nested:
    return ma.fields.Nested(Fix, required=True, allow_none=True)


def _last_fix() -> ma.fields.Nested:
    """Where the phone was at its end; pages that lie on phones since before this was asked for do not tell it."""
    return ma.fields.Nested(Fix, load_default=None, allow_none=True)


def _written() -> Instant:
    """When it happened, where a record was written on paper first and entered later (补录)."""
    return Instant(load_default=None, allow_none=True)


class Open(Schema):
    """The phone opened the assignment: online, or with the key from the departure slip."""

    how = word("online", "key", required=True)
    fix = _fix()


class Arrive(Schema):
    """The inspector is there: the position that was taken, and all that the search for it brought.

    Only the one that was taken is judged: a search begins with what the phone still remembers from elsewhere.
    """

    written_at = _written()
    fix = _fix()
    fixes = ma.fields.List(
        ma.fields.Nested(Fix), load_default=list, validate=ma.validate.Length(max=MOST_FIXES_OF_AN_ARRIVAL)
    )
    no_fix_reason = Text(most=200, required=True, allow_none=True)


class Confirm(Schema):
    """A second inspector scanned the first phone's code."""

    arrive_id = Id(required=True)
    arrive_sha256 = Sha256Hex(required=True)
    fix = _fix()


class Sighting(Schema):
    """What was seen of one posted person."""

    written_at = _written()
    posting_id = Id(required=True)
    seen = word("met", "seen_by_others", "said_on_leave", "said_on_trip", "not_met", "cannot_tell", required=True)
    met_by_both = YesNo(required=True)
    villagers_asked = Whole(least=0, most=1000, required=True)
    villagers_know = Whole(least=0, most=1000, required=True)
    # What others than villagers showed: a room in use, seen by invitation and never photographed; a call answered on
    # the village's own landline.
    sign = word("room_in_use", "landline", allow_none=True)
    fix = _fix()
    note = Text(most=2000, required=True)

    @validates_schema
    def _a_sign_is_of_somebody_not_met(self, data: dict[str, Any], **kwargs: Any) -> None:
        if data.get("sign") and data["seen"] != "seen_by_others":
            raise ma.ValidationError("Only of somebody who was not met and is said to be there.", "sign")

    @validates_schema
    def _fewer_know_than_were_asked(self, data: dict[str, Any], **kwargs: Any) -> None:
        if data["villagers_know"] > data["villagers_asked"]:
            raise ma.ValidationError("More than were asked.", "villagers_know")


class ProblemFound(Schema):
    """A problem seen on the spot; one of the 29 items, or a reason why none fits."""

    written_at = _written()
    item = Whole(least=1, most=LAST_ITEM, required=True, allow_none=True)
    other_reason = Text(most=500, required=True, allow_none=True)
    kind = Whole(least=1, most=3, required=True)
    text = Text(least=1, most=4000, required=True)
    place_note = Text(most=500, required=True)
    fixed_on_spot = YesNo(required=True)
    fix = _fix()

    @validates_schema
    def _other_has_a_reason(self, data: dict[str, Any], **kwargs: Any) -> None:
        if data["item"] is None and not (data["other_reason"] or "").strip():
            raise ma.ValidationError("A problem outside the 29 items needs a reason.", "other_reason")


class Photo(Schema):
    """A photo that will follow, named by the hash taken at the shutter."""

    sha256 = Sha256Hex(required=True)
    size_bytes = Whole(least=1, most=2**31, required=True)
    media_type = Text(least=3, most=100, pattern=r"\A[a-z0-9.+-]+/[a-z0-9.+-]+\Z", required=True)
    taken_at = Instant(required=True)
    source = word("camera", "gallery", required=True)
    fixes = ma.fields.List(ma.fields.Nested(Fix), required=True, validate=ma.validate.Length(max=MOST_FIXES_OF_A_PHOTO))
    of_record = Id(required=True, allow_none=True)
    file_modified_at = Instant(load_default=None, allow_none=True)
    # Of a problem put right before the team left (立行立改): whether it shows the place after that, not before.
    after_fixing = YesNo(load_default=False)


class Answered(Schema):
    """The answer to one question; `note` is for a few words and never for who said them.

    Where a household was asked, `household` is its number in the order of chance: never a name.
    A question that asks for words is answered `counted` without numbers, or `yes`: the words are the note.
    """

    question_id = Text(least=1, most=60, pattern=r"\A[a-z0-9_]+\Z", required=True)
    answer = word("yes", "no", "cannot_tell", "not_asked", "counted", required=True)
    asked = Whole(least=0, most=1000, required=True, allow_none=True)
    know = Whole(least=0, most=1000, required=True, allow_none=True)
    note = Text(most=2000, required=True)
    household = Whole(least=1, most=50, load_default=None, allow_none=True)

    @validates_schema
    def _counts_are_counted(self, data: dict[str, Any], **kwargs: Any) -> None:
        asked, know = data["asked"], data["know"]
        if (asked is None) != (know is None) or (asked is not None and data["answer"] != "counted"):
            raise ma.ValidationError("Both numbers belong to a counted answer, and to no other.", "asked")
        if asked is not None and know is not None and know > asked:
            raise ma.ValidationError("More than were asked.", "know")


class Answers(Schema):
    """What was answered to the questions of one set; none is obligatory."""

    written_at = _written()
    question_set = Text(least=1, most=60, required=True)
    answers = ma.fields.List(
        ma.fields.Nested(Answered), required=True, validate=ma.validate.Length(max=MOST_ANSWERS_OF_A_RECORD)
    )


class ProjectSeen(Schema):
    """What was seen of a project of the county's store, by its code; no amount of money is asked or kept."""

    written_at = _written()
    code = Text(least=1, most=40, required=True)
    seen = word("in_use", "idle", "elsewhere", "not_there", "cannot_tell", required=True)
    note = Text(most=2000, required=True)
    fix = _fix()


class AllInOrder(Schema):
    """Nothing to report; one tap."""


class Finish(Schema):
    """This phone's last record; how many it made, this one included."""

    records = Whole(least=1, most=MOST_RECORDS_OF_A_PHONE, required=True)
    fix = _last_fix()


class Close(Finish):
    """The last record of the phone that closes the visit."""

    written_at = _written()
    escorted = YesNo(required=True)
    warned_beforehand = YesNo(required=True)
    note = Text(most=2000, required=True)


class Abort(Finish):
    """The visit was broken off."""

    reason = Text(least=1, most=500, required=True)


CORRECTABLE: dict[str, Schema] = {
    "sighting": Sighting(),
    "problem": ProblemFound(),
    "answers": Answers(),
    "close": Close(),
}


class Correction(Schema):
    """What an earlier record of this account should have said: its whole body, anew. The first one stays."""

    of_record = Id(required=True)
    of_sha256 = Sha256Hex(required=True)
    reason = Text(least=1, most=500, required=True)
    body = ma.fields.Dict(required=True)

    @validates_schema
    def _has_the_shape_of_what_it_corrects(self, data: dict[str, Any], **kwargs: Any) -> None:
        kind = kind_corrected(data["body"])
        if kind is None:
            raise ma.ValidationError("Not the body of a kind that can be corrected.", "body")
        if complaints := CORRECTABLE[kind].validate(data["body"]):
            raise ma.ValidationError(complaints, "body")


BODIES: dict[str, Schema] = {
    "open": Open(),
    "arrive": Arrive(),
    "confirm": Confirm(),
    "sighting": Sighting(),
    "problem": ProblemFound(),
    "photo": Photo(),
    "answers": Answers(),
    "project": ProjectSeen(),
    "all_in_order": AllInOrder(),
    "finish": Finish(),
    "close": Close(),
    "abort": Abort(),
    "correction": Correction(),
}


class Record(Schema):
    """What all records share."""

    id = Id(required=True)
    visit_id = Id(required=True)
    kind = word(*BODIES, required=True)
    seq = Whole(least=1, most=MOST_RECORDS_OF_A_PHONE, required=True)
    previous = Sha256Hex(required=True, allow_none=True)
    made_at = Instant(required=True)
    monotonic_ms = Whole(least=0, most=10**12, required=True, allow_none=True)
    nonce = Text(most=200, required=True, allow_none=True)
    body = ma.fields.Dict(required=True)


_ENVELOPE = Record()


def read_record(text: str) -> ReadRecord:
    """What one record's text says, or what is wrong with it."""
    try:
        raw = read_json(text)
    except UnreadableBody as reason:
        return ReadRecord(None, None, (str(reason),))
    if not isinstance(raw, dict):
        return ReadRecord(None, None, ("a record is a JSON object",))
    try:
        record: dict[str, Any] = _ENVELOPE.load(raw)
        return ReadRecord({**record, "body": BODIES[record["kind"]].load(record["body"])}, record["id"], ())
    except ma.ValidationError as reason:
        problems = tuple(_sentences(reason.messages))
        return ReadRecord(None, _id_of(raw), problems[:MOST_COMPLAINTS_TOLD])


def _id_of(raw: dict[str, Any]) -> UUID | None:
    try:
        return Id().deserialize(raw.get("id"))
    except ma.ValidationError:
        return None


def _sentences(messages: Any, path: str = "") -> Iterator[str]:
    if isinstance(messages, dict):
        for name, inner in messages.items():
            # The name of an unknown field is the sender's own text and may be long.
            yield from _sentences(inner, f"{path}.{name}"[:80].lstrip("."))
    else:
        yield f"{path}: {' '.join(messages)}"
