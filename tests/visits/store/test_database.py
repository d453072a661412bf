"""Units of work, locks and time on both databases."""

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, select

from visits.store import AlreadyServed, Job, Store, StoreBusy, database, enqueue, fetched_columns, insert_unless_there
from visits.store.locks import FifoLock, FileWriteLock

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def test_a_unit_of_work_is_all_or_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.writing() as uow:
        enqueue(uow, "look", "a", at_utc=NOW)
        raise RuntimeError("half-way")
    with store.reading() as uow:
        assert uow.session.scalar(select(func.count()).select_from(Job)) == 0


def test_columns_are_whole_however_many_rows_come_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "ROWS_AT_ONCE", 2)
    query = select(Job.kind, Job.subject).order_by(Job.subject)
    with store.writing() as uow:
        assert fetched_columns(uow, query) == [[], []]
        for subject in "abcde":
            enqueue(uow, "look", subject, at_utc=NOW)
        uow.session.flush()
        assert fetched_columns(uow, query) == [["look"] * 5, list("abcde")]


def test_what_waits_for_the_commit_happens_after_it_and_not_after_a_failure(store: Store) -> None:
    seen: list[int] = []

    def count() -> None:
        with store.reading() as uow:
            seen.append(uow.session.scalar(select(func.count()).select_from(Job)) or 0)

    with store.writing() as uow:
        enqueue(uow, "look", "a", at_utc=NOW)
        uow.after_commit.append(count)
    assert seen == [1]
    with pytest.raises(RuntimeError), store.writing() as uow:
        uow.after_commit.append(count)
        raise RuntimeError
    assert seen == [1]


def test_reading_never_writes(store: Store) -> None:
    with store.reading() as uow:
        enqueue(uow, "look", "a", at_utc=NOW)
    with store.reading() as uow:
        assert uow.session.scalar(select(func.count()).select_from(Job)) == 0


def test_an_instant_keeps_its_meaning(store: Store) -> None:
    in_china = datetime(2026, 11, 20, 8, 0, tzinfo=timezone(timedelta(hours=8)))
    with store.writing() as uow:
        enqueue(uow, "look", "a", at_utc=in_china)
    with store.reading() as uow:
        kept = uow.session.scalar(select(Job.due_utc))
    assert kept == in_china
    assert kept is not None and kept.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(Exception, match="time zone"), store.writing() as uow:
        enqueue(uow, "look", "a", at_utc=datetime(2026, 11, 20, 8, 0))  # noqa: DTZ001 - that is the point


def test_many_threads_that_read_and_then_write_all_succeed(store: Store) -> None:
    with store.writing() as uow:
        enqueue(uow, "count", "0", at_utc=NOW)
    failures: list[Exception] = []

    def add_one() -> None:
        try:
            for _ in range(10):
                with store.writing() as uow:
                    job = uow.session.scalars(select(Job).with_for_update()).one()
                    job.attempts += 1
        except Exception as reason:
            failures.append(reason)

    threads = [threading.Thread(target=add_one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with store.reading() as uow:
        assert uow.session.scalar(select(Job.attempts)) == 60


def test_a_row_that_is_there_is_no_error(store: Store) -> None:
    values = {
        "kind": "look",
        "subject": "a",
        "state": "waiting",
        "attempts": 0,
        "queued_utc": NOW,
        "due_utc": NOW,
    }
    with store.writing() as uow:
        assert insert_unless_there(uow, Job, **values)
        assert not insert_unless_there(uow, Job, **values)


def test_waiters_are_served_in_the_order_they_came() -> None:
    lock, served = FifoLock(), list[int]()
    assert lock.acquire(1)

    def wait(number: int) -> None:
        assert lock.acquire(10)
        served.append(number)
        lock.release()

    threads = []
    for number in range(5):
        thread = threading.Thread(target=wait, args=(number,))
        thread.start()
        threads.append(thread)
        while len(lock._waiting) <= number:
            time.sleep(0.001)
    lock.release()
    for thread in threads:
        thread.join()
    assert served == [0, 1, 2, 3, 4]


def test_a_waiter_that_gives_up_does_not_keep_the_lock() -> None:
    lock = FifoLock()
    assert lock.acquire(1)
    assert not lock.acquire(0.01)
    lock.release()
    assert lock.acquire(0.01)


def test_another_process_waits_for_the_write_lock(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    code = (
        "import sys, pathlib\n"
        "from visits.store.locks import FileWriteLock\n"
        "with FileWriteLock(pathlib.Path(sys.argv[1]), timeout_s=5).held():\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        ours = FileWriteLock(path, timeout_s=0.05)
        with pytest.raises(StoreBusy), ours.held():
            raise AssertionError("two writers at once")
        other.kill()  # the kernel lets go of a dead writer's lock
        other.wait()
        with ours.held():
            pass
        ours.close()


def test_one_server_per_sqlite_file(sqlite_store: Store) -> None:
    with sqlite_store.serving(), pytest.raises(AlreadyServed), sqlite_store.serving():
        raise AssertionError("two servers at once")
    with sqlite_store.serving():
        pass
