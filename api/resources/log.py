"""The append-only log: its head and its proofs."""

from dataclasses import asdict
from typing import Any

import marshmallow as ma
from flask import Response

from api.http.blueprint import RoomBlueprint
from api.http.fields import Instant, Schema, Text, Whole
from api.http.house import house, now_utc
from api.http.paging import PageQuery, page, read_cursor
from api.http.signin import current_actor
from media.proof import ES256, Cosignature, write_checkpoint_file
from visits.access import Right, require
from visits.log import checkpoint_file, checkpoints, head, prove, prove_growth, public_keys
from visits.upkeep import file_cosignature, open_entry

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


class GrowthQuery(Schema):
    """From which size to which."""

    first = Whole(least=1, most=MOST_ENTRIES, required=True, data_key="from")
    second = Whole(least=1, most=MOST_ENTRIES, required=True, data_key="to")


class ConsistencyProofOut(ma.Schema):
    """What is needed to check that the smaller tree is the beginning of the larger one."""

    first_size = ma.fields.Integer()
    second_size = ma.fields.Integer()
    first_root_hex = ma.fields.String()
    second_root_hex = ma.fields.String()
    path_hex = ma.fields.List(ma.fields.String())


class CheckpointOut(ma.Schema):
    """One signed state of the log, and who outside has seen it."""

    size = ma.fields.Integer()
    root_hex = ma.fields.String()
    at_utc = Instant()
    kid = ma.fields.String()
    stamped_utc = Instant(allow_none=True)
    stamp_complaint = ma.fields.String()
    witnesses = ma.fields.List(ma.fields.String())


class CheckpointListOut(ma.Schema):
    """A page of checkpoints, newest first."""

    items = ma.fields.List(ma.fields.Nested(CheckpointOut))
    next = ma.fields.String(allow_none=True)


class PublicJwk(Schema):
    """The public half of a P-256 key."""

    kty = Text(most=2, required=True)
    crv = Text(most=5, required=True)
    x = Text(least=43, most=43, required=True)
    y = Text(least=43, most=43, required=True)


class CosignatureIn(Schema):
    """A witness's own signature over the exact text of a checkpoint, as `shidi witness sign` writes it."""

    witness = Text(least=1, most=120, required=True)
    algorithm = ma.fields.String(required=True, validate=ma.validate.OneOf([ES256]))
    public_jwk = ma.fields.Nested(PublicJwk, required=True)
    signature_hex = Text(least=128, most=128, pattern=r"\A[0-9a-f]{128}\Z", required=True)


class CosignatureOut(ma.Schema):
    """Whether the signature is new here."""

    size = ma.fields.Integer()
    is_new = ma.fields.Boolean()


class ServerKeyOut(ma.Schema):
    """The public half of one of the server's keys."""

    kid = ma.fields.String()
    purpose = ma.fields.String()
    algorithm = ma.fields.String()
    public_jwk = ma.fields.Dict()
    made_utc = Instant()
    retired_utc = Instant(allow_none=True)


class ServerKeyListOut(ma.Schema):
    """The server's keys of all times, oldest first."""

    items = ma.fields.List(ma.fields.Nested(ServerKeyOut))
    next = ma.fields.String(allow_none=True)


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


@log.get("/log/consistency")
@log.arguments(GrowthQuery, location="query")
@log.response(200, ConsistencyProofOut)
def show_consistency(query: dict[str, Any]) -> dict[str, Any]:
    """The proof that nothing the log held at one size was changed until another."""
    require(current_actor(), Right.READ_LOG)
    with house().store.reading() as uow:
        return asdict(prove_growth(uow, query["first"], query["second"]))


@log.get("/log/checkpoints")
@log.arguments(PageQuery, location="query")
@log.response(200, CheckpointListOut)
def list_checkpoints(query: dict[str, Any]) -> dict[str, Any]:
    """The signed states of the log, newest first."""
    require(current_actor(), Right.READ_LOG)
    key = read_cursor(query["cursor"], int)
    with house().store.reading() as uow:
        found = checkpoints(uow, below_size=key[0] if key else None, limit=query["limit"] + 1)
    return page(found, query["limit"], lambda one: (one.size,))


@log.get("/log/checkpoints/latest")
@log.response(200, {"type": "object"})
def download_newest_checkpoint() -> Response:
    """The newest checkpoint as a file for a witness to keep: text, signature, key, and the way from earlier ones."""
    return _checkpoint(None)


@log.get("/log/checkpoints/<int(max=9007199254740991):size>")
@log.response(200, {"type": "object"})
def download_checkpoint(size: int) -> Response:
    """One checkpoint as a file for a witness to keep."""
    return _checkpoint(size)


@log.post("/log/checkpoints/<int(max=9007199254740991):size>/cosignatures")
@log.arguments(CosignatureIn)
@log.response(201, CosignatureOut)
def add_cosignature(body: dict[str, Any], size: int) -> dict[str, Any]:
    """File the signature of a witness over a checkpoint."""
    with house().store.writing() as uow:
        is_new = file_cosignature(uow, current_actor(), size, Cosignature(**body), at_utc=now_utc())
    return {"size": size, "is_new": is_new}


@log.get("/log/keys")
@log.response(200, ServerKeyListOut)
def list_server_keys() -> dict[str, Any]:
    """The public halves of the server's own keys, retired ones too: what they signed is checked with them for ever."""
    require(current_actor(), Right.READ_LOG)
    with house().store.reading() as uow:
        return {"items": public_keys(uow), "next": None}


def _checkpoint(size: int | None) -> Response:
    require(current_actor(), Right.READ_LOG)
    with house().store.reading() as uow:
        file = checkpoint_file(uow, size)
    name = f"shidi-checkpoint-{file.said.size}.json"
    response = Response(write_checkpoint_file(file), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
