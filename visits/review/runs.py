"""The presence model run on the recorded visits of a county, as of any day, and stored with what it was made from.

Slow thinking is stored: a job runs this, pages only read.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from media.proof import canonical
from visits.access import Actor, Right, note, require, within
from visits.fieldwork import SightingKnown, sightings_known
from visits.log import append
from visits.people import PostingView, postings_known
from visits.presence import POOLED_VERSION, Said, Says, Sighting, Standard, say, trust
from visits.review.figures import population_figures
from visits.review.rows import Appeal, Decision, PresenceFinding, PresenceRun, Referral
from visits.review.standards import DEFAULT_STANDARD, standard_for, standards_known
from visits.store import UnitOfWork, enqueue, lock_for_transaction
from visits.zone import LOCAL_ZONE

NEW_HERE_DAYS = 60
# The review calendar: the last days of the quarters. The run waits until the leave books of the quarter are in.
REVIEW_MONTHS = (3, 6, 9, 12)
REVIEWED_AFTER = timedelta(days=10, hours=3)
REVIEWING = ("review_presence", "")
_COUNTY = 6


@dataclass(frozen=True)
class FindingView:
    """What one run says of one posting. ``as_of`` is the last day whose visits were looked at."""

    run_number: int
    posting_id: UUID
    village_code: str
    as_of: date
    known_utc: datetime
    on_calendar: bool
    model_version: str
    input_sha256: str
    says: str
    about: str
    visits: int
    found: int
    days: int
    days_found: int
    nights: int
    nights_found: int
    directed: int
    not_counted: int
    mean: float | None
    low80: float | None
    high80: float | None
    posterior: float | None
    lacking: dict[str, list[int]]
    reason: str
    standard_name: str
    rate: float

    @property
    def why(self) -> str:
        """The first reason, as a code without its counts: what a page says first."""
        first = self.reason.split("; ")[0].split(" ")[0] if self.reason else ""
        return "lacking" if self.lacking else first


@dataclass(frozen=True)
class RunView:
    """A run and its findings, by village code and posting, never by a figure."""

    number: int
    county_code: str
    as_of: date
    known_utc: datetime
    on_calendar: bool
    model_version: str
    input_sha256: str
    sightings: int
    population: dict[str, Any]
    findings: tuple[FindingView, ...]


def review_days(first: date, last: date) -> list[date]:
    """The days of the review calendar from ``first`` to ``last``."""
    days = []
    for year in range(first.year, last.year + 1):
        for month in REVIEW_MONTHS:
            end = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
            if first <= end <= last:
                days.append(end)
    return days


def newest_review_day(at_utc: datetime) -> date:
    """The newest day of the calendar whose leave books have had their ten days to come in."""
    today = (at_utc - REVIEWED_AFTER).astimezone(LOCAL_ZONE).date()
    return review_days(today - timedelta(days=370), today - timedelta(days=1))[-1]


def end_of(day: date) -> datetime:
    """The instant at which a local day ends."""
    return datetime.combine(day + timedelta(days=1), time(), LOCAL_ZONE)


def run_presence(uow: UnitOfWork, actor: Actor, *, as_of: date, at_utc: datetime) -> list[RunView]:
    """What the visits up to that day say, as everything was known when that day ended; one run for each county.

    Stored, and off the calendar: nobody is referred by it, whatever it says. The same input gives the run that is
    there already.
    """
    require(actor, Right.READ_PEOPLE)
    known_utc = min(end_of(as_of), at_utc)
    note(uow, actor, "presence.run", about=f"as_of:{as_of.isoformat()}", at_utc=at_utc)
    return [
        _run(uow, county, as_of=as_of, known_utc=known_utc, on_calendar=False, at_utc=at_utc)
        for county in _counties(uow, actor.division_prefix, known_utc)
    ]


def review_presence(uow: UnitOfWork, *, at_utc: datetime) -> None:
    """Make the run of the newest day of the calendar for every county that has none, and see to the next. A job."""
    lock_for_transaction(uow, "review_presence")
    as_of = newest_review_day(at_utc)
    for county in _counties(uow, "", at_utc):
        done = select(PresenceRun.number).where(
            PresenceRun.county_code == county, PresenceRun.as_of == as_of, PresenceRun.on_calendar
        )
        if uow.session.scalar(done) is None:
            _run(uow, county, as_of=as_of, known_utc=at_utc, on_calendar=True, at_utc=at_utc)
    following = review_days(as_of + timedelta(days=1), as_of + timedelta(days=100))[0]
    enqueue(uow, *REVIEWING, at_utc=end_of(following) + REVIEWED_AFTER)


def begin_reviews(uow: UnitOfWork, *, at_utc: datetime) -> None:
    """See to it that the job of the review calendar waits; a server says so when it starts."""
    enqueue(uow, *REVIEWING, at_utc=at_utc)


def finding_of(uow: UnitOfWork, posting_id: UUID) -> FindingView | None:
    """What the newest run of the calendar says of a posting; callers check their reach."""
    row = uow.session.execute(
        select(PresenceFinding, PresenceRun)
        .join(PresenceRun, PresenceRun.number == PresenceFinding.run_number)
        .where(PresenceFinding.posting_id == posting_id, PresenceRun.on_calendar)
        .order_by(PresenceRun.as_of.desc(), PresenceRun.number.desc())
        .limit(1)
    ).first()
    return finding_view(*row) if row is not None else None


def newest_run(uow: UnitOfWork, actor: Actor) -> RunView | None:
    """The newest run of the calendar in the actor's division."""
    require(actor, Right.READ_PEOPLE)
    row = uow.session.scalar(
        select(PresenceRun)
        .where(within(actor, PresenceRun.county_code), PresenceRun.on_calendar)
        .order_by(PresenceRun.as_of.desc(), PresenceRun.number.desc())
        .limit(1)
    )
    return _view(uow, row) if row is not None else None


def figures_for_leaders(uow: UnitOfWork, actor: Actor) -> list[RunView]:
    """The newest run of each county in reach, without what it says of anybody."""
    require(actor, Right.READ_COVERAGE)
    rows = uow.session.scalars(
        select(PresenceRun)
        .where(within(actor, PresenceRun.county_code), PresenceRun.on_calendar)
        .order_by(PresenceRun.county_code, PresenceRun.as_of, PresenceRun.number)
    )
    newest = {row.county_code: row for row in rows}
    return [_summary(row, ()) for row in newest.values()]


def _counties(uow: UnitOfWork, division_prefix: str, known_utc: datetime) -> list[str]:
    codes = {p.village_code[:_COUNTY] for p in postings_known(uow, division_prefix, known_at_utc=known_utc)}
    return sorted(codes)


def _run(
    uow: UnitOfWork, county: str, *, as_of: date, known_utc: datetime, on_calendar: bool, at_utc: datetime
) -> RunView:
    expected = {str(p.id): p for p in postings_known(uow, county, known_at_utc=known_utc) if p.is_expected(as_of)}
    struck = _struck_out(uow, known_utc)
    seen = [s for s in sightings_known(uow, county, until=as_of, known_at_utc=known_utc) if s.id not in struck]
    rows = [sighting_for_model(s) for s in seen]
    known = standards_known(uow, county, on=as_of, known_at_utc=known_utc)
    standards = {posting_id: standard_for(p, known) for posting_id, p in expected.items()}
    digest = _digest(rows, standards, expected)
    there = uow.session.scalar(
        select(PresenceRun).where(
            PresenceRun.county_code == county,
            PresenceRun.as_of == as_of,
            PresenceRun.input_sha256 == digest,
            PresenceRun.model_version == POOLED_VERSION,
            PresenceRun.on_calendar == on_calendar,
        )
    )
    if there is not None:
        return _view(uow, there)
    run = PresenceRun(
        county_code=county,
        as_of=as_of,
        known_utc=known_utc,
        on_calendar=on_calendar,
        model_version=POOLED_VERSION,
        input_sha256=digest,
        postings=len(expected),
        sightings=len(rows),
        population=population_figures(seen, expected),
        made_utc=at_utc,
    )
    uow.session.add(run)
    uow.session.flush()
    _store_findings(uow, run, rows, expected, standards)
    if on_calendar:
        _open_referrals(uow, run, at_utc)
    # The log commits to the run's hash; what it says of anybody is not in it.
    append(uow, "presence_run", {"run": run.number, "county": county, "input_sha256": digest}, at_utc=at_utc)
    return _view(uow, run)


def _store_findings(
    uow: UnitOfWork,
    run: PresenceRun,
    rows: Sequence[Sighting],
    expected: dict[str, PostingView],
    standards: dict[str, Standard],
) -> None:
    """Fit the model, and keep what it says of everybody expected there; new arrivals are left out of it."""
    arrived = {i: (run.as_of - p.from_date).days for i, p in expected.items()}
    new_here = {i: days for i, days in arrived.items() if days < NEW_HERE_DAYS}
    # Everybody's visits are looked at, those of people who left too: they tell what is usual here.
    looked_at = [r for r in rows if r.posting_id not in new_here]
    said = {s.posting_id: s for s in say(looked_at, standard=DEFAULT_STANDARD, standards=standards)}
    for i, posting in sorted(expected.items()):
        uow.session.add(_row(run, posting, standards[i], said.get(i), new_here.get(i)))
    uow.session.flush()


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
        trust=trust(s.outcome, met_by=s.met_by, asked=s.villagers_asked, know=s.villagers_know),
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


def _digest(rows: Sequence[Sighting], standards: dict[str, Standard], expected: dict[str, PostingView]) -> str:
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
            ]
            for r in rows
        ],
        "standards": {i: [s.name, round(s.rate * 1000), list(asdict(s.gate).values())] for i, s in standards.items()},
        "expected": {i: p.from_date.isoformat() for i, p in expected.items()},
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


def _view(uow: UnitOfWork, row: PresenceRun) -> RunView:
    findings = uow.session.scalars(
        select(PresenceFinding)
        .where(PresenceFinding.run_number == row.number)
        .order_by(PresenceFinding.village_code, PresenceFinding.posting_id)
    )
    return _summary(row, tuple(finding_view(f, row) for f in findings))


def _summary(row: PresenceRun, findings: tuple[FindingView, ...]) -> RunView:
    return RunView(
        number=row.number,
        county_code=row.county_code,
        as_of=row.as_of,
        known_utc=row.known_utc,
        on_calendar=row.on_calendar,
        model_version=row.model_version,
        input_sha256=row.input_sha256,
        sightings=row.sightings,
        population=row.population,
        findings=findings,
    )


_OF_THE_RUN = ("as_of", "known_utc", "on_calendar", "model_version", "input_sha256")


def finding_view(row: PresenceFinding, run: PresenceRun) -> FindingView:
    """What a run says of one posting; for the other files of this room."""
    own = {c.key: getattr(row, c.key) for c in PresenceFinding.__table__.columns}
    return FindingView(**own, **{name: getattr(run, name) for name in _OF_THE_RUN})
