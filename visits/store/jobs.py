"""Slow work as rows: a job is put in the same transaction as what it is about, and done after the commit.

A job may run twice (a process can die between the work and the mark), so every handler is idempotent.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import cast

from sqlalchemy import Executable, Index, String, Table, bindparam, func, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from visits.store.columns import Base
from visits.store.database import Store, UnitOfWork, own_statements
from visits.store.errors import StoreError

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
FIRST_RETRY_AFTER = timedelta(seconds=2)
MAX_ATTEMPTS = 8

Handler = Callable[[Store, str], None]


class Job(Base):
    """One thing to do: a kind and the key of what it is about."""

    __tablename__ = "job"
    __table_args__ = (
        # A thing waits once: asking again for what already waits changes nothing.
        Index(
            "uq_job_waiting",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_job_state_due_utc", "state", "due_utc"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(10))  # waiting, leased, done, failed
    attempts: Mapped[int]
    queued_utc: Mapped[datetime]
    due_utc: Mapped[datetime]
    finished_utc: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(2000))


@dataclass(frozen=True)
class _Leased:
    """A job that this server does now; nobody else takes it until its lease ends."""

    id: int
    kind: str
    subject: str
    attempts: int


# Statements that the runner says again and again, built once.
_DUE = (
    select(Job.id)
    .where(Job.state.in_(("waiting", "leased")), Job.due_utc <= bindparam("now", type_=Job.due_utc.type))
    .order_by(Job.due_utc, Job.id)
    .limit(1)
)
_LEASE_NEXT = (
    update(Job)
    .where(Job.id == _DUE.with_for_update(skip_locked=True).scalar_subquery())
    .values(state="leased", attempts=Job.attempts + 1, due_utc=bindparam("until", type_=Job.due_utc.type))
    .returning(Job.id, Job.kind, Job.subject, Job.attempts)
    .execution_options(synchronize_session=False)
)


def enqueue(uow: UnitOfWork, kind: str, *subjects: str, at_utc: datetime) -> None:
    """Put a job for each subject beside the records of this transaction; one of the kind that waits already is enough.

    The one that waits is written again as it is: so it stays locked, and on PostgreSQL nobody can take it before this
    transaction ends, to do it without what this transaction adds. For the same reason subjects are put in one order:
    two transactions at once never wait for each other.
    """
    waiting = {"kind": kind, "state": "waiting", "attempts": 0, "queued_utc": at_utc, "due_utc": at_utc}
    rows = [waiting | {"subject": subject} for subject in sorted(subjects)]
    if rows:
        uow.session.execute(_enqueue(uow.session.get_bind().dialect.name), rows)


@cache
def _enqueue(dialect_name: str) -> Executable:
    insert = own_statements(dialect_name).insert
    statement = insert(cast(Table, Job.__table__)).on_conflict_do_update(
        index_elements=["kind", "subject"], index_where=text("state = 'waiting'"), set_={"state": "waiting"}
    )
    return cast(Executable, statement)


def jobs_by_state(uow: UnitOfWork) -> dict[str, int]:
    """How many jobs stand in each state."""
    counted = uow.session.execute(select(Job.state, func.count()).group_by(Job.state))
    return {state: count for state, count in counted}  # noqa: C416 - rows are no pairs to mypy


def _machines_clock() -> datetime:
    return datetime.now(UTC)


class JobRunner:
    """Does the waiting jobs, in a thread of its own or one by one when asked."""

    def __init__(
        self,
        store: Store,
        handlers: Mapping[str, Handler],
        *,
        lease: timedelta = LEASE,
        clock: Callable[[], datetime] = _machines_clock,
    ) -> None:
        """``lease`` is how long another server leaves a job alone whose server has not been heard of.

        ``clock`` tells what is due: that of the verbs, which say in its time when a job is to be done.
        """
        self._store = store
        self._handlers = handlers
        self._lease_time = lease
        self._clock = clock
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look for work now rather than at the next tick; called after a commit."""
        self._wake.set()

    def stop(self) -> None:
        self._stop.set()
        self._wake.set()
        if self._thread:
            self._thread.join(timeout=30)

    def run_waiting(self) -> int:
        """Do everything that is due, and tell how many jobs were done."""
        done, job = 0, self._take()
        while job is not None:
            became = self._do(job)
            done, job = done + 1, self._take(after=(job, became))
        return done

    def _run(self) -> None:
        taken_up = False
        while not self._stop.is_set():
            self._wake.clear()
            try:
                if not taken_up:
                    self.take_up_interrupted()
                    taken_up = True
                if self.run_waiting():
                    self._store.checkpoint()
            except Exception:  # the thread must outlive a database that is away for a while
                logger.exception("the job runner met an error and goes on")
                taken_up = False  # What became of a job may not have been written down, and then its lease still runs.
            self._wake.wait(timeout=1.0)

    def take_up_interrupted(self) -> None:
        """Make due at once what a server that died was doing, instead of when its lease ends.

        Only on SQLite, whose one server is this one. A job that was begun too often waits for its lease all the same:
        it may be what the servers died of.
        """
        if self._store.is_sqlite:
            with self._store.writing() as uow:
                uow.session.execute(
                    update(Job).where(Job.state == "leased", Job.attempts < MAX_ATTEMPTS).values(due_utc=self._clock())
                )

    def _do(self, job: _Leased) -> dict[str, object]:
        """Do one job; what is to be written down of it."""
        try:
            with self._renewing(job.id):
                self._handlers[job.kind](self._store, job.subject)
        except Exception as failure:
            logger.exception("job %s %s failed", job.kind, job.subject)
            reason, now = f"{type(failure).__name__}: {failure}"[:2000], self._clock()
            if job.attempts >= MAX_ATTEMPTS:
                return {"state": "failed", "finished_utc": now, "reason": reason}
            return {"reason": reason, "due_utc": now + FIRST_RETRY_AFTER * 2 ** (job.attempts - 1)}
        return {"state": "done", "finished_utc": self._clock(), "reason": None}

    def _take(self, after: tuple[_Leased, dict[str, object]] | None = None) -> _Leased | None:
        """Lease the next job, in the transaction that writes down what became of the one before."""
        now = self._clock()
        if after is None:
            with self._store.reading() as uow:
                if uow.session.scalar(_DUE, {"now": now}) is None:
                    return None  # The usual case, told without taking the write lock.
        with self._store.writing() as uow:
            if after is not None:
                job, became = after
                uow.session.execute(update(Job).where(Job.id == job.id).values(became))
            if self._stop.is_set():
                return None
            leased = uow.session.execute(_LEASE_NEXT, {"now": now, "until": now + self._lease_time}).first()
            return None if leased is None else _Leased(*leased)

    @contextmanager
    def _renewing(self, job_id: int) -> Iterator[None]:
        """Keep the lease while the work goes on, however long it takes: a second server would do it all again.

        A server that dies stops renewing, so its job is taken up when the lease ends.
        """
        done = threading.Event()

        def renew() -> None:
            while not done.wait(self._lease_time.total_seconds() / 3):
                try:
                    with self._store.writing() as uow:
                        due_utc = self._clock() + self._lease_time
                        mine = update(Job).where(Job.id == job_id, Job.state == "leased")
                        uow.session.execute(mine.values(due_utc=due_utc))
                except StoreError:
                    logger.warning("the lease of job %d could not be renewed; tried again", job_id)

        thread = threading.Thread(target=renew, name="job-lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()  # A renewal after the end would put off what is to be tried again soon.
