"""What the organization department makes of sightings: the person's page, notices, replies, decisions of two."""

from visits.review.errors import (
    AlreadyDecided,
    BooksNotAsked,
    DecisionStale,
    EvidenceNotNamed,
    NoSuchDecision,
    NoSuchNotice,
    NoSuchPosting,
    ReplyStillOpen,
    ReviewError,
    SamePerson,
)
from visits.review.person import PersonPage, PresenceView, SightingOnPage, person_page, say_presence
from visits.review.returns import ReturnedRecord, returned_records
from visits.review.rows import Decision, Notice, PresenceSaid, Reply
from visits.review.verbs import (
    DecisionView,
    NoticeView,
    ReplyView,
    confirm,
    decide,
    decision,
    decisions_waiting,
    give_notice,
    notices_of,
    register_reply,
)

__all__ = [
    "AlreadyDecided",
    "BooksNotAsked",
    "Decision",
    "DecisionStale",
    "DecisionView",
    "EvidenceNotNamed",
    "NoSuchDecision",
    "NoSuchNotice",
    "NoSuchPosting",
    "Notice",
    "NoticeView",
    "PersonPage",
    "PresenceSaid",
    "PresenceView",
    "Reply",
    "ReplyStillOpen",
    "ReplyView",
    "ReturnedRecord",
    "ReviewError",
    "SamePerson",
    "SightingOnPage",
    "confirm",
    "decide",
    "decision",
    "decisions_waiting",
    "give_notice",
    "notices_of",
    "person_page",
    "register_reply",
    "returned_records",
    "say_presence",
]
