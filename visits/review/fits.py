"""A run of the presence model in three steps: read what it is fitted to, fit outside of any transaction, keep it.

A fit takes seconds to a minute. Were it made inside the transaction that stores it, no phone could deliver meanwhile.
So the caller reads in one unit of work, fits between, and stores in another one, which looks whether what was fitted to
is still what is there (``api.presence_runs`` strings the three together).
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from media.proof import canonical
from visits.access import Actor, Right, note, require
from visits.fieldwork import SightingKnown, sightings_known, visits_with_a_problem, was_visited
from visits.log import append
from visits.people import PostingView, postings_known
from visits.plans import BILLION
from visits.presence import POOLED_VERSION, Said, Says, Sighting, Standard, trust, weigh
from visits.review.calendar import end_of, newest_review_day
from visits.review.figures import population_figures
from visits.review.rows import Appeal, Decision, PresenceFinding, PresenceRun, Referral
from visits.review.runs import RunView, run_view
from visits.review.standards import DEFAULT_STANDARD, standard_for, standards_known
from visits.store import UnitOfWork, lock_for_transaction

NEW_HERE_DAYS = 60
_COUNTY = 6


@dataclass(frozen=True)
class RunWanted:
    """Which run: of one county, of visits up to a day, as known at an instant; only one on the calendar refers."""

    county_code: str
    as_of: date
    known_utc: datetime
    on_calendar: bool


@dataclass(frozen=True)
class RunInput:
    """All that a run is made from, and its hash. Plain values: they outlive the transaction they were read in."""

    wanted: RunWanted
    expected: Mapping[str, PostingView]
    standards: Mapping[str, Standard]
    seen: tuple[SightingKnown, ...]
    sightings: tuple[Sighting, ...]
    with_a_problem: frozenset[UUID]
    sha256: str


@dataclass(frozen=True)
class Fitted:
    """What a fit says: of each posting, and of everybody together."""

    said: Mapping[str, Said]
    population: dict[str, Any]


def runs_asked_for(uow: UnitOfWork, actor: Actor, *, as_of: date, at_utc: datetime) -> list[RunWanted]:
    """The runs of the actor's counties for a day of their choice, everything as known when that day ended.

    Off the calendar: nobody is referred by them, whatever they say. That they were asked for is noted, so the caller
    commits.
    """
    require(actor, Right.READ_PEOPLE)
    note(uow, actor, "presence.run", about=f"as_of:{as_of.isoformat()}", at_utc=at_utc)
    known_utc = min(end_of(as_of), at_utc)
    return [
        RunWanted(county, as_of, known_utc, on_calendar=False)
        for county in _counties(uow, actor.division_prefix, known_utc)
    ]


def runs_due(uow: UnitOfWork, *, at_utc: datetime) -> list[RunWanted]:
    """The runs of the newest day of the calendar, of every county that has none yet and was visited by then.

    Where nobody was visited there is nothing to review: an empty run would say that the quarter had been.
    """
    as_of = newest_review_day(at_utc)
    wanted = [RunWanted(county, as_of, at_utc, on_calendar=True) for county in _counties(uow, "", at_utc)]
    return [one for one in wanted if _of_the_calendar(uow, one) is None and was_visited(uow, one.county_code, by=as_of)]


def read_run_input(uow: UnitOfWork, wanted: RunWanted) -> RunInput:
    """Everything that the run is made from, as it was known."""
    county, as_of, known_utc = wanted.county_code, wanted.as_of, wanted.known_utc
    expected = {str(p.id): p for p in postings_known(uow, county, known_at_utc=known_utc) if p.is_expected(as_of)}
    struck = _struck_out(uow, known_utc)
    seen = tuple(s for s in sightings_known(uow, county, until=as_of, known_at_utc=known_utc) if s.id not in struck)
    known = standards_known(uow, county, on=as_of, known_at_utc=known_utc)
    standards = {posting_id: standard_for(p, known) for posting_id, p in expected.items()}
    sightings = tuple(sighting_for_model(s) for s in seen)
    troubled = visits_with_a_problem(uow, county, known_at_utc=known_utc) & {s.visit_id for s in seen}
    digest = _digest(seen, sightings, standards, expected, troubled)
    return RunInput(wanted, expected, standards, seen, sightings, troubled, digest)


def run_there(uow: UnitOfWork, given: RunInput) -> RunView | None:
    """The run of this very input by this model, where there is one; on the calendar, the one of that day."""
    wanted = given.wanted
    if wanted.on_calendar:
        row = _of_the_calendar(uow, wanted)
    else:
        row = uow.session.scalar(
            select(PresenceRun).where(
                PresenceRun.county_code == wanted.county_code,
                PresenceRun.as_of == wanted.as_of,
                PresenceRun.input_sha256 == given.sha256,
                PresenceRun.model_version == POOLED_VERSION,
                PresenceRun.on_calendar.is_(False),
            )
        )
    return run_view(uow, row) if row is not None else None


def fit_run(given: RunInput) -> Fitted:
    """What the model says. Seconds to a minute of work on plain values; needs no transaction and must be given none."""
    new_here = _new_here(given)
    # Everybody's visits are looked at, those of people who left too: they tell what is usual here.
    looked_at = [s for s in given.sightings if s.posting_id not in new_here]
    weighed = weigh(looked_at, standard=DEFAULT_STANDARD, standards=given.standards)
    figures = population_figures(given.seen, given.expected, given.with_a_problem, weighed.inspectors)
    return Fitted({s.posting_id: s for s in weighed.said}, figures)


def keep_run(uow: UnitOfWork, given: RunInput, fitted: Fitted, *, at_utc: datetime) -> RunView | None:
    """Store what a fit said, or give the run that is there already; None where what it was fitted to has changed.

    Then nothing was written, and the caller reads and fits once more.
    """
    wanted = given.wanted
    lock_for_transaction(uow, "presence_run")
    there = run_there(uow, given)
    if there is not None:
        return there
    if read_run_input(uow, wanted).sha256 != given.sha256:
        return None
    run = PresenceRun(
        county_code=wanted.county_code,
        as_of=wanted.as_of,
        known_utc=wanted.known_utc,
        on_calendar=wanted.on_calendar,
        model_version=POOLED_VERSION,
        input_sha256=given.sha256,
        postings=len(given.expected),
        sightings=len(given.sightings),
        population=fitted.population,
        made_utc=at_utc,
    )
    uow.session.add(run)
    uow.session.flush()
    new_here = _new_here(given)
    for i, posting in sorted(given.expected.items()):
        uow.session.add(_row(run, posting, given.standards[i], fitted.said.get(i), new_here.get(i)))
    uow.session.flush()
    if wanted.on_calendar:
        _open_referrals(uow, run, at_utc)
    # The log commits to the run's hash; what it says of anybody is not in it.
    said = {"run": run.number, "county": wanted.county_code, "input_sha256": given.sha256}
    append(uow, "presence_run", said, at_utc=at_utc)
    return run_view(uow, run)


def _counties(uow: UnitOfWork, division_prefix: str, known_utc: datetime) -> list[str]:
    codes = {p.village_code[:_COUNTY] for p in postings_known(uow, division_prefix, known_at_utc=known_utc)}
    return sorted(codes)


def _of_the_calendar(uow: UnitOfWork, wanted: RunWanted) -> PresenceRun | None:
    return uow.session.scalar(
        select(PresenceRun).where(
            PresenceRun.county_code == wanted.county_code, PresenceRun.as_of == wanted.as_of, PresenceRun.on_calendar
        )
    )


def _new_here(given: RunInput) -> dict[str, int]:
    """Who arrived too lately to be looked at, and how many days ago."""
    arrived = {i: (given.wanted.as_of - p.from_date).days for i, p in given.expected.items()}
    return {i: days for i, days in arrived.items() if days < NEW_HERE_DAYS}


def sighting_for_model(s: SightingKnown) -> Sighting:
    """A sighting as the model takes it. A meeting outside the village, and one on a day of leave, count for nothing."""
    elsewhere = s.outcome == "met" and s.place == "outside"
    return Sighting(
        posting_id=str(s.posting_id),
        village_code=s.village_code,
        visit_id=str(s.visit_id),
        local_date=s.local_date,
        slot=s.slot,
        inspectors=tuple(str(i) for i in s.inspectors),
        outcome="cannot_tell" if elsewhere else s.outcome,
        required=s.required,
        drawn_at_random=s.drawn and s.unannounced,
        explained=s.on_leave,
        trust=trust(s.outcome, met_by=s.met_by, asked=s.villagers_asked, know=s.villagers_know, sign=s.sign),
    )


def _struck_out(uow: UnitOfWork, known_utc: datetime) -> set[UUID]:
    """Sightings that two people struck out, or whose adverse decision fell on appeal, by that instant."""
    rejected = select(Decision.sighting_id).where(
        Decision.state == "standing", Decision.outcome == "reject", Decision.second_utc <= known_utc
    )
    fallen = (
        select(Decision.sighting_id)
        .join(Appeal, Appeal.decision_id == Decision.id)
        .where(Appeal.outcome == "set_aside", Appeal.answered_utc <= known_utc)
    )
    return set(uow.session.scalars(rejected)) | set(uow.session.scalars(fallen))


def _digest(
    seen: Sequence[SightingKnown],
    rows: Sequence[Sighting],
    standards: Mapping[str, Standard],
    expected: Mapping[str, PostingView],
    with_a_problem: Collection[UUID],
) -> str:
    whole = {
        "sightings": [
            [
                r.posting_id,
                r.visit_id,
                r.local_date.isoformat(),
                r.slot,
                r.outcome,
                r.required,
                r.drawn_at_random,
                r.explained,
                round(r.trust * 1000),
                list(r.inspectors),
                round(s.draw_probability * BILLION),
                str(s.doubles) if s.doubles else "",
            ]
            for s, r in zip(seen, rows, strict=True)
        ],
        "standards": {i: [s.name, round(s.rate * 1000), list(asdict(s.gate).values())] for i, s in standards.items()},
        "expected": {i: p.from_date.isoformat() for i, p in expected.items()},
        "with_a_problem": sorted(str(i) for i in with_a_problem),
    }
    return hashlib.sha256(canonical(whole)).hexdigest()


def _row(
    run: PresenceRun, posting: PostingView, standard: Standard, said: Said | None, arrived_days: int | None
) -> PresenceFinding:
    lacking = (
        {what: list(pair) for what, pair in said.lacking.items()} if said else {"visits": [0, standard.gate.visits]}
    )
    if arrived_days is not None:
        lacking = {"days_here": [arrived_days, NEW_HERE_DAYS]}
    return PresenceFinding(
        run_number=run.number,
        posting_id=posting.id,
        village_code=posting.village_code,
        says=said.says if said else Says.INSUFFICIENT,
        about=said.about if said else "",
        visits=said.visits if said else 0,
        found=said.found if said else 0,
        days=said.days[1] if said else 0,
        days_found=said.days[0] if said else 0,
        nights=said.nights[1] if said else 0,
        nights_found=said.nights[0] if said else 0,
        directed=said.directed if said else 0,
        not_counted=said.not_counted if said else 0,
        mean=said.mean if said else None,
        low80=said.low80 if said else None,
        high80=said.high80 if said else None,
        posterior=said.posterior if said else None,
        lacking=lacking,
        reason=said.reason if said else "",
        standard_name=standard.name,
        rate=standard.rate,
    )


def _open_referrals(uow: UnitOfWork, run: PresenceRun, at_utc: datetime) -> None:
    """A referral for each posting referred that has none open."""
    referred = uow.session.scalars(
        select(PresenceFinding)
        .where(PresenceFinding.run_number == run.number, PresenceFinding.says == Says.REFER)
        .order_by(PresenceFinding.village_code, PresenceFinding.posting_id)
    ).all()
    for finding in referred:
        open_one = select(Referral.id).where(Referral.posting_id == finding.posting_id, Referral.closed_utc.is_(None))
        if uow.session.scalar(open_one) is None:
            uow.session.add(
                Referral(
                    id=uuid4(),
                    posting_id=finding.posting_id,
                    run_number=run.number,
                    village_code=finding.village_code,
                    about=finding.about,
                    opened_utc=at_utc,
                )
            )
    uow.session.flush()
