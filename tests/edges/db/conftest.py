"""The same tests on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.edges.db.engine import Database
from bot.edges.db.migrate import upgrade
from tests.databases import KINDS, fresh_database, postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new, empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bot.sqlite3'}"
        return
    with fresh_database(request.getfixturevalue("postgres")) as fresh:
        yield fresh


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A migrated database whose leases follow the moments that a test hands in."""
    database = Database(url, scripted=True)
    upgrade(database)
    yield database
    database.close()
