"""The evidence log: its head, and the check of one entry in words."""

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house
from api.http.signin import current_actor
from api.pages.blueprint import desk
from api.pages.errors import BadForm
from api.pages.frame import page
from media.proof import leaf_hash, salted_leaf, verify_inclusion
from visits.access import Right, require
from visits.log import InclusionProof, LogOpening, checkpoint_file, checkpoints, head, opening, prove

CHECKPOINTS_SHOWN = 14


@desk.get("/log")
def show_log() -> Response:
    """Size and root of the log, and the question for one entry."""
    require(current_actor(), Right.READ_LOG)
    with house().store.reading() as uow:
        now, newest = head(uow), checkpoints(uow, limit=CHECKPOINTS_SHOWN)
    return page("log.html", head=now, checkpoints=newest, has_authority=house().settings.timestamp_url is not None)


@desk.get("/log/checkpoints/<int(max=9007199254740991):size>")
def show_checkpoint(size: int) -> Response:
    """One checkpoint as a sheet to be printed, dated and kept by somebody outside."""
    require(current_actor(), Right.READ_LOG)
    with house().store.reading() as uow:
        file = checkpoint_file(uow, size)
    return page("checkpoint.html", said=file.said, text=file.text, witnesses=[w.witness for w in file.cosignatures])


@desk.get("/log/entry")
def find_log_entry() -> AnyResponse:
    """From the number in the form to the entry's own address."""
    index = request.args.get("index", "")
    if not (index.isascii() and index.isdigit() and len(index) <= 15):
        raise BadForm("log.bad_index")
    return redirect(f"/desk/log/{int(index)}", 303)


@desk.get("/log/<int(max=9007199254740991):index>")
def show_log_entry(index: int) -> Response:
    """Whether an entry is in the log, worked out here from its proof."""
    require(current_actor(), Right.READ_LOG)
    with house().store.reading() as uow:
        proof, opened = prove(uow, index), opening(uow, index)
    return page("log_entry.html", proof=proof, removed=opened is None, holds=_holds(proof, opened))


def _holds(proof: InclusionProof, opened: LogOpening | None) -> bool:
    """Work the root out from the leaf upwards; where the opening is still there, the leaf too. It is not shown."""
    leaf = bytes.fromhex(proof.leaf_hash_hex)
    if opened is not None and leaf_hash(salted_leaf(bytes.fromhex(opened.salt_hex), opened.payload.encode())) != leaf:
        return False
    path = [bytes.fromhex(step) for step in proof.path_hex]
    return verify_inclusion(leaf, proof.index, proof.size, path, bytes.fromhex(proof.root_hex))
