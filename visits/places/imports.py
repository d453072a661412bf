"""What every import of a file has in common: its report, and its complaints in one pass."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from visits.places.errors import ImportRefused, RowComplaint
from visits.store import UnitOfWork, enqueue


@dataclass(frozen=True)
class ImportReport:
    """What an import did. ``remarks`` are things it took and a person should look at all the same."""

    created: int
    changed: int
    unchanged: int
    remarks: tuple[RowComplaint, ...] = ()


@dataclass
class RowCheck:
    """Gathers what is wrong and what is odd, so that one pass over a file tells everything."""

    complaints: list[RowComplaint] = field(default_factory=list)
    remarks: list[RowComplaint] = field(default_factory=list)

    def refuse(self, row_number: int, field_name: str, reason_zh: str, reason_en: str) -> None:
        self.complaints.append(RowComplaint(row_number, field_name, reason_zh, reason_en))

    def remark(self, row_number: int, field_name: str, reason_zh: str, reason_en: str) -> None:
        self.remarks.append(RowComplaint(row_number, field_name, reason_zh, reason_en))

    def refused_rows(self) -> set[int]:
        return {c.row_number for c in self.complaints}

    def done(self) -> None:
        """Raise with every complaint, in the order of the rows, when there is one."""
        if self.complaints:
            raise ImportRefused(sorted(self.complaints, key=lambda c: c.row_number))


@dataclass
class ImportCount:
    """Counts what an import does while it does it."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0

    def report(self, check: RowCheck) -> ImportReport:
        remarks = tuple(sorted(check.remarks, key=lambda r: r.row_number))
        return ImportReport(self.created, self.changed, self.unchanged, remarks)


def ask_for_tiles(uow: UnitOfWork, codes: Iterable[str], *, at_utc: datetime) -> None:
    """Put the job that draws the counties of these divisions anew; it does nothing where nothing changed."""
    for county_code in sorted({code[:6] for code in codes}):
        enqueue(uow, "draw_tiles", county_code, at_utc=at_utc)
