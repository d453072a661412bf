"""Who is to visit which village and when: assignments, sealed until their release.

The random draw will stand beside the assignment: ``Assignment.draw_reference`` is its place.
"""

from visits.plans.errors import (
    AssignmentExpired,
    BadReleaseWindow,
    BadTeam,
    NoSuchAssignment,
    PlansError,
)
from visits.plans.rows import Assignment, AssignmentMember, Opening
from visits.plans.verbs import (
    AssignedVisit,
    AssignmentView,
    Member,
    NewAssignment,
    OpenedFor,
    OpeningOutcome,
    Package,
    assign,
    assigned_visit,
    assignment,
    assignments,
    open_assignment,
    openings_of,
)

__all__ = [
    "AssignedVisit",
    "Assignment",
    "AssignmentExpired",
    "AssignmentMember",
    "AssignmentView",
    "BadReleaseWindow",
    "BadTeam",
    "Member",
    "NewAssignment",
    "NoSuchAssignment",
    "OpenedFor",
    "Opening",
    "OpeningOutcome",
    "Package",
    "PlansError",
    "assign",
    "assigned_visit",
    "assignment",
    "assignments",
    "open_assignment",
    "openings_of",
]
