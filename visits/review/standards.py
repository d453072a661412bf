"""Which standard holds for a posting on a day: by place, kind of posting and year. Places say so; two are shipped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select

from visits.access import Actor, Right, note, require
from visits.people import PostingKind, PostingView
from visits.presence import Gate, Standard
from visits.review.errors import BadStandard
from visits.review.rows import PresenceStandard
from visits.store import UnitOfWork

DEFAULT_STANDARD = Standard()

# Two papers as they are, as examples to copy. Twenty days of a month of 22 working days, and two hundred of a year of
# 250, are what is owed; a referral is made only far below, at half of the days owed, since a visit that misses
# somebody in the fields is no day away.
EXAMPLES = {
    "zhaoping": Standard(name="昭平县：每月驻村不少于20天", rate=0.45),
    "qinghai": Standard(name="青海省：每年驻村不少于200天", rate=0.4),
}
EXAMPLE_SOURCES = {
    "zhaoping": "昭平县驻村工作队员管理规定（每月不少于20天；3天以内由乡镇党委批准，3天以上由县委组织部批准）",
    "qinghai": "青海省驻村干部管理问答（2024年，乐都区：每年不少于200天；5天以内乡镇批准，5天以上报县委组织部）",
}


@dataclass(frozen=True)
class StandardView:
    """A standard with where, for whom and how long it holds."""

    number: int
    division_prefix: str
    kind: str | None
    valid_from: date
    valid_to: date | None
    standard: Standard
    source: str
    recorded_utc: datetime


def set_standard(
    uow: UnitOfWork,
    actor: Actor,
    standard: Standard,
    *,
    kind: PostingKind | None,
    valid_from: date,
    valid_to: date | None,
    source: str,
    at_utc: datetime,
) -> StandardView:
    """Say what holds in the actor's division from that day on; earlier ones stay as they were."""
    require(actor, Right.DECIDE)
    if valid_to is not None and valid_to < valid_from:
        raise BadStandard("a standard cannot end before it begins")
    gate, floor = standard.gate, DEFAULT_STANDARD.gate
    has = (gate.visits, gate.slots, gate.inspectors, gate.months)
    if any(
        n < least for n, least in zip(has, (floor.visits, floor.slots, floor.inspectors, floor.months), strict=True)
    ):
        raise BadStandard(
            "a place may ask for more evidence than 4 visits, 2 slots, 2 inspectors and 2 months, not less"
        )
    row = PresenceStandard(
        division_prefix=actor.division_prefix,
        kind=kind,
        valid_from=valid_from,
        valid_to=valid_to,
        name=standard.name,
        rate=standard.rate,
        least_visits=gate.visits,
        least_slots=gate.slots,
        least_inspectors=gate.inspectors,
        least_months=gate.months,
        least_of_each_kind=standard.least_of_each_kind,
        compares_nights=standard.compares_nights,
        source=source,
        recorded_by=actor.account_id,
        recorded_utc=at_utc,
    )
    uow.session.add(row)
    uow.session.flush()
    about = f"standard:{row.number}"
    note(uow, actor, "standard.set", about=about, detail={"name": standard.name, "rate": standard.rate}, at_utc=at_utc)
    return _view(row)


def standards_known(uow: UnitOfWork, county_code: str, *, on: date, known_at_utc: datetime) -> list[StandardView]:
    """The standards that a county and its divisions had on a day, as known at that instant; callers check reach."""
    above = [county_code[:length] for length in range(2, len(county_code) + 1)]
    query = (
        select(PresenceStandard)
        .where(
            or_(
                PresenceStandard.division_prefix.in_(above),
                PresenceStandard.division_prefix.startswith(county_code),
            ),
            PresenceStandard.valid_from <= on,
            or_(PresenceStandard.valid_to.is_(None), PresenceStandard.valid_to >= on),
            PresenceStandard.recorded_utc <= known_at_utc,
        )
        .order_by(PresenceStandard.number)
    )
    return [_view(row) for row in uow.session.scalars(query)]


def standard_for(posting: PostingView, known: Sequence[StandardView]) -> Standard:
    """The one that holds for a posting: of the longest prefix, naming the kind before not, the newest of those."""
    fitting = [
        s for s in known if posting.village_code.startswith(s.division_prefix) and s.kind in (None, str(posting.kind))
    ]
    if not fitting:
        return DEFAULT_STANDARD
    return max(fitting, key=lambda s: (len(s.division_prefix), s.kind is not None, s.number)).standard


def _view(row: PresenceStandard) -> StandardView:
    gate = Gate(row.least_visits, row.least_slots, row.least_inspectors, row.least_months)
    return StandardView(
        number=row.number,
        division_prefix=row.division_prefix,
        kind=row.kind,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        standard=Standard(row.name, row.rate, gate, row.least_of_each_kind, row.compares_nights),
        source=row.source,
        recorded_utc=row.recorded_utc,
    )
