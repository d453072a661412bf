"""Visits as people read them: lists, one visit whole, its receipt, and what was sent and not taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from visits.access import Account, Actor, Right, note
from visits.fieldwork.answers import Given, answers_given, published
from visits.fieldwork.photos import PhotoView, photos_of_visit
from visits.fieldwork.positions import canonical
from visits.fieldwork.projects import ProjectSeen, projects_seen
from visits.fieldwork.records import FieldRecord, field_records
from visits.fieldwork.rows import FixJudgement, Hint, Visit
from visits.fieldwork.scope import Parted, parted, reach, sees_people, visible_kept, visible_visit
from visits.fieldwork.sightings import SightingView, sightings_of_visit
from visits.forms import Question, question_set
from visits.intake import KeptRecord, arrived_photos, blurs_of, kept_records, removal_of
from visits.places import VillageView, village
from visits.plans import AssignedVisit, Member, assigned_visit, issues_of, openings_of
from visits.store import UnitOfWork


@dataclass(frozen=True)
class VisitSummary:
    """A visit in a list."""

    id: UUID
    village: VillageView
    announced: bool
    visit_kind: str
    unannounced_indeed: bool
    state: str
    complete: bool
    began_utc: datetime
    slot: str
    local_date: date
    team: tuple[Member, ...]
    whereabouts: str
    hints: int


@dataclass(frozen=True)
class FixView:
    """A fix as received, its canonical WGS 84 pair, and the judgement by the newest extent of the village.

    Of one that was blurred by rule only the judgement is left, with accuracy and datum: its pairs are None.
    """

    lon_deg: float | None
    lat_deg: float | None
    datum: str
    datum_how: str
    accuracy_m: float | None
    fixed_at: str | None
    source: str | None
    wgs84_lon_deg: float | None
    wgs84_lat_deg: float | None
    answer: str
    probability_inside: float | None
    signed_distance_m: float | None
    extent_version: str
    blurred: bool = False


@dataclass(frozen=True)
class RecordView:
    """One record: the phone's time, the time with its clock set right, and the server's.

    ``body`` is what it says now; ``first_body`` what was received, where its account has corrected it since.
    """

    id: UUID
    kind: str
    seq: int
    made_at: datetime
    at_utc: datetime
    received_utc: datetime
    by: str
    device_id: UUID | None
    sha256: str
    signature_state: str
    log_index: int
    body: dict[str, Any]
    fixes: tuple[FixView, ...]
    first_body: dict[str, Any] | None
    corrections: tuple["CorrectionView", ...]


@dataclass(frozen=True)
class CorrectionView:
    """One correction of a record by its own account, and why; ``body`` is what it made the record say."""

    record_id: UUID
    sha256: str
    made_at: datetime
    received_utc: datetime
    reason: str
    body: dict[str, Any]


@dataclass(frozen=True)
class AnswerView:
    """One answer, under the wording and the rule that were in force when it was given.

    ``before`` is what was answered before a correction; ``deserves_a_look`` prompts and decides nothing.
    """

    record_id: UUID
    by: str
    question_set: str
    question_id: str
    question: Question | None
    answer: str
    asked: int | None
    know: int | None
    note: str
    before: Mapping[str, Any] | None
    household: int | None
    deserves_a_look: bool
    cites_nothing: bool


@dataclass(frozen=True)
class HintView:
    """A hint for a person."""

    code: str
    about: str
    strength: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class OpeningView:
    """How one phone opened the assignment: by whom, when, online or by key, and where if it told."""

    by: str
    device_id: UUID | None
    how: str
    at_utc: datetime
    fix: FixView | None


@dataclass(frozen=True)
class VisitView:
    """One visit whole; ``closing`` words the two questions its closing answers, as they were fixed for this visit."""

    summary: VisitSummary
    assignment_id: UUID
    release_utc: datetime | None
    openings: tuple[OpeningView, ...]
    closed_utc: datetime | None
    closed_by: str | None
    escorted: bool | None
    warned_beforehand: bool | None
    missing: tuple[dict[str, Any], ...]
    records: tuple[RecordView, ...]
    sightings: tuple[SightingView, ...]
    answers: tuple[AnswerView, ...]
    projects: tuple[ProjectSeen, ...]
    closing: tuple[Question, ...]
    photos: tuple[PhotoView, ...]
    hints: tuple[HintView, ...]
    kept: tuple[KeptRecord, ...]
    judged_utc: datetime
    removed_utc: datetime | None
    removed_by_rule: str
    blurred_utc: datetime | None = None
    blurred_after_days: int | None = None


@dataclass(frozen=True)
class ReceiptItem:
    """One thing that is safe on the server, and where the log commits to it."""

    what: str
    sha256: str
    record_id: UUID | None
    received_utc: datetime
    log_index: int


@dataclass(frozen=True)
class VisitReceipt:
    """What the server has of a visit: every record and every file by SHA-256, and what is missing still."""

    visit_id: UUID
    complete: bool
    state: str
    missing: tuple[dict[str, Any], ...]
    items: tuple[ReceiptItem, ...]


def visits(
    uow: UnitOfWork, actor: Actor, *, before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[VisitSummary]:
    """The visits in the caller's reach, newest first."""
    query = select(Visit).where(reach(actor)).order_by(Visit.began_utc.desc(), Visit.id.desc()).limit(limit)
    if before is not None:
        moment, last = before
        query = query.where((Visit.began_utc < moment) | ((Visit.began_utc == moment) & (Visit.id < last)))
    return [_summary(uow, actor, row) for row in uow.session.scalars(query)]


def ended_assignments(uow: UnitOfWork, actor: Actor, *, on: date) -> list[UUID]:
    """The assignments in the caller's reach whose visits were closed or given up, of a day or the night before it."""
    query = select(Visit.assignment_id).where(
        reach(actor), Visit.local_date >= on - timedelta(days=1), Visit.state != "open"
    )
    return list(uow.session.scalars(query))


def visit(uow: UnitOfWork, actor: Actor, visit_id: UUID, *, at_utc: datetime) -> VisitView:
    """One visit whole, for those who may see it; who was met is for the organization department and the team only."""
    removal, blurs = removal_of(uow, visit_id), blurs_of(uow, visit_id)
    row = visible_visit(uow, actor, visit_id)
    sorted_out = parted(actor, field_records(uow, visit_id, issues_of(uow, row.assignment_id)))
    records = sorted_out.visible
    names = _names(uow, [r.account_id for r in records])
    assigned = assigned_visit(uow, visit_id)
    fixes = _fix_judgements(uow, visit_id)
    if actor.may(Right.READ_PEOPLE):
        note(uow, actor, "visit.read", about=f"visit:{visit_id}", division_code=row.village_code, at_utc=at_utc)
    return VisitView(
        summary=_summary(uow, actor, row),
        assignment_id=row.assignment_id,
        release_utc=assigned.release_utc if assigned else None,
        openings=_openings(uow, assigned, records, fixes) if assigned else (),
        closed_utc=row.closed_utc,
        closed_by=_names(uow, [row.closed_by]).get(row.closed_by) if row.closed_by else None,
        escorted=row.escorted,
        warned_beforehand=row.warned_beforehand,
        missing=_lacking(row, sorted_out),
        records=tuple(_record(r, names, fixes) for r in sorted(records, key=lambda r: (r.at_utc, r.seq))),
        sightings=tuple(sightings_of_visit(uow, row)) if sees_people(actor) else (),
        answers=tuple(_answer(a, names) for a in answers_given(records)),
        projects=tuple(projects_seen(uow, row.village_code, records)),
        closing=_closing_questions(uow, visit_id),
        photos=tuple(photos_of_visit(uow, actor, visit_id)),
        hints=tuple(h for h in _hints(uow, visit_id) if sorted_out.shows(h.about)),
        kept=tuple(visible_kept(actor, kept_records(uow, visit_id))),
        judged_utc=row.judged_utc,
        removed_utc=removal.removed_utc if removal else None,
        removed_by_rule=removal.rule if removal else "",
        blurred_utc=blurs[0].blurred_utc if blurs else None,
        blurred_after_days=blurs[0].days if blurs else None,
    )


def _answer(given: Given, names: Mapping[UUID, str]) -> AnswerView:
    return AnswerView(
        record_id=given.record.id,
        by=names.get(given.record.account_id, ""),
        question_set=given.question_set,
        question_id=given.question_id,
        question=given.question,
        answer=given.answer,
        asked=given.asked,
        know=given.know,
        note=given.note,
        before=given.before,
        household=given.household,
        deserves_a_look=given.deserves_a_look,
        cites_nothing=given.cites_nothing,
    )


def receipt(uow: UnitOfWork, actor: Actor, visit_id: UUID) -> VisitReceipt:
    """What the server has of a visit and what it lacks; the phone keeps its photos until this names them."""
    row = visible_visit(uow, actor, visit_id)
    sorted_out = parted(actor, field_records(uow, visit_id, []))
    items = [ReceiptItem(r.kind, r.sha256, r.id, r.received_utc, r.log_index) for r in sorted_out.visible]
    items += [
        ReceiptItem("file", p.sha256, None, p.arrived_utc, p.log_index)
        for p in arrived_photos(uow, visit_id).values()
        if sorted_out.shows(p.sha256) and removal_of(uow, visit_id) is None
    ]
    return VisitReceipt(visit_id, row.complete, row.state, _lacking(row, sorted_out), tuple(items))


def kept_of_visit(uow: UnitOfWork, actor: Actor, visit_id: UUID) -> list[KeptRecord]:
    """What was sent for a visit and not taken: conflicts, refusals, what could not be read."""
    visible_visit(uow, actor, visit_id)
    return visible_kept(actor, kept_records(uow, visit_id))


def withheld(uow: UnitOfWork, actor: Actor, visit_id: UUID) -> frozenset[str]:
    """The hashes of what this caller may not see of a visit they may see: records, photos, and what was not taken."""
    visible_visit(uow, actor, visit_id)
    records = field_records(uow, visit_id, [])
    sorted_out, kept = parted(actor, records), kept_records(uow, visit_id)
    hidden = {r.sha256 for r in records} - {r.sha256 for r in sorted_out.visible}
    hidden |= {k.sha256 for k in kept} - {k.sha256 for k in visible_kept(actor, kept)}
    return frozenset(hidden | sorted_out.hidden_names)


def _closing_questions(uow: UnitOfWork, visit_id: UUID) -> tuple[Question, ...]:
    assigned = assigned_visit(uow, visit_id)
    asked = published(assigned.question_set) if assigned and assigned.question_set else question_set()
    return asked.closing if asked else ()


def _lacking(row: Visit, sorted_out: Parted) -> tuple[dict[str, Any], ...]:
    return tuple(what for what in row.missing if sorted_out.shows(what.get("sha256", "")))


def _summary(uow: UnitOfWork, actor: Actor, row: Visit) -> VisitSummary:
    assigned = assigned_visit(uow, row.id)
    hints = uow.session.scalars(select(Hint.number).where(Hint.visit_id == row.id)).all()
    return VisitSummary(
        id=row.id,
        village=village(uow, actor, row.village_code),
        announced=row.announced,
        visit_kind=assigned.visit_kind if assigned else "unannounced",
        unannounced_indeed=row.unannounced_indeed,
        state=row.state,
        complete=row.complete,
        began_utc=row.began_utc,
        slot=row.slot,
        local_date=row.local_date,
        team=assigned.team if assigned else (),
        whereabouts=row.whereabouts,
        hints=len(hints),
    )


def _openings(
    uow: UnitOfWork,
    assigned: AssignedVisit,
    records: list[FieldRecord],
    fixes: Mapping[tuple[UUID, int], FixJudgement],
) -> tuple[OpeningView, ...]:
    """The first opening of each phone and kind, with the place from the phone's own record of it."""
    names = {member.account_id: member.name for member in assigned.team}
    told = {(r.phone, r.body["how"]): r for r in reversed(records) if r.kind == "open"}
    seen: dict[tuple[str, str], OpeningView] = {}
    for opened in openings_of(uow, assigned.assignment_id):
        key = str(opened.device_id or opened.account_id), opened.how
        record = told.get(key)
        fix = next(iter(_fixes(record, fixes)), None) if record else None
        by = names.get(opened.account_id, "")
        seen.setdefault(key, OpeningView(by, opened.device_id, opened.how, opened.asked_utc, fix))
    return tuple(seen.values())


def _record(
    record: FieldRecord, names: Mapping[UUID, str], fixes: Mapping[tuple[UUID, int], FixJudgement]
) -> RecordView:
    return RecordView(
        id=record.id,
        kind=record.kind,
        seq=record.seq,
        made_at=record.made_at,
        at_utc=record.at_utc,
        received_utc=record.received_utc,
        by=names.get(record.account_id, ""),
        device_id=record.device_id,
        sha256=record.sha256,
        signature_state=record.signature_state,
        log_index=record.log_index,
        body=record.body,
        fixes=_fixes(record, fixes),
        first_body=record.first_body,
        corrections=tuple(
            CorrectionView(c.id, c.sha256, c.made_at, c.received_utc, c.body["reason"], c.body["body"])
            for c in record.corrections
        ),
    )


def _fixes(record: FieldRecord, judged: Mapping[tuple[UUID, int], FixJudgement]) -> tuple[FixView, ...]:
    if record.blurred is None:
        return tuple(_fix(fix, judged.get((record.id, i))) for i, fix in enumerate(record.fixes))
    ordinals = range(record.blurred["fixes"])
    return tuple(_blurred(one) for i in ordinals if (one := judged.get((record.id, i))) is not None)


def _blurred(judged: FixJudgement) -> FixView:
    return FixView(
        lon_deg=None,
        lat_deg=None,
        datum=judged.datum,
        datum_how=judged.datum_how,
        accuracy_m=judged.accuracy_m,
        fixed_at=None,
        source=None,
        wgs84_lon_deg=None,
        wgs84_lat_deg=None,
        answer=judged.answer,
        probability_inside=judged.probability_inside,
        signed_distance_m=judged.signed_distance_m,
        extent_version=judged.extent_version,
        blurred=True,
    )


def _fix(fix: dict[str, Any], judged: FixJudgement | None) -> FixView:
    # A position that came without a datum was read in the one its phone was found to give, where that is known.
    read_as = fix if judged is None else {**fix, "datum": judged.datum, "datum_how": judged.datum_how}
    place = canonical(read_as)
    return FixView(
        lon_deg=fix["lon_deg"],
        lat_deg=fix["lat_deg"],
        datum=read_as["datum"],
        datum_how=read_as["datum_how"],
        accuracy_m=fix["accuracy_m"],
        fixed_at=fix["fixed_at"],
        source=fix["source"],
        wgs84_lon_deg=place.lon_deg if place else None,
        wgs84_lat_deg=place.lat_deg if place else None,
        answer=judged.answer if judged else "cannot_tell",
        probability_inside=judged.probability_inside if judged else None,
        signed_distance_m=judged.signed_distance_m if judged else None,
        extent_version=judged.extent_version if judged else "",
    )


def _fix_judgements(uow: UnitOfWork, visit_id: UUID) -> dict[tuple[UUID, int], FixJudgement]:
    rows = uow.session.scalars(
        select(FixJudgement)
        .where(FixJudgement.visit_id == visit_id)
        .order_by(FixJudgement.judged_utc, FixJudgement.extent_version)
    )
    return {(row.record_id, row.ordinal): row for row in rows}


def _hints(uow: UnitOfWork, visit_id: UUID) -> list[HintView]:
    rows = uow.session.scalars(select(Hint).where(Hint.visit_id == visit_id).order_by(Hint.number))
    return [HintView(h.code, h.about, h.strength, h.values) for h in rows]


def _names(uow: UnitOfWork, ids: list[UUID]) -> dict[UUID, str]:
    found = uow.session.execute(select(Account.id, Account.name).where(Account.id.in_(ids)))
    return {row.id: row.name for row in found}
