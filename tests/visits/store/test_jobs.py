"""Jobs: done once when all is well, again when something failed, never lost."""

from datetime import UTC, datetime, timedelta

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
