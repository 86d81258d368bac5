"""How transactions run: what waits, what is tried again, and what a lost confirmation does."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from bot.core.recurrence import Recurrence
from bot.core.scheduling import Destination, DestinationKind, Fire, FireState, Schedule
from bot.edges.db.engine import Database
from bot.edges.db.ledger import SqlFireLedger
from bot.edges.db.schedules import SqlScheduleStore
from bot.edges.db.tables import beats, metadata, recipients
from bot.errors import StoreError
from tests.databases import confirmations_lost, fresh_database, together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

EIGHT = datetime(2026, 11, 24, 8, tzinfo=UTC)
LATER = EIGHT + timedelta(minutes=1)
CHANNEL = Destination(DestinationKind.CHANNEL, "C1")


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Database]:
    """A file of SQLite whose waits are short."""
    database = Database(f"sqlite:///{tmp_path / 'deep' / 'er' / 'bot.sqlite3'}", busy_timeout_s=0.01)
    metadata.create_all(database.engine)
    yield database
    database.close()


def failing(times: int, work: Callable[[], None] = lambda: None) -> Callable[[Connection, bool], list[bool]]:
    """Work that meets a passing failure so many times; gives what it heard about being repeated."""
    heard: list[bool] = []

    def run(connection: Connection, again: bool) -> list[bool]:
        heard.append(again)
        connection.execute(insert(beats).values(process=f"p{len(heard)}", at=EIGHT))
        if len(heard) <= times:
            raise OperationalError("UPDATE", {}, sqlite3.OperationalError("database is locked"))
        work()
        return heard

    return run


def waits() -> tuple[list[float], Callable[[float], None]]:
    slept: list[float] = []
    return slept, slept.append


def test_what_passes_is_tried_again_and_leaves_no_trace() -> None:
    slept, sleep = waits()
    database = Database("sqlite://", sleep=sleep)
    metadata.create_all(database.engine)

    assert database.write(failing(3)) == [False, True, True, True]

    assert len(slept) == 3
    assert database.read(lambda connection: connection.scalars(select(beats.c.process)).all()) == ["p4"]
    database.close()


def test_what_does_not_pass_is_a_store_error_after_a_few_tries() -> None:
    slept, sleep = waits()
    database = Database("sqlite://", sleep=sleep)
    metadata.create_all(database.engine)

    with pytest.raises(StoreError) as caught:
        database.write(failing(100))

    assert len(slept) == 5
    assert isinstance(caught.value.__cause__, OperationalError)
    database.close()


def test_what_is_wrong_for_good_is_tried_once(database: Database) -> None:
    tries = []

    def work(connection: Connection, again: bool) -> None:
        tries.append(again)
        connection.execute(text("SELECT * FROM nowhere"))

    with pytest.raises(StoreError):
        database.write(work)

    assert tries == [False]


def test_an_error_holds_no_value_of_a_row(database: Database) -> None:
    def twice(connection: Connection, _again: bool) -> None:
        for _ in range(2):
            connection.execute(insert(beats).values(process="p1", at="very private"))

    with pytest.raises(StoreError) as caught:
        database.write(twice)

    assert "very private" not in f"{caught.value} {caught.value.hint} {caught.value.__cause__}"


def test_a_connection_that_the_server_cut_is_replaced(postgres: str) -> None:
    cut = text("SELECT pg_terminate_backend(:pid)")
    tries = []
    with fresh_database(postgres) as url:
        database, other = Database(url), Database(url)

        def work(connection: Connection, again: bool) -> int | None:
            tries.append(again)
            if not again:
                own = connection.scalar(text("SELECT pg_backend_pid()"))
                other.write(lambda second, _again: second.execute(cut, {"pid": own}))
            return connection.scalar(text("SELECT 1"))

        assert database.write(work) == 1
        database.close()
        other.close()

    assert tries == [False, True]


def test_a_transaction_that_idles_is_cut_and_gives_its_locks_back(postgres: str) -> None:
    """What a frozen process would leave behind; the limit itself is ten seconds."""
    with fresh_database(postgres) as url:
        database = Database(url)
        metadata.create_all(database.engine)
        SqlFireLedger(database).beat("p1", EIGHT)
        with database.engine.connect() as frozen:
            frozen.execute(text("SELECT 1"))
            assert frozen.scalar(text("SHOW idle_in_transaction_session_timeout")) == "10s"
            frozen.execute(text("SET LOCAL idle_in_transaction_session_timeout = '50ms'"))
            frozen.execute(text("UPDATE beats SET at = at"))

            SqlFireLedger(database).beat("p1", LATER)

            with pytest.raises(DBAPIError, match="idle-in-transaction"):
                frozen.execute(text("SELECT 1"))
        assert SqlFireLedger(database).beats() == {"p1": LATER}
        database.close()


def test_a_file_is_made_with_its_folders_and_keeps_its_rules(file: Database) -> None:
    with file.engine.connect() as connection:
        told = [connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "foreign_keys", "synchronous")]

    assert told == ["wal", 1, 2]


def test_a_recipient_needs_its_schedule(database: Database) -> None:
    orphan = insert(recipients).values(schedule_id="none", position=0, kind="channel", slack_id="C1", slice="")

    with pytest.raises(StoreError) as caught:
        database.write(lambda connection, _again: connection.execute(orphan))

    assert isinstance(caught.value.__cause__, IntegrityError)


def test_readers_of_a_file_wait_for_no_writer(file: Database) -> None:
    with file.engine.begin() as writer:
        writer.execute(insert(beats).values(process="p1", at=EIGHT))

        assert file.read(lambda connection: connection.scalars(select(beats.c.process)).all()) == []


def test_a_file_that_stays_locked_is_a_store_error(file: Database) -> None:
    ledger = SqlFireLedger(Database(str(file.engine.url), busy_timeout_s=0.001, sleep=lambda _seconds: None))
    with file.engine.begin(), pytest.raises(StoreError):
        ledger.beat("p1", EIGHT)
    ledger._database.close()

    SqlFireLedger(file).beat("p1", EIGHT)


def test_threads_share_a_database_in_memory() -> None:
    database = Database("sqlite://")
    metadata.create_all(database.engine)
    ledger = SqlFireLedger(database)

    together(*[lambda owner=f"p{number}": ledger.beat(owner, EIGHT) for number in range(8)])

    assert sorted(ledger.beats()) == [f"p{number}" for number in range(8)]
    database.close()


def test_files_opened_by_many_at_once_are_ready_for_all(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'bot.sqlite3'}"
    first = Database(url)

    def work() -> None:
        database = Database(url)
        database.write(lambda connection, _again: connection.execute(text("CREATE TABLE IF NOT EXISTS t (n INTEGER)")))
        database.close()

    together(*[work] * 8)

    assert first.read(lambda connection: connection.scalar(text("PRAGMA journal_mode"))) == "wal"
    first.close()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda ledger, fire: ledger.renew(fire, LATER, lease_s=60), id="renew"),
        pytest.param(lambda ledger, fire: ledger.freeze(fire, {"text": "x"}, incomplete=False), id="freeze"),
        pytest.param(lambda ledger, fire: ledger.sending(fire, "C1", LATER), id="sending"),
        pytest.param(lambda ledger, fire: ledger.sent(fire, "1.1", LATER, sweep_at=None), id="sent"),
        pytest.param(lambda ledger, fire: ledger.put_back(fire, not_before=LATER, error="later"), id="put back"),
        pytest.param(lambda ledger, fire: ledger.finish(fire, FireState.FAILED, "archived", LATER), id="finish"),
    ],
)
def test_a_change_whose_confirmation_was_lost_was_made(
    database: Database, change: Callable[[SqlFireLedger, Fire], bool]
) -> None:
    ledger = SqlFireLedger(database, clock=lambda: LATER)
    ledger.open([owed()])
    mine = ledger.claim("p1", EIGHT, lease_s=60)
    assert mine is not None

    with confirmations_lost(database, 1):
        assert change(ledger, mine)


def test_a_repetition_does_not_take_another_attempts_change_for_its_own(database: Database) -> None:
    ledger = SqlFireLedger(database, clock=lambda: LATER)
    ledger.open([owed()])
    stale = ledger.claim("p1", EIGHT, lease_s=60)
    current = ledger.claim("p2", LATER, lease_s=60)
    assert stale is not None
    assert current is not None
    ledger.sent(current, "2.2", LATER, sweep_at=None)

    with confirmations_lost(database, 1):
        assert not ledger.sent(stale, "2.2", LATER, sweep_at=None)


def test_a_claim_whose_confirmation_was_lost_ends_with_its_lease(database: Database) -> None:
    ledger = SqlFireLedger(database)
    ledger.open([owed()])
    with confirmations_lost(database, 1):
        assert ledger.claim("p1", EIGHT, lease_s=60) is None

    again = ledger.claim("p1", LATER, lease_s=60)

    assert again is not None
    assert (again.attempt, again.first_sent_at) == (2, None)


def test_fires_opened_without_a_confirmation_are_there_once(database: Database) -> None:
    ledger = SqlFireLedger(database)
    with confirmations_lost(database, 1):
        ledger.open([owed()])

    assert [fire.key for fire in ledger.of_schedule("s1")] == [owed().key]


def test_schedules_kept_without_a_confirmation_are_there_once(database: Database) -> None:
    store = SqlScheduleStore(database)
    given = Schedule("s1", 0, "U1", "yesterday", Recurrence((time(8),), "UTC"), (CHANNEL,), EIGHT)

    with confirmations_lost(database, 1):
        kept = store.add(given)
    with confirmations_lost(database, 1):
        saved = store.save(kept)

    assert saved is not None
    assert saved.version == 2
    assert store.all() == [saved]
    with confirmations_lost(database, 1):
        assert store.delete("s1")
    assert store.all() == []


def test_a_schedule_that_somebody_else_saved_is_not_taken_for_ones_own(database: Database) -> None:
    store = SqlScheduleStore(database)
    kept = store.add(Schedule("s1", 0, "U1", "yesterday", Recurrence((time(8),), "UTC"), (CHANNEL,), EIGHT))
    store.save(kept)

    with confirmations_lost(database, 1):
        assert store.save(Schedule("s1", 1, "U1", "today", kept.recurrence, (), EIGHT)) is None


def owed() -> Fire:
    return Fire("s1:2026-11-24T08:00:C1", "s1", CHANNEL, EIGHT, local_date=date(2026, 11, 24), local_time=time(8))
