"""Hints: what a person should look at, how strong it is, and the numbers behind it.

Each code has its words, with known honest causes, in the pages' word lists. Poor accuracy, an old clock or an
external receiver make honest phones look odd, so nothing here ever blocks or decides.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import isfinite
from typing import Any
from uuid import UUID

from geo import Datum, Signal, Strength, TimedFix, distance_m, implied_speed_mps
from visits.fieldwork.answers import answers_given, same_measures, same_wording, unknown_notices
from visits.fieldwork.calibrations import CalibrationView, calibrations_of, contradicts
from visits.fieldwork.case import Case
from visits.fieldwork.clocks import odd_clocks
from visits.fieldwork.devices import device_readings
from visits.fieldwork.exif import odd_exif
from visits.fieldwork.oddities import odd_light, odd_series
from visits.fieldwork.photos import InspectedPhoto
from visits.fieldwork.positions import PlaceJudgement, canonical, judge_fix
from visits.fieldwork.projects import projects_seen
from visits.fieldwork.raised import RaisedHint
from visits.fieldwork.records import CLOCKS_AGREE, FieldRecord, idle_corrections
from visits.fieldwork.resemblance import resemblances_of_visit
from visits.fieldwork.rows import PhotoResemblance, Visit
from visits.fieldwork.rules import chain_findings
from visits.intake import visits_with_photo
from visits.places import DONE_STATES, successor_of
from visits.store import UnitOfWork
from visits.zone import LOCAL_ZONE

POOR_ACCURACY_M = 100.0
OUTSIDE_BY_M = 100.0
IMPOSSIBLE_MPS = 200 / 3.6
GALLERY_OLD = timedelta(hours=1)
# A phone's clock may have been set since the server last saw it; this much is not worth a word.
RELEASE_TOLERANCE = timedelta(minutes=5)

# A series is odd at most; that something is so is said by other hints.
_STRENGTH = {Strength.WEAK: "weak", Strength.STRONG: "medium"}


def hints_of_visit(uow: UnitOfWork, case: Case, visit: Visit, photos: dict[str, InspectedPhoto]) -> list[RaisedHint]:
    """All hints of a visit, from its records, its fixes, its clocks and its photos."""
    alike = resemblances_of_visit(uow, case.assigned.visit_id)
    return [
        *_about_the_team(case, visit),
        *_about_phones(case),
        *odd_clocks(case.records, case.issues),
        *_about_openings(case),
        *_about_nonces(case),
        *_about_corrections(case),
        *_about_answers(case),
        *_about_projects(uow, case),
        *_about_fixes(case),
        *_about_series(case),
        *_about_datums(uow, case),
        *_about_meetings(uow, case),
        *(
            hint
            for record in case.records
            if record.kind == "photo"
            for hint in _about_photo(uow, case, record, photos, alike.get(record.body["sha256"], []))
        ),
    ]


def _about_the_team(case: Case, visit: Visit) -> Iterable[RaisedHint]:
    if visit.inspectors < 2:
        yield RaisedHint("one_inspector", "visit", "sound")
    elif not _is_confirmed(case.records):
        yield RaisedHint("not_confirmed", "visit", "medium")
    if visit.escorted:
        yield RaisedHint("escorted", "visit", "sound")
    if visit.warned_beforehand:
        yield RaisedHint("warned_beforehand", "visit", "sound")
    if visit.whereabouts != "inside":
        yield RaisedHint(f"arrival_{visit.whereabouts}", "visit", "sound")
    if case.extent is not None and case.extent.quality == "synthetic":
        yield RaisedHint("synthetic_places", "visit", "sound")


def _is_confirmed(records: Sequence[FieldRecord]) -> bool:
    """Whether somebody else's phone scanned the code of an arrival: it names that very record."""
    arrivals = {(str(r.id), r.sha256): r.account_id for r in records if r.kind == "arrive"}
    return any(
        arrivals.get((r.body["arrive_id"], r.body["arrive_sha256"]), r.account_id) != r.account_id
        for r in records
        if r.kind == "confirm"
    )


def _about_phones(case: Case) -> Iterable[RaisedHint]:
    for fault, phone, number in chain_findings(case.records):
        yield RaisedHint(f"chain_{fault}", f"phone:{phone}:{number}", "sound", {"number": number})
    for state in ("bad", "absent"):
        of_state = [r for r in case.records if r.signature_state == state]
        for phone in sorted({r.phone for r in of_state}):
            count = sum(r.phone == phone for r in of_state)
            strength = "sound" if state == "bad" else "weak"
            yield RaisedHint(f"signature_{state}", f"phone:{phone}", strength, {"records": count})


def _about_openings(case: Case) -> Iterable[RaisedHint]:
    for record in case.records:
        early = case.assigned.release_utc - record.at_utc
        if record.kind == "open" and record.body["how"] == "key" and early > RELEASE_TOLERANCE:
            minutes = round(early.total_seconds() / 60)
            yield RaisedHint("opened_early", f"phone:{record.phone}", "medium", {"minutes": minutes})


def _about_nonces(case: Case) -> Iterable[RaisedHint]:
    """Whether each record carries a nonce that its phone had by then; without one nothing dates it from below."""
    given = {issue.nonce for issue in case.issues}
    for phone in sorted({r.phone for r in case.records}):
        made = [r for r in case.records if r.phone == phone]
        own: dict[str, datetime] = {}
        for issue in case.issues:
            if str(issue.device_id or issue.account_id) == phone:
                own.setdefault(issue.nonce, issue.issued_utc)
        later = sum(r.entered_later for r in made)
        if later:
            yield RaisedHint("entered_later", f"phone:{phone}", "sound", {"records": later})
        absent = sum(not r.nonce for r in made)
        unknown = sum(bool(r.nonce) and r.nonce not in given for r in made)
        foreign = sum(r.nonce in given and r.nonce not in own for r in made)
        before = [r for r in made if not r.entered_later and r.nonce in own and r.at_utc < own[r.nonce] - CLOCKS_AGREE]
        about = f"phone:{phone}"
        if absent:
            yield RaisedHint("nonce_absent", about, "weak", {"records": absent})
        if unknown:
            yield RaisedHint("nonce_unknown", about, "sound", {"records": unknown})
        if foreign:
            yield RaisedHint("nonce_of_other_phone", about, "medium", {"records": foreign})
        if before:
            yield RaisedHint("made_before_nonce", about, "medium", {"records": len(before)})


def _about_corrections(case: Case) -> Iterable[RaisedHint]:
    for correction in idle_corrections(case.records):
        yield RaisedHint("correction_idle", f"record:{correction.id}", "medium")


def _about_answers(case: Case) -> Iterable[RaisedHint]:
    given = answers_given(case.records)
    for notice in unknown_notices(given):
        values = {"item": notice.item, "asked": notice.asked}
        yield RaisedHint("notice_unknown", f"record:{notice.record.id}:{notice.question_id}", "medium", values)
    if (heard := same_wording(given)) is not None:
        yield RaisedHint("same_wording", "visit", "weak", {"answers": heard[1]})
    if (received := same_measures(given)) is not None:
        yield RaisedHint("same_measures", "visit", "weak", {"households": received[1]})
    for record in case.records:
        if record.kind == "answers" and case.assigned.question_set not in (None, record.body["question_set"]):
            yield RaisedHint("question_set_other", f"record:{record.id}", "weak")


def _about_projects(uow: UnitOfWork, case: Case) -> Iterable[RaisedHint]:
    for one in projects_seen(uow, case.assigned.village_code, case.records):
        about = f"record:{one.record.id}"
        if one.project is None:
            yield RaisedHint("project_unknown", about, "weak", {"code": one.code})
            continue
        if one.seen == "not_there" and one.project.state in DONE_STATES:
            yield RaisedHint("project_not_there", about, "sound", {"code": one.code})
        elif one.is_far:
            yield RaisedHint("project_elsewhere", about, "medium", {"code": one.code, "metres": one.metres})


def _about_fixes(case: Case) -> Iterable[RaisedHint]:
    for record in case.records:
        about = f"record:{record.id}"
        if record.kind in ("arrive", "confirm") and not record.fixes and record.blurred is None:
            yield RaisedHint("no_fix", about, "sound", {"reason": record.body.get("no_fix_reason") or ""})
        for fix in record.fixes:
            if fix["datum"] not in set(Datum):
                yield RaisedHint("datum_unknown", about, "sound")
            if fix["accuracy_m"] is None or fix["accuracy_m"] > POOR_ACCURACY_M:
                yield RaisedHint("poor_accuracy", about, "weak", {"accuracy_m": fix["accuracy_m"]})
            if fix.get("mocked"):
                yield RaisedHint("mocked", about, "medium")
    for phone in sorted({r.phone for r in case.records}):
        yield from _odd_speed(phone, [r for r in case.records if r.phone == phone])


def _about_series(case: Case) -> Iterable[RaisedHint]:
    for phone, signal in odd_series(case.records):
        yield RaisedHint(signal.code, f"phone:{phone}", _STRENGTH[signal.strength], _shown(signal))


def _about_datums(uow: UnitOfWork, case: Case) -> Iterable[RaisedHint]:
    """Positions outside the village that another datum brings into it, and phones of which that is known."""
    shifted: set[UUID | None] = set()
    for record in case.records:
        for fix, judged in zip(record.fixes, case.places[record.id], strict=True):
            datum = _fits_in(fix, judged, case)
            if datum is not None:
                shifted.add(record.device_id)
                yield RaisedHint("fix_other_datum", f"record:{record.id}", "weak", {"datum": datum})
    phones = sorted({r.device_id for r in case.records if r.device_id is not None})
    readings, calibrations = device_readings(uow, phones), calibrations_of(uow, phones)
    for device_id in phones:
        found, known = readings.get(device_id), calibrations.get(device_id)
        suspected = device_id in shifted or (found is not None and found.misread)
        if known is not None:
            yield from _about_calibration(case, device_id, known, suspected=suspected)
        if found is not None and found.misread:
            values = {"datum": found.datum, "fixes": found.fixes, "before": found.fitting_before}
            values |= {"after": found.fitting_after}
            code = "device_swapped" if found.swapped else "device_other_datum"
            yield RaisedHint(code, f"phone:{device_id}", "medium", values)


def _about_calibration(case: Case, device_id: UUID, known: CalibrationView, *, suspected: bool) -> Iterable[RaisedHint]:
    """What was found at a known point, against what the phone declared here and what is suspected of it."""
    if known.datum is None:
        return
    about, fixes = f"phone:{device_id}", [fix for r in case.records if r.device_id == device_id for fix in r.fixes]
    on = known.calibrated_utc.astimezone(LOCAL_ZONE).date().isoformat()
    values = {"datum": known.datum.value, "on": on, "metres": round(known.distance_m or 0.0), "point": known.point}
    declared = {fix["datum"] for fix in fixes if "calibration" not in fix}
    if any("calibration" in fix for fix in fixes):
        yield RaisedHint("datum_by_calibration", about, "weak", values)
    if known.swapped:
        yield RaisedHint("calibrated_swapped", about, "medium", values)
    elif contradicts(known, declared):
        yield RaisedHint("calibrated_other_datum", about, "medium", values)
    elif suspected:
        yield RaisedHint("calibrated_right", about, "weak", values)


def _fits_in(fix: dict[str, Any], judged: PlaceJudgement, case: Case) -> str | None:
    """The datum in which a fix clearly outside would lie inside."""
    if judged.answer == "inside" or (judged.signed_distance_m or 0.0) > -OUTSIDE_BY_M:
        return None
    others = (datum for datum in (Datum.GCJ02, Datum.BD09, Datum.WGS84) if datum != fix["datum"])
    return next((d.value for d in others if judge_fix({**fix, "datum": d}, case.extent).answer == "inside"), None)


def _shown(signal: Signal) -> dict[str, Any]:
    """The figures of a signal as a person reads them, whole."""
    return {name: round(value) if isinstance(value, float) else value for name, value in signal.values.items()}


def _odd_speed(phone: str, records: list[FieldRecord]) -> Iterable[RaisedHint]:
    timed = []
    for record in sorted(records, key=lambda r: (r.at_utc, r.seq)):
        for fix in record.fixes[:1]:
            place = canonical(fix)
            if place is not None:
                timed.append((record, TimedFix(place, fix["accuracy_m"], record.at_utc)))
    for (_, earlier), (record, later) in pairwise(timed):
        speed_mps = implied_speed_mps(earlier, later)
        far = distance_m(earlier.place, later.place) > 5_000
        if speed_mps is not None and speed_mps > IMPOSSIBLE_MPS and far:
            kmh = round(speed_mps * 3.6) if isfinite(speed_mps) else None  # None: two places in one moment
            yield RaisedHint("impossible_speed", f"record:{record.id}", "sound", {"kmh": kmh, "phone": phone})


def _about_meetings(uow: UnitOfWork, case: Case) -> Iterable[RaisedHint]:
    here = case.assigned.village_code
    for union in case.spoken_of:
        about = f"record:{union.deciding.id}"
        posting = case.posting_of(union)
        if posting is None:
            yield RaisedHint("posting_unknown", about, "sound")
        elif posting.village_code != here and successor_of(uow, posting.village_code) != successor_of(uow, here):
            yield RaisedHint("posting_of_other_village", about, "sound", {"village_code": posting.village_code})
        if union.differ:
            yield RaisedHint("inspectors_differ", about, "sound")
        if union.seen == "met":
            place = case.place_of(union.deciding)
            if place != "inside":
                yield RaisedHint(f"met_{place}", about, "sound")


def _about_photo(
    uow: UnitOfWork,
    case: Case,
    record: FieldRecord,
    photos: dict[str, InspectedPhoto],
    alike: Sequence[PhotoResemblance],
) -> Iterable[RaisedHint]:
    digest = record.body["sha256"]
    about = f"photo:{digest}"
    if record.body["source"] == "gallery":
        yield RaisedHint("from_gallery", about, "weak")
    shown = next((r for r in case.records if str(r.id) == record.body["of_record"]), None)
    if shown is not None and shown.body.get("sign") == "room_in_use":
        yield RaisedHint("room_photographed", about, "sound")
    modified_at = record.body.get("file_modified_at")
    if modified_at is not None and case.began_utc - datetime.fromisoformat(modified_at) > GALLERY_OLD:
        hours = round((case.began_utc - datetime.fromisoformat(modified_at)).total_seconds() / 3600)
        yield RaisedHint("file_older", about, "weak", {"hours": hours})
    elsewhere = visits_with_photo(uow, digest) - {case.assigned.visit_id}
    in_county = {v for v in elsewhere if case.is_of_county(uow, v)}
    if in_county:
        yield RaisedHint("photo_reused", about, "sound", {"visits": sorted(str(v) for v in in_county)})
    if elsewhere - in_county:
        # That it is used in another county is told, and nothing of that county is shown.
        yield RaisedHint("photo_reused_elsewhere", about, "sound")
    photo = photos.get(digest)
    if photo is None:
        return
    if not photo.readable:
        yield RaisedHint("photo_unreadable", about, "medium", {"reason": photo.reason})
        return
    yield from _about_likeness(uow, case, about, alike)
    yield from odd_exif(about, record, photo)
    light = odd_light(record, photo)
    if light is not None:
        yield RaisedHint(light.code, about, _STRENGTH[light.strength], _shown(light))


def _about_likeness(uow: UnitOfWork, case: Case, about: str, alike: Sequence[PhotoResemblance]) -> Iterable[RaisedHint]:
    """One hint for a photo and strength, however many it looks like: a person opens them side by side."""
    here = [row for row in alike if case.is_of_county(uow, row.other_visit_id)]
    matches = [row for row in here if row.likeness == "match"]
    if matches:
        yield RaisedHint("photo_match", about, "medium", {"turn": matches[0].turn})
    elif here:
        yield RaisedHint("photo_look", about, "weak", {"turn": here[0].turn})
    if any(row.likeness == "match" and row not in here for row in alike):
        yield RaisedHint("photo_match_elsewhere", about, "medium")
