"""The page of one posting: the sum of its records, nothing else."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from media.proof import canonical
from visits.access import Actor, Right, in_scope, note, require
from visits.fieldwork import Sighting, SightingView, sightings_of_postings
from visits.people import (
    LeaveView,
    MajorMatterView,
    PostingView,
    TalkView,
    leave_of,
    major_matters_of,
    posting_known,
    talks_of,
)
from visits.presence import MODEL_VERSION, Evidence, assess, counts
from visits.review.after import AppealView, HandOverView, appeals_of, hand_overs_of
from visits.review.errors import NoSuchPosting
from visits.review.rows import Appeal, Decision, PresenceSaid
from visits.review.runs import FindingView, finding_of
from visits.review.verbs import DecisionView, NoticeView, decisions_of, notices_of
from visits.store import UnitOfWork


@dataclass(frozen=True)
class PresenceView:
    """What the visits amounted to, as stored. ``lacking`` says what is missing before more may be said."""

    visits: int
    found: int
    low95: float
    high95: float
    by_slot: Mapping[str, Mapping[str, int]]
    lacking: Mapping[str, tuple[int, int]]
    enough: bool
    model_version: str
    input_sha256: str
    as_of_utc: datetime


@dataclass(frozen=True)
class SightingOnPage:
    """A sighting with all that was said about it since; ``counted`` where the presence figure rests on it."""

    seen: SightingView
    counted: bool
    notices: tuple[NoticeView, ...]
    decisions: tuple[DecisionView, ...]
    appeals: tuple[AppealView, ...]
    hand_overs: tuple[HandOverView, ...]


@dataclass(frozen=True)
class PersonPage:
    """One posting whole. ``finding`` is what the newest run of the review calendar says; None before the first."""

    posting: PostingView
    sightings: tuple[SightingOnPage, ...]
    leave: tuple[LeaveView, ...]
    presence: PresenceView | None
    finding: FindingView | None
    talks: tuple[TalkView, ...]
    major_matters: tuple[MajorMatterView, ...]


def person_page(uow: UnitOfWork, actor: Actor, posting_id: UUID, *, at_utc: datetime) -> PersonPage:
    """The page of one posting. Reading it is noted in the audit chain, so the caller commits."""
    require(actor, Right.READ_PEOPLE)
    posting = posting_known(uow, posting_id, known_at_utc=None)
    if posting is None or not in_scope(actor, posting.village_code):
        raise NoSuchPosting(f"there is no posting {posting_id}")
    note(uow, actor, "person.read", about=f"posting:{posting_id}", division_code=posting.village_code, at_utc=at_utc)
    seen = sightings_of_postings(uow, [posting_id])[posting_id]
    rejected = _rejected(uow, [sighting.id for sighting in seen])
    return PersonPage(
        posting=posting,
        sightings=tuple(_on_page(uow, actor, sighting, rejected) for sighting in seen),
        leave=tuple(leave_of(uow, posting_id)),
        presence=_newest(uow, [posting_id]).get(posting_id),
        finding=finding_of(uow, posting_id),
        talks=tuple(talks_of(uow, posting_id)),
        major_matters=tuple(major_matters_of(uow, posting_id)),
    )


def _on_page(uow: UnitOfWork, actor: Actor, seen: SightingView, rejected: Collection[UUID]) -> SightingOnPage:
    decisions = tuple(decisions_of(uow, actor, seen.id))
    return SightingOnPage(
        seen=seen,
        counted=counts(_evidence(seen)) and seen.id not in rejected,
        notices=tuple(notices_of(uow, seen.id)),
        decisions=decisions,
        appeals=tuple(a for d in decisions for a in appeals_of(uow, d.id)),
        hand_overs=tuple(h for d in decisions for h in hand_overs_of(uow, d.id)),
    )


def say_presence(uow: UnitOfWork, visit_id: UUID, *, at_utc: datetime) -> None:
    """Say what all visits amount to for everybody of whom this one said something; runs as a job.

    Stored with the hash of its input, and not again while that is the same.
    """
    of_visit = select(Sighting.posting_id).where(Sighting.visit_id == visit_id)
    seen = sightings_of_postings(uow, uow.session.scalars(of_visit).all())
    rejected = _rejected(uow, [sighting.id for sightings in seen.values() for sighting in sightings])
    said = _newest(uow, seen)
    for posting_id, sightings in seen.items():
        evidence = [_evidence(sighting) for sighting in sightings if sighting.id not in rejected]
        _say(uow, posting_id, evidence, said.get(posting_id), at_utc)


def _say(
    uow: UnitOfWork, posting_id: UUID, evidence: Sequence[Evidence], said: PresenceView | None, at_utc: datetime
) -> None:
    digest = hashlib.sha256(canonical([asdict(e) | {"local_date": e.local_date.isoformat()} for e in evidence]))
    if said is not None and (said.input_sha256, said.model_version) == (digest.hexdigest(), MODEL_VERSION):
        return
    found = assess(evidence)
    uow.session.add(
        PresenceSaid(
            posting_id=posting_id,
            model_version=MODEL_VERSION,
            input_sha256=digest.hexdigest(),
            visits=found.visits,
            found=found.found,
            low95=found.low95,
            high95=found.high95,
            by_slot={slot: dict(counts) for slot, counts in found.by_slot.items()},
            lacking={what: list(pair) for what, pair in found.lacking.items()},
            as_of_utc=at_utc,
        )
    )


def _evidence(seen: SightingView) -> Evidence:
    return Evidence(
        outcome=seen.now.outcome,
        place=seen.now.place,
        slot=seen.slot,
        required=seen.required,
        local_date=seen.local_date,
        inspectors=tuple(str(i) for i in seen.inspectors),
        unannounced=seen.visit_unannounced,
    )


def _rejected(uow: UnitOfWork, sighting_ids: Collection[UUID]) -> set[UUID]:
    """Those of these sightings that two people struck out, or against which a decision was set aside on appeal."""
    decided = select(Decision.sighting_id).where(Decision.sighting_id.in_(sighting_ids))
    standing = decided.where(Decision.state == "standing", Decision.outcome == "reject")
    fallen = decided.join(Appeal, Appeal.decision_id == Decision.id).where(Appeal.outcome == "set_aside")
    return {*uow.session.scalars(standing), *uow.session.scalars(fallen)}


def _newest(uow: UnitOfWork, posting_ids: Collection[UUID]) -> dict[UUID, PresenceView]:
    """What was said last of each of these postings, without those of which nothing was said yet."""
    newest = select(func.max(PresenceSaid.number)).where(PresenceSaid.posting_id.in_(posting_ids))
    rows = uow.session.scalars(
        select(PresenceSaid).where(PresenceSaid.number.in_(newest.group_by(PresenceSaid.posting_id)))
    )
    return {row.posting_id: _presence(row) for row in rows}


def _presence(row: PresenceSaid) -> PresenceView:
    return PresenceView(
        visits=row.visits,
        found=row.found,
        low95=row.low95,
        high95=row.high95,
        by_slot=row.by_slot,
        lacking={what: (pair[0], pair[1]) for what, pair in row.lacking.items()},
        enough=not row.lacking,
        model_version=row.model_version,
        input_sha256=row.input_sha256,
        as_of_utc=row.as_of_utc,
    )
