"""Phones' unsent work as files: the key to seal them to, and their import with a signed receipt."""

from typing import Any

import marshmallow as ma
from flask import request
from webargs.flaskparser import abort
from werkzeug.exceptions import LengthRequired

from api.http.blueprint import RoomBlueprint
from api.http.house import House, house, now_utc
from api.http.signin import current_actor
from api.resources.phone_import import Importer
from media.errors import UnreadableExport
from visits.access import Right, require
from visits.intake import phone_export
from visits.log import Purpose, current_key

phone_exports = RoomBlueprint("phone-exports", "Phones' unsent work, brought by cable or stick")

EXPORT_TYPE = "application/octet-stream"


class ExportKeysOut(ma.Schema):
    """The public keys a phone keeps: one to seal its unsent work to, one to check the receipt with."""

    kid = ma.fields.String()
    public_key = ma.fields.Dict()
    receipt_key = ma.fields.Dict()
    receipt_kid = ma.fields.String()


class ReceiptFileOut(ma.Schema):
    """The receipt that goes back to the phone.

    `receipts` is the exact JSON text that was signed (ES256, `signature` in base64url): `device_id`, `at_utc`, and
    `results`, for each visit what became of its `records` (as `POST /visits/{id}/records` tells it) and `photos`
    (`arrived`, `hash_mismatch`, `not_announced` or `too_large`).
    """

    receipts = ma.fields.String()
    signature = ma.fields.String()
    kid = ma.fields.String()


@phone_exports.get("/phone-exports/key")
@phone_exports.response(200, ExportKeysOut)
def show_export_keys() -> Any:
    """The keys in use; a phone fetches them while it can."""
    with house().store.writing() as uow:  # made at first need
        sealing = current_key(uow, Purpose.PHONE_EXPORT, at_utc=now_utc())
        receipts = current_key(uow, Purpose.RECEIPT, at_utc=now_utc())
    return {
        "kid": sealing.kid,
        "public_key": sealing.public_jwk,
        "receipt_key": receipts.public_jwk,
        "receipt_kid": receipts.kid,
    }


@phone_exports.post("/phone-exports")
@phone_exports.doc(
    requestBody={"required": True, "content": {EXPORT_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
)
@phone_exports.response(200, ReceiptFileOut)
def import_export() -> Any:
    """Import a phone's file; importing it again is harmless. A file that cannot be opened is kept, and refused."""
    actor = current_actor()
    require(actor, Right.IMPORT_PHONES)
    if request.mimetype != EXPORT_TYPE:
        abort(415)
    if request.content_length is None:
        raise LengthRequired("a file says how long it is")
    most_bytes = house().settings.max_export_bytes
    request.max_content_length = most_bytes + 1
    export_id = importer(house()).take(actor, request.stream, most_bytes=most_bytes)
    house().jobs.wake()
    with house().store.reading() as uow:
        found = phone_export(uow, actor, export_id)
    if found.receipt is None:
        raise UnreadableExport(f"{found.reason}; the file was kept")
    return found.receipt


def importer(of: House) -> Importer:
    """The importer of a running application."""
    return Importer(of.store, of.evidence, of.clock, of.settings.max_photo_bytes)
