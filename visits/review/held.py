"""What is held about a person, for that person (个人信息查阅、复制), and requests to correct it (更正).

No third person is in it: reviewers, inspectors and readers stand there by role, villagers and reporters not at all.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from visits.access import Account, Actor, Right, in_scope, lines_of, note, require
from visits.log import append
from visits.people import posting_known
from visits.review.errors import CorrectionDecided, NoSuchCorrection, NoSuchPosting
from visits.review.person import PersonPage, SightingOnPage, person_page
from visits.review.rows import CorrectionRequest
from visits.store import UnitOfWork

Row = dict[str, Any]
OUTCOMES = ("corrected", "refused")


@dataclass(frozen=True)
class CorrectionView:
    """A request to correct, and what came of it; ``outcome`` is empty while it waits."""

    id: UUID
    posting_id: UUID
    asked_on: date
    what: str
    outcome: str
    answer: str
    answered_utc: datetime | None


def held_about(uow: UnitOfWork, actor: Actor, posting_id: UUID, *, at_utc: datetime) -> dict[str, list[Row]]:
    """Everything the records say about the person of a posting, by section, as plain values; noted as handed out."""
    require(actor, Right.DECIDE)
    page = person_page(uow, actor, posting_id, at_utc=at_utc)
    about, village_code = f"posting:{posting_id}", page.posting.village_code
    note(uow, actor, "person.extract", about=about, division_code=village_code, at_utc=at_utc)
    return {
        **_posting(page),
        "sightings": [_sighting(s) for s in page.sightings],
        "notices": [_plain(n, "given_on", "how", "reply_until") for s in page.sightings for n in s.notices],
        "replies": [_plain(r, "received_on", "text") for s in page.sightings for n in s.notices for r in n.replies],
        "decisions": [
            _plain(d, "proposed_utc", "on_word", "outcome", "reason", "state", "second_utc")
            for s in page.sightings
            for d in s.decisions
        ],
        "appeals": [_plain(a, "received_on", "text", "outcome", "answer") for s in page.sightings for a in s.appeals],
        "hand_overs": [_plain(h, "name", "sent_on", "handled_on") for s in page.sightings for h in s.hand_overs],
        "findings": [_plain(page.finding, "as_of", "says", "visits", "found", "model_version")] if page.finding else [],
        "talks": [_plain(t, "talked_on", "kind") for t in page.talks],
        "major_matters": [_plain(m, "reported_on", "category") for m in page.major_matters],
        "readings": _readings(uow, about),
        "corrections": [
            _plain(c, "asked_on", "what", "outcome", "answer") for c in corrections_of(uow, actor, posting_id)
        ],
    }


def ask_correction(
    uow: UnitOfWork, actor: Actor, posting_id: UUID, *, what: str, asked_on: date, at_utc: datetime
) -> CorrectionView:
    """Register that the person asked for something held about them to be corrected."""
    village_code = _village_of(uow, actor, posting_id)
    row = CorrectionRequest(
        id=uuid4(),
        posting_id=posting_id,
        village_code=village_code,
        asked_on=asked_on,
        what=what,
        registered_by=actor.account_id,
        registered_utc=at_utc,
        outcome="",
        answer="",
        answered_by=None,
        answered_utc=None,
    )
    uow.session.add(row)
    uow.session.flush()
    _remember(uow, actor, "correction.ask", row, at_utc)
    return _view(row)


def answer_correction(
    uow: UnitOfWork, actor: Actor, correction_id: UUID, *, corrected: bool, answer: str, at_utc: datetime
) -> CorrectionView:
    """Say that it was corrected, by which import or correction, or why not; once, with the reason either way."""
    require(actor, Right.DECIDE)
    row = uow.session.get(CorrectionRequest, correction_id, with_for_update=True)
    if row is None or not in_scope(actor, row.village_code):
        raise NoSuchCorrection(f"there is no request to correct {correction_id}")
    if row.outcome:
        raise CorrectionDecided("this request has its answer already")
    row.outcome, row.answer = OUTCOMES[0] if corrected else OUTCOMES[1], answer
    row.answered_by, row.answered_utc = actor.account_id, at_utc
    uow.session.flush()
    _remember(uow, actor, "correction.answer", row, at_utc)
    return _view(row)


def corrections_of(uow: UnitOfWork, actor: Actor, posting_id: UUID) -> list[CorrectionView]:
    """The requests of one posting, oldest first."""
    _village_of(uow, actor, posting_id)
    query = select(CorrectionRequest).where(CorrectionRequest.posting_id == posting_id)
    return [_view(row) for row in uow.session.scalars(query.order_by(CorrectionRequest.registered_utc))]


def _posting(page: PersonPage) -> dict[str, list[Row]]:
    fields = ("name", "person_number", "kind", "village_code", "from_date", "to_date", "left_on", "sending_unit")
    leave = ("book", "kind", "from_date", "to_date", "approved_on")
    return {
        "posting": [_plain(page.posting, *fields, "state", "recorded_utc")],
        "leave": [_plain(one, *leave) for one in page.leave],
    }


def _sighting(on_page: SightingOnPage) -> Row:
    """What a visit found; what villagers said is told as nothing more than the outcome itself."""
    seen = on_page.seen
    said = _plain(seen, "at_utc", "village_code", "slot", "required")
    return {**said, "outcome": seen.now.outcome, "counted": on_page.counted}


def _readings(uow: UnitOfWork, about: str) -> list[Row]:
    """When the page was read, by which role."""
    lines = [line for line in lines_of(uow, "person.read") if line.about == about]  # what is handed out is read too
    roles = {line.account_id: uow.session.get(Account, line.account_id) for line in lines if line.account_id}
    return [
        {"at_utc": line.at_utc.isoformat(), "role": account.role}
        for line in lines
        if line.account_id and (account := roles[line.account_id]) is not None
    ]


def _plain(one: Any, *names: str) -> Row:
    values = {name: getattr(one, name) for name in names}
    return {
        n: v.isoformat() if isinstance(v, date) else v if isinstance(v, int) else str(v)
        for n, v in values.items()
        if v is not None
    }


def _village_of(uow: UnitOfWork, actor: Actor, posting_id: UUID) -> str:
    require(actor, Right.DECIDE)
    posting = posting_known(uow, posting_id, known_at_utc=None)
    if posting is None or not in_scope(actor, posting.village_code):
        raise NoSuchPosting(f"there is no posting {posting_id}")
    return posting.village_code


def _remember(uow: UnitOfWork, actor: Actor, act: str, row: CorrectionRequest, at_utc: datetime) -> None:
    said = {"correction_id": str(row.id), "posting_id": str(row.posting_id), "outcome": row.outcome}
    append(uow, act, said, at_utc=at_utc)
    about = f"posting:{row.posting_id}"
    note(uow, actor, act, about=about, division_code=row.village_code, at_utc=at_utc)


def _view(row: CorrectionRequest) -> CorrectionView:
    return CorrectionView(row.id, row.posting_id, row.asked_on, row.what, row.outcome, row.answer, row.answered_utc)
