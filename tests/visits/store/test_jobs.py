"""Jobs: done once when all is well, again when something failed, never lost."""

import logging
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from visits.store import Job, JobRunner, Store, enqueue

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def put(store: Store, kind: str, subject: str) -> None:
    with store.writing() as uow:
        enqueue(uow, kind, subject, at_utc=NOW)


def states(store: Store) -> list[tuple[str, str, int]]:
    with store.reading() as uow:
        return [(j.subject, j.state, j.attempts) for j in uow.session.scalars(select(Job).order_by(Job.id))]


def test_what_waits_is_done_once(store: Store) -> None:
    done: list[str] = []
    runner = JobRunner(store, {"look": lambda _store, subject: done.append(subject)})
    for subject in ("a", "b", "a"):
        put(store, "look", subject)
    assert runner.run_waiting() == 2
    assert runner.run_waiting() == 0
    assert done == ["a", "b"]


def test_a_job_asked_for_while_it_runs_is_done_again(store: Store) -> None:
    done: list[str] = []

    def look(its_store: Store, subject: str) -> None:
        done.append(subject)
        if len(done) == 1:
            put(its_store, "look", subject)

    runner = JobRunner(store, {"look": look})
    put(store, "look", "a")
    runner.run_waiting()
    assert done == ["a", "a"]


def test_a_failed_job_is_tried_again_later_and_says_why(store: Store) -> None:
    calls: list[str] = []

    def fail_once(_store: Store, subject: str) -> None:
        calls.append(subject)
        if len(calls) == 1:
            raise OSError("the disk is away")

    runner = JobRunner(store, {"look": fail_once})
    put(store, "look", "a")
    runner.run_waiting()
    assert states(store) == [("a", "leased", 1)]
    with store.writing() as uow:
        assert "the disk is away" in str(uow.session.scalar(select(Job.reason)))
        uow.session.execute(update(Job).values(due_utc=NOW))  # as if the pause were over
    runner.run_waiting()
    assert states(store) == [("a", "done", 2)]


def test_a_job_whose_process_died_is_taken_up_again(store: Store) -> None:
    done: list[str] = []
    put(store, "look", "a")
    with store.writing() as uow:
        long_ago = datetime.now(UTC) - timedelta(seconds=1)
        uow.session.execute(update(Job).values(state="leased", attempts=1, due_utc=long_ago))
    JobRunner(store, {"look": lambda _store, subject: done.append(subject)}).run_waiting()
    assert done == ["a"]


def test_a_job_that_always_fails_ends_as_failed_and_stays_visible(store: Store) -> None:
    def fail(_store: Store, _subject: str) -> None:
        raise ValueError("never")

    runner = JobRunner(store, {"look": fail})
    put(store, "look", "a")
    for _ in range(10):
        runner.run_waiting()
        with store.writing() as uow:
            uow.session.execute(update(Job).where(Job.state == "leased").values(due_utc=NOW))
    assert states(store) == [("a", "failed", 8)]


def test_the_thread_does_what_comes_in(store: Store) -> None:
    import threading

    arrived = threading.Event()
    runner = JobRunner(store, {"look": lambda _store, _subject: arrived.set()})
    runner.start()
    put(store, "look", "a")
    runner.wake()
    assert arrived.wait(10)
    runner.stop()
    assert states(store) == [("a", "done", 1)]


def test_a_server_that_starts_takes_up_what_the_dead_one_was_doing(sqlite_store: Store) -> None:
    done: list[str] = []
    put(sqlite_store, "look", "a")
    in_five_minutes = datetime.now(UTC) + timedelta(minutes=5)
    with sqlite_store.writing() as uow:
        uow.session.execute(update(Job).values(state="leased", attempts=1, due_utc=in_five_minutes))
    runner = JobRunner(sqlite_store, {"look": lambda _store, subject: done.append(subject)})
    assert runner.run_waiting() == 0
    runner.take_up_interrupted()
    assert runner.run_waiting() == 1
    assert done == ["a"]


class Heard(logging.Handler):
    """Tells when the runner has said that it met an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.event = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.event.set()


@pytest.fixture
def heard() -> Iterator[Heard]:
    handler = Heard()
    log = logging.getLogger("visits.store.jobs")
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)


def test_a_job_whose_end_could_not_be_written_down_does_not_wait_for_its_lease(
    sqlite_store: Store, heard: Heard
) -> None:
    url = str(sqlite_store.engine.url)
    impatient, other = Store(url, write_lock_timeout_s=0.1), Store(url)
    done: list[str] = []
    held, go_on, again = threading.Event(), threading.Event(), threading.Event()

    def keep_writers_out() -> None:
        with other.write_lock():
            held.set()
            assert go_on.wait(20)

    elsewhere = threading.Thread(target=keep_writers_out)

    def look(_store: Store, subject: str) -> None:
        done.append(subject)
        if len(done) == 1:
            elsewhere.start()
            assert held.wait(10)
        else:
            again.set()

    put(sqlite_store, "look", "a")
    runner = JobRunner(impatient, {"look": look})
    runner.start()
    assert heard.event.wait(10)
    go_on.set()
    assert again.wait(20)
    runner.stop()
    elsewhere.join()
    assert states(sqlite_store) == [("a", "done", 2)]
    impatient.close()
    other.close()


def test_a_job_that_servers_may_have_died_of_waits_for_its_lease(sqlite_store: Store) -> None:
    put(sqlite_store, "look", "a")
    in_five_minutes = datetime.now(UTC) + timedelta(minutes=5)
    with sqlite_store.writing() as uow:
        uow.session.execute(update(Job).values(state="leased", attempts=8, due_utc=in_five_minutes))
    runner = JobRunner(sqlite_store, {"look": lambda _store, _subject: None})
    runner.take_up_interrupted()
    assert runner.run_waiting() == 0


def test_work_asked_for_while_its_job_is_taken_is_not_forgotten(store: Store) -> None:
    """The job that waits may be done before the asking transaction ends, without what that transaction wrote."""
    put(store, "look", "a")
    runner = JobRunner(store, {"look": lambda _store, _subject: None})
    asked, go_on = threading.Event(), threading.Event()

    def ask_slowly() -> None:
        with store.writing() as uow:
            enqueue(uow, "look", "a", at_utc=NOW)
            asked.set()
            assert go_on.wait(10)

    asking = threading.Thread(target=ask_slowly)
    asking.start()
    assert asked.wait(10)
    if not store.is_sqlite:  # on SQLite the runner waits for the writer
        assert runner.run_waiting() == 0, "a job that is being asked for again is left alone until that is committed"
    go_on.set()
    asking.join()
    assert runner.run_waiting() == 1


def test_a_long_reader_holds_up_no_writer_when_the_log_is_folded(sqlite_store: Store) -> None:
    put(sqlite_store, "look", "a")
    with sqlite_store.reading() as reading:
        reading.session.scalar(select(Job.id))
        put(sqlite_store, "look", "b")
        began = time.monotonic()
        sqlite_store.checkpoint()
        assert time.monotonic() - began < 2
    put(sqlite_store, "look", "c")
    sqlite_store.checkpoint()
    assert len(states(sqlite_store)) == 3


def test_a_long_job_keeps_its_lease(store: Store) -> None:
    dues: set[datetime] = set()
    elsewhere: list[int] = []

    def take_long(its_store: Store, _subject: str) -> None:
        until = time.monotonic() + 20
        while len(dues) < 4 and time.monotonic() < until:
            with its_store.reading() as uow:
                dues.add(uow.session.scalars(select(Job.due_utc)).one())
            time.sleep(0.02)
        elsewhere.append(JobRunner(its_store, {}).run_waiting())

    put(store, "look", "a")
    assert JobRunner(store, {"look": take_long}, lease=timedelta(seconds=0.6)).run_waiting() == 1
    assert (len(dues), elsewhere) == (4, [0])
    assert states(store) == [("a", "done", 1)]


def test_what_is_due_goes_by_the_runners_clock(store: Store) -> None:
    done: list[str] = []
    clock = [NOW - timedelta(days=30)]
    runner = JobRunner(store, {"look": lambda _store, subject: done.append(subject)}, clock=lambda: clock[0])
    put(store, "look", "a")
    assert runner.run_waiting() == 0
    clock[0] = NOW
    assert runner.run_waiting() == 1
    assert done == ["a"]


def test_a_runner_that_is_stopped_writes_down_what_it_did_and_takes_no_more(store: Store) -> None:
    runner = JobRunner(store, {"look": lambda _store, _subject: runner.stop()})
    for subject in ("a", "b"):
        put(store, "look", subject)
    assert runner.run_waiting() == 1
    assert states(store) == [("a", "done", 1), ("b", "waiting", 0)]


def test_several_are_asked_for_at_once_and_each_waits_once(store: Store) -> None:
    put(store, "look", "b")
    with store.writing() as uow:
        enqueue(uow, "look", "c", "b", "a", at_utc=NOW)
        enqueue(uow, "look", at_utc=NOW)
    assert sorted(states(store)) == [("a", "waiting", 0), ("b", "waiting", 0), ("c", "waiting", 0)]
