"""What a run asks people to look at (提请核实): by village code, to those who decide, and how each one ended."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from visits.access import Account, Actor, Right, note, require, within
from visits.people import PostingView, posting_known
from visits.places import VillageView, village
from visits.review.errors import NoSuchReferral, ReferralClosed
from visits.review.rows import PresenceFinding, PresenceRun, Referral
from visits.review.runs import FindingView, finding_view
from visits.store import UnitOfWork


@dataclass(frozen=True)
class ReferralView:
    """A referral with what the run said then; ``closed_reason`` is what people made of it."""

    id: UUID
    posting: PostingView | None
    village: VillageView
    finding: FindingView
    opened_utc: datetime
    closed_utc: datetime | None
    closed_by: str | None
    closed_reason: str


def referrals(
    uow: UnitOfWork, actor: Actor, *, closed: bool = False, about: str = "", by_age: bool = False, at_utc: datetime
) -> list[ReferralView]:
    """The referrals of the actor's division by village code, or the longest waiting first; never by a figure.

    Reading the list is noted in the audit chain, so the caller commits.
    """
    require(actor, Right.DECIDE)
    query = (
        select(Referral, PresenceFinding, PresenceRun)
        .join(PresenceRun, PresenceRun.number == Referral.run_number)
        .join(
            PresenceFinding,
            (PresenceFinding.run_number == Referral.run_number) & (PresenceFinding.posting_id == Referral.posting_id),
        )
        .where(
            within(actor, Referral.village_code),
            Referral.closed_utc.is_not(None) if closed else Referral.closed_utc.is_(None),
        )
    )
    if about:
        query = query.where(Referral.about == about)
    order = (Referral.opened_utc, Referral.village_code) if by_age else (Referral.village_code, Referral.opened_utc)
    rows = uow.session.execute(query.order_by(*order, Referral.posting_id)).all()
    note(uow, actor, "referrals.read", about=f"referrals:{len(rows)}", at_utc=at_utc)
    return [_view(uow, actor, *row) for row in rows]


def close_referral(uow: UnitOfWork, actor: Actor, referral_id: UUID, *, reason: str, at_utc: datetime) -> None:
    """Say how a referral ended. It holds nothing against anybody: only decisions on sightings do, by two people."""
    require(actor, Right.DECIDE)
    query = select(Referral).where(Referral.id == referral_id, within(actor, Referral.village_code)).with_for_update()
    row = uow.session.scalar(query)
    if row is None:
        raise NoSuchReferral(f"there is no referral {referral_id}")
    if row.closed_utc is not None:
        raise ReferralClosed("this referral has been dealt with already")
    row.closed_utc, row.closed_by, row.closed_reason = at_utc, actor.account_id, reason
    uow.session.flush()
    about = f"posting:{row.posting_id}"
    note(uow, actor, "referral.close", about=about, division_code=row.village_code, at_utc=at_utc)


def _view(uow: UnitOfWork, actor: Actor, row: Referral, finding: PresenceFinding, run: PresenceRun) -> ReferralView:
    closed_by = uow.session.get(Account, row.closed_by) if row.closed_by else None
    return ReferralView(
        id=row.id,
        posting=posting_known(uow, row.posting_id, known_at_utc=None),
        village=village(uow, actor, row.village_code),
        finding=finding_view(finding, run),
        opened_utc=row.opened_utc,
        closed_utc=row.closed_utc,
        closed_by=closed_by.name if closed_by else None,
        closed_reason=row.closed_reason,
    )
