"""Work out what the records of a visit amount to. Runs as a job, any number of times, with the same result."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import delete, select

from visits.fieldwork.calibrations import calibrations_of, read_by_profile
from visits.fieldwork.case import Case
from visits.fieldwork.hints import hints_of_visit
from visits.fieldwork.photos import inspected_photos
from visits.fieldwork.positions import PlaceJudgement, best, judge_fix
from visits.fieldwork.raised import RaisedHint
from visits.fieldwork.records import FieldRecord, field_records
from visits.fieldwork.rows import FixJudgement, Hint, Sighting, SightingJudgement, Visit
from visits.fieldwork.rules import Union, missing, outcome, unions
from visits.intake import ARRIVALS, arrived_photos, blurs_of, refused_numbers
from visits.log import append
from visits.people import (
    AbsenceExplanation,
    Book,
    explain_absences,
    leave_changes,
    night_date,
    postings_by_id,
    presence_required,
    rules_of,
    slot_of,
)
from visits.places import village_extent
from visits.plans import AssignedVisit, assigned_visit, issues_of, keep_opening_by_key, openings_of
from visits.store import UnitOfWork, enqueue, insert_those_not_there, lock_for_transaction
from visits.zone import LOCAL_ZONE

# From the moment that an import or a judgement says it was made at until others see it, less than this goes by.
LONGEST_IMPORT = timedelta(days=1)


def judge_visit(uow: UnitOfWork, visit_id: UUID, *, at_utc: datetime) -> None:
    """Bring visit, fixes, sightings and hints up to what the records say now, with what is known now.

    Sighting judgements are appended when they differ from the last; everything else is derived and written anew.
    """
    lock_for_transaction(uow, f"visit:{visit_id}")
    case = _read_case(uow, visit_id)
    if case is None:
        return
    visit = _write_visit(uow, case, at_utc)
    newly_arrived = _write_fixes(uow, case, at_utc)
    _write_sightings(uow, case, at_utc)
    _take_back_sightings(uow, case, at_utc)
    photos = inspected_photos(uow, visit_id)
    _write_hints(uow, case, hints_of_visit(uow, case, visit, photos), at_utc)
    enqueue(uow, "read_device", *map(str, newly_arrived), at_utc=at_utc)
    if any(record.kind == "problem" for record in case.records):
        enqueue(uow, "enter_ledger", str(visit_id), at_utc=at_utc)
    enqueue(uow, "say_presence", str(visit_id), at_utc=at_utc)


def judge_pending(uow: UnitOfWork, division_prefix: str, *, at_utc: datetime) -> int:
    """Ask for another look at every visit of whose absences a leave book says something new; how many those are.

    Called after a book came in. Something new is: another book was asked of an absence for which not both were, or a
    leave of the person missed was written down or rewritten since the visit was last judged.
    """
    newest = (
        select(SightingJudgement.number)
        .where(SightingJudgement.sighting_id == Sighting.id)
        .correlate(Sighting)
        .order_by(SightingJudgement.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    open_ones = (
        select(Sighting.visit_id, Sighting.posting_id, SightingJudgement.books_asked, Visit.judged_utc)
        .join(SightingJudgement, SightingJudgement.number == newest)
        .join(Visit, Visit.id == Sighting.visit_id)
        .where(
            SightingJudgement.outcome.in_(("leave_pending", "not_met", "leave", "trip", "excused")),
            Sighting.village_code.startswith(division_prefix),
        )
    )
    changed = leave_changes(uow, division_prefix)
    concerned = {
        visit_id
        for visit_id, posting_id, books_asked, judged_utc in uow.session.execute(open_ones)
        if len(books_asked) < len(Book) or (posting_id in changed and changed[posting_id] > judged_utc - LONGEST_IMPORT)
    }
    enqueue(uow, "judge_visit", *map(str, concerned), at_utc=at_utc)
    return len(concerned)


def _read_case(uow: UnitOfWork, visit_id: UUID) -> Case | None:
    assigned = assigned_visit(uow, visit_id)
    if assigned is None:
        return None
    issues = issues_of(uow, assigned.assignment_id)
    records = field_records(uow, visit_id, issues)
    if not records:
        return None
    _keep_openings_by_key(uow, assigned, records)
    records = _read_by_profiles(uow, records)
    arrivals = [r.at_utc for r in records if r.kind == "arrive"] or [r.at_utc for r in records]
    began_utc = min(arrivals)
    extent = village_extent(uow, assigned.village_code, on=began_utc.astimezone(LOCAL_ZONE).date())
    spoken_of = unions(records)
    return Case(
        assigned=assigned,
        issues=issues,
        openings=openings_of(uow, assigned.assignment_id),
        records=records,
        extent=extent,
        places={r.id: [judge_fix(fix, extent) for fix in r.fixes] for r in records},
        began_utc=began_utc,
        spoken_of=spoken_of,
        postings=postings_by_id(uow, [union.posting_id for union in spoken_of]),
        blurred=_blurred(uow, records),
    )


def _blurred(uow: UnitOfWork, records: Sequence[FieldRecord]) -> dict[UUID, list[tuple[PlaceJudgement, float | None]]]:
    """What was judged last of each position that is not here any more, by record."""
    ids = [record.id for record in records if record.blurred is not None]
    rows = uow.session.scalars(
        select(FixJudgement).where(FixJudgement.record_id.in_(ids)).order_by(FixJudgement.judged_utc)
    )
    newest = {(row.record_id, row.ordinal): row for row in rows}
    found: dict[UUID, list[tuple[PlaceJudgement, float | None]]] = defaultdict(list)
    for (record_id, _), row in sorted(newest.items()):
        judged = PlaceJudgement(row.answer, row.probability_inside, row.signed_distance_m)
        found[record_id].append((judged, row.accuracy_m))
    return dict(found)


def _read_by_profiles(uow: UnitOfWork, records: list[FieldRecord]) -> list[FieldRecord]:
    """The records, positions that came without a datum read as their phone was found to give them."""
    if not any(fix["datum"] == "unknown" for record in records for fix in record.fixes):
        return records
    profiles = calibrations_of(uow, {record.device_id for record in records if record.device_id is not None})
    return [
        record if record.device_id not in profiles else read_by_profile(record, profiles[record.device_id])
        for record in records
    ]


def _keep_openings_by_key(uow: UnitOfWork, assigned: AssignedVisit, records: Sequence[FieldRecord]) -> None:
    for record in records:
        if record.kind == "open" and record.body["how"] == "key":
            keep_opening_by_key(
                uow,
                assigned.assignment_id,
                record_id=record.id,
                account_id=record.account_id,
                device_id=record.device_id,
                nonce=record.nonce,
                device_utc=record.made_at,
                opened_utc=record.at_utc,
            )


def _write_visit(uow: UnitOfWork, case: Case, at_utc: datetime) -> Visit:
    ends = [r for r in case.records if r.kind in ("close", "abort")]
    closing = min(ends, key=lambda r: r.at_utc) if ends else None
    state = "open" if closing is None else "closed" if closing.kind == "close" else "aborted"
    visit_id = case.assigned.visit_id
    refused = [(str(device or account), seq) for account, device, seq in refused_numbers(uow, visit_id)]
    lacking = missing(
        case.records,
        opened_by={opening.account_id for opening in case.openings},
        refused=refused,
        arrived=arrived_photos(uow, visit_id),
        state=state,
    )
    local = case.began_utc.astimezone(LOCAL_ZONE)
    pairs = [pair for r in case.records if r.kind in ("arrive", "confirm") for pair in case.judged(r)]
    visit = uow.session.get(Visit, visit_id)
    was_complete = visit is not None and visit.complete
    if visit is None:
        visit = Visit(
            id=visit_id,
            assignment_id=case.assigned.assignment_id,
            village_code=case.assigned.village_code,
            announced=case.assigned.announced,
        )
        uow.session.add(visit)
    visit.state = state
    visit.began_utc = case.began_utc
    visit.closed_utc = closing.at_utc if closing else None
    visit.closed_by = closing.account_id if closing else None
    visit.slot = slot_of(local)
    visit.local_date = night_date(local)
    visit.escorted = _said(case.records, "escorted")
    visit.warned_beforehand = _said(case.records, "warned_beforehand")
    # Whoever only opened the assignment was not there yet.
    visit.inspectors = len({r.account_id for r in case.records if r.kind != "open"})
    visit.complete = not lacking
    visit.missing = lacking
    visit.whereabouts = best(pairs)
    visit.judged_utc = at_utc
    uow.session.flush()
    if visit.complete and not was_complete:
        append(uow, "visit_complete", {"visit_id": str(visit.id), "state": state}, at_utc=at_utc)
    return visit


def _said(records: Sequence[FieldRecord], question: str) -> bool | None:
    answers = [bool(r.body[question]) for r in records if question in r.body]
    return any(answers) if answers else None


def _write_fixes(uow: UnitOfWork, case: Case, at_utc: datetime) -> set[UUID]:
    """Keep what each position amounts to; the phones of whose arrivals something was judged for the first time."""
    version = case.extent.version if case.extent else "none"
    there = {
        (record_id, ordinal, rests_on)
        for record_id, ordinal, rests_on in uow.session.execute(
            select(FixJudgement.record_id, FixJudgement.ordinal, FixJudgement.extent_version).where(
                FixJudgement.visit_id == case.assigned.visit_id
            )
        )
    }
    known = {record_id for record_id, _, _ in there}
    new = []
    for record in case.records:
        for ordinal, (fix, judged) in enumerate(zip(record.fixes, case.places[record.id], strict=True)):
            # What a position without a datum was read by belongs to what the judgement rests on.
            rests_on = f"{version}+calibration:{fix['calibration']}" if "calibration" in fix else version
            if (record.id, ordinal, rests_on) not in there:
                new.append(
                    {
                        "record_id": record.id,
                        "ordinal": ordinal,
                        "extent_version": rests_on,
                        "visit_id": case.assigned.visit_id,
                        "answer": judged.answer,
                        "probability_inside": judged.probability_inside,
                        "signed_distance_m": judged.signed_distance_m,
                        "accuracy_m": fix["accuracy_m"],
                        "datum": fix["datum"],
                        "datum_how": fix["datum_how"],
                        "extent_basis": case.extent.basis if case.extent else "none",
                        "judged_utc": at_utc,
                    }
                )
    insert_those_not_there(uow, FixJudgement, new)
    arrivals = [r for r in case.records if r.kind in ARRIVALS and r.fixes and r.id not in known]
    return {record.device_id for record in arrivals if record.device_id is not None}


def _write_sightings(uow: UnitOfWork, case: Case, at_utc: datetime) -> None:
    """What the records amount to about everybody they speak of, as the books explain it."""
    rules = rules_of(uow, case.assigned.village_code)
    unions_by_id: dict[UUID, Union] = {}
    new = []
    for union in case.spoken_of:
        if (posting := case.posting_of(union)) is None:
            continue
        local = union.deciding.at_utc.astimezone(LOCAL_ZONE)
        slot, on = slot_of(local), night_date(local)
        sighting_id = uuid5(case.assigned.visit_id, str(union.posting_id))
        unions_by_id[sighting_id] = union
        new.append(
            {
                "id": sighting_id,
                "visit_id": case.assigned.visit_id,
                "posting_id": union.posting_id,
                "village_code": case.assigned.village_code,
                "at_utc": union.deciding.at_utc,
                "local_date": on,
                "slot": slot,
                "required": presence_required(posting.kind, posting.must_live_in, slot, on, rules=rules),
            }
        )
    if not new:
        return
    insert_those_not_there(uow, Sighting, new)
    # What was required then was settled when the visit was first judged; a day declared later does not change it.
    settled = uow.session.execute(select(Sighting.id, Sighting.required).where(Sighting.id.in_(unions_by_id)))
    required = {sighting_id: is_required for sighting_id, is_required in settled}  # noqa: C416 - rows are no pairs
    away = {u.posting_id: u.deciding.at_utc.astimezone(LOCAL_ZONE) for u in unions_by_id.values()}
    explained = explain_absences(uow, away, known_at_utc=at_utc)
    judged = {
        sighting_id: _judged(case, union, explained[union.posting_id], required=required[sighting_id])
        for sighting_id, union in unions_by_id.items()
    }
    _append_judgements(uow, judged, at_utc)


def _judged(case: Case, union: Union, explanation: AbsenceExplanation, *, required: bool) -> dict[str, Any]:
    word, reasons = outcome(union, explanation, required=required)
    return {
        "outcome": word,
        "place": case.place_of(union.deciding) if union.seen == "met" else "cannot_tell",
        "met_by": union.met_by,
        "villagers_asked": union.villagers_asked,
        "villagers_know": union.villagers_know,
        "sign": union.sign,
        "record_ids": sorted(str(r.id) for r in union.records),
        "leave_ids": [str(i) for i in explanation.leave_ids],
        "books_asked": sorted(explanation.books_asked),
        "approved_late": explanation.approved_late,
        "reasons": [*reasons, "inspectors_differ"] if union.differ else reasons,
    }


def _take_back_sightings(uow: UnitOfWork, case: Case, at_utc: datetime) -> None:
    """Let nothing stand about people whom the records, once corrected, no longer speak of."""
    spoken_of = [union.posting_id for union in case.spoken_of]
    gone = uow.session.scalars(
        select(Sighting.id).where(Sighting.visit_id == case.assigned.visit_id, Sighting.posting_id.not_in(spoken_of))
    ).all()
    nothing: dict[str, Any] = {"record_ids": [], "leave_ids": [], "books_asked": [], "approved_late": False}
    counts: dict[str, Any] = {"met_by": 0, "villagers_asked": 0, "villagers_know": 0, "sign": None}
    judged = {"outcome": "cannot_tell", "place": "cannot_tell", **counts, **nothing, "reasons": ["corrected_away"]}
    _append_judgements(uow, dict.fromkeys(gone, judged), at_utc)


def _append_judgements(uow: UnitOfWork, judged: Mapping[UUID, dict[str, Any]], at_utc: datetime) -> None:
    """Add what these sightings are judged to be, where it differs from what was last said."""
    if not judged:
        return
    said = select(SightingJudgement).where(SightingJudgement.sighting_id.in_(judged))
    last = {row.sighting_id: row for row in uow.session.scalars(said.order_by(SightingJudgement.number))}
    for sighting_id, says in judged.items():
        before = last.get(sighting_id)
        if before is None or any(getattr(before, name) != value for name, value in says.items()):
            uow.session.add(SightingJudgement(sighting_id=sighting_id, known_utc=at_utc, **says))
    uow.session.flush()


def _write_hints(uow: UnitOfWork, case: Case, raised: list[RaisedHint], at_utc: datetime) -> None:
    """Let the hints be those raised now; what rested on positions that were blurred since cannot be raised again."""
    visit_id = case.assigned.visit_id
    wanted = {(h.code, h.about): h for h in raised}
    there = {(h.code, h.about): h for h in uow.session.scalars(select(Hint).where(Hint.visit_id == visit_id))}
    gone = [h.number for key, h in there.items() if key not in wanted]
    if gone and not blurs_of(uow, visit_id):
        uow.session.execute(delete(Hint).where(Hint.number.in_(gone)))
    for key, hint in wanted.items():
        if key in there:
            there[key].values = hint.values
            there[key].strength = hint.strength
        else:
            uow.session.add(
                Hint(
                    visit_id=visit_id,
                    code=hint.code,
                    about=hint.about,
                    strength=hint.strength,
                    values=hint.values,
                    raised_utc=at_utc,
                )
            )
    uow.session.flush()
