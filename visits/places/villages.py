"""Counties, towns and villages: import of the list, look-up by code, and matching of names."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import aliased

from visits.access import Actor, Right, in_scope, note, require, within
from visits.places.errors import NoSuchVillage
from visits.places.imports import ImportCount, ImportReport, RowCheck, ask_for_tiles
from visits.places.names import name_key, tidy_name, town_key, village_key
from visits.places.rows import Division, VillageFacts
from visits.store import UnitOfWork

_VILLAGE_CODE = re.compile(r"[0-9]{12}")
_LONGEST_NAME = 80


class VillageKind(StrEnum):
    """A village (村民委员会) or a residents' community (居民委员会)."""

    VILLAGE = "village"
    RESIDENTS = "residents"


_KIND_WORDS = {
    **dict.fromkeys(("village", "村", "行政村", "建制村", "村委会", "村民委员会"), VillageKind.VILLAGE),
    **dict.fromkeys(("residents", "社区", "居委会", "居民委员会", "社区居委会"), VillageKind.RESIDENTS),
}


@dataclass(frozen=True)
class VillageRow:
    """One row of the list of villages, as a workbook or a national list has it."""

    row_number: int
    village_code: str
    village_name: str
    town_name: str
    town_code: str | None = None
    former_name: str | None = None
    kind: str | None = None
    poor_village: bool | None = None
    left_list_year: int | None = None
    programme_round: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    successor_code: str | None = None


@dataclass(frozen=True)
class VillageView:
    """A village as others see it."""

    code: str
    name: str
    town_code: str
    town_name: str
    county_code: str
    county_name: str
    kind: VillageKind
    former_name: str | None
    poor_village: bool | None
    left_list_year: int | None
    programme_round: int | None
    valid_from: date | None
    valid_to: date | None
    successor_code: str | None
    predecessor_codes: tuple[str, ...]


@dataclass(frozen=True)
class VillageMatch:
    """What a row's code or names lead to: one village, or why not and which ones it might be."""

    village: VillageView | None
    field: str = ""
    reason_zh: str = ""
    reason_en: str = ""


def import_villages(
    uow: UnitOfWork,
    actor: Actor,
    rows: Sequence[VillageRow],
    *,
    county_name: str | None = None,
    at_utc: datetime,
) -> ImportReport:
    """Take the list of villages, making counties and towns as its codes name them; all rows or none.

    The code is the key: two villages of one name stay two. A village that the list leaves out is not ended.
    """
    require(actor, Right.MANAGE_PLACES)
    check = RowCheck()
    known = _divisions_of(uow, {row.village_code[:6] for row in rows})
    _check_villages(check, actor, rows, known)
    check.done()
    _remark_same_names(check, rows)
    _make_counties(uow, actor, check, rows, known, county_name)
    _make_towns(uow, check, rows, known)
    count = ImportCount()
    facts = {f.village_code: f for f in uow.session.scalars(_facts_of(known))}
    for row in rows:
        _take_village(uow, check, count, row, known.get(row.village_code), facts.get(row.village_code))
    uow.session.flush()
    report = count.report(check)
    ask_for_tiles(uow, (row.village_code for row in rows), at_utc=at_utc)
    detail = {"rows": len(rows), "created": report.created, "changed": report.changed}
    note(uow, actor, "import.villages", about="villages", detail=detail, at_utc=at_utc)
    return report


def villages(
    uow: UnitOfWork,
    actor: Actor,
    *,
    after_code: str | None = None,
    limit: int | None = 200,
    programme_round: int | None = None,
) -> list[VillageView]:
    """The villages of the actor's division by code, ended ones too; at most ``limit`` after ``after_code``.

    Without a limit they come in one query.
    """
    require(actor, Right.READ_PLACES)
    query = _village_query().where(within(actor, Division.code)).order_by(Division.code).limit(limit)
    if after_code is not None:
        query = query.where(Division.code > after_code)
    if programme_round is not None:
        query = query.where(VillageFacts.programme_round == programme_round)
    return _views(uow, query)


def village(uow: UnitOfWork, actor: Actor, code: str) -> VillageView:
    """One village of the actor's division."""
    return villages_coded(uow, actor, [code])[code]


def villages_coded(uow: UnitOfWork, actor: Actor, codes: Collection[str]) -> dict[str, VillageView]:
    """These villages of the actor's division, by code; raises :class:`NoSuchVillage` where one is not."""
    require(actor, Right.READ_PLACES)
    found = {
        v.code: v for v in _views(uow, _village_query().where(within(actor, Division.code), Division.code.in_(codes)))
    }
    for code in codes:
        if code not in found:
            raise NoSuchVillage(f"there is no village {code} in your division")
    return found


def exists_on(day: date) -> ColumnElement[bool]:
    """The SQL condition that a division has not ended before that day."""
    return or_(Division.valid_to.is_(None), Division.valid_to >= day)


def successor_of(uow: UnitOfWork, code: str) -> str:
    """What a village's code has become, through every change since; the code itself where it never changed."""
    seen = [code]
    while (division := uow.session.get(Division, seen[-1])) is not None and division.successor_code:
        if division.successor_code in seen:  # two lists that contradict each other
            break
        seen.append(division.successor_code)
    return seen[-1]


def lineage(uow: UnitOfWork, code: str) -> list[str]:
    """The code of a village and every code that has become it, however many changes ago."""
    return lineages(uow, [code])[code]


def lineages(uow: UnitOfWork, codes: Iterable[str]) -> dict[str, list[str]]:
    """The :func:`lineage` of each of these villages, in as many queries as one village needs."""
    found = {code: [code] for code in codes}
    became: dict[str, list[str]] = defaultdict(list)
    asked, new = set[str](), set(found)
    while new:
        asked |= new
        query = select(Division.code, Division.successor_code).where(Division.successor_code.in_(new))
        for earlier, later in uow.session.execute(query.order_by(Division.code)):
            became[str(later)].append(earlier)
        new = {earlier for code in new for earlier in became[code]} - asked
    for line in found.values():
        for code in line:  # grows while it is walked, as far back as there is anything
            line += [earlier for earlier in became[code] if earlier not in line]
    return found


def remark_ended(check: RowCheck, row_number: int, ended: VillageView | Division, today: date) -> None:
    """Remark that a row speaks of a code which is no more; it is kept under that code, where look-ups find it."""
    if ended.valid_to is None or ended.valid_to >= today:
        return
    into_zh = f"，并入 {ended.successor_code}" if ended.successor_code else ""
    into_en = f" and became {ended.successor_code}" if ended.successor_code else ""
    zh = f"{ended.code} {ended.name}已于 {ended.valid_to} 撤并{into_zh}；按原代码保留"
    check.remark(
        row_number, "village_code", zh, f"{ended.code} ended on {ended.valid_to}{into_en}; kept under its code"
    )


class VillageFinder:
    """Finds villages of the actor's division by code, or by town and name when that is one village only.

    Made once for an import: it reads all villages in reach and keeps them.
    """

    def __init__(self, uow: UnitOfWork, actor: Actor, *, on: date) -> None:
        self.today = on
        self._prefix = actor.division_prefix
        self._by_code = {v.code: v for v in _views(uow, _village_query().where(within(actor, Division.code)))}
        # A name means a village that exists; ended ones are found by their code only. By key, since a book of a
        # county's leave asks as often as it has rows.
        self._by_name: dict[str, list[VillageView]] = defaultdict(list)
        for found in self._by_code.values():
            if found.valid_to is None or found.valid_to >= on:
                for key in {village_key(found.name), village_key(found.former_name or found.name)}:
                    self._by_name[key].append(found)

    def find(self, *, code: str | None, town_name: str | None, village_name: str | None) -> VillageMatch:
        """The village a row speaks of; names must agree with a code that stands beside them."""
        if code:
            return self._by_its_code(code, village_name)
        if not village_name:
            return VillageMatch(None, "village_code", "没有行政村代码，也没有村名", "neither a village code nor a name")
        return self._by_its_name(town_name, village_name)

    def _by_its_code(self, code: str, village_name: str | None) -> VillageMatch:
        found = self._by_code.get(code)
        if found is None:
            zh = f"在 {self._prefix} 范围内没有代码为 {code} 的行政村"
            return VillageMatch(None, "village_code", zh, f"there is no village {code} within {self._prefix}")
        names = {village_key(found.name), village_key(found.former_name or found.name)}
        if village_name and village_key(village_name) not in names:
            zh = f"代码 {code} 是{found.town_name}{found.name}，与村名“{tidy_name(village_name)}”不一致"
            en = f"code {code} is {found.name} in {found.town_name}, but the row says {tidy_name(village_name)}"
            return VillageMatch(None, "village_code", zh, en)
        return VillageMatch(found)

    def _by_its_name(self, town_name: str | None, village_name: str) -> VillageMatch:
        alike = self._by_name.get(village_key(village_name), [])
        named = [v for v in alike if not town_name or town_key(v.town_name) == town_key(town_name)]
        if len(named) > 1:
            # 下党村 and 下党社区 share a key; the full title tells them apart when the row has it.
            named = [v for v in named if name_key(v.name) == name_key(village_name)] or named
        if len(named) == 1:
            return VillageMatch(named[0])
        said = tidy_name(f"{town_name or ''}{village_name}")
        if named:
            zh, en = f"“{said}”不止一个，请填代码：", f"{said} is more than one village, please give the code: "
            return VillageMatch(None, "village_name", zh + _listed(named), en + _listed(named))
        zh, en = f"没有找到“{said}”", f"there is no {said}"
        if alike:
            zh, en = f"{zh}；同名的有：{_listed(alike)}", f"{en}; of this name there are: {_listed(alike)}"
        return VillageMatch(None, "village_name", zh, en)


def _listed(candidates: Iterable[VillageView]) -> str:
    return ", ".join(f"{v.code} {v.town_name}{v.name}" for v in candidates)


def _divisions_of(uow: UnitOfWork, county_codes: Iterable[str]) -> dict[str, Division]:
    """Every division of these counties by code, the counties themselves among them."""
    conditions = [Division.code.startswith(code, autoescape=True) for code in county_codes]
    if not conditions:
        return {}
    return {d.code: d for d in uow.session.scalars(select(Division).where(or_(*conditions)))}


def _facts_of(known: dict[str, Division]) -> Select[VillageFacts]:
    counties = [code for code in known if len(code) == 6]
    conditions = [VillageFacts.village_code.startswith(code, autoescape=True) for code in counties]
    return select(VillageFacts).where(or_(*conditions))


def _check_villages(check: RowCheck, actor: Actor, rows: Sequence[VillageRow], known: dict[str, Division]) -> None:
    first_row: dict[str, int] = {}
    town_names: dict[str, tuple[str, int]] = {}
    in_file = {row.village_code for row in rows}
    for row in rows:
        number, code = row.row_number, row.village_code
        if not _VILLAGE_CODE.fullmatch(code):
            zh = f"行政村代码应为 12 位数字，这里是“{code}”"
            check.refuse(number, "village_code", zh, f"a village code has 12 digits, this is {code!r}")
            continue
        if not in_scope(actor, code):
            prefix = actor.division_prefix
            zh, en = f"{code} 不在本账号的范围 {prefix} 内", f"{code} is outside your division {prefix}"
            check.refuse(number, "village_code", zh, en)
        if code in first_row:
            zh, en = f"代码 {code} 与第 {first_row[code]} 行重复", f"code {code} is in row {first_row[code]} already"
            check.refuse(number, "village_code", zh, en)
        first_row.setdefault(code, number)
        if row.town_code and row.town_code != code[:9]:
            zh = f"乡镇代码 {row.town_code} 与行政村代码 {code} 的前 9 位不一致"
            en = f"town code {row.town_code} does not agree with village code {code}"
            check.refuse(number, "town_code", zh, en)
        _check_name(check, number, "village_name", row.village_name)
        _check_name(check, number, "town_name", row.town_name)
        named, named_in = town_names.setdefault(code[:9], (tidy_name(row.town_name), number))
        if named != tidy_name(row.town_name):
            zh = f"同一乡镇代码 {code[:9]} 在第 {named_in} 行叫“{named}”"
            check.refuse(number, "town_name", zh, f"town {code[:9]} is called {named} in row {named_in}")
        if row.valid_from and row.valid_to and row.valid_to < row.valid_from:
            check.refuse(number, "valid_to", "撤并日期早于启用日期", "the village ends before it begins")
        _check_successor(check, row, in_file | known.keys())


def _check_name(check: RowCheck, row_number: int, field: str, name: str) -> None:
    if not tidy_name(name):
        check.refuse(row_number, field, "名称为空", "the name is empty")
    elif len(tidy_name(name)) > _LONGEST_NAME:
        zh, en = f"名称超过 {_LONGEST_NAME} 字", f"the name is longer than {_LONGEST_NAME} letters"
        check.refuse(row_number, field, zh, en)


def _check_successor(check: RowCheck, row: VillageRow, codes: set[str]) -> None:
    successor = row.successor_code
    if not successor:
        return
    if successor == row.village_code:
        zh, en = "并入村代码与本村代码相同", "a village cannot be its own successor"
        check.refuse(row.row_number, "successor_code", zh, en)
    elif successor not in codes or len(successor) != 12:
        zh, en = f"没有代码为 {successor} 的并入村", f"there is no village {successor} to be the successor"
        check.refuse(row.row_number, "successor_code", zh, en)
    elif row.valid_to is None:
        zh, en = "有并入村代码，但没有撤并日期", "there is a successor, but no day on which the village ends"
        check.refuse(row.row_number, "valid_to", zh, en)


def _remark_same_names(check: RowCheck, rows: Sequence[VillageRow]) -> None:
    counted = Counter((row.village_code[:6], village_key(row.village_name)) for row in rows)
    for row in rows:
        times = counted[row.village_code[:6], village_key(row.village_name)]
        if times > 1:
            zh = f"全县有 {times} 个“{tidy_name(row.village_name)}”，按代码区分，均保留"
            en = f"{times} villages of the county have this name; they are kept apart by code"
            check.remark(row.row_number, "village_name", zh, en)


def _make_counties(
    uow: UnitOfWork,
    actor: Actor,
    check: RowCheck,
    rows: Sequence[VillageRow],
    known: dict[str, Division],
    name: str | None,
) -> None:
    codes = sorted({row.village_code[:6] for row in rows})
    for code in codes:
        county = known.get(code)
        # One name can only be meant for one county.
        given = tidy_name(name) if name and len(codes) == 1 else None
        if county is None:
            known[code] = _add_division(uow, code, "county", given or code, None)
            if not given:
                zh, en = f"没有县名，暂以代码 {code} 代替", f"no name was given for county {code}; its code stands in"
                check.remark(0, "county_name", zh, en)
        elif given and in_scope(actor, code):
            county.name = given
    uow.session.flush()


def _make_towns(uow: UnitOfWork, check: RowCheck, rows: Sequence[VillageRow], known: dict[str, Division]) -> None:
    for row in rows:
        code, name = row.village_code[:9], tidy_name(row.town_name)
        town = known.get(code)
        if town is None:
            known[code] = _add_division(uow, code, "town", name, code[:6])
        elif town.name != name:
            zh, en = f"乡镇 {code} 由“{town.name}”改名为“{name}”", f"town {code} was {town.name} and is now {name}"
            check.remark(row.row_number, "town_name", zh, en)
            town.name = name
    uow.session.flush()


def _add_division(uow: UnitOfWork, code: str, level: str, name: str, parent_code: str | None) -> Division:
    made = Division(
        code=code,
        level=level,
        name=name,
        parent_code=parent_code,
        valid_from=None,
        valid_to=None,
        successor_code=None,
    )
    uow.session.add(made)
    return made


def _take_village(
    uow: UnitOfWork,
    check: RowCheck,
    count: ImportCount,
    row: VillageRow,
    division: Division | None,
    facts: VillageFacts | None,
) -> None:
    if division is None or facts is None:
        division = _add_division(uow, row.village_code, "village", tidy_name(row.village_name), row.village_code[:9])
        uow.session.flush()
        facts = VillageFacts(village_code=row.village_code)
        uow.session.add(facts)
        _write(division, facts, row, _kind_of(check, row))
        count.created += 1
    elif _write(division, facts, row, _kind_of(check, row)):
        count.changed += 1
    else:
        count.unchanged += 1


def _write(division: Division, facts: VillageFacts, row: VillageRow, kind: VillageKind) -> bool:
    """Set what the row says; whether anything was different."""
    wanted: list[tuple[Division | VillageFacts, str, object]] = [
        (division, "name", tidy_name(row.village_name)),
        (division, "valid_from", row.valid_from),
        (division, "valid_to", row.valid_to),
        (division, "successor_code", row.successor_code),
        (facts, "kind", kind.value),
        (facts, "former_name", tidy_name(row.former_name) if row.former_name else None),
        (facts, "poor_village", row.poor_village),
        (facts, "left_list_year", row.left_list_year),
        (facts, "programme_round", row.programme_round),
    ]
    different = [(at, name, value) for at, name, value in wanted if getattr(at, name) != value]
    for at, name, value in different:
        setattr(at, name, value)
    return bool(different)


def _kind_of(check: RowCheck, row: VillageRow) -> VillageKind:
    """The kind the row says, else the one its code says: 001-199 and 4xx are residents' committees."""
    by_code = VillageKind.RESIDENTS if row.village_code[9] in "014" else VillageKind.VILLAGE
    if not row.kind:
        return by_code
    said = _KIND_WORDS.get(name_key(row.kind))
    if said is None:
        zh, en = (
            f"“{row.kind}”不是村或社区，按代码认定",
            f"{row.kind!r} is neither village nor community; the code decides",
        )
        check.remark(row.row_number, "kind", zh, en)
        return by_code
    if said != by_code:
        check.remark(
            row.row_number, "kind", "村类型与代码不一致，以填报为准", "the kind is not the one the code says; taken"
        )
    return said


def division_names(uow: UnitOfWork, actor: Actor) -> dict[str, str]:
    """Counties and towns in the caller's reach by code; a county that nobody named yet is left out."""
    require(actor, Right.READ_PLACES)
    query = select(Division.code, Division.name).where(
        Division.level.in_(("county", "town")), Division.name != Division.code, within(actor, Division.code)
    )
    return {code: name for code, name in uow.session.execute(query.order_by(Division.code))}  # noqa: C416 - rows are no pairs


def _village_query() -> Select[Division, VillageFacts, Division, Division]:
    town, county = aliased(Division), aliased(Division)
    return (
        select(Division, VillageFacts, town, county)
        .join(VillageFacts, VillageFacts.village_code == Division.code)
        .join(town, town.code == Division.parent_code)
        .join(county, county.code == town.parent_code)
    )


def _views(uow: UnitOfWork, query: Select[Division, VillageFacts, Division, Division]) -> list[VillageView]:
    rows = uow.session.execute(query).all()
    came_from = _predecessors(uow, [division.code for division, *_ in rows])
    return [
        VillageView(
            code=division.code,
            name=division.name,
            town_code=town.code,
            town_name=town.name,
            county_code=county.code,
            county_name=county.name,
            kind=VillageKind(facts.kind),
            former_name=facts.former_name,
            poor_village=facts.poor_village,
            left_list_year=facts.left_list_year,
            programme_round=facts.programme_round,
            valid_from=division.valid_from,
            valid_to=division.valid_to,
            successor_code=division.successor_code,
            predecessor_codes=tuple(came_from.get(division.code, ())),
        )
        for division, facts, town, county in rows
    ]


def _predecessors(uow: UnitOfWork, codes: Sequence[str]) -> dict[str, list[str]]:
    """Which codes became each of these in one step. All successions are asked for: they are few, and codes many."""
    wanted, found = set(codes), defaultdict[str, list[str]](list)
    query = select(Division).where(Division.successor_code.is_not(None)).order_by(Division.code)
    for division in uow.session.scalars(query):
        if division.successor_code in wanted:
            found[division.successor_code].append(division.code)
    return found
