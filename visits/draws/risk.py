"""How much more often a village is drawn, by what is known of it: coarse, so that a published weight tells little."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from visits.fieldwork import Visit
from visits.ledger import Problem
from visits.plans import AssignmentMember
from visits.store import UnitOfWork

SETTLED = ("fixed_on_spot", "withdrawn", "struck_off", "closed")
RECENT_FINDING = timedelta(days=180)
HEAVIEST = 4


@dataclass(frozen=True)
class Risk:
    """What speaks for going to a village: days since anybody was there, problems still open, and clues among them."""

    days_since_visit: int | None
    open_problems: int
    clues: int


def weight_of(risk: Risk) -> int:
    """A weight of 1 to 4. A clue and three open problems weigh the same, so that nobody reads a clue from a weight."""
    weight = 1
    if risk.days_since_visit is None or risk.days_since_visit >= 180:
        weight += 1
    if risk.open_problems >= 1 or risk.clues >= 1:
        weight += 1
    if risk.open_problems >= 3 or risk.clues >= 1:
        weight += 1
    return min(weight, HEAVIEST)


def risks(uow: UnitOfWork, county_code: str, *, on: date) -> dict[str, Risk]:
    """What is known of each village of a county that was ever visited; of the others nothing is."""
    closed = select(Visit.village_code, Visit.local_date).where(
        Visit.village_code.startswith(county_code, autoescape=True), Visit.state == "closed"
    )
    last: dict[str, date] = {}
    for code, day in uow.session.execute(closed):
        last[code] = max(day, last.get(code, day))
    open_problems: Counter[str] = Counter()
    clues: Counter[str] = Counter()
    still_open = select(Problem.village_code, Problem.clue).where(
        Problem.county_code == county_code, Problem.state.not_in(SETTLED)
    )
    for code, clue in uow.session.execute(still_open):
        (clues if clue else open_problems)[code] += 1
    return {
        code: Risk((on - last[code]).days if code in last else None, open_problems[code], clues[code])
        for code in last.keys() | open_problems.keys() | clues.keys()
    }


def found_there(uow: UnitOfWork, county_code: str, *, at_utc: datetime) -> dict[UUID, set[str]]:
    """By inspector the villages where a visit of theirs found a problem lately; others look again there."""
    query = (
        select(AssignmentMember.account_id, Problem.village_code)
        .join(Visit, Visit.assignment_id == AssignmentMember.assignment_id)
        .join(Problem, Problem.visit_id == Visit.id)
        .where(
            Problem.county_code == county_code,
            Problem.state != "withdrawn",
            Problem.found_utc > at_utc - RECENT_FINDING,
        )
    )
    found: dict[UUID, set[str]] = {}
    for account_id, code in uow.session.execute(query):
        found.setdefault(account_id, set()).add(code)
    return found
