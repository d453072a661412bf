"""Who is posted where and who is on leave, as it was known at any time; nobody is judged here."""

from visits.people.calendar import declare_days, rules_of
from visits.people.errors import NoSuchPosting, PeopleError
from visits.people.leave import (
    AbsenceExplanation,
    Book,
    Explained,
    LeaveKind,
    LeaveView,
    explain_absence,
    leave_of,
    overdue_returns,
)
from visits.people.leave_books import LeaveRow, import_leave
from visits.people.persons import PersonView, birth_month_of
from visits.people.postings import (
    PostingState,
    PostingView,
    RosterRow,
    import_roster,
    posting,
    posting_known,
    postings,
    postings_expected,
)
from visits.people.rows import DeclaredDay, Leave, LeaveBookImport, Person, Posting, PostingVersion
from visits.people.rules import (
    DEFAULT_RULES,
    Half,
    LeaveSpan,
    PostingKind,
    RuleSet,
    Slot,
    holidays_announced,
    night_date,
    presence_required,
    slot_of,
)

__all__ = [
    "DEFAULT_RULES",
    "AbsenceExplanation",
    "Book",
    "DeclaredDay",
    "Explained",
    "Half",
    "Leave",
    "LeaveBookImport",
    "LeaveKind",
    "LeaveRow",
    "LeaveSpan",
    "LeaveView",
    "NoSuchPosting",
    "PeopleError",
    "Person",
    "PersonView",
    "Posting",
    "PostingKind",
    "PostingState",
    "PostingVersion",
    "PostingView",
    "RosterRow",
    "RuleSet",
    "Slot",
    "birth_month_of",
    "declare_days",
    "explain_absence",
    "holidays_announced",
    "import_leave",
    "import_roster",
    "leave_of",
    "night_date",
    "overdue_returns",
    "posting",
    "posting_known",
    "postings",
    "postings_expected",
    "presence_required",
    "rules_of",
    "slot_of",
]
