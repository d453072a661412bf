"""Runs the revisions on the connection that ``visits.store.migrate`` hands over."""

from alembic import context

from visits.store.columns import Base
from visits.store.migrate import only_ours

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    include_name=only_ours,
)
with context.begin_transaction():
    context.run_migrations()
