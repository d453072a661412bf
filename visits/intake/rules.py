"""What may be taken into a visit: pure rules over what is known of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

PHOTOS_PER_PROBLEM = 6
PHOTOS_PER_VISIT = 12


@dataclass
class TakenSoFar:
    """The photos a visit holds already, counted as a batch goes through."""

    photos: int = 0
    photos_of: Counter[UUID] = field(default_factory=Counter)

    def add(self, of_record: UUID | None) -> None:
        self.photos += 1
        if of_record is not None:
            self.photos_of[of_record] += 1


# The field that only this kind's body has.
_MARKS = {"posting_id": "sighting", "item": "problem", "question_set": "answers", "escorted": "close"}


def kind_corrected(body: Mapping[str, Any]) -> str | None:
    """The kind of record that a correction's ``body`` is a body of; None when it is of none that can be corrected."""
    return next((kind for field, kind in _MARKS.items() if field in body), None)


def refusal(record: dict[str, Any], visit_id: UUID, taken: TakenSoFar) -> str:
    """Why a well-shaped record stays out of the visit, as a code; empty when it is taken.

    A refused record is kept and shown like any other: the cap keeps a visit from turning into a collection of
    photos, it does not make anything vanish.
    """
    if record["visit_id"] != visit_id:
        return "other_visit"
    if record["kind"] == "photo":
        if taken.photos >= PHOTOS_PER_VISIT:
            return "photo_cap_visit"
        of_record = record["body"].get("of_record")
        if of_record is not None and taken.photos_of[of_record] >= PHOTOS_PER_PROBLEM:
            return "photo_cap_problem"
    return ""
