"""Which function does which kind of job: the one place where records, bytes and photos are put together."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from api.authority import ask_authority
from api.presence_runs import review_presence
from media import Inspector, MediaError, PhotoFacts, SeenPhotos
from media.errors import AuthorityUnavailable, InspectionUnavailable, StoreError
from media.proof import check_stamp_answer, new_stamp_request
from media.store import EvidenceStore
from visits.fieldwork import (
    catch_up,
    judge_pending,
    judge_visit,
    keep_prints,
    read_device,
    reading_failed,
    record_inspection,
)
from visits.intake import removal_of
from visits.ledger import enter_problems
from visits.log import keep_stamp, unstamped
from visits.places import TileFolder, county_shapes, note_tiles, number_divisions
from visits.review import say_presence
from visits.store import Handler, Store
from visits.upkeep import NightRules, by_night, daily_checkpoint, stamp_refused
from visits.zone import LOCAL_ZONE

DISPLAY_COPY = "display.jpg"


def job_handlers(
    evidence: EvidenceStore,
    tiles: TileFolder,
    clock: Callable[[], datetime],
    timestamp_url: str | None = None,
    rules: NightRules | None = None,
) -> Mapping[str, Handler]:
    """The handlers of every kind of job that the rooms put.

    The fingerprints of all photos stay in memory from the first photo on: about 48 bytes each, read from the records.
    """
    seen = SeenPhotos()
    return {
        "judge_visit": _written(judge_visit, UUID, clock),
        "judge_pending": _written(judge_pending, str, clock),
        "read_device": _written(read_device, UUID, clock),
        "enter_ledger": _written(enter_problems, UUID, clock),
        "say_presence": _written(say_presence, UUID, clock),
        "review_presence": lambda store, _subject: review_presence(store, clock),
        "blur_visits": lambda store, _subject: by_night(store, rules or NightRules(), at_utc=clock()),
        "make_checkpoint": lambda store, _subject: _make_checkpoint(store, clock),
        "stamp_checkpoints": lambda store, _subject: _stamp_checkpoints(store, timestamp_url, clock),
        "inspect_photo": lambda store, subject: _inspect_photo(store, evidence, seen, subject, clock),
        "draw_tiles": lambda store, subject: draw_county(store, tiles, subject, clock),
    }


def _written(verb: Callable[..., object], kind: Callable[[str], object], clock: Callable[[], datetime]) -> Handler:
    """A handler that is one verb on the job's subject, in one unit of work."""

    def handle(store: Store, subject: str) -> None:
        with store.writing() as uow:
            verb(uow, kind(subject), at_utc=clock())

    return handle


def _make_checkpoint(store: Store, clock: Callable[[], datetime]) -> None:
    with store.writing() as uow:
        daily_checkpoint(uow, at_utc=clock())


def _stamp_checkpoints(store: Store, authority: str | None, clock: Callable[[], datetime]) -> None:
    """Have every checkpoint stamped that is not, the oldest first; what the authority refuses is asked again later."""
    if authority is None:
        return
    with store.reading() as uow:
        waiting = unstamped(uow)
    for size, text in waiting:
        request = new_stamp_request(text.encode())
        try:
            response = ask_authority(authority, request.der)
            check_stamp_answer(request, text.encode(), response)
        except AuthorityUnavailable as reason:
            with store.writing() as uow:
                stamp_refused(uow, size, authority=authority, complaint=str(reason), at_utc=clock())
            return
        with store.writing() as uow:
            keep_stamp(uow, size, authority=authority, response=response, at_utc=clock())


def _inspect_photo(
    store: Store, evidence: EvidenceStore, seen: SeenPhotos, subject: str, clock: Callable[[], datetime]
) -> None:
    """Read a photo in a process of its own, keep its display copy, then what it says.

    A photo that cannot be read is a result. A reader that does not start, or a disk that refuses, is not: then the
    job fails and is tried again.
    """
    visit_text, _, sha256 = subject.partition("/")
    visit_id = UUID(visit_text)
    with store.reading() as uow:
        if removal_of(uow, visit_id) is not None:
            return
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
    with store.reading() as uow:
        # After a start there may be a million: they are read while nobody waits for the records.
        catch_up(uow, seen)
    with store.writing() as uow:
        record_inspection(uow, visit_id, sha256, facts=_plain(found.facts), at_utc=clock())
        keep_prints(uow, seen, visit_id, sha256, found.prints, at_utc=clock())


def draw_county(
    store: Store, tiles: TileFolder, county_code: str, clock: Callable[[], datetime], *, anew: bool = False
) -> None:
    """Draw a county's tiles while nobody waits for the records, and then say that they are there.

    A file that is there and whole is taken as it is, unless it is to be drawn ``anew``.
    """
    on = clock().astimezone(LOCAL_ZONE).date()
    with store.writing() as uow:
        number_divisions(uow, county_code)
        shapes = county_shapes(uow, county_code, on=on)
    if shapes.is_empty:
        return
    if anew or tiles.fault(county_code, shapes.sha256):
        tiles.write(shapes)
    with store.writing() as uow:
        kept = note_tiles(uow, shapes, on=on, at_utc=clock())
    tiles.keep_only(county_code, kept)


def _plain(facts: PhotoFacts) -> dict[str, Any]:
    """The facts as values that JSON can hold, but for instants, which the room turns into text itself."""
    said = asdict(facts)
    offset: timedelta | None = said.pop("utc_offset")
    return {**said, "utc_offset_s": None if offset is None else int(offset.total_seconds())}
