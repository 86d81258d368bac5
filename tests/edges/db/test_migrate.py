"""The release step."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from bot.edges.db.engine import Database, database_url, throwaway_disk_warning
from bot.edges.db.migrate import pending, upgrade
from bot.edges.db.tables import metadata
from bot.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def empty(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()


def test_the_steps_lead_to_the_tables_that_the_code_uses(empty: Database) -> None:
    upgrade(empty)

    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_a_second_run_has_nothing_to_do(empty: Database) -> None:
    assert pending(empty)
    first = upgrade(empty)
    assert not pending(empty)

    assert first[0] is None
    assert upgrade(empty) == (first[1], first[1])


def test_processes_that_migrate_at_once_take_turns(empty: Database) -> None:
    results: list[tuple[str | None, str]] = []
    threads = [threading.Thread(target=lambda: results.append(upgrade(empty))) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(results) == 4
    assert sorted(before is None for before, _ in results) == [False, False, False, True]


def test_a_database_of_a_newer_version_is_refused(empty: Database) -> None:
    upgrade(empty)
    with empty.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    for ask in (upgrade, pending):
        with pytest.raises(StoreError, match="9999"):
            ask(empty)


@pytest.mark.parametrize(
    ("typed", "driver"),
    [
        ("postgres://u:p@host/db", "postgresql+psycopg"),
        ("postgresql://u:p@host/db", "postgresql+psycopg"),
        ("sqlite:///var/bot.sqlite3", "sqlite"),
    ],
)
def test_any_spelling_of_postgres_gets_the_one_driver(typed: str, driver: str) -> None:
    assert database_url(typed).drivername == driver


def test_sqlite_on_a_disk_that_is_thrown_away_is_warned_about() -> None:
    warning = throwaway_disk_warning({"DYNO": "web.1"}, "sqlite:///var/bot.sqlite3")

    assert warning is not None
    assert "Heroku" in warning
    assert throwaway_disk_warning({}, "sqlite:///var/bot.sqlite3") is None
    assert throwaway_disk_warning({"DYNO": "web.1"}, "postgresql://host/db") is None
