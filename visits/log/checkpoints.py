"""Checkpoints of the log: signed, kept for ever, stamped by an authority, signed again by witnesses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from media.proof import (
    Checkpoint,
    CheckpointFile,
    Cosignature,
    Link,
    StampToken,
    consistency_proof,
    key_id,
    read_checkpoint,
    signature_holds,
    write_checkpoint,
)
from visits.log.errors import BadCosignature, NotInLog
from visits.log.keys import Purpose, current_key, sign
from visits.log.rows import CheckpointRow, CheckpointStamp, CheckpointWitness, LogLeaf, ServerKey
from visits.log.verbs import append, head, node
from visits.store import UnitOfWork, insert_unless_there, lock_for_transaction

ORIGIN_DIGITS = 16
# A year of days: how far back a downloaded checkpoint leads by itself.
MOST_LINKS = 400


@dataclass(frozen=True)
class CheckpointView:
    """One checkpoint in a list, and who outside has seen it."""

    size: int
    root_hex: str
    at_utc: datetime
    kid: str
    stamped_utc: datetime | None
    stamp_complaint: str
    witnesses: tuple[str, ...]


def make_checkpoint(uow: UnitOfWork, audit_head: Mapping[str, object], *, at_utc: datetime) -> CheckpointView:
    """Sign the log as it stands, after the head of the audit chain has entered it."""
    lock_for_transaction(uow, "log")
    key = current_key(uow, Purpose.CHECKPOINT, at_utc=at_utc)
    entry = append(uow, "audit_head", audit_head, at_utc=at_utc)
    now, before = head(uow), _newest(uow)
    first = uow.session.get_one(LogLeaf, 0)
    said = Checkpoint(
        origin=first.leaf_hash.hex()[:ORIGIN_DIGITS],
        size=now.size,
        root_hex=now.root_hex,
        at_utc=at_utc.replace(microsecond=0),
        audit_index=entry.index,
        kid=key.kid,
    )
    text = write_checkpoint(said)
    path = [] if before is None else consistency_proof(before.size, now.size, lambda lv, i: node(uow, lv, i))
    row = CheckpointRow(
        size=now.size,
        root=bytes.fromhex(now.root_hex),
        text=text,
        kid=key.kid,
        signature=sign(uow, Purpose.CHECKPOINT, text.encode(), at_utc=at_utc).signature,
        previous_size=before.size if before else None,
        path=[one.hex() for one in path],
        made_utc=at_utc,
    )
    uow.session.add(row)
    uow.session.flush()
    return _view(uow, row)


def checkpoints(uow: UnitOfWork, *, below_size: int | None = None, limit: int = 50) -> list[CheckpointView]:
    """The checkpoints, newest first."""
    query = select(CheckpointRow).order_by(CheckpointRow.size.desc()).limit(limit)
    if below_size is not None:
        query = query.where(CheckpointRow.size < below_size)
    return [_view(uow, row) for row in uow.session.scalars(query)]


def newest_checkpoint(uow: UnitOfWork) -> CheckpointView | None:
    """The newest checkpoint, None where none was made yet."""
    row = _newest(uow)
    return None if row is None else _view(uow, row)


def checkpoint_file(uow: UnitOfWork, size: int | None = None) -> CheckpointFile:
    """One checkpoint (the newest, when no size is given) with all that is needed to check it without this server."""
    row = _newest(uow) if size is None else uow.session.get(CheckpointRow, size)
    if row is None:
        raise NotInLog("there is no such checkpoint")
    key = uow.session.get_one(ServerKey, row.kid)
    return CheckpointFile(
        text=row.text,
        algorithm=key.algorithm,
        public_jwk=key.public_jwk,
        signature_hex=row.signature.hex(),
        links=_links(uow, row),
        stamps=tuple(
            StampToken(one.authority, one.response.hex()) for one in _stamps(uow, row.size) if one.response is not None
        ),
        cosignatures=tuple(
            Cosignature(one.witness, one.algorithm, one.public_jwk, one.signature.hex())
            for one in _witnesses(uow, row.size)
        ),
    )


def unstamped(uow: UnitOfWork) -> list[tuple[int, str]]:
    """(size, text) of the checkpoints that no authority has stamped, oldest first."""
    stamped = select(CheckpointStamp.size).where(CheckpointStamp.response.is_not(None))
    query = select(CheckpointRow).where(CheckpointRow.size.not_in(stamped)).order_by(CheckpointRow.size)
    return [(row.size, row.text) for row in uow.session.scalars(query)]


def keep_stamp(
    uow: UnitOfWork, size: int, *, authority: str, response: bytes | None, complaint: str = "", at_utc: datetime
) -> None:
    """Keep what an authority answered, or why there is no answer."""
    uow.session.add(
        CheckpointStamp(
            size=size, authority=authority[:300], response=response, complaint=complaint[:300], at_utc=at_utc
        )
    )
    uow.session.flush()


def keep_cosignature(uow: UnitOfWork, size: int, signed: Cosignature, *, at_utc: datetime) -> bool:
    """Keep a witness's signature; whether it is new. One that does not hold is refused. Callers check who files it."""
    row = uow.session.get(CheckpointRow, size)
    if row is None:
        raise NotInLog(f"there is no checkpoint of size {size}")
    if not signature_holds(signed.algorithm, signed.public_jwk, row.text, signed.signature_hex):
        raise BadCosignature("this signature does not hold over the text of the checkpoint")
    kid = key_id(signed.public_jwk)
    if uow.session.get(ServerKey, kid) is not None:
        raise BadCosignature("the server cannot be its own witness")
    lock_for_transaction(uow, "log")
    is_new = insert_unless_there(
        uow,
        CheckpointWitness,
        size=size,
        kid=kid,
        witness=signed.witness,
        algorithm=signed.algorithm,
        public_jwk=dict(signed.public_jwk),
        signature=bytes.fromhex(signed.signature_hex),
        filed_utc=at_utc,
    )
    if is_new:
        said = {"size": size, "kid": kid, "witness": signed.witness, "signature": signed.signature_hex}
        append(uow, "checkpoint.witness", said, at_utc=at_utc)
    return is_new


def _newest(uow: UnitOfWork) -> CheckpointRow | None:
    return uow.session.scalar(select(CheckpointRow).order_by(CheckpointRow.size.desc()).limit(1))


def _links(uow: UnitOfWork, row: CheckpointRow) -> tuple[Link, ...]:
    """The way from each earlier checkpoint to the next; each proof was worked out when the later one was made."""
    query = (
        select(CheckpointRow).where(CheckpointRow.size < row.size).order_by(CheckpointRow.size.desc()).limit(MOST_LINKS)
    )
    links, later = [], row
    for earlier in uow.session.scalars(query):
        links.append(Link(earlier.size, earlier.root.hex(), tuple(later.path)))
        later = earlier
    return tuple(reversed(links))


def _stamps(uow: UnitOfWork, size: int) -> list[CheckpointStamp]:
    query = select(CheckpointStamp).where(CheckpointStamp.size == size).order_by(CheckpointStamp.number)
    return list(uow.session.scalars(query))


def _witnesses(uow: UnitOfWork, size: int) -> list[CheckpointWitness]:
    query = select(CheckpointWitness).where(CheckpointWitness.size == size).order_by(CheckpointWitness.filed_utc)
    return list(uow.session.scalars(query))


def _view(uow: UnitOfWork, row: CheckpointRow) -> CheckpointView:
    tries = _stamps(uow, row.size)
    stamped = [one.at_utc for one in tries if one.response is not None]
    return CheckpointView(
        size=row.size,
        root_hex=row.root.hex(),
        at_utc=read_checkpoint(row.text).at_utc,
        kid=row.kid,
        stamped_utc=stamped[0] if stamped else None,
        stamp_complaint=tries[-1].complaint if tries and not stamped else "",
        witnesses=tuple(one.witness for one in _witnesses(uow, row.size)),
    )
