"""Talks (谈心谈话) and major matters (重大事项报告): that they took place, and never what was said."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import select

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


@dataclass(frozen=True)
class TalksOfQuarter:
    """How far talks of one quarter have come: how many postings are expected, and with whom nobody talked so far.

    By village code. It tells who is still to be talked with, and nothing of anybody.
    """

    begins: date
    ends: date
    expected: int
    without: tuple[PostingView, ...]


def record_talk(
    uow: UnitOfWork, actor: Actor, posting_id: UUID, *, talked_on: date, with_whom: str, kind: str, at_utc: datetime
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
    _keep(uow, actor, row, of, "talk.record", at_utc)
    return _talk(row)


def record_major_matter(
    uow: UnitOfWork, actor: Actor, posting_id: UUID, *, reported_on: date, category: str, to_whom: str, at_utc: datetime
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
    _keep(uow, actor, row, of, "matter.record", at_utc)
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


def talks_of_quarter(uow: UnitOfWork, actor: Actor, year: int, quarter: int) -> TalksOfQuarter:
    """With whom of the division somebody talked in a quarter (1 to 4), and with whom not yet."""
    require(actor, Right.READ_PEOPLE)
    last_month = 3 * quarter
    begins, ends = date(year, last_month - 2, 1), date(year, last_month, monthrange(year, last_month)[1])
    talked = set(uow.session.scalars(select(Talk.person_id).where(Talk.talked_on.between(begins, ends)).distinct()))
    here = postings_known(uow, actor.division_prefix, known_at_utc=None)
    expected = sorted((p for p in here if p.is_expected(ends)), key=lambda p: (p.village_code, str(p.id)))
    return TalksOfQuarter(begins, ends, len(expected), tuple(p for p in expected if p.person_id not in talked))


def _posting(uow: UnitOfWork, actor: Actor, posting_id: UUID) -> PostingView:
    require(actor, Right.READ_PEOPLE)
    found = posting_known(uow, posting_id, known_at_utc=None)
    if found is None or not in_scope(actor, found.village_code):
        raise NoSuchPosting(f"there is no posting {posting_id} in your division")
    return found


def _keep(uow: UnitOfWork, actor: Actor, row: Talk | MajorMatter, of: PostingView, act: str, at_utc: datetime) -> None:
    uow.session.add(row)
    uow.session.flush()
    note(uow, actor, act, about=f"posting:{of.id}", division_code=of.village_code, at_utc=at_utc)


def _talk(row: Talk) -> TalkView:
    return TalkView(row.id, row.talked_on, row.with_whom, row.kind)


def _matter(row: MajorMatter) -> MajorMatterView:
    return MajorMatterView(row.id, row.reported_on, row.category, row.to_whom)
