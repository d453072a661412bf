"""Everything known of one visit while it is judged."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from visits.fieldwork.positions import PlaceJudgement, best
from visits.fieldwork.records import FieldRecord
from visits.fieldwork.rules import Union
from visits.people import PostingView
from visits.places import VillageExtent
from visits.plans import AssignedVisit, Issued, OpenedFor, assigned_visit
from visits.store import UnitOfWork

COUNTY_DIGITS = 6


@dataclass(frozen=True)
class Case:
    """A visit: assignment, nonces, openings, records, where each of their fixes lies, and whom they speak of."""

    assigned: AssignedVisit
    issues: list[Issued]
    openings: list[OpenedFor]
    records: list[FieldRecord]
    extent: VillageExtent | None
    places: dict[UUID, list[PlaceJudgement]]  # by record, one for each of its fixes
    began_utc: datetime
    spoken_of: list[Union]
    postings: dict[UUID, PostingView]  # those of ``spoken_of`` that are known
    # What was judged of positions before they were blurred by rule, with their accuracy: it stands from then on.
    blurred: dict[UUID, list[tuple[PlaceJudgement, float | None]]] = field(default_factory=dict)

    def posting_of(self, union: Union) -> PostingView | None:
        """The posting spoken of; a visit says nothing about people of another county, whatever id a phone sends."""
        posting = self.postings.get(union.posting_id)
        return posting if posting is not None and self.is_in_county(posting.village_code) else None

    def is_in_county(self, village_code: str) -> bool:
        """Whether a village lies in the county of the visit; another one is not its to speak of."""
        return village_code[:COUNTY_DIGITS] == self.assigned.village_code[:COUNTY_DIGITS]

    def is_of_county(self, uow: UnitOfWork, visit_id: UUID) -> bool:
        """The same question for another visit."""
        other = assigned_visit(uow, visit_id)
        return other is not None and self.is_in_county(other.village_code)

    def place_of(self, record: FieldRecord) -> str:
        """One word for where a record was made."""
        return best(self.judged(record))

    def judged(self, record: FieldRecord) -> list[tuple[PlaceJudgement, float | None]]:
        """What its fixes say, each with its accuracy in metres."""
        accuracies = [fix["accuracy_m"] for fix in record.fixes]
        return [*zip(self.places[record.id], accuracies, strict=True), *self.blurred.get(record.id, ())]
