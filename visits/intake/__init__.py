"""What arrived, as it arrived: records and photo uploads, their receipts, refusals and conflicts."""

from visits.intake.errors import IntakeError, NoSuchUpload, NoSuchVisit, PhotoNotAnnounced
from visits.intake.records import (
    Incoming,
    KeptRecord,
    Reception,
    RecordReceipt,
    StoredRecord,
    accepted_records,
    keep_unreadable,
    kept_records,
    receive,
    record_text,
    refused_numbers,
)
from visits.intake.rows import KeptDelivery, ReceivedRecord, Upload, VisitKey
from visits.intake.rules import PHOTOS_PER_PROBLEM, PHOTOS_PER_VISIT, kind_corrected
from visits.intake.sealing import open_for_visit, seal_for_visit
from visits.intake.uploads import (
    ArrivedPhoto,
    UploadView,
    arrived_photos,
    begin_upload,
    complete_upload,
    mismatched_upload,
    photos_have_arrived,
    upload,
    visits_with_photo,
)

__all__ = [
    "PHOTOS_PER_PROBLEM",
    "PHOTOS_PER_VISIT",
    "ArrivedPhoto",
    "Incoming",
    "IntakeError",
    "KeptDelivery",
    "KeptRecord",
    "NoSuchUpload",
    "NoSuchVisit",
    "PhotoNotAnnounced",
    "ReceivedRecord",
    "Reception",
    "RecordReceipt",
    "StoredRecord",
    "Upload",
    "UploadView",
    "VisitKey",
    "accepted_records",
    "arrived_photos",
    "begin_upload",
    "complete_upload",
    "keep_unreadable",
    "kept_records",
    "kind_corrected",
    "mismatched_upload",
    "open_for_visit",
    "photos_have_arrived",
    "receive",
    "record_text",
    "refused_numbers",
    "seal_for_visit",
    "upload",
    "visits_with_photo",
]
