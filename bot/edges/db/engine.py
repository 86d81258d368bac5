"""One engine, and the rule by which every transaction here runs: short, alone, and again where that is safe.

SQLite: WAL, a busy time-out, and every writing transaction begins with BEGIN IMMEDIATE, because one that reads and
then writes would fail at once, whatever the time-out, when somebody else wrote in between.
Postgres: limits set for each transaction, so that they also hold behind a pooler, and a process that freezes in the
middle of one is cut off instead of keeping its locks.
"""

from __future__ import annotations

import sqlite3
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from sqlalchemy import DateTime, Interval, bindparam, create_engine, event, func, literal
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool
from tenacity import Retrying, retry_if_exception, stop_after_attempt, stop_after_delay, wait_random_exponential

from bot.edges.db.tables import Instant
from bot.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import ColumnElement, Connection, Engine
    from sqlalchemy.engine import URL

log = structlog.get_logger(__name__)

T = TypeVar("T")

BUSY_TIMEOUT_S = 10.0
_MOST_TRIES = 6
PATIENCE_S = 15.0
"""How long a transaction is tried again."""

_POSTGRES_LIMITS = (
    "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '10s';"
    " SET LOCAL idle_in_transaction_session_timeout = '10s'"
)
_POSTGRES_CONNECTION: Mapping[str, Any] = {
    "connect_timeout": 5,
    # A peer that vanished without a word is noticed in seconds, not in the hours of the defaults.
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    # A pooler gives each transaction another session, where this one's prepared statements are unknown.
    "prepare_threshold": None,
}
_TRANSIENT_STATES = ("08", "40", "53", "55P03", "57P", "57014", "25P03")
"""Postgres's SQLSTATEs that may pass: connection, serialization and deadlock, too many connections, lock or
statement time-out, shutdown, a transaction cut for idling."""
_TRANSIENT_SQLITE = ("locked", "busy")

_THROWAWAY_DISKS: Mapping[str, str] = {
    "DYNO": "Heroku",
    "RENDER": "Render",
    "FLY_APP_NAME": "Fly.io",
    "K_SERVICE": "Cloud Run",
    "RAILWAY_ENVIRONMENT": "Railway",
    "WEBSITE_INSTANCE_ID": "Azure App Service",
    "VCAP_APPLICATION": "Cloud Foundry",
    "KUBERNETES_SERVICE_HOST": "Kubernetes",
    "AWS_EXECUTION_ENV": "AWS",
}
"""A variable that a platform sets → its name."""


def database_url(text: str) -> URL:
    """The URL as SQLAlchemy reads it, any spelling of Postgres with the one driver that is installed."""
    url = make_url(text)
    if url.drivername.partition("+")[0] in {"postgres", "postgresql"}:
        return url.set(drivername="postgresql+psycopg")
    return url


def throwaway_disk_warning(environ: Mapping[str, str], url: str) -> str | None:
    """What to say, loudly, where SQLite would live on a disk that a restart wipes; None: nothing to say."""
    parsed = database_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    platform = next((name for variable, name in _THROWAWAY_DISKS.items() if environ.get(variable)), None)
    if platform is None:
        return None
    return (
        f"The database is SQLite, and this seems to be {platform}: its disk belongs to one process and may be lost at"
        " any restart, with every schedule and the record of what was sent. Set DATABASE_URL to a Postgres database,"
        " or to a file on a volume that lasts and that one machine alone uses."
    )


class Database:
    """A database and its clock.

    Args:
        url: `sqlite:///file`, `sqlite://` (in memory, for as long as this object lives) or `postgresql://…`.
        scripted: moments handed in decide on Postgres too, instead of its own clock: for simulations and tests.
        busy_timeout_s: how long SQLite waits for another writer.
        sleep: waits between tries.
    """

    def __init__(
        self,
        url: str,
        *,
        scripted: bool = False,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        parsed = database_url(url)
        self.is_postgres = parsed.get_backend_name() == "postgresql"
        self._own_clock = self.is_postgres and not scripted
        self._sleep = sleep
        self.engine: Engine = _postgres(parsed) if self.is_postgres else _sqlite(parsed, busy_timeout_s)
        self._reading = self.engine.execution_options(reading=True)

    def write(self, work: Callable[[Connection, bool], T], *, patience_s: float = PATIENCE_S) -> T:
        """Run `work` in a transaction of its own.

        Args:
            work: gets the connection, and whether this is a repetition, so that an earlier try may have come
                through although its confirmation was lost.
            patience_s: no try begins later than this.

        Raises:
            StoreError: it failed for good, or too often.
        """

        def once(again: bool) -> T:
            with self.engine.begin() as connection:
                return work(connection, again)

        return self._trying(once, patience_s)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work`, which only reads, on one snapshot; nobody else's write holds it up."""

        def once(_again: bool) -> T:
            with self._reading.begin() as connection:
                return work(connection)

        return self._trying(once, PATIENCE_S)

    def moment(self, now: datetime, *, after_s: float = 0.0) -> ColumnElement[Any]:
        """`now` as a statement should see it: on Postgres its own clock, which is the same for every process."""
        after = timedelta(seconds=after_s)
        if not self._own_clock:
            return literal(now + after, Instant)
        clock = func.clock_timestamp(type_=DateTime(timezone=True))
        return clock + bindparam(None, after, Interval) if after else clock

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def _trying(self, once: Callable[[bool], T], patience_s: float) -> T:
        tries = Retrying(
            stop=stop_after_attempt(_MOST_TRIES) | stop_after_delay(patience_s),
            wait=wait_random_exponential(multiplier=0.05, max=1.0),
            retry=retry_if_exception(_is_transient),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            for attempt in tries:
                with attempt:
                    return once(attempt.retry_state.attempt_number > 1)
        except (SQLAlchemyError, sqlite3.Error, UnicodeEncodeError) as error:  # the last: signs that no text has
            raise StoreError(
                "The database did not do its work.", hint="An operator finds the cause in the log. Try again later."
            ) from error
        raise AssertionError("a try returns or raises")


def _is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed a moment later."""
    if isinstance(error, sqlite3.OperationalError):  # raised while a connection was being prepared
        return any(word in str(error) for word in _TRANSIENT_SQLITE)
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return _is_transient(error.orig)
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state is None:  # the connection failed before the server could say anything
        return error.connection_invalidated or type(error.orig).__name__ == "OperationalError"
    return state.startswith(_TRANSIENT_STATES)


def _postgres(url: URL) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_recycle=1800,
        pool_size=4,  # small plans allow twenty connections for all processes together
        max_overflow=4,
        pool_timeout=10,
        connect_args={**_POSTGRES_CONNECTION},
    )

    @event.listens_for(engine, "begin")
    def limit(connection: Connection) -> None:
        connection.exec_driver_sql(_POSTGRES_LIMITS)

    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The folder of the database can't be made: {error.strerror}.",
            hint="Set DATABASE_URL to a file that may be written, or to sqlite:// to keep nothing beyond the process.",
        ) from error


def _sqlite(url: URL, busy_timeout_s: float) -> Engine:
    in_memory = url.database in {None, "", ":memory:"}
    if not in_memory and url.database is not None and not url.database.startswith("file:"):
        _make_folder(Path(url.database).parent)
    # In memory the one connection is the database: everybody takes turns on it.
    pool: dict[str, Any] = {"pool_size": 1, "max_overflow": 0} if in_memory else {"pool_size": 4, "max_overflow": 12}
    engine = create_engine(
        url,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_timeout=10,
        connect_args={"timeout": busy_timeout_s, "check_same_thread": False},
        **pool,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself: `begin` below does
        connection.execute("PRAGMA foreign_keys = ON")
        if connection.execute("PRAGMA journal_mode").fetchone()[0] not in {"wal", "memory"}:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
