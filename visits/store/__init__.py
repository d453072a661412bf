"""Where records are kept: the unit of work, column types, migrations and jobs."""

from visits.store.columns import Base, UTCDateTime
from visits.store.database import Store, UnitOfWork, insert_unless_there, lock_for_transaction
from visits.store.errors import AlreadyServed, StoreBusy, StoreError, StoreUnavailable
from visits.store.jobs import Handler, Job, JobRunner, enqueue, jobs_by_state
from visits.store.migrate import migrate, schema_differences, schema_is_current

__all__ = [
    "AlreadyServed",
    "Base",
    "Handler",
    "Job",
    "JobRunner",
    "Store",
    "StoreBusy",
    "StoreError",
    "StoreUnavailable",
    "UTCDateTime",
    "UnitOfWork",
    "enqueue",
    "insert_unless_there",
    "jobs_by_state",
    "lock_for_transaction",
    "migrate",
    "schema_differences",
    "schema_is_current",
]
