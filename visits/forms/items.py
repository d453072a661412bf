"""The 29 items that a problem may cite, as the campaign's plan words them."""

import csv
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from visits.forms.errors import NoSuchItem

# Clues of graft travel apart from the ledger, so that no kind of problem shields anybody.
CLUES = frozenset({17, 18, 21})

_SOURCE = files("visits.forms").joinpath("problem_items.csv").read_bytes()

ITEMS_VERSION = f"items-{hashlib.sha256(_SOURCE).hexdigest()[:12]}"
"""Names exactly this wording; a finding keeps it, so that it can be read with the words of its day."""


@dataclass(frozen=True)
class ProblemItem:
    """One of the 29 items: its group, its wording, and where it can be seen at all."""

    number: int
    group: int
    group_zh: str
    group_en: str
    text_zh: str
    text_en: str
    seen_in_field: bool
    asked_of_people: bool
    desk_only: bool
    clue: bool


@cache
def items() -> tuple[ProblemItem, ...]:
    """All items, by number."""
    lines = [line for line in _SOURCE.decode().splitlines() if not line.startswith("#")]
    return tuple(
        ProblemItem(
            number=int(row["item"]),
            group=int(row["group"]),
            group_zh=row["group_zh"],
            group_en=row["group_en"],
            text_zh=row["text_zh"],
            text_en=row["text_en"],
            seen_in_field=row["seen_in_field"] == "True",
            asked_of_people=row["asked_of_people"] == "True",
            desk_only=row["desk_only"] == "True",
            clue=int(row["item"]) in CLUES,
        )
        for row in csv.DictReader(lines)
    )


def item(number: int) -> ProblemItem:
    """The item of this number."""
    for known in items():
        if known.number == number:
            return known
    raise NoSuchItem(f"there is no problem item {number}; they run from 1 to {len(items())}")
