"""The databases: opened, brought up to date where that is ours to do, or passing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bot.errors import SettingsError

if TYPE_CHECKING:
    from bot.edges.db.engine import Database
    from bot.settings import Settings


def passing_database() -> Database:
    """A database in memory, gone with the process."""
    from bot.edges.db.engine import Database
    from bot.edges.db.tables import metadata

    database = Database("sqlite://")
    metadata.create_all(database.engine)
    return database


def open_database(settings: Settings) -> Database:
    """The database, its tables as this version needs them.

    A file of SQLite belongs to this machine alone and is brought up to date here; Postgres is shared, and changed by
    the release step.

    Raises:
        SettingsError: the release step has not been run.
        StoreError: the database can't be reached.
    """
    import structlog

    from bot.edges.db.engine import Database, throwaway_disk_warning
    from bot.edges.db.migrate import pending, upgrade

    url = settings.database_url.get_secret_value()
    warning = throwaway_disk_warning(os.environ, url)
    if warning:
        structlog.get_logger(__name__).warning("database_on_a_throwaway_disk", warning=warning)
    database = Database(url)
    if not database.is_postgres:
        upgrade(database)
    elif pending(database):
        database.close()
        raise SettingsError(
            "The database lacks tables that this version needs.", hint="Run the release step: python -m bot migrate"
        )
    return database


def commands_database(settings: Settings, database: Database) -> Database:
    """Connections of their own for taking commands in: an acknowledgement can't wait ten seconds for a locked file."""
    from bot.edges.db.engine import Database

    url = settings.database_url.get_secret_value()
    in_memory = not database.is_postgres and database.engine.url.database in {None, "", ":memory:"}
    return database if in_memory else Database(url, busy_timeout_s=1.0)
