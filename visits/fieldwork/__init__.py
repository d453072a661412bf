"""Visits as they happened: sightings, whereabouts, hints and completeness, worked out from the records."""

from visits.fieldwork.coverage import FIRST_DAY, CoverageStatus, VillageCoverage, coverage, coverage_status
from visits.fieldwork.errors import FieldworkError, NoSuchPhoto, NoSuchSighting, NoSuchVisit
from visits.fieldwork.judge import judge_pending, judge_visit
from visits.fieldwork.photos import (
    PhotoView,
    open_photo,
    photo_of_visit,
    photos_of_visit,
    reading_failed,
    record_inspection,
)
from visits.fieldwork.reading import (
    AnswerView,
    CorrectionView,
    FixView,
    HintView,
    OpeningView,
    RecordView,
    SightingView,
    VisitReceipt,
    VisitSummary,
    VisitView,
    kept_of_visit,
    receipt,
    sighting,
    sightings_of_posting,
    visit,
    visits,
)
from visits.fieldwork.records import FieldRecord, field_records
from visits.fieldwork.rows import FixJudgement, Hint, PhotoFact, Sighting, SightingJudgement, Visit
from visits.fieldwork.scope import visible_visit

__all__ = [
    "FIRST_DAY",
    "AnswerView",
    "CorrectionView",
    "CoverageStatus",
    "FieldRecord",
    "FieldworkError",
    "FixJudgement",
    "FixView",
    "Hint",
    "HintView",
    "NoSuchPhoto",
    "NoSuchSighting",
    "NoSuchVisit",
    "OpeningView",
    "PhotoFact",
    "PhotoView",
    "RecordView",
    "Sighting",
    "SightingJudgement",
    "SightingView",
    "VillageCoverage",
    "Visit",
    "VisitReceipt",
    "VisitSummary",
    "VisitView",
    "coverage",
    "coverage_status",
    "field_records",
    "judge_pending",
    "judge_visit",
    "kept_of_visit",
    "open_photo",
    "photo_of_visit",
    "photos_of_visit",
    "reading_failed",
    "receipt",
    "record_inspection",
    "sighting",
    "sightings_of_posting",
    "visible_visit",
    "visit",
    "visits",
]
