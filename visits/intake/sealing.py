"""Seal and open what holds positions, under a key per visit."""

from uuid import UUID

from media.proof import new_data_key, seal, unseal, unwrap, wrap
from visits.intake.rows import VisitKey
from visits.store import UnitOfWork, insert_unless_there


def seal_for_visit(uow: UnitOfWork, visit_id: UUID, plaintext: bytes, context: str) -> bytes:
    """``plaintext`` sealed under the visit's key, which is made at first need; ``context`` must match to open it."""
    return seal(_key(uow, visit_id), plaintext, context.encode())


def open_for_visit(uow: UnitOfWork, visit_id: UUID, sealed: bytes, context: str) -> bytes:
    """The plaintext again; raises :class:`media.SealBroken` when key, context or bytes differ."""
    return unseal(_key(uow, visit_id), sealed, context.encode())


def _key(uow: UnitOfWork, visit_id: UUID) -> bytes:
    row = uow.session.get(VisitKey, visit_id)
    if row is None:
        wrapped = wrap(uow.master_key, new_data_key(), str(visit_id).encode())
        insert_unless_there(uow, VisitKey, visit_id=visit_id, wrapped_key=wrapped)
        row = uow.session.get_one(VisitKey, visit_id)
    return unwrap(uow.master_key, row.wrapped_key, str(visit_id).encode())
