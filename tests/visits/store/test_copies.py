"""All records as of one moment, in one file; and the way back into an empty database."""

import os
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.visits.world import NOW
from visits.store import CopyFailed, Job, NotEmpty, Store, copied, enqueue, fill_empty, refuse_unless_empty, schema_of


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Job)) or 0


def test_a_copy_holds_one_moment_while_others_write(
    store: Store, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Each writer adds two rows at once; a copy never holds one without the other, and holds no writer up."""
    stop = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        while not stop.is_set():
            with store.writing() as uow:
                for half in "ab":
                    enqueue(uow, "nothing", f"{written}{half}", at_utc=NOW)
            written += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while written < 3:
            stop.wait(0.01)
        with copied(store, tmp_path / "copy") as uow:
            seen, schema = count(uow.session), schema_of(uow)
            at_copy = written
            while written < at_copy + 3:
                stop.wait(0.01)
            assert count(uow.session) == seen, "what is read is what was copied"
    finally:
        stop.set()
        writer.join()
    assert seen > 0
    assert seen % 2 == 0
    file_url = f"sqlite:///{tmp_path / 'restored.sqlite'}"
    url = file_url if store.is_sqlite else request.getfixturevalue("postgres_url")()
    refuse_unless_empty(url)
    fill_empty(url, tmp_path / "copy")
    with closing(Store(url)) as restored, restored.reading() as uow:
        assert (count(uow.session), schema_of(uow)) == (seen, schema)
    with pytest.raises(NotEmpty):
        fill_empty(url, tmp_path / "copy")


@pytest.mark.postgres
def test_a_missing_tool_and_its_refusal_are_told_in_a_sentence(
    postgres_url: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Store(postgres_url())) as store:
        with pytest.raises(CopyFailed, match="pg_dump failed"), copied(store, tmp_path / "no" / "such" / "folder"):
            pass
        (tmp_path / "not a dump").write_text("letters")
        with pytest.raises(CopyFailed, match="pg_restore failed"):
            fill_empty(postgres_url(), tmp_path / "not a dump")
        monkeypatch.setitem(os.environ, "PATH", str(tmp_path))
        with pytest.raises(CopyFailed, match="pg_dump is not installed"), copied(store, tmp_path / "copy"):
            pass


def test_a_copy_that_cannot_be_written_is_told_and_the_database_goes_on(sqlite_store: Store, tmp_path: Path) -> None:
    with pytest.raises(CopyFailed), copied(sqlite_store, tmp_path / "no" / "such" / "folder" / "copy"):
        pass
    with sqlite_store.writing() as uow:
        enqueue(uow, "nothing", "a", at_utc=NOW)
