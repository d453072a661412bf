"""Where visits have been: what counts, for which village, told to whom, and in how few bytes and queries."""

import gzip
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import date, timedelta
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, update

from api.resources.fieldwork import CoverageStatusOut
from tests.visits.plans.test_yearly import SURPRISE, planned
from tests.visits.world import COUNTY, NOW, OTHER_XIADANG, XIADANG, XIPU, World
from visits import fieldwork, places
from visits.access import NotAllowed
from visits.fieldwork import CountedVisit, CountedVisits, CoverageStatus, DrawnReach, VisitColumns, Which, visit_columns
from visits.fieldwork.coverage import _digits, _runs
from visits.people import Slot
from visits.places import Division, TileSetView
from visits.plans import Assignment, NoSuchPlan
from visits.store import Store

FIRST_DAY = date(2026, 1, 1)


def test_the_status_of_twenty_thousand_villages_fits_into_forty_kilobytes() -> None:
    # A year of 80,000 visits to villages of which some are liked more, in 100 counties of 15 towns.
    dice = random.Random(4)
    days = [-1] * 20_000
    slots = [0] * 20_000
    for day, village in sorted((dice.randrange(365), int(20_000 * dice.random() ** 1.2)) for _ in range(80_000)):
        days[village] = day
        slots[village] |= dice.choices((1, 2, 4, 8), (10, 60, 20, 10))[0]
    status = CoverageStatus(
        tiles=[TileSetView(f"{350_000 + county}", f"{dice.getrandbits(256):064x}") for county in range(100)],
        drawn=DrawnReach("35", "0" * 64, 5, 11, [115.8, 23.5, 120.7, 28.3]),
        numbers=_runs([2 + village + village // 13 for village in range(20_000)]),
        first_day=date(2026, 1, 1),
        last_day=_digits(days),
        slots="".join(f"{one:x}" for one in slots),
    )
    told = json.dumps(CoverageStatusOut().dump(status), separators=(",", ":")).encode()
    assert len(gzip.compress(told, mtime=0)) <= 40_000


@given(st.lists(st.integers(-1, 50_000)))
def test_digits_are_the_numbers_they_came_from(values: list[int]) -> None:
    places = _digits(values)
    read = ["".join(place[at] for place in places) for at in range(len(values))]
    assert [-1 if set(one) == {"-"} else int(one, 36) for one in read] == values


@given(st.sets(st.integers(1, 400)))
def test_runs_are_the_numbers_they_came_from(numbers: set[int]) -> None:
    read, number = [], 0
    for left_out, count in _runs(sorted(numbers)):
        assert count > 0
        read += range(number + left_out, number + left_out + count)
        number += left_out + count
    assert read == sorted(numbers)


def a_visit(world: World, village_code: str, *, days_ago: int = 0, hour: int = 10, drawn: bool = True) -> None:
    """A complete unannounced visit by one inspector."""
    at = NOW.replace(hour=hour - 8) - timedelta(days=days_ago)
    (phone,) = world.open_visit("first", village_code=village_code, at_utc=at)
    phone.make("arrive", at=at, fix=None, no_fix_reason="no signal")
    phone.make("close", at=at, records=2, escorted=False, warned_beforehand=False, note="")
    world.send(phone, at_utc=at)
    world.judge(phone.visit_id, at_utc=at)
    if drawn:
        with world.store.writing() as uow:
            of_visit = Assignment.visit_id == phone.visit_id
            uow.session.execute(update(Assignment).where(of_visit).values(draw_reference="2026-1"))


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    """The statements that reach the database meanwhile."""
    said: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(store.engine, "before_cursor_execute", listen)
    yield said
    event.remove(store.engine, "before_cursor_execute", listen)


def test_drawn_and_directed_are_told_apart_and_days_and_slots_chosen(world: World) -> None:
    a_visit(world, XIADANG, days_ago=90)
    a_visit(world, XIADANG, days_ago=10, drawn=False)
    a_visit(world, XIADANG, days_ago=5, hour=23)
    with world.store.reading() as uow:
        leader = world.actors["leader"]

        def of(which: Which) -> tuple[int, int | None]:
            row = {r.village.code: r for r in fieldwork.coverage(uow, leader, which)}[XIADANG]
            return row.visits, row.drawn

        today = NOW.date()
        assert of(Which()) == (3, 2)
        assert of(Which(since=today - timedelta(days=10))) == (2, 1)
        assert of(Which(until=today - timedelta(days=11))) == (1, 1)
        assert of(Which(since=today - timedelta(days=10), until=today - timedelta(days=10))) == (1, 0)
        assert of(Which(slot=Slot.NIGHT)) == (1, 1)


def test_a_town_is_not_told_which_visits_were_directed(world: World) -> None:
    a_visit(world, XIADANG, drawn=False)
    a_visit(world, XIPU)
    town = replace(world.actors["leader"], division_prefix=XIADANG[:9])
    with world.store.reading() as uow:
        rows = fieldwork.coverage(uow, town)
        visits = fieldwork.counted_visits(uow, town)
    assert {(row.village.code, row.visits, row.drawn) for row in rows} == {(XIADANG, 1, None), (XIPU, 1, None)}
    order = {XIPU: 0, XIADANG: 1}
    assert visit_columns(visits, order, draws_too=fieldwork.sees_draws(town)).how == "11"
    assert visit_columns(visits, order, draws_too=True).how == "15"


def test_visits_are_told_by_the_line_of_the_plan_they_were_made_under(world: World) -> None:
    made = planned(world, SURPRISE)
    a_visit(world, XIADANG)
    line = made.lines[0].id
    a_visit(world, XIPU)
    with world.store.writing() as uow:
        # As of a time before the county had a plan.
        uow.session.execute(update(Assignment).where(Assignment.village_code == XIPU).values(plan_line_id=None))
    with world.store.reading() as uow:
        visits = fieldwork.counted_visits(uow, world.actors["leader"])
        under = fieldwork.counted_visits(uow, world.actors["leader"], Which(plan_line_id=line))
        with pytest.raises(NoSuchPlan):
            fieldwork.counted_visits(uow, world.actors["leader"], Which(plan_line_id=uuid4()))
        with pytest.raises(NotAllowed):
            town = replace(world.actors["leader"], division_prefix=XIADANG[:9])
            fieldwork.counted_visits(uow, town, Which(plan_line_id=line))
    assert {(one.village_code, one.plan_line_id) for one in visits.rows()} == {(XIADANG, line), (XIPU, None)}
    assert [one.village_code for one in under.rows()] == [XIADANG]
    order = {XIPU: 0, XIADANG: 1}
    assert visit_columns(visits, order, draws_too=True, lines=[uuid4(), line]).line == [0, 2]
    assert visit_columns(visits, order, draws_too=True).line is None


def test_a_visit_to_a_village_that_was_merged_is_one_to_what_it_became(world: World) -> None:
    a_visit(world, XIPU)
    with world.store.writing() as uow:
        ended = {"valid_to": NOW.date() - timedelta(days=1), "successor_code": XIADANG}
        uow.session.execute(update(Division).where(Division.code == XIPU).values(**ended))
        places.number_divisions(uow, COUNTY)
    with world.store.reading() as uow:
        rows = fieldwork.coverage(uow, world.actors["leader"], on=NOW.date())
        status = fieldwork.coverage_status(uow, world.actors["leader"], on=NOW.date())
    assert [(row.village.code, row.visits) for row in rows] == [(XIADANG, 1), (OTHER_XIADANG, 0)]
    assert status.last_day == ["0-"]


def test_no_village_and_no_visit_costs_a_query(world: World) -> None:
    def statements() -> tuple[int, int]:
        with counted(world.store) as said, world.store.reading() as uow:
            fieldwork.coverage(uow, world.actors["leader"], on=NOW.date())
            of_table = len(said)
            fieldwork.coverage_status(uow, world.actors["leader"], on=NOW.date())
            places.map_villages(uow, world.actors["leader"], on=NOW.date())
        return of_table, len(said)

    before = statements()
    for days_ago in (3, 9, 12):
        a_visit(world, XIADANG, days_ago=days_ago)
    with world.store.writing() as uow:
        new = [places.VillageRow(2, f"3509241062{n}", f"演示{n}村", "下党乡") for n in range(20, 50)]
        places.import_villages(uow, world.actors["admin"], new, at_utc=NOW)
    assert statements() == before
    assert before[0] <= 5
    assert before[1] <= 16


def test_columns_give_every_visit_back() -> None:
    dice = random.Random(8)
    codes = [f"{code}" for code in range(50)]
    order = {code: place for place, code in enumerate(codes)}
    made = [
        CountedVisit(
            dice.choice(codes), FIRST_DAY + timedelta(days=dice.randrange(90)), dice.choice(tuple(Slot)), n % 3 > 0
        )
        for n in range(400)
    ]
    columns = visit_columns(
        in_columns([*made, CountedVisit("elsewhere", FIRST_DAY, "day", True)]), order, draws_too=True
    )
    assert sorted(_decoded(columns, codes)) == sorted((v.on, v.village_code, v.slot, v.drawn) for v in made)
    assert visit_columns(in_columns([]), order, draws_too=True) == VisitColumns(None, [], [], "", None)


def in_columns(made: list[CountedVisit]) -> CountedVisits:
    each, slots = np.arange(len(made)), [slot.value for slot in Slot]
    return CountedVisits(
        codes=[one.village_code for one in made],
        village=each,
        day=np.array([one.on.toordinal() for one in made], dtype=np.int64),
        slot=np.array([slots.index(one.slot) for one in made], dtype=np.uint8),
        drawn=np.array([one.drawn for one in made], dtype=bool),
        lines=[one.plan_line_id for one in made],
        line=each,
    )


def _decoded(columns: VisitColumns, codes: list[str]) -> Iterator[tuple[date, str, str, bool]]:
    assert columns.first_day is not None
    rows = iter(zip(columns.village, columns.how, strict=True))
    for offset, many in enumerate(columns.per_day):
        village = 0
        for _ in range(many):
            step, how = next(rows)
            village += step
            yield columns.first_day + timedelta(days=offset), codes[village], tuple(Slot)[int(how) & 3], int(how) < 4


@pytest.mark.parametrize("visits", [80_000])
def test_a_year_of_visits_to_twenty_thousand_villages_stays_small(visits: int) -> None:
    dice = random.Random(8)
    slots = tuple(Slot)
    made = [
        CountedVisit(
            str(dice.randrange(20_000)), FIRST_DAY + timedelta(days=dice.randrange(365)), dice.choice(slots), True
        )
        for _ in range(visits)
    ]
    columns = visit_columns(in_columns(made), {str(place): place for place in range(20_000)}, draws_too=True)
    said = json.dumps({**asdict(columns), "first_day": None}, separators=(",", ":")).encode()
    assert len(gzip.compress(said, mtime=0)) < 160_000
