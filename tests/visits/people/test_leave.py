"""Leave from both books: what explains an absence, what was known when, and what is still to be asked."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.visits.people.makers import (
    BEFORE_BOOKS,
    BOOK_DAY,
    BOOK_READ,
    ORGANIZATION,
    at_local,
    explained,
    leave_row,
    load_both_books,
    load_leave,
    load_roster,
    roster_row,
    the_posting,
)
from tests.visits.places.makers import NAMESAKE, OTHER_VILLAGE, VILLAGE, load_villages, some_actor
from visits.access import NotAllowed, Role
from visits.people import (
    Book,
    Explained,
    NoSuchPosting,
    explain_absences,
    import_leave,
    leave_of,
    overdue_returns,
)
from visits.places import ImportRefused
from visits.store import Store
from visits.zone import LOCAL_ZONE

BOTH = (Book.TOWNSHIP, Book.DEPARTMENT)


@pytest.fixture(autouse=True)
def loaded(store: Store) -> None:
    load_villages(store)
    load_roster(store, roster_row())


def test_until_both_books_were_asked_a_miss_is_pending(store: Store) -> None:
    assert explained(store, at_local(2, 10)).outcome is Explained.PENDING
    load_leave(store, book=Book.DEPARTMENT)
    one = explained(store, at_local(2, 10))
    assert (one.outcome, one.books_asked, one.reasons) == (
        Explained.PENDING,
        (Book.DEPARTMENT,),
        ("township_not_asked",),
    )
    load_leave(store)
    both = explained(store, at_local(2, 10))
    assert (both.outcome, both.books_asked, both.leave_ids, both.reasons) == (Explained.NONE, BOTH, (), ())


def test_a_book_says_nothing_about_the_days_after_it_was_written(store: Store) -> None:
    load_leave(store, as_of=date(2026, 3, 2))
    load_leave(store, as_of=date(2026, 3, 2), book=Book.DEPARTMENT)
    assert explained(store, at_local(2, 23)).outcome is Explained.NONE
    assert explained(store, at_local(3, 0)).outcome is Explained.PENDING


def test_one_townships_book_says_nothing_about_another(store: Store) -> None:
    load_roster(store, roster_row(1), roster_row(2, name="李四", village_code=NAMESAKE))
    load_leave(store, [leave_row()], division_code=None)
    load_leave(store, book=Book.DEPARTMENT, division_code=None)
    assert explained(store, at_local(2, 10)).books_asked == BOTH
    other = the_posting(store, NAMESAKE)
    with store.reading() as uow:
        assert explain_absences(uow, {other.id: at_local(2, 10)})[other.id].books_asked == (Book.DEPARTMENT,)


def test_a_township_book_without_rows_must_say_whose_it_is(store: Store) -> None:
    with pytest.raises(ImportRefused) as refused:
        load_leave(store, division_code=None)
    assert [c.field for c in refused.value.complaints] == ["division_code"]


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("事假", Explained.LEAVE),
        ("病假", Explained.LEAVE),
        ("年休", Explained.LEAVE),
        ("公差", Explained.TRIP),
        ("培训", Explained.TRIP),
        ("会议", Explained.TRIP),
        ("轮休", Explained.EXCUSED),
    ],
)
def test_each_kind_explains_in_its_own_word(store: Store, word: str, outcome: Explained) -> None:
    load_both_books(store, leave_row(kind=word))
    seen = explained(store, at_local(11, 10))
    assert (seen.outcome, len(seen.leave_ids), seen.approved_late, seen.reasons) == (outcome, 1, False, ())


@pytest.mark.parametrize(
    ("when", "outcome"),
    [
        (at_local(10, 11, 59), Explained.NONE),
        (at_local(10, 12, 0), Explained.LEAVE),
        (at_local(12, 11, 59), Explained.LEAVE),
        (at_local(12, 12, 0), Explained.NONE),
    ],
)
def test_half_days_are_respected(store: Store, when: datetime, outcome: Explained) -> None:
    load_both_books(store, leave_row(from_half="下午", to_half="上午"))
    assert explained(store, when).outcome is outcome


def test_the_evening_of_return_is_leave_and_says_so(store: Store) -> None:
    load_both_books(store, leave_row())
    assert explained(store, at_local(12, 20)).reasons == ("return_evening",)
    assert explained(store, at_local(13, 5, 59)).outcome is Explained.LEAVE
    assert explained(store, at_local(13, 6, 0)).outcome is Explained.NONE


def test_leave_approved_after_the_visit_is_told_and_marked(store: Store) -> None:
    load_both_books(store, leave_row(township_approved_at=date(2026, 3, 12)))
    seen = explained(store, at_local(11, 10))
    assert (seen.outcome, seen.approved_late, seen.reasons) == (Explained.LEAVE, True, ("approved_late",))
    assert not explained(store, at_local(12, 10)).approved_late


def test_an_hour_of_approval_is_compared_as_an_hour(store: Store) -> None:
    load_both_books(store, leave_row(township_approved_at=datetime(2026, 3, 10, 15, tzinfo=LOCAL_ZONE)))
    assert explained(store, at_local(10, 14, 59)).approved_late
    assert not explained(store, at_local(10, 15)).approved_late


def test_leave_written_down_later_is_marked(store: Store) -> None:
    load_both_books(store, leave_row(recorded_late_on=date(2026, 3, 20)))
    assert explained(store, at_local(11, 10)).approved_late


def test_one_leave_approved_in_time_is_enough(store: Store) -> None:
    load_leave(store, [leave_row(township_approved_at=date(2026, 3, 20))])
    load_leave(store, [leave_row(department_approved_at=date(2026, 3, 8))], book=Book.DEPARTMENT)
    seen = explained(store, at_local(11, 10))
    assert (seen.outcome, len(seen.leave_ids), seen.approved_late) == (Explained.LEAVE, 2, False)


def test_leave_that_nobody_approved_yet_is_still_being_checked(store: Store) -> None:
    load_both_books(store, leave_row(township_approved_at=None))
    seen = explained(store, at_local(11, 10))
    assert (seen.outcome, seen.reasons, len(seen.leave_ids)) == (Explained.PENDING, ("not_approved",), 1)


def test_an_extension_covers_and_an_early_return_uncovers(store: Store) -> None:
    load_both_books(
        store,
        leave_row(1, extended_to=date(2026, 3, 14), returned_on=None),
        leave_row(2, from_date=date(2026, 3, 20), to_date=date(2026, 3, 25), returned_on=date(2026, 3, 22)),
    )
    days = {day: explained(store, at_local(day, 10)).outcome for day in (14, 15, 22, 23)}
    assert days == {14: Explained.LEAVE, 15: Explained.NONE, 22: Explained.LEAVE, 23: Explained.NONE}


def test_what_was_known_when_is_never_rewritten(store: Store) -> None:
    visit = at_local(13, 10)
    load_both_books(store, leave_row())
    later = BOOK_READ + timedelta(days=30)
    assert explained(store, visit, known_at_utc=BEFORE_BOOKS).outcome is Explained.PENDING
    known_then = explained(store, visit, known_at_utc=BOOK_READ)
    report = load_leave(store, [leave_row(to_date=date(2026, 3, 13), returned_on=date(2026, 3, 13))], at_utc=later)
    assert (report.created, report.changed, report.unchanged) == (0, 1, 0)
    assert explained(store, visit).outcome is Explained.LEAVE
    assert explained(store, visit, known_at_utc=later - timedelta(seconds=1)) == known_then
    assert known_then.outcome is Explained.NONE
    with store.reading() as uow:
        [now] = leave_of(uow, the_posting(store).id)
        [then] = leave_of(uow, the_posting(store).id, known_at_utc=BOOK_READ)
        assert leave_of(uow, the_posting(store).id, known_at_utc=BEFORE_BOOKS) == []
    assert (now.id, now.version, now.to_date) == (then.id, 2, date(2026, 3, 13))
    assert (then.version, then.to_date) == (1, date(2026, 3, 12))


def test_a_book_read_again_changes_nothing(store: Store) -> None:
    load_leave(store, [leave_row()])
    report = load_leave(store, [leave_row()])
    assert (report.created, report.changed, report.unchanged) == (0, 0, 1)


def test_overdue_returns_are_listed_oldest_first_and_end_with_the_return(store: Store) -> None:
    load_roster(store, roster_row(1), roster_row(2, name="李四"), roster_row(3, name="王五"))
    rows = [
        leave_row(1, returned_on=None),
        leave_row(2, name="李四", from_date=date(2026, 3, 1), to_date=date(2026, 3, 5), returned_on=None),
        leave_row(3, name="王五", returned_on=None, extended_to=date(2026, 4, 20)),
    ]
    report = load_leave(store, rows)
    assert [(r.row_number, r.field) for r in report.remarks] == [(1, "returned_on"), (2, "returned_on")]
    with store.reading() as uow:
        overdue = overdue_returns(uow, ORGANIZATION, date(2026, 3, 13))
        assert [leave.name for leave in overdue] == ["李四", "张三"]
        assert [leave.name for leave in overdue_returns(uow, ORGANIZATION, date(2026, 3, 12))] == ["李四"]
        assert overdue_returns(uow, some_actor(Role.ORGANIZATION, "350981"), date(2026, 5, 1)) == []
        with pytest.raises(NotAllowed):
            overdue_returns(uow, some_actor(Role.INSPECTOR), date(2026, 5, 1))
    load_leave(store, [leave_row(1, returned_on=date(2026, 3, 16))])
    with store.reading() as uow:
        assert [leave.name for leave in overdue_returns(uow, ORGANIZATION, date(2026, 3, 31))] == ["李四"]


def test_a_return_that_is_overdue_is_a_reason_and_explains_nothing(store: Store) -> None:
    load_both_books(store, leave_row(returned_on=None))
    seen = explained(store, at_local(16, 10))
    assert (seen.outcome, seen.reasons) == (Explained.NONE, ("overdue_return",))


def test_everything_bad_is_told_in_one_pass_and_nothing_is_stored(store: Store) -> None:
    rows = [
        leave_row(1),
        leave_row(2, name="无名氏"),
        leave_row(3, kind="旅游", from_date=date(2026, 3, 1), to_date=date(2026, 3, 1)),
        leave_row(4, from_date=None),
        leave_row(5, to_date=None),
        leave_row(6, from_date=date(2026, 3, 20), to_date=date(2026, 3, 19), returned_on=None),
        leave_row(7, from_date=date(2026, 3, 21), to_date=date(2026, 3, 22), extended_to=date(2026, 3, 20)),
        leave_row(8, from_date=date(2026, 3, 23), to_date=date(2026, 3, 24), returned_on=date(2027, 1, 1)),
        leave_row(9, village_code="350981100201"),
        leave_row(10),
        leave_row(11, from_date=date(2026, 3, 25), to_date=date(2026, 3, 25), to_half="傍晚"),
        leave_row(12, person_number="R000099"),
        leave_row(13, from_date=date(2026, 3, 26), to_date=date(2026, 3, 27), returned_on=date(2026, 3, 25)),
    ]
    with pytest.raises(ImportRefused) as refused:
        load_leave(store, rows, as_of=date(2026, 4, 2), division_code="350981")
    assert [(c.row_number, c.field) for c in refused.value.complaints] == [
        (0, "as_of"),
        (0, "division_code"),
        (2, "name"),
        (3, "kind"),
        (4, "from_date"),
        (5, "to_date"),
        (6, "to_date"),
        (7, "extended_to"),
        (7, "returned_on"),
        (8, "returned_on"),
        (9, "village_code"),
        (10, "from_date"),
        (11, "to_half"),
        (12, "name"),
        (13, "returned_on"),
    ]
    with store.reading() as uow:
        assert leave_of(uow, the_posting(store).id) == []
    assert explained(store, at_local(2, 10)).books_asked == ()


def test_of_two_people_of_one_name_the_right_one_is_asked_for(store: Store) -> None:
    namesake = roster_row(2, birth_month="1990-11", sending_unit="县水利局", village_code=OTHER_VILLAGE)
    load_roster(store, roster_row(1), namesake)
    with pytest.raises(ImportRefused) as refused:
        load_leave(store, [leave_row(village_code=None)])
    [complaint] = refused.value.complaints
    for text in (complaint.reason_zh, complaint.reason_en):
        assert "R000001 张三, 县农业农村局, 1985-03" in text
        assert "R000002 张三, 县水利局, 1990-11" in text
    tells_apart: list[dict[str, Any]] = [
        {"sending_unit": "县水利局"},
        {"birth_month": "1990.11"},
        {"person_number": "R000002"},
        {"village_code": OTHER_VILLAGE},
    ]
    for number, said in enumerate(tells_apart, start=1):
        row = leave_row(village_code=None, from_date=date(2026, 3, number))
        load_leave(store, [replace(row, **said)])
    with store.reading() as uow:
        assert len(leave_of(uow, the_posting(store, OTHER_VILLAGE).id)) == 4
        assert leave_of(uow, the_posting(store, VILLAGE).id) == []


def test_a_row_that_disagrees_with_the_roster_names_who_it_might_be(store: Store) -> None:
    with pytest.raises(ImportRefused) as refused:
        load_leave(store, [leave_row(sending_unit="县水利局")])
    assert "R000001 张三, 县农业农村局, 1985-03" in refused.value.complaints[0].reason_zh


def test_leave_filed_under_another_village_is_taken_and_told(store: Store) -> None:
    report = load_leave(store, [leave_row(village_code=OTHER_VILLAGE)])
    assert (report.created, [r.field for r in report.remarks]) == (1, ["village_name"])


def test_leave_belongs_to_the_person_in_all_postings(store: Store) -> None:
    load_roster(store, roster_row(1), roster_row(2, kind="挂钩帮扶", village_code=NAMESAKE))
    load_both_books(store, leave_row(village_code=None))
    for code in (VILLAGE, NAMESAKE):
        other = the_posting(store, code)
        with store.reading() as uow:
            assert explain_absences(uow, {other.id: at_local(11, 10)})[other.id].outcome is Explained.LEAVE


def test_only_the_organization_department_imports_leave_of_its_own_people(store: Store) -> None:
    with store.writing() as uow, pytest.raises(NotAllowed):
        import_leave(uow, some_actor(Role.OFFICE), [leave_row()], book=Book.TOWNSHIP, as_of=BOOK_DAY, at_utc=BOOK_READ)
    elsewhere = some_actor(Role.ORGANIZATION, "350981")
    with store.writing() as uow, pytest.raises(ImportRefused):
        import_leave(
            uow, elsewhere, [leave_row(village_code=None)], book=Book.DEPARTMENT, as_of=BOOK_DAY, at_utc=BOOK_READ
        )


def test_an_unknown_posting_is_refused(store: Store) -> None:
    with store.reading() as uow, pytest.raises(NoSuchPosting):
        explain_absences(uow, {uuid4(): datetime(2026, 3, 2, 2, tzinfo=UTC)})
