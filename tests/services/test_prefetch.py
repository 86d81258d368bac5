"""Reading ahead at night: when it is due, once between processes, again after a failure, and never in the way."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from bot.core.sourcing import KeptDay
from bot.core.zones import load_zone
from bot.edges.db.archive import SqlChores
from bot.edges.db.engine import Database
from bot.edges.db.tables import metadata
from bot.errors import SourceError
from bot.services.prefetch import Prefetch, PrefetchSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.ports import Operation

NOW = datetime(2026, 3, 10, 7, 30, tzinfo=UTC)


class Floor:
    """A clockwork and an archive in one: fetching a day keeps it."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.kept: dict[date, KeptDay] = {}
        self.asked: list[date] = []
        self.failing: set[date] = set()
        self.known_as = True
        self.operations: list[Operation] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def ready(self, _operation: Operation) -> bool:
        return self.known_as

    def known(self, _days: object, _operation: Operation) -> dict[date, KeptDay]:
        return dict(self.kept)

    def fetch_day(self, day: date, operation: Operation) -> bool:
        self.operations.append(operation)
        self.asked.append(day)
        self.go_on.wait(10)
        if operation.cancelled.is_set():
            raise SourceError("Cancelled.", code="cancelled")
        if day in self.failing:
            raise SourceError("Down.", code="platform_down")
        self.kept[day] = KeptDay(day, self.clock(), 1, False)
        return True


class World:
    def __init__(self) -> None:
        self.now = NOW
        self.seconds = 0.0
        self.database = Database("sqlite://", scripted=True)
        metadata.create_all(self.database.engine)
        self.chores = SqlChores(self.database, clock=lambda: self.now)
        self.floor = Floor(lambda: self.now)
        self.outcomes: list[str] = []

    def process(self, owner: str = "p1", zone: str = "Europe/London", at: time = time(2)) -> Prefetch:
        floor: Any = self.floor
        return Prefetch(
            floor,
            floor,
            self.chores,
            PrefetchSettings(at, load_zone(zone)),
            owner=owner,
            clock=lambda: self.now,
            monotonic=lambda: self.seconds,
            counted=self.outcomes.append,
        )

    def pass_time(self, **much: float) -> None:
        self.now += timedelta(**much)
        self.seconds += timedelta(**much).total_seconds()


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.database.close()


def tick(prefetch: Prefetch) -> None:
    """A tick, and the end of what it began."""
    prefetch.tick()
    if prefetch._thread is not None:
        prefetch._thread.join(10)


def march(*days: int) -> list[date]:
    return [date(2026, 3, day) for day in days]


@pytest.mark.parametrize(
    ("zone", "now", "due"),
    [
        pytest.param("Europe/London", "2026-03-10T07:30Z", "2026-03-10T02:00+00:00", id="this morning"),
        pytest.param("Europe/London", "2026-03-10T01:59Z", "2026-03-09T02:00+00:00", id="not yet today"),
        pytest.param("America/New_York", "2026-03-10T05:59Z", "2026-03-09T06:00+00:00", id="by the zone's clock"),
        pytest.param("Europe/London", "2026-03-29T01:00Z", "2026-03-29T01:00+00:00", id="two o'clock comes at three"),
        pytest.param("Europe/London", "2026-10-25T02:00Z", "2026-10-25T02:00+00:00", id="clocks back"),
    ],
)
def test_the_night_that_is_due(world: World, zone: str, now: str, due: str) -> None:
    night = world.process(zone=zone).night(datetime.fromisoformat(now).astimezone(UTC))

    assert night.due_at == datetime.fromisoformat(due)


def test_yesterday_and_the_look_back_are_read_once_a_night(world: World) -> None:
    one, other = world.process("p1"), world.process("p2")

    for prefetch in (one, other, one, other):
        tick(prefetch)
        world.pass_time(minutes=2)

    assert world.floor.asked == march(9, 8, 7)
    assert all(operation.background for operation in world.floor.operations)
    assert world.outcomes == ["done"]
    world.pass_time(hours=20)
    tick(one)
    assert world.floor.asked[3:] == march(10, 9, 8)


def test_what_failed_is_tried_again_later_and_only_that(world: World) -> None:
    prefetch = world.process()
    world.floor.failing = set(march(8))

    with capture_logs() as logs:
        tick(prefetch)
    assert world.floor.asked == march(9, 8, 7)
    assert world.outcomes == ["failed"]
    (warning,) = (line for line in logs if line["event"] == "prefetch_incomplete")
    assert warning["failures"] == {"2026-03-08": "platform_down"}
    world.floor.failing = set()
    world.pass_time(minutes=29)
    tick(prefetch)
    assert len(world.floor.asked) == 3

    world.pass_time(minutes=2)
    tick(prefetch)

    assert world.floor.asked[3:] == march(8)
    assert world.outcomes == ["failed", "done"]


def test_an_organisation_that_is_not_known_costs_no_reading(world: World) -> None:
    world.floor.known_as = False

    tick(world.process())

    assert world.floor.asked == []
    assert world.outcomes == ["failed"]


def test_a_tick_does_not_wait_and_a_shutdown_leaves_the_night_to_others(world: World) -> None:
    prefetch = world.process("p1")
    world.floor.go_on.clear()

    prefetch.tick()
    prefetch.tick()
    threads = [thread for thread in threading.enumerate() if thread.name == "prefetch"]
    assert len(threads) == 1
    prefetch._stopped.set()
    world.floor.go_on.set()
    prefetch.close()

    assert not threads[0].is_alive()
    tick(world.process("p2"))
    assert world.outcomes == ["failed", "done"]
    assert sorted(world.floor.kept) == march(7, 8, 9)


def test_a_database_that_fails_is_no_end_of_ticks(world: World) -> None:
    prefetch = world.process()
    metadata.drop_all(world.database.engine)

    with capture_logs() as logs:
        tick(prefetch)

    assert "prefetch_failed" in {line["event"] for line in logs}
    metadata.create_all(world.database.engine)
    world.pass_time(minutes=31)
    tick(prefetch)
    assert world.outcomes == ["failed", "done"]
