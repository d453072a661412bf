"""Pure rules: the union of two inspectors' sightings, and what a visit still lacks."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from media.proof import ChainLink, check_chain
from visits.fieldwork.records import FieldRecord
from visits.people import AbsenceExplanation

LAST_RECORDS = ("finish", "close", "abort")
# What is said of a person, strongest first: having met somebody is not undone by a colleague who did not.
STRENGTH = ("met", "seen_by_others", "said_on_trip", "said_on_leave", "not_met", "cannot_tell")
# What shows somebody's presence without villagers, the stronger first.
SIGNS = ("landline", "room_in_use")
FOUND = ("met", "seen_by_others")


@dataclass(frozen=True)
class Union:
    """What the inspectors of one visit said of one posting, taken together."""

    posting_id: UUID
    seen: str
    differ: bool
    met_by: int
    villagers_asked: int
    villagers_know: int
    sign: str | None
    records: tuple[FieldRecord, ...]
    deciding: FieldRecord


def unions(records: Iterable[FieldRecord]) -> list[Union]:
    """One union per posting, from all sighting records of a visit."""
    by_posting: dict[UUID, list[FieldRecord]] = defaultdict(list)
    for record in records:
        if record.kind == "sighting":
            by_posting[UUID(record.body["posting_id"])].append(record)
    return [_union(posting_id, said) for posting_id, said in by_posting.items()]


def outcome(union: Union, explanation: AbsenceExplanation, *, required: bool) -> tuple[str, list[str]]:
    """The sighting's word, and the reasons for it as codes.

    Absent is not guilty: whoever was not found is first looked up in both leave books, and where presence was not
    required, or the books were not asked yet, the word says that and nothing more.
    """
    if union.seen in (*FOUND, "cannot_tell"):
        return union.seen, []
    said = [union.seen] if union.seen.startswith("said_") else []
    if explanation.outcome in ("leave", "trip", "excused"):
        return explanation.outcome, [*said, *explanation.reasons]
    if not required:
        return "excused", [*said, "presence_not_required"]
    if explanation.outcome == "pending":
        return "leave_pending", [*said, *explanation.reasons]
    return "not_met", [*said, *explanation.reasons]


def missing(
    records: list[FieldRecord],
    *,
    opened_by: Collection[UUID],
    refused: Collection[tuple[str, int]],
    arrived: Mapping[str, object],
    state: str,
) -> list[dict[str, Any]]:
    """What a visit still lacks before it is complete: its closing, records of a phone, or bytes of photos.

    Who opened the assignment (``opened_by``) and was never heard of may still hold half the visit on a phone with no
    signal, so their end is waited for too. ``refused`` are (phone, number) of records that came and were kept out:
    they are not missing.
    """
    lacking: list[dict[str, Any]] = [] if state != "open" else [{"what": "closing"}]
    for phone, made in _by_phone(records).items():
        lacking += _missing_of_phone(phone, made, {number for of_phone, number in refused if of_phone == phone})
    if state != "aborted":
        silent = set(opened_by) - {r.account_id for r in records}
        lacking += [{"what": "end_of_phone", "phone": "", "account_id": str(who)} for who in sorted(silent)]
    wanted = {r.body["sha256"] for r in records if r.kind == "photo"}
    lacking += [{"what": "photo", "sha256": digest} for digest in sorted(wanted - set(arrived))]
    return lacking


def chain_findings(records: list[FieldRecord]) -> list[tuple[str, str, int]]:
    """(fault, phone, number) where a phone's chain of records does not hold; a mere gap is told as missing."""
    links = [ChainLink(r.phone, r.seq, r.sha256, r.previous_sha256) for r in records]
    return [(f.kind, f.device, f.seq) for f in check_chain(links) if f.kind != "gap"]


def _union(posting_id: UUID, said: list[FieldRecord]) -> Union:
    deciding = min(said, key=lambda r: STRENGTH.index(r.body["seen"]))
    seen = deciding.body["seen"]
    met = [r for r in said if r.body["seen"] == "met"]
    met_by = max(len({r.account_id for r in met}), 2 if any(r.body["met_by_both"] for r in met) else 0)
    return Union(
        posting_id=posting_id,
        seen=seen,
        differ=bool(met) and any(r.body["seen"] == "not_met" for r in said),
        met_by=met_by,
        villagers_asked=max(r.body["villagers_asked"] for r in said),
        villagers_know=max(r.body["villagers_know"] for r in said),
        sign=next((sign for sign in SIGNS if any(r.body.get("sign") == sign for r in said)), None),
        records=tuple(said),
        deciding=deciding,
    )


def _missing_of_phone(phone: str, made: list[FieldRecord], refused: set[int]) -> list[dict[str, Any]]:
    whose = {"phone": phone, "account_id": str(made[0].account_id)}
    promised = [r.body["records"] for r in made if r.kind in LAST_RECORDS]
    if not promised:
        return [{"what": "end_of_phone", **whose}]
    absent = sorted(set(range(1, max(promised) + 1)) - {r.seq for r in made} - refused)
    return [{"what": "records", **whose, "numbers": absent}] if absent else []


def _by_phone(records: Iterable[FieldRecord]) -> dict[str, list[FieldRecord]]:
    phones: dict[str, list[FieldRecord]] = defaultdict(list)
    for record in records:
        phones[record.phone].append(record)
    return phones
