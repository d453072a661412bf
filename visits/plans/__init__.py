"""Who is to visit which village and when: assignments, sealed until their release.

The random draw will stand beside the assignment: ``Assignment.draw_reference`` is its place.
"""

from visits.plans.assign import NewAssignment, assign
from visits.plans.codes import DepartureSlip, rewrap_codes, show_code
from visits.plans.errors import (
    AssignmentExpired,
    BadReleaseWindow,
    BadTeam,
    NoSuchAssignment,
    PlansError,
)
from visits.plans.nonces import Issued, issues_of
from visits.plans.opening import OpenedFor, OpeningOutcome, keep_opening_by_key, open_assignment, openings_of
from visits.plans.package import IssuedPackage, Package, PackageOutline, issue_package
from visits.plans.reading import (
    AssignedVisit,
    AssignmentView,
    Member,
    assigned_visit,
    assignment,
    assignments,
)
from visits.plans.rows import Assignment, AssignmentCode, AssignmentMember, Opening, PackageIssue

__all__ = [
    "AssignedVisit",
    "Assignment",
    "AssignmentCode",
    "AssignmentExpired",
    "AssignmentMember",
    "AssignmentView",
    "BadReleaseWindow",
    "BadTeam",
    "DepartureSlip",
    "Issued",
    "IssuedPackage",
    "Member",
    "NewAssignment",
    "NoSuchAssignment",
    "OpenedFor",
    "Opening",
    "OpeningOutcome",
    "Package",
    "PackageIssue",
    "PackageOutline",
    "PlansError",
    "assign",
    "assigned_visit",
    "assignment",
    "assignments",
    "issue_package",
    "issues_of",
    "keep_opening_by_key",
    "open_assignment",
    "openings_of",
    "rewrap_codes",
    "show_code",
]
