"""Brings a database to the tables that this version needs: a release step, under a lock, safe to run twice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.edges.db.engine import Database

_LOCK = 0x75746C62
"""Of Postgres's advisory locks; held by the transaction, so that a pooler in between changes nothing."""


def upgrade(database: Database) -> tuple[str | None, str]:
    """Apply the steps that are missing, all of them or none.

    Two processes that do it at once take turns: Postgres by an advisory lock, SQLite because each transaction that
    writes begins by taking the file.

    Returns:
        The step before and the step now; the same where there was nothing to do.
    Raises:
        StoreError: the database can't be reached, or holds steps that this version doesn't know.
    """
    try:
        with database.engine.begin() as connection:
            if database.is_postgres:
                # Waiting for another release step may take longer than any statement of ours should.
                connection.execute(text("SET LOCAL statement_timeout = '120s'"))
                connection.execute(text("SET LOCAL lock_timeout = '120s'"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            before = _revision(connection)
            config = _config(connection)
            head = _head(config)
            _refuse_newer(config, before)
            command.upgrade(config, "head")
    except SQLAlchemyError as error:
        raise StoreError(
            "The database can't be reached or changed.", hint="Check DATABASE_URL and the rights of its user."
        ) from error
    return before, head


def pending(database: Database) -> bool:
    """Whether steps are missing, so that a process should not start on it.

    Raises:
        StoreError: the database was made by a newer version.
    """

    def look(connection: Connection) -> bool:
        config, revision = _config(connection), _revision(connection)
        _refuse_newer(config, revision)
        return revision != _head(config)

    return database.read(look)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _head(config: Config) -> str:
    head = ScriptDirectory.from_config(config).get_current_head()
    if head is None:
        raise StoreError("The migrations are missing from this installation.", hint="Install the bot again.")
    return head


def _refuse_newer(config: Config, revision: str | None) -> None:
    if revision is not None and revision not in _known(config):
        raise StoreError(
            f"The database is at step {revision}, which this version doesn't know: it was made by a newer one.",
            hint="Run the newer version, or restore the database as it was before.",
        )


def _known(config: Config) -> set[str]:
    return {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
