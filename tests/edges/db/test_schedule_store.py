"""Schedules, kept on SQLite and on Postgres."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from bot.core.recurrence import MonthDay, OnHoliday, Recurrence
from bot.core.scheduling import Destination, DestinationKind, Misfire, Schedule, ScheduleState
from bot.edges.db.engine import Database
from bot.edges.db.schedules import SqlScheduleStore

NOW = datetime(2026, 11, 24, 8, 0, 0, 123456, tzinfo=UTC)


def schedule(**more: object) -> Schedule:
    given: dict = {
        "id": "a",
        "number": 0,
        "owner_id": "U1",
        "question": 'yesterday team:"Back Office"',
        "recurrence": Recurrence((time(8), time(17, 30)), "Europe/London", frozenset(range(5))),
        "destinations": (
            Destination(DestinationKind.CHANNEL, "C1"),
            Destination(DestinationKind.PERSON, "U2", "team:Billing"),
        ),
        "created_at": NOW,
    }
    return Schedule(**(given | more))


@pytest.fixture
def store(database: Database) -> SqlScheduleStore:
    return SqlScheduleStore(database)


def test_a_schedule_comes_back_whole(store: SqlScheduleStore) -> None:
    rich = schedule(
        recurrence=Recurrence(
            (time(8),),
            "Asia/Kathmandu",
            month_day=MonthDay.FIRST_WORKDAY,
            on_holiday=OnHoliday.SHIFT,
            country="GB-SCT",
            own_holidays=(date(2026, 12, 24),),
            starts=date(2026, 12, 1),
            until=date(2027, 12, 1),
            count=10,
        ),
        state=ScheduleState.PAUSED,
        paused_until=date(2026, 12, 1),
        reason="on leave",
        misfire=Misfire.ALL,
        window_s=60,
        wait_s=30,
        least_coverage=0.5,
        failures=2,
        active_since=NOW,
        told_at=NOW,
    )

    kept = store.add(rich)

    assert kept == replace(rich, number=kept.number)
    assert store.get("a") == kept
    assert store.by_number(kept.number) == kept
    assert store.all() == [kept]


def test_numbers_count_up_and_are_never_given_twice(store: SqlScheduleStore) -> None:
    first, second = store.add(schedule(id="a")), store.add(schedule(id="b"))
    store.delete("b")
    third = store.add(schedule(id="c"))

    assert first.number < second.number < third.number


def test_the_same_id_again_is_the_same_schedule(store: SqlScheduleStore) -> None:
    kept = store.add(schedule())

    assert store.add(schedule(question="today")) == kept


def test_whoever_saves_second_is_told(store: SqlScheduleStore) -> None:
    kept = store.add(schedule())

    saved = store.save(replace(kept, state=ScheduleState.PAUSED, destinations=kept.destinations[:1]))
    late = store.save(replace(kept, question="today"))

    assert saved is not None
    assert saved.version == kept.version + 1
    assert late is None
    assert store.get("a") == saved


def test_a_deleted_schedule_is_gone(store: SqlScheduleStore) -> None:
    store.add(schedule())

    assert store.delete("a")
    assert not store.delete("a")
    assert store.get("a") is None
    assert store.all() == []


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**70])
def test_a_number_that_nobody_has_finds_nothing(store: SqlScheduleStore, number: int) -> None:
    assert store.by_number(number) is None
