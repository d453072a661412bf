"""Where records are kept: the unit of work, column types, migrations and jobs."""

from visits.store.columns import Base, UTCDateTime
from visits.store.copies import copied, fill_empty, refuse_unless_empty
from visits.store.database import (
    Store,
    UnitOfWork,
    fetched_columns,
    insert_those_not_there,
    insert_unless_there,
    lock_for_transaction,
)
from visits.store.errors import AlreadyServed, CopyFailed, NotEmpty, StoreBusy, StoreError, StoreUnavailable
from visits.store.jobs import Handler, Job, JobRunner, enqueue, jobs_by_state
from visits.store.migrate import is_known_schema, migrate, schema_differences, schema_is_current, schema_of

__all__ = [
    "AlreadyServed",
    "Base",
    "CopyFailed",
    "Handler",
    "Job",
    "JobRunner",
    "NotEmpty",
    "Store",
    "StoreBusy",
    "StoreError",
    "StoreUnavailable",
    "UTCDateTime",
    "UnitOfWork",
    "copied",
    "enqueue",
    "fetched_columns",
    "fill_empty",
    "insert_those_not_there",
    "insert_unless_there",
    "is_known_schema",
    "jobs_by_state",
    "lock_for_transaction",
    "migrate",
    "refuse_unless_empty",
    "schema_differences",
    "schema_is_current",
    "schema_of",
]
