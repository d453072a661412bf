"""Records from phones: all is committed before anything is refused."""

from typing import Any, cast
from uuid import UUID

import marshmallow as ma
from flask import Response, request
from webargs.flaskparser import abort

from api.http.blueprint import RoomBlueprint
from api.http.errors import UnreadableBody
from api.http.fields import Id, Instant, Schema, Text
from api.http.house import house, now_utc
from api.http.problems import RECORD_CONFLICT, RECORD_REFUSED, UNREADABLE_DELIVERY, answer
from api.http.signin import current_actor
from api.http.strict_json import read_json
from api.resources.record_shapes import ReadRecord, read_record
from visits.access import Right, require
from visits.intake import Incoming, NoSuchVisit, RecordReceipt, keep_unreadable, receive

intake = RoomBlueprint("records", "Records from phones")

MOST_RECORDS_OF_A_DELIVERY = 200
LONGEST_RECORD = 64_000


class SentRecord(Schema):
    """One record: its exact text, and the phone's signature over the UTF-8 bytes of that text."""

    record = Text(least=2, most=LONGEST_RECORD, required=True)
    signature = Text(most=200, load_default=None, allow_none=True)


class Delivery(Schema):
    """Up to 200 records of one visit, and the phone's clock as it sends them."""

    device_utc = Instant(load_default=None, allow_none=True)

    records = ma.fields.List(
        ma.fields.Nested(SentRecord), required=True, validate=ma.validate.Length(min=1, max=MOST_RECORDS_OF_A_DELIVERY)
    )


class RecordReceiptOut(ma.Schema):
    """What became of one record."""

    id = Id(allow_none=True)
    outcome = ma.fields.String()
    sha256 = ma.fields.String()
    received_utc = Instant()
    log_index = ma.fields.Integer(allow_none=True)
    reason = ma.fields.String()


class ReceptionOut(ma.Schema):
    """One receipt for each record, in the order they were sent."""

    results = ma.fields.List(ma.fields.Nested(RecordReceiptOut))


_DELIVERY = Delivery()
_RECEPTION = ReceptionOut()


@intake.post("/visits/<uuid:visit_id>/records")
@intake.doc(requestBody={"required": True, "content": {"application/json": {"schema": Delivery}}})
@intake.response(200, ReceptionOut)
def send_records(visit_id: UUID) -> Any:
    """Deliver records; sending them again is harmless and gives the same receipts.

    A conflict or refusal is stored like anything else and then told: 409 or 422 with the same `results`.
    """
    actor = current_actor()
    require(actor, Right.RECORD)
    if request.mimetype != "application/json":
        abort(415)
    body = request.get_data()
    try:
        sent = _read_delivery(body)
    except UnreadableBody as reason:
        with house().store.writing() as uow:
            kept_sha256 = keep_unreadable(uow, actor, visit_id, body, str(reason), at_utc=now_utc())
        return answer(UNREADABLE_DELIVERY, str(reason), kept_sha256=kept_sha256)
    read = [read_record(one["record"]) for one in sent["records"]]
    batch = [
        Incoming(one["record"], one["signature"], what.parsed, "; ".join(what.problems))
        for one, what in zip(sent["records"], read, strict=True)
    ]
    with house().store.writing() as uow:
        reception = receive(uow, actor, visit_id, batch, device_utc=sent["device_utc"], at_utc=now_utc())
    house().jobs.wake()
    if not reception.known_visit:
        raise NoSuchVisit(f"there is no visit {visit_id}")
    return _told(
        [receipt_told(receipt, what) for receipt, what in zip(reception.receipts, read, strict=True)],
        {receipt.outcome for receipt in reception.receipts},
    )


def _read_delivery(body: bytes) -> dict[str, Any]:
    try:
        return cast(dict[str, Any], _DELIVERY.load(read_json(body)))
    except ma.ValidationError as reason:
        raise UnreadableBody(f"this is not a delivery of records: {reason}"[:500]) from reason


def receipt_told(receipt: RecordReceipt, what: ReadRecord) -> dict[str, Any]:
    """What a phone is told of one record, by the name it knows it by."""
    # A record of the wrong shape has no place under its id, but its phone knows it by nothing else.
    return {
        "id": receipt.record_id or what.id,
        "outcome": receipt.outcome,
        "sha256": receipt.sha256,
        "received_utc": receipt.received_utc,
        "log_index": receipt.log_index,
        "reason": receipt.reason,
    }


def _told(results: list[dict[str, Any]], outcomes: set[str]) -> dict[str, Any] | Response:
    body = {"results": results}
    if "conflict" in outcomes:
        return answer(
            RECORD_CONFLICT, "the server holds another record under this id; both are kept", **_RECEPTION.dump(body)
        )
    if "refused" in outcomes:
        return answer(RECORD_REFUSED, "some records were kept, but not taken into the visit", **_RECEPTION.dump(body))
    return body
