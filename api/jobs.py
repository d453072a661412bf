"""Which function does which kind of job: the one place where records, bytes and photos are put together."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from media import Inspector, MediaError, PhotoFacts
from media.errors import InspectionUnavailable, StoreError
from media.store import LocalStore
from visits.fieldwork import judge_pending, judge_visit, reading_failed, record_inspection
from visits.ledger import enter_problems
from visits.review import say_presence
from visits.store import Handler, Store

DISPLAY_COPY = "display.jpg"


def job_handlers(evidence: LocalStore, clock: Callable[[], datetime]) -> Mapping[str, Handler]:
    """The handlers of every kind of job that the rooms put."""
    return {
        "judge_visit": _written(judge_visit, UUID, clock),
        "judge_pending": _written(judge_pending, str, clock),
        "enter_ledger": _written(enter_problems, UUID, clock),
        "say_presence": _written(say_presence, UUID, clock),
        "inspect_photo": lambda store, subject: _inspect_photo(store, evidence, subject, clock),
    }


def _written(verb: Callable[..., object], kind: Callable[[str], object], clock: Callable[[], datetime]) -> Handler:
    """A handler that is one verb on the job's subject, in one unit of work."""

    def handle(store: Store, subject: str) -> None:
        with store.writing() as uow:
            verb(uow, kind(subject), at_utc=clock())

    return handle


def _inspect_photo(store: Store, evidence: LocalStore, subject: str, clock: Callable[[], datetime]) -> None:
    """Read a photo in a process of its own, keep its display copy, then what it says.

    A photo that cannot be read is a result. A reader that does not start, or a disk that refuses, is not: then the
    job fails and is tried again.
    """
    visit_text, _, sha256 = subject.partition("/")
    visit_id = UUID(visit_text)
    try:
        with evidence.open(sha256) as original, Inspector() as inspector:
            found = inspector.inspect(original.name)
    except (InspectionUnavailable, StoreError):
        raise
    except MediaError as reason:
        with store.writing() as uow:
            reading_failed(uow, visit_id, sha256, str(reason), at_utc=clock())
        return
    evidence.put_derived(sha256, DISPLAY_COPY, found.display_jpeg)
    with store.writing() as uow:
        record_inspection(
            uow,
            visit_id,
            sha256,
            facts=_plain(found.facts),
            dhash64=found.dhash64,
            pdq256=found.pdq256,
            at_utc=clock(),
        )


def _plain(facts: PhotoFacts) -> dict[str, Any]:
    """The facts as values that JSON can hold, but for instants, which the room turns into text itself."""
    said = asdict(facts)
    offset: timedelta | None = said.pop("utc_offset")
    return {**said, "utc_offset_s": None if offset is None else int(offset.total_seconds())}
