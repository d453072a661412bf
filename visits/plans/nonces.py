"""Nonces: each phone gets one for each assignment, and both clocks are kept whenever it asks.

A record that carries the nonce was made after it was given out; the pair of clocks tells how far the phone's runs
ahead. Both work offline for days, since a phone gets its nonce with the sealed package.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from visits.access import Actor
from visits.plans.rows import Assignment, Opening, PackageIssue
from visits.store import UnitOfWork


@dataclass(frozen=True)
class Issued:
    """A phone was given its nonce (again): to whom, and both clocks at that moment."""

    account_id: UUID
    device_id: UUID | None
    issued_utc: datetime
    device_utc: datetime | None
    nonce: str


def issues_of(uow: UnitOfWork, assignment_id: UUID) -> list[Issued]:
    """Every time a phone was given a nonce for this assignment, with a package or by opening online; oldest first."""
    packages = uow.session.scalars(select(PackageIssue).where(PackageIssue.assignment_id == assignment_id))
    openings = uow.session.scalars(
        select(Opening).where(Opening.assignment_id == assignment_id, Opening.granted, Opening.how == "online")
    )
    found = [Issued(p.account_id, p.device_id, p.issued_utc, p.device_utc, p.nonce) for p in packages]
    found += [Issued(o.account_id, o.device_id, o.asked_utc, o.device_utc, o.nonce or "") for o in openings]
    return sorted(found, key=lambda one: one.issued_utc)


def first_issue(uow: UnitOfWork, actor: Actor, row: Assignment) -> Issued | None:
    """When this phone first got its nonce for this assignment; None when it never asked."""
    own = (one for one in issues_of(uow, row.id) if (one.account_id, one.device_id) == _phone(actor))
    return next(own, None)


def new_nonce() -> str:
    """A fresh nonce."""
    return secrets.token_hex(16)


def _phone(actor: Actor) -> tuple[UUID, UUID | None]:
    return actor.account_id, actor.device_id
