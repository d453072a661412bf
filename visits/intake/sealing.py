"""Seal and open what holds positions, under a key per visit."""

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select

from media.proof import new_data_key, seal, unseal, unwrap, wrap
from visits.intake.errors import RemovedByRule
from visits.intake.rows import RemovedVisit, VisitKey
from visits.store import UnitOfWork, insert_unless_there


@dataclass(frozen=True)
class VisitSeal:
    """Seals and opens what belongs to one visit; whoever has many values takes the key once, not for each."""

    _key: bytes = field(repr=False)

    def close(self, plaintext: bytes, context: str) -> bytes:
        """``plaintext`` sealed; ``context`` must match to open it."""
        return seal(self._key, plaintext, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """The plaintext again; raises :class:`media.SealBroken` when key, context or bytes differ."""
        return unseal(self._key, sealed, context.encode())


def seal_of_visit(uow: UnitOfWork, visit_id: UUID) -> VisitSeal:
    """The seal of a visit, whose key is made at first need."""
    row = uow.session.get(VisitKey, visit_id)
    if row is None:
        if uow.session.get(RemovedVisit, visit_id) is not None:
            raise RemovedByRule("what this visit held was removed by rule")
        wrapped = wrap(uow.master_key, new_data_key(), str(visit_id).encode())
        insert_unless_there(uow, VisitKey, visit_id=visit_id, wrapped_key=wrapped)
        row = uow.session.get_one(VisitKey, visit_id)
    return VisitSeal(_unwrapped(uow, row))


def seals_of_visits(uow: UnitOfWork, visit_ids: Collection[UUID]) -> dict[UUID, VisitSeal]:
    """The seals of these visits that have one, none made; what was removed by rule has none."""
    rows = uow.session.scalars(select(VisitKey).where(VisitKey.visit_id.in_(visit_ids)))
    return {row.visit_id: VisitSeal(_unwrapped(uow, row)) for row in rows}


def exchange_seal(uow: UnitOfWork, visit_id: UUID) -> tuple[VisitSeal, VisitSeal]:
    """The seal that was, and the one that takes its place; what the caller does not seal anew is lost with this."""
    old, new_key = seal_of_visit(uow, visit_id), new_data_key()
    row = uow.session.get_one(VisitKey, visit_id, with_for_update=True)
    row.wrapped_key = wrap(uow.master_key, new_key, str(visit_id).encode())
    return old, VisitSeal(new_key)


def seal_for_visit(uow: UnitOfWork, visit_id: UUID, plaintext: bytes, context: str) -> bytes:
    """One value sealed under the visit's key, which stays the visit's until this transaction ends."""
    seal_of_visit(uow, visit_id)  # makes the key at first need
    held = uow.session.get_one(VisitKey, visit_id, with_for_update={"read": True}, populate_existing=True)
    return VisitSeal(_unwrapped(uow, held)).close(plaintext, context)


def open_for_visit(uow: UnitOfWork, visit_id: UUID, sealed: bytes, context: str) -> bytes:
    """One value opened with the visit's key."""
    return seal_of_visit(uow, visit_id).open(sealed, context)


def rewrap_visit_keys(uow: UnitOfWork, new_master_key: bytes) -> int:
    """Wrap every visit's key under another master key; how many there were. What they seal stays as it is."""
    rows = uow.session.scalars(select(VisitKey)).all()
    for row in rows:
        context = str(row.visit_id).encode()
        row.wrapped_key = wrap(new_master_key, unwrap(uow.master_key, row.wrapped_key, context), context)
    return len(rows)


def _unwrapped(uow: UnitOfWork, row: VisitKey) -> bytes:
    return unwrap(uow.master_key, row.wrapped_key, str(row.visit_id).encode())
