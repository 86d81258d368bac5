"""The queue of accepted commands, on SQLite and on Postgres."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.edges.db.commands import SqlCommandQueue, StoredCommand
from bot.edges.db.engine import Database
from bot.errors import StoreError
from bot.ports import Submission
from tests.databases import confirmations_lost, together

EIGHT = datetime(2026, 11, 24, 8, tzinfo=UTC)
HOUR_S = 3600.0
KINDS = ("question",)

ACCEPTED = Submission(accepted=True)
DUPLICATE = Submission(accepted=False, duplicate=True)
FULL = Submission(accepted=False)


class Clock:
    def __init__(self) -> None:
        self.now = EIGHT

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(database: Database, clock: Clock) -> SqlCommandQueue:
    return SqlCommandQueue(database, capacity=3, clock=clock)


def command(number: int = 0, **more: object) -> StoredCommand:
    given: dict = {
        "key": f"trigger-{number}",
        "kind": "question",
        "requester_id": "U1",
        "payload": {"text": "yesterday “Ana”", "channel": "C1"},
        "accepted_at": EIGHT + timedelta(seconds=number),
        "answer_by": EIGHT + timedelta(minutes=25),
    }
    return StoredCommand(**(given | more))


def test_a_command_comes_out_as_it_went_in(queue: SqlCommandQueue) -> None:
    assert queue.put(command(), keep_s=HOUR_S) == ACCEPTED

    assert queue.claim("p1", kinds=KINDS, lease_s=30) == replace(command(), attempt=1)
    assert queue.claim("p2", kinds=KINDS, lease_s=30) is None


def test_a_key_counts_until_its_time_is_over_also_after_the_answer(queue: SqlCommandQueue, clock: Clock) -> None:
    queue.put(command(), keep_s=HOUR_S)
    assert queue.put(command(), keep_s=HOUR_S) == DUPLICATE
    mine = queue.claim("p1", kinds=KINDS, lease_s=30)
    assert mine is not None
    assert queue.done(mine)

    clock.advance(HOUR_S - 1)
    assert queue.put(command(), keep_s=HOUR_S) == DUPLICATE
    clock.advance(1)
    assert queue.put(command(), keep_s=HOUR_S) == ACCEPTED


def test_a_refused_command_does_not_use_its_key_up(queue: SqlCommandQueue) -> None:
    for number in range(3):
        queue.put(command(number), keep_s=HOUR_S)
    assert queue.put(command(3), keep_s=HOUR_S) == FULL
    assert queue.put(command(0), keep_s=HOUR_S) == DUPLICATE

    assert queue.claim("p1", kinds=KINDS, lease_s=30) is not None  # what is being worked on takes no room

    assert queue.put(command(3), keep_s=HOUR_S) == ACCEPTED


def test_the_one_that_waited_longest_goes_first(queue: SqlCommandQueue) -> None:
    for number in (2, 0, 1):
        queue.put(command(number), keep_s=HOUR_S)

    claimed = [queue.claim("p1", kinds=KINDS, lease_s=30) for _ in range(3)]

    assert [found.key for found in claimed if found] == ["trigger-0", "trigger-1", "trigger-2"]


def test_commands_that_nobody_here_can_answer_are_left_alone(queue: SqlCommandQueue) -> None:
    queue.put(command(kind="from a newer version"), keep_s=HOUR_S)

    assert queue.claim("p1", kinds=KINDS, lease_s=30) is None


def test_whoever_lost_a_command_can_change_nothing(queue: SqlCommandQueue, clock: Clock) -> None:
    queue.put(command(), keep_s=HOUR_S)
    stale = queue.claim("p1", kinds=KINDS, lease_s=30)
    assert stale is not None
    clock.advance(29)
    assert queue.claim("p2", kinds=KINDS, lease_s=30) is None
    clock.advance(1)
    current = queue.claim("p2", kinds=KINDS, lease_s=30)
    assert current == replace(stale, attempt=2)

    assert not queue.renew(stale, lease_s=30)
    assert not queue.done(stale)
    assert not queue.give_back(stale)

    assert queue.counts() == {"waiting": 0, "at_work": 1}
    assert queue.done(current)
    assert queue.counts() == {"waiting": 0, "at_work": 0}


def test_a_renewed_lease_holds(queue: SqlCommandQueue, clock: Clock) -> None:
    queue.put(command(), keep_s=HOUR_S)
    mine = queue.claim("p1", kinds=KINDS, lease_s=30)
    assert mine is not None
    clock.advance(20)
    assert queue.renew(mine, lease_s=30)

    clock.advance(29)
    assert queue.claim("p2", kinds=KINDS, lease_s=30) is None


def test_what_was_given_back_is_free_at_once(queue: SqlCommandQueue) -> None:
    queue.put(command(), keep_s=HOUR_S)
    mine = queue.claim("p1", kinds=KINDS, lease_s=30)
    assert mine is not None

    assert queue.give_back(mine)

    assert not queue.renew(mine, lease_s=30)
    assert queue.claim("p2", kinds=KINDS, lease_s=30) == replace(mine, attempt=2)


def test_old_keys_are_purged_and_young_ones_kept(queue: SqlCommandQueue, clock: Clock) -> None:
    queue.put(command(0), keep_s=HOUR_S)
    queue.put(command(1), keep_s=24 * HOUR_S)
    clock.advance(HOUR_S)

    assert queue.purge() == 1

    assert queue.counts()["waiting"] == 2  # the commands themselves are still owed
    assert queue.put(command(1), keep_s=HOUR_S) == DUPLICATE


def test_commands_that_nobody_had_a_handler_for_end_a_day_late(queue: SqlCommandQueue, clock: Clock) -> None:
    queue.put(command(kind="gone"), keep_s=HOUR_S)
    clock.now = command().answer_by + timedelta(days=1) - timedelta(seconds=1)
    queue.purge()
    assert queue.counts()["waiting"] == 1
    clock.advance(1)

    queue.purge()

    assert queue.counts()["waiting"] == 0


def test_of_copies_handed_in_at_once_one_is_taken(database: Database, clock: Clock) -> None:
    queue = SqlCommandQueue(database, clock=clock)
    seen: list[Submission] = []

    def hand_in() -> None:
        seen.extend(queue.put(command(number), keep_s=HOUR_S) for number in range(10))

    together(*[hand_in] * 4)

    assert sorted(submission.accepted for submission in seen) == [False] * 30 + [True] * 10
    assert queue.counts()["waiting"] == 10


def test_claimers_at_once_never_hold_the_same_command(database: Database, clock: Clock) -> None:
    queue = SqlCommandQueue(database, clock=clock)
    for number in range(20):
        queue.put(command(number), keep_s=HOUR_S)
    taken: list[str] = []

    def work() -> None:
        while (found := queue.claim("p", kinds=KINDS, lease_s=30)) is not None:
            taken.append(found.key)

    together(*[work] * 4)

    assert sorted(taken) == sorted(f"trigger-{number}" for number in range(20))


def test_a_hand_in_whose_confirmation_was_lost_is_taken_once(queue: SqlCommandQueue, database: Database) -> None:
    with confirmations_lost(database, 1):
        assert queue.put(command(), keep_s=HOUR_S) == ACCEPTED

    assert queue.counts()["waiting"] == 1
    assert queue.put(command(), keep_s=HOUR_S) == DUPLICATE


def test_a_database_that_stays_away_is_a_store_error_without_values(database: Database, clock: Clock) -> None:
    queue = SqlCommandQueue(database, clock=clock)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE commands")

    with pytest.raises(StoreError) as caught:
        queue.put(command(payload={"text": "very private"}), keep_s=HOUR_S)

    assert "very private" not in f"{caught.value} {caught.value.__cause__}"
