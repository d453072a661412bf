"""The printable 入村核查记录表 of a visit: the package on paper, for who has opened it."""

from datetime import datetime
from uuid import UUID

from visits.access import Actor, Right, note, require
from visits.plans.assign import is_opened
from visits.plans.errors import NoSuchAssignment
from visits.plans.package import Package, package_of
from visits.plans.reading import row_in_reach
from visits.store import UnitOfWork


def paper_form(uow: UnitOfWork, actor: Actor, assignment_id: UUID, *, at_utc: datetime) -> Package:
    """What the form shows, once the team has opened the assignment; also after its end, to be entered later.

    No household's name stands on it: paper is left lying about. Printing it is noted.
    """
    require(actor, Right.RECORD)
    row = row_in_reach(uow, actor, assignment_id)
    if row.withdrawn_utc is not None or not is_opened(uow, row.id):
        raise NoSuchAssignment("the form is printed when the assignment was opened")
    about = f"assignment:{row.id}"
    note(uow, actor, "assignment.paper", about=about, division_code=row.village_code, at_utc=at_utc)
    return package_of(uow, actor, row, "", at_utc)
