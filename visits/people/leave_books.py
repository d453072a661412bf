"""Take in the two leave books, the township's and the department's; nothing known before is rewritten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from visits.access import Actor, Right, in_scope, note, require, within
from visits.people.leave import Book, LeaveKind
from visits.people.persons import PersonFinder, PersonView, birth_month_of, listed
from visits.people.rows import Leave, LeaveBookImport, Posting, PostingVersion
from visits.people.rules import Half, LeaveSpan
from visits.places import ImportCount, ImportReport, RowCheck, VillageFinder, known_at, name_key, tidy_name
from visits.store import UnitOfWork, enqueue
from visits.zone import LOCAL_ZONE

_KIND_WORDS = {
    **{kind.value: kind for kind in LeaveKind},
    **dict.fromkeys(("请假", "事假", "病假", "年休", "年休假", "婚假", "产假", "丧假"), LeaveKind.LEAVE),
    **dict.fromkeys(("公差", "出差", "公务"), LeaveKind.TRIP),
    "培训": LeaveKind.TRAINING,
    "会议": LeaveKind.MEETING,
    **dict.fromkeys(("轮休", "调休"), LeaveKind.REST),
}
_HALF_WORDS = {
    **{half.value: half for half in Half},
    **dict.fromkeys(("上午", "早上"), Half.AM),
    **dict.fromkeys(("下午", "晚上"), Half.PM),
}


@dataclass(frozen=True)
class LeaveRow:
    """One row of a leave book. The days are the first and last half day away; halves not said are the wider ones."""

    row_number: int
    name: str
    kind: str
    from_date: date | None
    to_date: date | None
    from_half: str | None = None
    to_half: str | None = None
    person_number: str | None = None
    sending_unit: str | None = None
    birth_month: date | str | None = None
    village_code: str | None = None
    town_name: str | None = None
    village_name: str | None = None
    township_approved_at: date | datetime | None = None
    department_approved_at: date | datetime | None = None
    extended_to: date | None = None
    returned_on: date | None = None
    recorded_late_on: date | None = None


@dataclass(frozen=True)
class _Taken:
    """A row that was understood: whose leave it is, for which division it was asked, and what it says."""

    row: LeaveRow
    person: PersonView
    village_code: str
    said: dict[str, Any]


def import_leave(
    uow: UnitOfWork,
    actor: Actor,
    rows: Sequence[LeaveRow],
    *,
    book: Book,
    as_of: date,
    division_code: str | None = None,
    file_sha256: str | None = None,
    at_utc: datetime,
) -> ImportReport:
    """Take one leave book as it stood on ``as_of`` (填报时间); all rows or none. Nothing known before is rewritten.

    From then on the book counts as asked, up to that day, for the division it covers: ``division_code``; when that is
    not given, the actor's whole division for the department's book, and for a township's only the towns that its rows
    name, since one township's book says nothing about another.

    A leave is the same one as before when book, person and first half day are.
    """
    require(actor, Right.IMPORT_LEAVE)
    check = RowCheck()
    today = at_utc.astimezone(LOCAL_ZONE).date()
    if as_of > today:
        check.refuse(0, "as_of", f"填报时间 {as_of} 在今天之后", f"the book says {as_of}, which is after today")
    if division_code is not None and not in_scope(actor, division_code):
        prefix = actor.division_prefix
        zh, en = f"{division_code} 不在本账号的范围 {prefix} 内", f"{division_code} is outside your division {prefix}"
        check.refuse(0, "division_code", zh, en)
    people = PersonFinder(uow, {actor.division_prefix[:6]})
    posted = _villages_of(uow, actor)
    villages = VillageFinder(uow, actor, on=today)
    read = [(row, _who(check, people, posted, villages, row), _read(check, row, today)) for row in rows]
    taken = [_Taken(row, who[0], who[1], said) for row, who, said in read if who is not None and said is not None]
    _check_twice(check, taken)
    covered = _covered(check, actor, book, division_code, taken)
    check.done()
    imports = _add_imports(uow, covered, taken, book, as_of, file_sha256, at_utc)
    count = ImportCount()
    for leave in taken:
        _remark_overdue(check, leave, as_of)
        _take(uow, count, leave, book, imports, at_utc)
    report = count.report(check)
    detail = {
        "book": book.value,
        "as_of": as_of.isoformat(),
        "covers": sorted(covered),
        "rows": len(rows),
        "created": report.created,
        "changed": report.changed,
        "file_sha256": file_sha256,
    }
    note(uow, actor, "import.leave", about=f"leave:{book.value}", detail=detail, at_utc=at_utc)
    # What the book newly says must reach the visits it speaks of.
    enqueue(uow, "judge_pending", actor.division_prefix, at_utc=at_utc)
    return report


def _villages_of(uow: UnitOfWork, actor: Actor) -> dict[UUID, list[str]]:
    """The villages in the actor's reach that each person is or was posted to."""
    query = (
        select(Posting.person_id, PostingVersion.village_code)
        .join(PostingVersion, PostingVersion.posting_id == Posting.id)
        .where(known_at(PostingVersion, None), within(actor, PostingVersion.village_code))
        .order_by(PostingVersion.village_code)
    )
    posted: dict[UUID, list[str]] = {}
    for person_id, village_code in uow.session.execute(query):
        posted.setdefault(person_id, []).append(village_code)
    return posted


def _who(
    check: RowCheck,
    people: PersonFinder,
    posted: Mapping[UUID, list[str]],
    villages: VillageFinder,
    row: LeaveRow,
) -> tuple[PersonView, str] | None:
    """Whose leave it is and for which village (or the part of its code that is sure); ``None`` after a complaint."""
    village_code = None
    if row.village_code or row.village_name:
        match = villages.find(code=row.village_code, town_name=row.town_name, village_name=row.village_name)
        if match.village is None:
            check.refuse(row.row_number, match.field, match.reason_zh, match.reason_en)
            return None
        village_code = match.village.code
    named = [person for person in people.named(row.name) if person.id in posted]
    if row.person_number:
        chosen = [person for person in named if person.person_number == row.person_number.strip().upper()]
    else:
        chosen = _narrowed(named, posted, row, village_code)
    if len(chosen) != 1:
        _complain_of_person(check, row, chosen, named)
        return None
    person = chosen[0]
    if village_code is None:
        return person, _common_start(posted[person.id])
    if village_code not in posted[person.id]:
        zh, en = (
            f"{person.name}未派驻该村，请假已按本人登记",
            f"{person.name} is not posted there; taken as this person's",
        )
        check.remark(row.row_number, "village_name", zh, en)
    return person, village_code


def _narrowed(
    named: Sequence[PersonView], posted: Mapping[UUID, list[str]], row: LeaveRow, village_code: str | None
) -> list[PersonView]:
    """Those of one name whom nothing in the row speaks against; the village only helps to choose."""
    month = birth_month_of(row.birth_month)
    chosen = [
        person
        for person in named
        if (not row.sending_unit or name_key(person.sending_unit) == name_key(row.sending_unit))
        and (row.birth_month is None or person.birth_month == month)
    ]
    if len(chosen) > 1 and village_code is not None:
        return [person for person in chosen if village_code in posted[person.id]] or chosen
    return chosen


def _complain_of_person(
    check: RowCheck, row: LeaveRow, chosen: Sequence[PersonView], named: Sequence[PersonView]
) -> None:
    name = tidy_name(row.name)
    if chosen:
        zh, en = f"“{name}”不止一人，请填人员编号：", f"{name} is more than one person, please give the number: "
        check.refuse(row.row_number, "name", zh + listed(chosen), en + listed(chosen))
    elif named:
        zh = f"没有与本行相符的“{name}”；同名人员：{listed(named)}"
        en = f"no {name} agrees with this row; of this name there are: {listed(named)}"
        check.refuse(row.row_number, "name", zh, en)
    else:
        check.refuse(row.row_number, "name", f"花名册中没有“{name}”", f"there is no {name} in the roster")


def _common_start(codes: Sequence[str]) -> str:
    """The smallest division that holds all these villages."""
    town, county = codes[0][:9], codes[0][:6]
    if all(code.startswith(town) for code in codes):
        return town
    return county if all(code.startswith(county) for code in codes) else county[:4]


def _read(check: RowCheck, row: LeaveRow, today: date) -> dict[str, Any] | None:
    """The columns of the leave a row describes; ``None`` after a complaint."""
    already, number = len(check.complaints), row.row_number
    kind = _KIND_WORDS.get(name_key(row.kind))
    if kind is None:
        zh = f"类别“{row.kind}”应为 事假、病假、年休、公差、培训、会议、轮休 之一"
        check.refuse(number, "kind", zh, f"{row.kind!r} is none of {', '.join(LeaveKind)}")
    from_half, to_half = _half(check, row, "from_half", Half.AM), _half(check, row, "to_half", Half.PM)
    if row.from_date is None:
        check.refuse(number, "from_date", "没有离村时间", "the first day away is missing")
    if row.to_date is None:
        check.refuse(number, "to_date", "没有拟返村时间", "the last day away is missing")
    if row.from_date is None or row.to_date is None or len(check.complaints) > already:
        return None
    if LeaveSpan(row.from_date, from_half, row.to_date, to_half).is_reversed():
        check.refuse(number, "to_date", "拟返村时间早于离村时间", "the leave ends before it begins")
    if row.extended_to is not None and row.extended_to < row.to_date:
        check.refuse(number, "extended_to", "续假至早于拟返村时间", "it is extended to a day before its end")
    if row.returned_on is not None and row.returned_on < row.from_date:
        check.refuse(number, "returned_on", "实际返村时间早于离村时间", "the return is before the leave begins")
    if row.returned_on is not None and row.returned_on > today:
        check.refuse(number, "returned_on", "实际返村时间在今天之后", "the return is after today")
    if kind is None or len(check.complaints) > already:
        return None
    return {
        "kind": kind.value,
        "from_date": row.from_date,
        "from_half": from_half.value,
        "to_date": row.to_date,
        "to_half": to_half.value,
        "extended_to": row.extended_to,
        "returned_on": row.returned_on,
        "recorded_late_on": row.recorded_late_on,
        **_approval(row),
    }


def _half(check: RowCheck, row: LeaveRow, field: str, unless_said: Half) -> Half:
    said = getattr(row, field)
    if not said:
        return unless_said
    half = _HALF_WORDS.get(name_key(said))
    if half is None:
        check.refuse(row.row_number, field, f"“{said}”应为 上午 或 下午", f"{said!r} is neither am nor pm")
        return unless_said
    return half


def _approval(row: LeaveRow) -> dict[str, Any]:
    """Who approved last, at the higher level when both did, and when."""
    for level, at in ((Book.DEPARTMENT, row.department_approved_at), (Book.TOWNSHIP, row.township_approved_at)):
        if isinstance(at, datetime):
            instant = at.replace(tzinfo=at.tzinfo or LOCAL_ZONE)
            day = instant.astimezone(LOCAL_ZONE).date()
            return {"approved_level": level.value, "approved_on": day, "approved_utc": instant}
        if at is not None:
            return {"approved_level": level.value, "approved_on": at, "approved_utc": None}
    return {"approved_level": None, "approved_on": None, "approved_utc": None}


def _check_twice(check: RowCheck, taken: Sequence[_Taken]) -> None:
    first_row: dict[tuple[object, ...], int] = {}
    for leave in taken:
        key = (leave.person.id, leave.said["from_date"], leave.said["from_half"])
        if key in first_row:
            zh, en = f"与第 {first_row[key]} 行是同一次请假", f"the same leave is in row {first_row[key]} already"
            check.refuse(leave.row.row_number, "from_date", zh, en)
        first_row.setdefault(key, leave.row.row_number)


def _covered(check: RowCheck, actor: Actor, book: Book, division_code: str | None, taken: Sequence[_Taken]) -> set[str]:
    """The divisions for which this book has now been asked."""
    if division_code is not None:
        return {division_code}
    if book is Book.DEPARTMENT:
        return {actor.division_prefix}
    # Somebody posted to two towns does not say which of the two books this is.
    towns = {leave.village_code[:9] for leave in taken if len(leave.village_code) >= 9}
    if not towns and not check.complaints:
        zh, en = "看不出是哪个乡镇的登记簿，请注明", "no row says which township's book this is; please name it"
        check.refuse(0, "division_code", zh, en)
    return towns


def _add_imports(
    uow: UnitOfWork,
    covered: set[str],
    taken: Sequence[_Taken],
    book: Book,
    as_of: date,
    file_sha256: str | None,
    at_utc: datetime,
) -> dict[str, UUID]:
    """Write down that the book was asked, once for each division it covers."""
    imports = {division: uuid4() for division in sorted(covered)}
    for division, import_id in imports.items():
        uow.session.add(
            LeaveBookImport(
                id=import_id,
                book=book.value,
                division_prefix=division,
                as_of_date=as_of,
                imported_utc=at_utc,
                file_sha256=file_sha256,
                row_count=sum(leave.village_code.startswith(division) for leave in taken),
            )
        )
    uow.session.flush()
    return imports


def _remark_overdue(check: RowCheck, leave: _Taken, as_of: date) -> None:
    due = max(leave.said["to_date"], leave.said["extended_to"] or leave.said["to_date"])
    back = leave.said["returned_on"]
    if back is None and due < as_of:
        zh, en = f"应于 {due} 返村，逾期未销假", f"due back on {due}, no return is written down"
        check.remark(leave.row.row_number, "returned_on", zh, en)
    elif back is not None and back > due:
        zh, en = f"应于 {due} 返村，{back} 返村", f"due back on {due}, came back on {back}"
        check.remark(leave.row.row_number, "returned_on", zh, en)


def _take(
    uow: UnitOfWork, count: ImportCount, leave: _Taken, book: Book, imports: Mapping[str, UUID], at_utc: datetime
) -> None:
    current = uow.session.scalar(
        select(Leave).where(
            Leave.person_id == leave.person.id,
            Leave.book == book.value,
            Leave.from_date == leave.said["from_date"],
            Leave.from_half == leave.said["from_half"],
            known_at(Leave, None),
        )
    )
    if current is not None and all(getattr(current, name) == value for name, value in leave.said.items()):
        count.unchanged += 1
        return
    leave_id, version = uuid4(), 1
    if current is None:
        count.created += 1
    else:
        count.changed += 1
        leave_id, version = current.leave_id, current.version + 1
        current.superseded_utc = at_utc
        # The old version makes room before the new one comes: only one may be current.
        uow.session.flush()
    import_id = next((i for division, i in imports.items() if leave.village_code.startswith(division)), None)
    uow.session.add(
        Leave(
            leave_id=leave_id,
            version=version,
            person_id=leave.person.id,
            book=book.value,
            import_id=import_id or next(iter(imports.values())),
            recorded_utc=at_utc,
            superseded_utc=None,
            **leave.said,
        )
    )
    uow.session.flush()
