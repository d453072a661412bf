"""Months of birth in the ways rosters write them, and what keeps two people apart."""

from datetime import date

import pytest

from tests.visits.people.makers import load_roster, roster_row
from tests.visits.places.makers import NAMESAKE, load_villages
from visits.people import birth_month_of, postings_expected
from visits.people.rows import Person
from visits.store import Store


@pytest.mark.parametrize(
    "written",
    ["1985-03", "1985.03", "1985.3", "1985年3月", "198503", "1985/3", "1985年03月12日", "1985-03-12", date(1985, 3, 9)],
)
def test_a_month_of_birth_is_read(written: date | str) -> None:
    assert birth_month_of(written) == "1985-03"


@pytest.mark.parametrize("written", [None, "", "1985", "85.03", "1985-13", "三月"])
def test_what_is_no_month_is_none(written: str | None) -> None:
    assert birth_month_of(written) is None


@pytest.mark.parametrize(
    "other", [{"birth_month": "1986-03"}, {"sending_unit": "县水利局"}, {"name": "张三丰"}], ids=str
)
def test_who_differs_in_one_thing_is_somebody_else(store: Store, other: dict[str, str]) -> None:
    load_villages(store)
    load_roster(store, roster_row(1), roster_row(2, **other))
    with store.reading() as uow:
        expected = postings_expected(uow, roster_row().village_code or "", date(2026, 3, 2))
    assert sorted(p.person_number for p in expected) == ["R000001", "R000002"]


def test_a_namesake_known_already_is_told_and_not_merged(store: Store) -> None:
    load_villages(store)
    load_roster(store, roster_row(1))
    report = load_roster(store, roster_row(1), roster_row(2, sending_unit="县水利局", kind="队员"))
    assert [(r.row_number, "R000001" in r.reason_zh) for r in report.remarks] == [(2, True)]


def test_spaces_and_width_do_not_make_somebody_new(store: Store) -> None:
    load_villages(store)
    load_roster(store, roster_row())
    report = load_roster(store, roster_row(name="张　三", sending_unit="县 农业农村局", birth_month="1985.3"))
    assert report.unchanged == 1


def test_one_person_may_have_two_new_postings(store: Store) -> None:
    load_villages(store)
    load_roster(store, roster_row(1), roster_row(2, kind="挂钩帮扶", village_code=NAMESAKE))
    with store.reading() as uow:
        assert uow.session.query(Person).count() == 1


def test_a_number_names_the_person_even_after_a_change_of_unit(store: Store) -> None:
    load_villages(store)
    load_roster(store, roster_row())
    report = load_roster(store, roster_row(person_number="r000001", sending_unit="县水利局"))
    assert (report.created, report.changed) == (0, 1)
    with store.reading() as uow:
        [seen] = postings_expected(uow, roster_row().village_code or "", date(2026, 3, 2))
    assert (seen.person_number, seen.sending_unit) == ("R000001", "县水利局")
