"""Small makers: roster and leave rows with defaults that show only what matters."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.visits.places.makers import VILLAGE, some_actor
from visits.access import Role
from visits.people import (
    AbsenceExplanation,
    Book,
    LeaveRow,
    PostingView,
    RosterRow,
    explain_absences,
    import_leave,
    import_roster,
    postings_expected,
)
from visits.places import ImportReport
from visits.store import Store
from visits.zone import LOCAL_ZONE

ORGANIZATION = some_actor(Role.ORGANIZATION)
ROSTER_DAY = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
BOOK_DAY = date(2026, 3, 31)
BOOK_READ = datetime(2026, 4, 1, 2, 0, tzinfo=UTC)
BEFORE_BOOKS = BOOK_READ - timedelta(days=1)


def roster_row(row_number: int = 1, **said: Any) -> RosterRow:
    row = RosterRow(
        row_number,
        name="张三",
        birth_month="1985-03",
        sending_unit="县农业农村局",
        kind="第一书记",
        from_date=date(2025, 7, 1),
        to_date=date(2027, 6, 30),
        village_code=VILLAGE,
    )
    return replace(row, **said)


def load_roster(store: Store, *rows: RosterRow, at_utc: datetime = ROSTER_DAY) -> ImportReport:
    with store.writing() as uow:
        return import_roster(uow, ORGANIZATION, rows, at_utc=at_utc)


def the_posting(store: Store, village_code: str = VILLAGE, on: date = date(2026, 3, 2)) -> PostingView:
    with store.reading() as uow:
        [found] = postings_expected(uow, village_code, on)
    return found


def leave_row(row_number: int = 1, **said: Any) -> LeaveRow:
    row = LeaveRow(
        row_number,
        name="张三",
        kind="事假",
        from_date=date(2026, 3, 10),
        to_date=date(2026, 3, 12),
        village_code=VILLAGE,
        township_approved_at=date(2026, 3, 9),
        returned_on=date(2026, 3, 12),
    )
    return replace(row, **said)


def load_leave(
    store: Store,
    rows: Sequence[LeaveRow] = (),
    *,
    book: Book = Book.TOWNSHIP,
    as_of: date = BOOK_DAY,
    division_code: str | None = VILLAGE[:6],
    at_utc: datetime = BOOK_READ,
) -> ImportReport:
    with store.writing() as uow:
        return import_leave(uow, ORGANIZATION, rows, book=book, as_of=as_of, division_code=division_code, at_utc=at_utc)


def load_both_books(store: Store, *rows: LeaveRow, at_utc: datetime = BOOK_READ) -> None:
    load_leave(store, rows, at_utc=at_utc)
    load_leave(store, book=Book.DEPARTMENT, at_utc=at_utc)


def at_local(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant in March 2026, local time."""
    return datetime(2026, 3, day, hour, minute, tzinfo=LOCAL_ZONE)


def explained(store: Store, when: datetime, *, known_at_utc: datetime | None = None) -> AbsenceExplanation:
    posting = the_posting(store)
    with store.reading() as uow:
        return explain_absences(uow, {posting.id: when}, known_at_utc=known_at_utc)[posting.id]
