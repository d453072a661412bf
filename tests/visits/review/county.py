"""Visits of most of a year put straight into the tables, as judged: enough for the model to have something to say."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from tests.visits.world import XIADANG, World
from visits.fieldwork import Sighting, SightingJudgement, Visit
from visits.plans import Assignment, AssignmentMember

HOURS = {"day": 2, "evening": 12, "dawn": 23}  # UTC
SLOTS = ("day", "evening", "dawn")


def visits_to(
    world: World,
    posting_ids: Sequence[UUID],
    outcomes: str,
    *,
    name: str = "a",
    year: int = 2026,
    first_month: int = 1,
    drawn: bool = True,
    known_after: timedelta = timedelta(days=1),
    slots: Sequence[str] = SLOTS,
    village_code: str = XIADANG,
    met_by: int = 2,
) -> list[UUID]:
    """One visit for each letter (m met, n not met, l leave, p pending), all these people looked for on each.

    Visits are a month apart from January on, made by teams that change. Returns the sightings of the first person.
    """
    words = {"m": "met", "n": "not_met", "l": "leave", "p": "leave_pending"}
    teams = [("first", "second"), ("second", "third"), ("third", "first")]
    first: list[UUID] = []
    with world.store.writing() as uow:
        for number, letter in enumerate(outcomes):
            slot = slots[number % len(slots)]
            at_utc = datetime(year, first_month + number % 9, 6 + number, HOURS[slot], tzinfo=UTC)
            ids = [uuid5(NAMESPACE_URL, f"{name} {village_code} {number} {what}") for what in ("visit", "assignment")]
            visit_id, assignment_id = ids
            uow.session.add(
                Assignment(
                    id=assignment_id,
                    visit_id=visit_id,
                    village_code=village_code,
                    announced=False,
                    reason="",
                    draw_reference="draw:1#1" if drawn else None,
                    draw_id=uuid5(NAMESPACE_URL, "draw") if drawn else None,
                    drawn_slot=slot if drawn else None,
                    inclusion_billionths=250_000_000 if drawn else None,
                    slot_billionths=500_000_000 if drawn else None,
                    withdrawn_reason="",
                    case_study=False,
                    question_set=None,
                    release_utc=at_utc - timedelta(hours=2),
                    expires_utc=at_utc + timedelta(days=2),
                    assigned_by=world.actors["office"].account_id,
                    assigned_utc=at_utc - timedelta(hours=3),
                    log_index=0,
                )
            )
            uow.session.flush()
            for who in teams[number % 3]:
                account_id = world.actors[who].account_id
                uow.session.add(AssignmentMember(assignment_id=assignment_id, account_id=account_id))
            uow.session.add(
                Visit(
                    id=visit_id,
                    assignment_id=assignment_id,
                    village_code=village_code,
                    announced=False,
                    state="closed",
                    began_utc=at_utc,
                    closed_utc=at_utc + timedelta(hours=1),
                    closed_by=world.actors[teams[number % 3][0]].account_id,
                    slot=slot,
                    local_date=at_utc.date() if slot != "dawn" else at_utc.date() + timedelta(days=1),
                    escorted=False,
                    warned_beforehand=False,
                    inspectors=2,
                    complete=True,
                    missing=[],
                    whereabouts="inside",
                    judged_utc=at_utc + known_after,
                )
            )
            uow.session.flush()
            for posting_id in posting_ids:
                sighting_id = uuid5(visit_id, str(posting_id))
                uow.session.add(
                    Sighting(
                        id=sighting_id,
                        visit_id=visit_id,
                        posting_id=posting_id,
                        village_code=village_code,
                        at_utc=at_utc,
                        local_date=at_utc.date(),
                        slot=slot,
                        required=True,
                    )
                )
                uow.session.flush()
                uow.session.add(
                    SightingJudgement(
                        sighting_id=sighting_id,
                        outcome=words[letter],
                        place="inside" if letter == "m" else "cannot_tell",
                        met_by=met_by if letter == "m" else 0,
                        villagers_asked=0,
                        villagers_know=0,
                        record_ids=[],
                        leave_ids=[],
                        books_asked=[],
                        approved_late=False,
                        reasons=[],
                        known_utc=at_utc + known_after,
                    )
                )
            if posting_ids:
                first.append(uuid5(visit_id, str(posting_ids[0])))
    return first


def most_are_present(world: World, *, villages: int = 12) -> None:
    """Villages of three people who left since, found nearly always: what is usual in this county."""
    for village in range(villages):
        people = [uuid5(NAMESPACE_URL, f"usual {village} {n}") for n in range(3)]
        visits_to(world, people, "mmmmmnmm", name="usual", village_code=f"350924001{900 + village}")
