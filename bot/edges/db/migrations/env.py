"""Runs the steps on the connection that `bot.edges.db.migrate` hands in; Alembic imports this file itself."""

from __future__ import annotations

from alembic import context

from bot.edges.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can't change a column in place: Alembic then copies the table.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
