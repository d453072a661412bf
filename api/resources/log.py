"""The append-only log: its head and its proofs."""

from dataclasses import asdict
from typing import Any

import marshmallow as ma

from api.http.blueprint import RoomBlueprint
from api.http.fields import Schema, Whole
from api.http.house import house, now_utc
from api.http.signin import current_actor
from visits.access import Right, require
from visits.log import head, prove
from visits.upkeep import open_entry

log = RoomBlueprint("log", "The append-only log")

MOST_ENTRIES = 2**53


class LogHeadOut(ma.Schema):
    """The tree now."""

    size = ma.fields.Integer()
    root_hex = ma.fields.String()


class ProofQuery(Schema):
    """The tree size to prove against; now, when not given."""

    size = Whole(least=1, most=MOST_ENTRIES, load_default=None)


class InclusionProofOut(ma.Schema):
    """What is needed to check that an entry is in the tree."""

    index = ma.fields.Integer()
    size = ma.fields.Integer()
    leaf_hash_hex = ma.fields.String()
    path_hex = ma.fields.List(ma.fields.String())
    root_hex = ma.fields.String()


class LogOpeningOut(ma.Schema):
    """What an entry says, and the salt that ties it to its leaf."""

    index = ma.fields.Integer()
    kind = ma.fields.String()
    salt_hex = ma.fields.String()
    payload = ma.fields.String(metadata={"description": "The exact text that was hashed"})


@log.get("/log/head")
@log.response(200, LogHeadOut)
def show_log_head() -> dict[str, Any]:
    """Size and root of the log."""
    require(current_actor(), Right.READ_LOG)
    with house().store.reading() as uow:
        return asdict(head(uow))


@log.get("/log/entries/<int(max=9007199254740991):index>/proof")
@log.arguments(ProofQuery, location="query")
@log.response(200, InclusionProofOut)
def show_log_proof(query: dict[str, Any], index: int) -> dict[str, Any]:
    """The proof that an entry is in the log.

    The opening (salt and payload) is not part of it: a payload may name a sealed village, and a proof is for everybody.
    """
    require(current_actor(), Right.READ_LOG)
    with house().store.reading() as uow:
        return asdict(prove(uow, index, size=query["size"]))


@log.get("/log/entries/<int(max=9007199254740991):index>/opening")
@log.response(200, LogOpeningOut)
def show_log_opening(index: int) -> Any:
    """What an entry says: its leaf holds the HMAC-SHA-256 of the payload's UTF-8 bytes under the salt.

    Only for those who may read the thing it speaks of; to everybody else there is no such entry.
    """
    with house().store.reading() as uow:
        return open_entry(uow, current_actor(), index, at_utc=now_utc())
