"""Days of conversations and what is done once a night, kept on SQLite and on Postgres."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.sourcing import KeptDay, KeptHalfHours, Side
from bot.edges.db.archive import SqlChores, SqlDayStore, SqlHalfHourStore
from bot.edges.db.engine import Database
from bot.edges.db.migrate import upgrade
from tests.databases import confirmations_lost, fresh_database, together
from tests.edges.db.archiving import BEGUN, SIZE

ROOT = Path(__file__).resolve().parents[3]
DAY = date(2026, 11, 22)
FETCHED = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


def kept(day: date = DAY, *, fetched_at: datetime = FETCHED, conversations: int = 3, running: bool = False) -> KeptDay:
    return KeptDay(day, fetched_at, conversations, running)


@pytest.fixture
def store(database: Database) -> SqlDayStore:
    return SqlDayStore(database)


def test_a_day_comes_back_as_it_was_kept(store: SqlDayStore) -> None:
    content = bytes(range(256)) * 100

    assert store.keep("org", kept(running=True), content, codec=1)

    assert store.about("org", [DAY, DAY + timedelta(days=1)]) == {DAY: kept(running=True)}
    assert store.content("org", DAY) == (kept(running=True), content)
    assert store.about("another") == {}
    assert store.content("another", DAY) is None
    assert store.counts() == {"days": 1.0, "bytes": 25_600.0, "fetched_at": FETCHED.timestamp()}


def test_the_later_fetched_stays_in_whatever_order_two_processes_write(store: SqlDayStore) -> None:
    later = kept(fetched_at=FETCHED + timedelta(minutes=1), conversations=4)

    together(
        lambda: store.keep("org", kept(), b"early", codec=1) and None,
        lambda: store.keep("org", later, b"late", codec=1) and None,
    )

    assert store.content("org", DAY) == (later, b"late")
    assert not store.keep("org", kept(), b"early", codec=1)
    assert store.content("org", DAY) == (later, b"late")


def test_a_day_is_kept_although_nobody_heard_of_it(database: Database, store: SqlDayStore) -> None:
    with confirmations_lost(database, 1):
        assert store.keep("org", kept(), b"content", codec=1)

    assert store.content("org", DAY) == (kept(), b"content")


def test_a_day_is_dropped_unless_it_was_fetched_anew(store: SqlDayStore) -> None:
    later = kept(fetched_at=FETCHED + timedelta(minutes=1))
    store.keep("org", later, b"late", codec=1)

    store.drop("org", kept())
    assert store.content("org", DAY) == (later, b"late")

    store.drop("org", later)
    assert store.content("org", DAY) is None


def test_days_are_forgotten_by_age(store: SqlDayStore) -> None:
    for number in range(4):
        store.keep("org", kept(DAY + timedelta(days=number)), b"", codec=1)

    assert store.purge(DAY + timedelta(days=2)) == 2
    assert list(store.about("org")) == [DAY + timedelta(days=2), DAY + timedelta(days=3)]


def test_half_hours_are_kept_by_side_and_day_and_give_way_to_later_ones(database: Database) -> None:
    store = SqlHalfHourStore(database)
    posted, status = (KeptHalfHours(DAY, FETCHED, side) for side in Side)
    later = replace(posted, fetched_at=FETCHED + timedelta(minutes=1))

    with confirmations_lost(database, 1):
        assert store.keep("org", posted, b"early", codec=1)
    assert store.keep("org", status, bytes(range(256)), codec=1)
    together(
        lambda: store.keep("org", later, b"late", codec=1) and None,
        lambda: store.keep("org", posted, b"early", codec=1) and None,
    )

    assert not store.keep("org", posted, b"early", codec=1)
    assert store.contents("org", Side.POSTED, [DAY, DAY - timedelta(days=1)]) == {DAY: (later, b"late")}
    assert store.contents("org", Side.STATUS, [DAY]) == {DAY: (status, bytes(range(256)))}
    assert store.about("another", Side.POSTED) == {}
    assert SqlDayStore(database).counts()["bytes"] == 260.0

    store.drop("org", posted)
    assert store.about("org", Side.POSTED) == {DAY: later}
    store.drop("org", later)
    assert (store.about("org", Side.POSTED), store.about("org", Side.STATUS)) == ({}, {DAY: status})
    assert (store.purge(DAY), store.purge(DAY + timedelta(days=1))) == (0, 1)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.long)])
def test_a_writer_that_is_killed_leaves_the_old_day_or_the_new_one(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'bot.sqlite3'}"
        if kind == "postgres":
            url = stack.enter_context(fresh_database(request.getfixturevalue("postgres")))
        database = stack.enter_context(closing(Database(url)))
        upgrade(database)
        store = SqlDayStore(database)
        for writings in (1, 3):
            command = [sys.executable, "-m", "tests.edges.db.archiving", url]
            with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
                assert writer.stdout is not None
                for _ in range(writings):
                    assert writer.stdout.readline() == b"written\n"
                writer.kill()  # in the middle of the next writing, or just before or after

            found = store.content("org", DAY)
            assert found is not None
            about, content = found
            assert content == bytes([about.conversations]) * SIZE
            assert about.fetched_at == BEGUN + timedelta(seconds=about.conversations)


def test_a_turn_is_taken_by_one_process_and_done_once(database: Database) -> None:
    moment = [NOW]
    chores = SqlChores(database, clock=lambda: moment[0])
    taken = []

    together(
        *(lambda owner=f"p{n}": taken.append(chores.claim("fill", "2026-11-24", owner, lease_s=60)) for n in range(4))
    )

    (claim,) = [one for one in taken if one]
    assert not chores.is_done("fill", "2026-11-24")
    assert chores.done(claim)
    assert chores.is_done("fill", "2026-11-24")
    moment[0] += timedelta(hours=1)
    assert chores.claim("fill", "2026-11-24", "p9", lease_s=60) is None
    assert chores.claim("fill", "2026-11-25", "p9", lease_s=60) is not None


def test_a_turn_goes_to_another_process_when_its_lease_is_over(database: Database) -> None:
    moment = [NOW]
    chores = SqlChores(database, clock=lambda: moment[0])
    first = chores.claim("fill", "2026-11-24", "dead", lease_s=60)
    assert first is not None
    moment[0] += timedelta(seconds=59)
    assert chores.claim("fill", "2026-11-24", "alive", lease_s=60) is None

    moment[0] += timedelta(seconds=1)
    second = chores.claim("fill", "2026-11-24", "alive", lease_s=60)

    assert second is not None
    assert not chores.done(first)
    assert chores.done(second)


def test_a_turn_that_failed_waits_and_comes_again(database: Database) -> None:
    moment = [NOW]
    chores = SqlChores(database, clock=lambda: moment[0])
    claim = chores.claim("fill", "2026-11-24", "p", lease_s=60)
    assert claim is not None

    assert chores.put_back(claim, wait_s=600)

    assert chores.claim("fill", "2026-11-24", "p", lease_s=60) is None
    moment[0] += timedelta(seconds=600)
    assert chores.claim("fill", "2026-11-24", "p", lease_s=60) is not None


def test_a_claim_is_held_although_nobody_heard_of_it(database: Database) -> None:
    chores = SqlChores(database, clock=lambda: NOW)

    with confirmations_lost(database, 1):
        assert chores.claim("fill", "2026-11-24", "p", lease_s=60) is not None
