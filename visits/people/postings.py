"""Postings: the roster as it was known at any time."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, and_, or_, select

from visits.access import Actor, Right, note, require, within
from visits.people.errors import NoSuchPosting
from visits.people.persons import PersonFinder, PersonView, birth_month_of, listed
from visits.people.rows import Person, Posting, PostingVersion
from visits.people.rules import PostingKind
from visits.places import (
    ImportCount,
    ImportReport,
    RowCheck,
    VillageFinder,
    VillageView,
    known_at,
    lineages,
    name_key,
    tidy_name,
)
from visits.store import UnitOfWork
from visits.zone import LOCAL_ZONE


class PostingState(StrEnum):
    """What the roster says of a posting: in post, term ended, moved, recalled."""

    IN_POST = "in_post"
    ENDED = "ended"
    MOVED = "moved"
    RECALLED = "recalled"


_KIND_WORDS = {
    **{kind.value: kind for kind in PostingKind},
    **dict.fromkeys(("第一书记", "驻村第一书记"), PostingKind.FIRST_SECRETARY),
    **dict.fromkeys(("工作队长", "队长", "驻村工作队队长", "驻村工作队长"), PostingKind.TEAM_LEADER),
    **dict.fromkeys(("队员", "工作队员", "驻村工作队队员", "驻村工作队员"), PostingKind.TEAM_MEMBER),
    **dict.fromkeys(("下派村党支部书记", "下派村支书", "下派书记"), PostingKind.BRANCH_SECRETARY),
    **dict.fromkeys(("省驻村干部", "省派驻村干部"), PostingKind.PROVINCIAL),
    **dict.fromkeys(("挂钩帮扶", "挂钩帮扶干部", "挂钩干部"), PostingKind.LINKED_HELPER),
}
_STATE_WORDS = {
    **{state.value: state for state in PostingState},
    **dict.fromkeys(("在岗", "在任"), PostingState.IN_POST),
    "期满": PostingState.ENDED,
    **dict.fromkeys(("调整", "调离"), PostingState.MOVED),
    "召回": PostingState.RECALLED,
}


@dataclass(frozen=True)
class RosterRow:
    """One row of the roster of people posted to villages.

    ``to_date`` is the last day of the term and ``None`` for 至今; ``changed_on`` is the day a move or recall took
    effect (调整时间), on which nobody is expected any more.
    """

    row_number: int
    name: str
    birth_month: date | str | None
    sending_unit: str
    kind: str
    from_date: date | None
    to_date: date | None = None
    round: str | None = None
    village_code: str | None = None
    town_name: str | None = None
    village_name: str | None = None
    must_live_in: bool | None = None
    state: str | None = None
    changed_on: date | None = None
    person_number: str | None = None


@dataclass(frozen=True)
class PostingView:
    """One posting as it was known at some instant."""

    id: UUID
    version: int
    person_id: UUID
    person_number: str
    name: str
    kind: PostingKind
    round: str | None
    village_code: str
    from_date: date
    to_date: date | None
    left_on: date | None
    sending_unit: str
    must_live_in: bool
    state: PostingState
    recorded_utc: datetime

    def is_expected(self, on: date) -> bool:
        """Whether the posting runs on that day: its last day counts, the day of a move or recall does not."""
        if on < self.from_date or (self.to_date is not None and on > self.to_date):
            return False
        return self.left_on is None or on < self.left_on


@dataclass(frozen=True)
class _Wanted:
    """A row that was understood, before it is known who and which posting it speaks of."""

    row: RosterRow
    village: VillageView
    birth_month: str
    said: dict[str, Any]


def import_roster(uow: UnitOfWork, actor: Actor, rows: Sequence[RosterRow], *, at_utc: datetime) -> ImportReport:
    """Take a roster; all rows or none. What was known before stays readable as it was.

    People are matched on name, sending unit and month of birth (or on the number we gave them) and never merged: who
    differs in one of the three is somebody else until an office says otherwise. A posting is the same one when
    person, kind, village and its first day are (or its last day and round). Who is missing from the roster is told
    in the report, and not ended.
    """
    require(actor, Right.IMPORT_ROSTER)
    check = RowCheck()
    today = at_utc.astimezone(LOCAL_ZONE).date()
    finder = VillageFinder(uow, actor, on=today)
    read = [wanted for row in rows if (wanted := _read(check, finder, row, today)) is not None]
    people = PersonFinder(uow, {wanted.village.county_code for wanted in read})
    known = _known_postings(uow, {wanted.village.county_code for wanted in read})
    matched = [(wanted, person, _match(check, known, wanted, person)) for wanted, person in _who(check, people, read)]
    _check_twice(check, matched)
    check.done()
    count = ImportCount()
    for wanted, person, posting in matched:
        _take(uow, count, people, wanted, person, posting, at_utc)
    _remark_missing(check, known, matched, today)
    report = count.report(check)
    detail = {"rows": len(rows), "created": report.created, "changed": report.changed}
    note(uow, actor, "import.roster", about="roster", detail=detail, at_utc=at_utc)
    return report


def postings_expected(
    uow: UnitOfWork, village_code: str, on: date, *, known_at_utc: datetime | None = None
) -> list[PostingView]:
    """The postings that run in a village on that day, as known at that instant (now, when not said).

    By kind, name and id, so that two phones list the same people in the same order.
    """
    return postings_expected_in(uow, [village_code], on, known_at_utc=known_at_utc)[village_code]


def postings_expected_in(
    uow: UnitOfWork, village_codes: Iterable[str], on: date, *, known_at_utc: datetime | None = None
) -> dict[str, list[PostingView]]:
    """The :func:`postings_expected` of each of these villages, asked for together."""
    lines = lineages(uow, village_codes)
    query = (
        _query(known_at_utc)
        .where(
            PostingVersion.village_code.in_({code for line in lines.values() for code in line}),
            PostingVersion.from_date <= on,
            or_(PostingVersion.to_date.is_(None), PostingVersion.to_date >= on),
        )
        .order_by(PostingVersion.kind, Person.name, PostingVersion.posting_id)
    )
    expected = [view for view in _views(uow, query) if view.is_expected(on)]
    return {code: [view for view in expected if view.village_code in line] for code, line in lines.items()}


def posting_known(uow: UnitOfWork, posting_id: UUID, *, known_at_utc: datetime | None = None) -> PostingView | None:
    """A posting as known at that instant (now, when not said); ``None`` where it was not known yet."""
    return postings_by_id(uow, [posting_id], known_at_utc=known_at_utc).get(posting_id)


def postings_by_id(
    uow: UnitOfWork, posting_ids: Collection[UUID], *, known_at_utc: datetime | None = None
) -> dict[UUID, PostingView]:
    """These postings as known at that instant (now, when not said), without those that were not known yet."""
    query = _query(known_at_utc).where(PostingVersion.posting_id.in_(posting_ids))
    return {view.id: view for view in _views(uow, query)}


def postings_known(uow: UnitOfWork, division_prefix: str, *, known_at_utc: datetime | None) -> list[PostingView]:
    """All postings of a division as known at that instant, for jobs that weigh them together; callers check reach."""
    return _views(uow, _query(known_at_utc).where(PostingVersion.village_code.startswith(division_prefix)))


def posting(uow: UnitOfWork, actor: Actor, posting_id: UUID) -> PostingView:
    """One posting of the actor's division as it is known now. Whoever shows it to a person notes the read."""
    require(actor, Right.READ_PEOPLE)
    query = _query(None).where(PostingVersion.posting_id == posting_id, within(actor, PostingVersion.village_code))
    found = _views(uow, query)
    if not found:
        raise NoSuchPosting(f"there is no posting {posting_id} in your division")
    return found[0]


def postings(
    uow: UnitOfWork, actor: Actor, *, after: tuple[str, UUID] | None = None, limit: int = 200
) -> list[PostingView]:
    """The postings of the actor's division as known now, by village code, then id; ``after`` is the last one seen."""
    require(actor, Right.READ_PEOPLE)
    query = (
        _query(None)
        .where(within(actor, PostingVersion.village_code))
        .order_by(PostingVersion.village_code, PostingVersion.posting_id)
        .limit(limit)
    )
    if after is not None:
        code, posting_id = after
        same_village = and_(PostingVersion.village_code == code, PostingVersion.posting_id > posting_id)
        query = query.where(or_(PostingVersion.village_code > code, same_village))
    return _views(uow, query)


def _read(check: RowCheck, finder: VillageFinder, row: RosterRow, today: date) -> _Wanted | None:
    """The row with its words understood; ``None`` when there was something to complain of."""
    already, number = len(check.complaints), row.row_number
    match = finder.find(code=row.village_code, town_name=row.town_name, village_name=row.village_name)
    if match.village is None:
        check.refuse(number, match.field, match.reason_zh, match.reason_en)
    if not 0 < len(tidy_name(row.name)) <= 64:
        check.refuse(number, "name", "姓名为空或过长", "the name is empty or too long")
    if not 0 < len(tidy_name(row.sending_unit)) <= 120:
        check.refuse(number, "sending_unit", "派出单位为空或过长", "the sending unit is empty or too long")
    birth_month = birth_month_of(row.birth_month)
    if birth_month is None:
        zh = f"出生年月“{row.birth_month or ''}”无法识别；同名人员靠它区分"
        en = f"the month of birth {row.birth_month!r} cannot be read; it tells people of one name apart"
        check.refuse(number, "birth_month", zh, en)
    kind = _KIND_WORDS.get(name_key(row.kind))
    if kind is None:
        zh = f"派驻身份“{row.kind}”应为 第一书记、工作队长、队员、下派村党支部书记、省驻村干部、挂钩帮扶 之一"
        check.refuse(number, "kind", zh, f"{row.kind!r} is none of {', '.join(PostingKind)}")
    state = _STATE_WORDS.get(name_key(row.state)) if row.state else PostingState.IN_POST
    if state is None:
        zh, en = (
            f"在岗状态“{row.state}”应为 在岗、期满、调整、召回 之一",
            f"{row.state!r} is none of {', '.join(PostingState)}",
        )
        check.refuse(number, "state", zh, en)
    left_on = _left_on(check, row, state)
    if len(check.complaints) > already or match.village is None or birth_month is None or kind is None or state is None:
        return None
    assert row.from_date is not None
    if state is PostingState.IN_POST and row.to_date is not None and row.to_date < today:
        zh = f"任期已于 {row.to_date} 届满但仍标为在岗；此后不要求在岗，直至花名册更新"
        en = f"the term ended on {row.to_date} but the row says in post; nobody is expected after that day"
        check.remark(number, "to_date", zh, en)
    said = {
        "kind": kind.value,
        "round": tidy_name(row.round)[:40] if row.round else None,
        "village_code": match.village.code,
        "from_date": row.from_date,
        "to_date": row.to_date,
        "left_on": left_on,
        "sending_unit": tidy_name(row.sending_unit),
        "must_live_in": kind.must_live_in if row.must_live_in is None else row.must_live_in,
        "state": state.value,
    }
    return _Wanted(row, match.village, birth_month, said)


def _left_on(check: RowCheck, row: RosterRow, state: PostingState | None) -> date | None:
    """The day from which a posting that ended is expected no more, with complaints about its days."""
    if row.from_date is None:
        check.refuse(row.row_number, "from_date", "没有驻村起始时间", "the day on which the posting begins is missing")
        return None
    if row.to_date is not None and row.to_date < row.from_date:
        check.refuse(row.row_number, "to_date", "届满时间早于起始时间", "the posting ends before it begins")
    if state is None or state is PostingState.IN_POST:
        return None
    if row.changed_on is None and (row.to_date is None or state is not PostingState.ENDED):
        zh, en = "已不在岗，但没有调整时间", "the posting is over, but since which day is missing"
        check.refuse(row.row_number, "changed_on", zh, en)
    elif row.changed_on is not None and row.changed_on < row.from_date:
        check.refuse(row.row_number, "changed_on", "调整时间早于起始时间", "the change is before the posting begins")
    return row.changed_on


def _who(check: RowCheck, people: PersonFinder, read: Sequence[_Wanted]) -> list[tuple[_Wanted, PersonView | None]]:
    """Each row with the person it speaks of; ``None`` for somebody new."""
    found: list[tuple[_Wanted, PersonView | None]] = []
    for wanted in read:
        row = wanted.row
        if row.person_number:
            person = people.numbered(row.person_number)
            if person is None or name_key(person.name) != name_key(row.name):
                zh = f"人员编号 {row.person_number} 不是“{tidy_name(row.name)}”"
                en = f"{row.person_number} is not the number of {tidy_name(row.name)}"
                check.refuse(row.row_number, "person_number", zh, en)
                continue
        else:
            person = people.exact(wanted.village.county_code, row.name, row.sending_unit, wanted.birth_month)
            if person is None:
                _remark_alike(check, people, wanted)
        found.append((wanted, person))
    return found


def _remark_alike(check: RowCheck, people: PersonFinder, wanted: _Wanted) -> None:
    alike = people.named(wanted.row.name)
    if alike:
        zh = f"按新人员登记；已有同名人员：{listed(alike)}。若为同一人，请填人员编号"
        en = f"taken as somebody new; of this name there are: {listed(alike)}; give the number if it is one of them"
        check.remark(wanted.row.row_number, "name", zh, en)


def _known_postings(uow: UnitOfWork, counties: set[str]) -> list[PostingView]:
    conditions = [PostingVersion.village_code.startswith(code, autoescape=True) for code in counties]
    return _views(uow, _query(None).where(or_(*conditions))) if conditions else []


def _match(
    check: RowCheck, known: Sequence[PostingView], wanted: _Wanted, person: PersonView | None
) -> PostingView | None:
    """The posting a row speaks of; ``None`` for a new one."""
    said = wanted.said
    same = [
        p
        for p in known
        if person is not None
        and p.person_id == person.id
        and p.kind == said["kind"]
        and p.village_code == said["village_code"]
    ]
    begun = [p for p in same if p.from_date == said["from_date"]]
    # A corrected start keeps its end and its round; anything else is another term.
    found = begun or [p for p in same if (p.to_date, p.round) == (said["to_date"], said["round"])]
    if len(found) > 1:
        days = ", ".join(f"{p.from_date}/{p.to_date or ''}" for p in found)
        zh, en = f"与多段已有派驻相符：{days}", f"it may be any of several known postings: {days}"
        check.refuse(wanted.row.row_number, "from_date", zh, en)
    for other in same if not found else ():
        if other.from_date <= (said["to_date"] or date.max) and said["from_date"] <= (other.to_date or date.max):
            zh = f"与已有派驻 {other.from_date} 至 {other.to_date or '今'} 重叠，按新派驻登记"
            en = f"it overlaps the posting {other.from_date} to {other.to_date or 'now'}; taken as another one"
            check.remark(wanted.row.row_number, "from_date", zh, en)
    return found[0] if found else None


def _check_twice(check: RowCheck, matched: Sequence[tuple[_Wanted, PersonView | None, PostingView | None]]) -> None:
    first_row: dict[tuple[object, ...], int] = {}
    for wanted, person, posting in matched:
        row = wanted.row
        who = (
            person.id
            if person
            else (wanted.village.county_code, name_key(row.name), name_key(row.sending_unit), wanted.birth_month)
        )
        key = (posting.id,) if posting else (who, wanted.said["kind"], wanted.said["village_code"], row.from_date)
        if key in first_row:
            zh, en = f"与第 {first_row[key]} 行是同一派驻", f"the same posting is in row {first_row[key]} already"
            check.refuse(row.row_number, "name", zh, en)
        first_row.setdefault(key, row.row_number)


def _take(
    uow: UnitOfWork,
    count: ImportCount,
    people: PersonFinder,
    wanted: _Wanted,
    person: PersonView | None,
    posting: PostingView | None,
    at_utc: datetime,
) -> None:
    posting_id, version = uuid4(), 1
    if posting is None:
        row = wanted.row
        county = wanted.village.county_code
        # Somebody with two new postings is new in both rows, but only once.
        person = person or people.exact(county, row.name, row.sending_unit, wanted.birth_month)
        person = person or people.add(county, row.name, row.sending_unit, wanted.birth_month, at_utc=at_utc)
        uow.session.add(Posting(id=posting_id, person_id=person.id, created_utc=at_utc))
        count.created += 1
    else:
        current = uow.session.get_one(PostingVersion, (posting.id, posting.version))
        if all(getattr(current, name) == value for name, value in wanted.said.items()):
            count.unchanged += 1
            return
        count.changed += 1
        current.superseded_utc = at_utc
        posting_id, version = posting.id, posting.version + 1
    # The old version makes room before the new one comes: only one may be current.
    uow.session.flush()
    uow.session.add(
        PostingVersion(posting_id=posting_id, version=version, recorded_utc=at_utc, superseded_utc=None, **wanted.said)
    )
    uow.session.flush()


def _remark_missing(
    check: RowCheck,
    known: Sequence[PostingView],
    matched: Sequence[tuple[_Wanted, PersonView | None, PostingView | None]],
    today: date,
) -> None:
    """Tell who is in post by our records, in the towns of this roster, and not in it."""
    towns = {wanted.village.town_code for wanted, _, _ in matched}
    seen = {posting.id for _, _, posting in matched if posting is not None}
    for p in known:
        if p.id not in seen and p.village_code[:9] in towns and p.is_expected(today):
            who = f"{p.person_number} {p.name}, {p.kind}, {p.village_code}"
            zh = f"记录中仍在岗、但本花名册没有：{who}。未作更改；若已不在岗请补一行"
            en = f"in post by our records, but not in this roster: {who}; left as it is, add a row if it has ended"
            check.remark(0, "name", zh, en)


def _query(known_at_utc: datetime | None) -> Select[PostingVersion, Person]:
    return (
        select(PostingVersion, Person)
        .join(Posting, Posting.id == PostingVersion.posting_id)
        .join(Person, Person.id == Posting.person_id)
        .where(known_at(PostingVersion, known_at_utc))
    )


def _views(uow: UnitOfWork, query: Select[PostingVersion, Person]) -> list[PostingView]:
    return [
        PostingView(
            id=version.posting_id,
            version=version.version,
            person_id=person.id,
            person_number=person.person_number,
            name=person.name,
            kind=PostingKind(version.kind),
            round=version.round,
            village_code=version.village_code,
            from_date=version.from_date,
            to_date=version.to_date,
            left_on=version.left_on,
            sending_unit=version.sending_unit,
            must_live_in=version.must_live_in,
            state=PostingState(version.state),
            recorded_utc=version.recorded_utc,
        )
        for version, person in uow.session.execute(query)
    ]
