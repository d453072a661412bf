"""Talks (谈心谈话) and major matters (重大事项报告): that they took place, and never what was said."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select

from visits.access import Actor, Right, in_scope, note, require
from visits.people.errors import NoSuchPosting
from visits.people.postings import PostingView, posting_known, postings_known
from visits.people.rows import MajorMatter, Posting, Talk
from visits.store import UnitOfWork

TALK_KINDS = ("regular", "reminder", "on_request")
MATTER_CATEGORIES = ("work", "safety", "petition", "family", "travel", "other")


@dataclass(frozen=True)
class TalkView:
    """One talk. There is no content field, here or anywhere."""

    id: UUID
    talked_on: date
    with_whom: str
    kind: str


@dataclass(frozen=True)
class MajorMatterView:
    """One report: when, of which category, to whom."""

    id: UUID
    reported_on: date
    category: str
    to_whom: str


def record_talk(
    uow: UnitOfWork,
    actor: Actor,
    posting_id: UUID,
    *,
    talked_on: date,
    with_whom: str,
    kind: str,
    at_utc: datetime,
) -> TalkView:
    """Write down that a talk took place."""
    of = _posting(uow, actor, posting_id)
    row = Talk(
        id=uuid4(),
        person_id=of.person_id,
        talked_on=talked_on,
        with_whom=with_whom,
        kind=kind,
        recorded_by=actor.account_id,
        recorded_utc=at_utc,
    )
    uow.session.add(row)
    uow.session.flush()
    note(uow, actor, "talk.record", about=f"posting:{posting_id}", division_code=of.village_code, at_utc=at_utc)
    return _talk(row)


def record_major_matter(
    uow: UnitOfWork,
    actor: Actor,
    posting_id: UUID,
    *,
    reported_on: date,
    category: str,
    to_whom: str,
    at_utc: datetime,
) -> MajorMatterView:
    """Write down that a major matter was reported."""
    of = _posting(uow, actor, posting_id)
    row = MajorMatter(
        id=uuid4(),
        person_id=of.person_id,
        reported_on=reported_on,
        category=category,
        to_whom=to_whom,
        recorded_by=actor.account_id,
        recorded_utc=at_utc,
    )
    uow.session.add(row)
    uow.session.flush()
    note(uow, actor, "matter.record", about=f"posting:{posting_id}", division_code=of.village_code, at_utc=at_utc)
    return _matter(row)


def talks_of(uow: UnitOfWork, posting_id: UUID) -> list[TalkView]:
    """The talks with the person of a posting, oldest first; callers check their reach."""
    query = select(Talk).join(Posting, Posting.person_id == Talk.person_id).where(Posting.id == posting_id)
    return [_talk(row) for row in uow.session.scalars(query.order_by(Talk.talked_on, Talk.recorded_utc))]


def major_matters_of(uow: UnitOfWork, posting_id: UUID) -> list[MajorMatterView]:
    """The major matters that the person of a posting reported, oldest first; callers check their reach."""
    query = (
        select(MajorMatter).join(Posting, Posting.person_id == MajorMatter.person_id).where(Posting.id == posting_id)
    )
    rows = uow.session.scalars(query.order_by(MajorMatter.reported_on, MajorMatter.recorded_utc))
    return [_matter(row) for row in rows]


def without_a_talk(uow: UnitOfWork, actor: Actor, quarter_begins: date, quarter_ends: date) -> list[PostingView]:
    """The postings of the division with whose person nobody talked in a quarter, by village code."""
    require(actor, Right.READ_PEOPLE)
    talked = set(
        uow.session.scalars(
            select(Talk.person_id)
            .where(Talk.talked_on >= quarter_begins, Talk.talked_on <= quarter_ends)
            .group_by(Talk.person_id)
            .having(func.count() > 0)
        )
    )
    here = postings_known(uow, actor.division_prefix, known_at_utc=None)
    left = [p for p in here if p.is_expected(quarter_ends) and p.person_id not in talked]
    return sorted(left, key=lambda p: (p.village_code, str(p.id)))


def _posting(uow: UnitOfWork, actor: Actor, posting_id: UUID) -> PostingView:
    require(actor, Right.READ_PEOPLE)
    found = posting_known(uow, posting_id, known_at_utc=None)
    if found is None or not in_scope(actor, found.village_code):
        raise NoSuchPosting(f"there is no posting {posting_id} in your division")
    return found


def _talk(row: Talk) -> TalkView:
    return TalkView(row.id, row.talked_on, row.with_whom, row.kind)


def _matter(row: MajorMatter) -> MajorMatterView:
    return MajorMatterView(row.id, row.reported_on, row.category, row.to_whom)
