"""The households of a village, and which of them chance picks for a visit: a list to ask by, nothing more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import uuid4

from sqlalchemy import or_, select

from media.proof import seal, unseal
from visits.access import Actor, Right, note, require
from visits.places.imports import ImportCount, ImportReport, RowCheck
from visits.places.names import tidy_name
from visits.places.rows import Household
from visits.places.villages import VillageFinder
from visits.store import UnitOfWork

MOST_DRAWN = 12
"""So many are drawn for a visit; three or five are asked, the others stand in for who is away or declines."""

_STANDINGS = {
    **dict.fromkeys(("left_list", "脱贫户", "已脱贫户", "建档立卡户"), "left_list"),
    **dict.fromkeys(("watched", "监测户", "监测对象", "防返贫监测对象"), "watched"),
}


@dataclass(frozen=True)
class HouseholdRow:
    """One row of a village's list: a number, the hamlet, whom to ask for, and how the household stands."""

    row_number: int
    serial: str
    name: str
    group_name: str = ""
    standing: str | None = None
    village_code: str | None = None
    town_name: str | None = None
    village_name: str | None = None


@dataclass(frozen=True)
class DrawnHousehold:
    """One household in the order of chance. A visit speaks of it by ``number`` only."""

    number: int
    serial: str
    group_name: str
    name: str


def import_households(uow: UnitOfWork, actor: Actor, rows: Sequence[HouseholdRow], *, at_utc: datetime) -> ImportReport:
    """Take the lists of the villages a file names, whole: who is in it no more is gone, and the name wiped."""
    require(actor, Right.MANAGE_PLACES)
    check, count = RowCheck(), ImportCount()
    finder = VillageFinder(uow, actor, on=at_utc.date())
    found: dict[tuple[str, str], HouseholdRow] = {}
    for row in rows:
        match = finder.find(code=row.village_code, town_name=row.town_name, village_name=row.village_name)
        if match.village is None:
            check.refuse(row.row_number, match.field, match.reason_zh, match.reason_en)
        elif not row.serial.strip() or not tidy_name(row.name):
            check.refuse(row.row_number, "serial", "缺户编号或户主姓名", "a household has a number and a name")
        elif (match.village.code, row.serial.strip()) in found:
            check.refuse(row.row_number, "serial", "同一村户编号重复", "the village has this number already")
        else:
            found[match.village.code, row.serial.strip()] = row
    check.done()
    codes = {code for code, _ in found}
    known = {
        (one.village_code, one.serial): one
        for one in uow.session.scalars(select(Household).where(Household.village_code.in_(codes)))
    }
    for key, row in found.items():
        _take(uow, count, key, row, known.get(key), at_utc)
    for key, one in known.items():
        if key not in found and one.gone_utc is None:
            one.gone_utc, one.sealed_name = at_utc, None
            count.changed += 1
    uow.session.flush()
    report = count.report(check)
    detail = {"villages": len(codes), "created": report.created, "changed": report.changed}
    note(uow, actor, "import.households", about="households", detail=detail, at_utc=at_utc)
    return report


def draw_households(
    uow: UnitOfWork, village_code: str, seed: str, *, listed_utc: datetime, most: int = MOST_DRAWN
) -> list[DrawnHousehold]:
    """The households that a seed picks, in its order: by SHA-256 of seed and number, the same for whoever looks.

    Drawn from the list as it stood at ``listed_utc``: a newer list does not change whom a visit had to ask. The name of
    who has left the list since is empty.
    """
    listed = uow.session.scalars(
        select(Household).where(
            Household.village_code == village_code,
            Household.recorded_utc <= listed_utc,
            or_(Household.gone_utc.is_(None), Household.gone_utc > listed_utc),
        )
    ).all()
    in_order = sorted(listed, key=lambda one: household_rank(seed, one.serial))[:most]
    return [
        DrawnHousehold(
            number,
            one.serial,
            one.group_name,
            unseal(uow.master_key, one.sealed_name, _context(one)).decode() if one.sealed_name else "",
        )
        for number, one in enumerate(in_order, 1)
    ]


def rewrap_households(uow: UnitOfWork, new_master_key: bytes) -> int:
    """Seal every name under another master key; how many there were."""
    rows = uow.session.scalars(select(Household).where(Household.sealed_name.is_not(None))).all()
    for one in rows:
        name = unseal(uow.master_key, one.sealed_name or b"", _context(one))
        one.sealed_name = seal(new_master_key, name, _context(one))
    return len(rows)


def household_rank(seed: str, serial: str) -> str:
    """Where a household stands in the order of a seed."""
    return sha256(f"{seed}|{serial}".encode()).hexdigest()


def _take(
    uow: UnitOfWork,
    count: ImportCount,
    key: tuple[str, str],
    row: HouseholdRow,
    known: Household | None,
    at_utc: datetime,
) -> None:
    name, standing = tidy_name(row.name), _STANDINGS.get((row.standing or "").strip(), "other")
    one = known or Household(id=uuid4(), village_code=key[0], serial=key[1], recorded_utc=at_utc)
    before = None
    if known is None:
        uow.session.add(one)
        count.created += 1
    else:
        held = unseal(uow.master_key, one.sealed_name, _context(one)).decode() if one.sealed_name else ""
        before = (held, one.group_name, one.standing, one.gone_utc)
    if before == (name, row.group_name.strip(), standing, None):
        count.unchanged += 1
        return
    count.changed += known is not None
    one.group_name, one.standing, one.gone_utc = row.group_name.strip()[:40], standing, None
    one.sealed_name = seal(uow.master_key, name.encode(), _context(one))


def _context(one: Household) -> bytes:
    return f"household:{one.id}".encode()
