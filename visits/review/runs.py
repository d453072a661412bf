"""What the stored runs of the presence model say, of one posting and of a county: pages read these and never fit."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from visits.access import Actor, within
from visits.review.rows import PresenceFinding, PresenceRun
from visits.store import UnitOfWork


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


def newest_runs(uow: UnitOfWork, actor: Actor) -> list[RunView]:
    """The newest run of the calendar of each county in reach, without its findings; callers check rights."""
    rows = uow.session.scalars(
        select(PresenceRun)
        .where(within(actor, PresenceRun.county_code), PresenceRun.on_calendar)
        .order_by(PresenceRun.county_code, PresenceRun.as_of, PresenceRun.number)
    )
    newest = {row.county_code: row for row in rows}
    return [_summary(row, ()) for row in newest.values()]


def run_view(uow: UnitOfWork, row: PresenceRun) -> RunView:
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
