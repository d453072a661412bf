"""The one who asks, and what each role may do."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """The seven roles. There is none for a village and none for a unit under review."""

    INSPECTOR = "inspector"
    OFFICE = "office"
    ORGANIZATION = "organization"
    DISCIPLINE = "discipline"
    LEADER = "leader"
    OVERSIGHT = "oversight"
    ADMIN = "admin"


class Right(StrEnum):
    """What may be done; ``docs/access.md`` has the same table for people, and a test compares the two."""

    MANAGE_ACCOUNTS = "manage_accounts"
    MANAGE_PLACES = "manage_places"
    MAINTAIN = "maintain"
    IMPORT_ROSTER = "import_roster"
    IMPORT_LEAVE = "import_leave"
    READ_PLANS = "read_plans"
    ASSIGN = "assign"
    MIX_DRAW = "mix_draw"
    RECORD = "record"
    IMPORT_PHONES = "import_phones"
    CALIBRATE = "calibrate"
    READ_PLACES = "read_places"
    READ_VISITS = "read_visits"
    READ_PEOPLE = "read_people"
    EXPORT_EVIDENCE = "export_evidence"
    READ_LEDGER = "read_ledger"
    READ_CLUES = "read_clues"
    READ_COVERAGE = "read_coverage"
    READ_LOG = "read_log"
    READ_AUDIT = "read_audit"
    WITNESS = "witness"
    ORDER_REMOVAL = "order_removal"
    DECIDE = "decide"
    READ_INSPECTORS = "read_inspectors"


_HELD_BY: dict[Right, frozenset[Role]] = {
    Right.MANAGE_ACCOUNTS: frozenset({Role.ADMIN}),
    Right.MANAGE_PLACES: frozenset({Role.ADMIN}),
    Right.MAINTAIN: frozenset({Role.ADMIN}),
    Right.IMPORT_ROSTER: frozenset({Role.ORGANIZATION}),
    Right.IMPORT_LEAVE: frozenset({Role.ORGANIZATION}),
    Right.READ_PLANS: frozenset({Role.OFFICE, Role.ORGANIZATION, Role.DISCIPLINE, Role.LEADER, Role.OVERSIGHT}),
    Right.ASSIGN: frozenset({Role.OFFICE}),
    Right.MIX_DRAW: frozenset({Role.ORGANIZATION, Role.DISCIPLINE}),
    Right.RECORD: frozenset({Role.INSPECTOR}),
    Right.IMPORT_PHONES: frozenset({Role.INSPECTOR, Role.OFFICE}),
    Right.CALIBRATE: frozenset({Role.OFFICE}),
    Right.READ_PLACES: frozenset(Role),
    Right.READ_VISITS: frozenset({Role.ORGANIZATION, Role.OFFICE, Role.INSPECTOR}),
    Right.READ_PEOPLE: frozenset({Role.ORGANIZATION}),
    Right.EXPORT_EVIDENCE: frozenset({Role.ORGANIZATION}),
    Right.READ_LEDGER: frozenset({Role.OFFICE, Role.ORGANIZATION, Role.DISCIPLINE}),
    Right.READ_CLUES: frozenset({Role.DISCIPLINE}),
    Right.READ_COVERAGE: frozenset({Role.OFFICE, Role.ORGANIZATION, Role.LEADER, Role.OVERSIGHT}),
    Right.READ_LOG: frozenset(Role),
    Right.READ_AUDIT: frozenset({Role.DISCIPLINE}),
    Right.ORDER_REMOVAL: frozenset({Role.ORGANIZATION}),
    Right.WITNESS: frozenset({Role.DISCIPLINE}),
    Right.DECIDE: frozenset({Role.ORGANIZATION}),
    Right.READ_INSPECTORS: frozenset({Role.ORGANIZATION, Role.DISCIPLINE}),
}


# These read about people or make those who do: a passphrase alone does not let them in.
NEEDS_SECOND_FACTOR = frozenset({Role.ORGANIZATION, Role.DISCIPLINE, Role.ADMIN})


@dataclass(frozen=True)
class Actor:
    """A signed-in account: who, in which role, for which division, on which device.

    ``division_prefix`` is the start of the division codes in reach: ``350924`` is one county.
    """

    account_id: UUID
    login: str
    name: str
    role: Role
    division_prefix: str
    device_id: UUID | None = None
    # Codes outside the prefix that became one inside it: what was recorded under them belongs to this division now.
    predecessors: frozenset[str] = field(default=frozenset(), compare=False)
    # Where the request came from, for the audit chain; who somebody is does not hang on it.
    address: str | None = field(default=None, compare=False)

    def may(self, right: Right) -> bool:
        return self.role in _HELD_BY[right]
