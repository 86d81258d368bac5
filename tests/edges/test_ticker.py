"""The clock of a process, when things go well and when they don't."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from bot.edges.ticker import Ticker, run_clock

WAIT_S = 10


class Monotonic:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Ticks:
    """Counts ticks; fails while told to."""

    def __init__(self) -> None:
        self.came = threading.Semaphore(0)
        self.error: Exception | None = None
        self.at_once = 0
        self.most_at_once = 0
        self.lock = threading.Lock()
        self.hold: threading.Event | None = None

    def __call__(self) -> None:
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        self.came.release()
        if self.hold is not None:
            self.hold.wait(WAIT_S)
        with self.lock:
            self.at_once -= 1
        if self.error is not None:
            raise self.error

    def wait(self, count: int = 1) -> None:
        for _ in range(count):
            assert self.came.acquire(timeout=WAIT_S), "no tick came"

    def drain(self) -> None:
        while self.came.acquire(blocking=False):
            pass


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


def test_it_ticks_at_once_and_again_and_again(ticks):
    ticker = Ticker(ticks, every_s=0.02)
    ticker.start()
    try:
        ticks.wait(5)
    finally:
        ticker.close()


def test_an_error_ends_nothing(ticks):
    ticks.error = RuntimeError("database is locked")
    ticker = Ticker(ticks, every_s=0.02)
    ticker.start()
    try:
        ticks.wait(5)
    finally:
        ticker.close()
    assert not ticker.gave_up.is_set()


def test_a_long_tick_is_never_joined_by_a_second_one(ticks):
    ticks.hold = threading.Event()
    ticker = Ticker(ticks, every_s=0.02)
    ticker.start()
    try:
        ticks.wait()
        ticker._called_at -= 100
        ticker.watch()
        ticks.hold.set()
        ticks.wait(3)
    finally:
        ticker.close()
    assert ticks.most_at_once == 1


def test_a_wall_clock_set_back_an_hour_stops_nothing(ticks):
    monotonic = Monotonic()
    now = datetime.now(UTC)
    with time_machine.travel(now, tick=True) as traveller:
        ticker = Ticker(ticks, every_s=0.05, monotonic=monotonic)
        ticker.start()
        try:
            ticks.wait(2)
            traveller.move_to(now - timedelta(hours=1))
            # The scheduler may run what it is about to run; then it waits for the hour to pass again.
            while ticks.came.acquire(timeout=0.3):
                pass
            monotonic.now += 16

            ticker.watch()

            ticks.wait(3)
        finally:
            ticker.close()


@pytest.mark.parametrize(("silent_s", "called"), [(15.0, False), (15.1, True)])
def test_a_tick_is_called_for_after_fifteen_silent_seconds(silent_s, called):
    monotonic = Monotonic()
    ticker = Ticker(lambda: None, monotonic=monotonic)
    calls = []

    class Scheduler:
        def modify_job(self, job, *, next_run_time):
            calls.append((job, next_run_time))

    ticker._scheduler = Scheduler()
    monotonic.now += silent_s

    ticker.watch()

    assert [job for job, _ in calls] == (["tick"] if called else [])


def test_ticks_that_fail_for_five_minutes_are_given_up_once(ticks):
    monotonic = Monotonic()
    given_up = []
    ticker = Ticker(ticks, monotonic=monotonic, give_up=lambda: given_up.append(1))
    ticks.error = RuntimeError("no database")

    for _ in range(59):
        monotonic.now += 5
        ticker.once()
        ticker.watch()
    assert not ticker.gave_up.is_set()

    for _ in range(3):
        monotonic.now += 5
        ticker.once()
        ticker.watch()
    assert ticker.gave_up.is_set()
    assert given_up == [1]


def test_one_success_in_five_minutes_is_enough(ticks):
    monotonic = Monotonic()
    ticker = Ticker(ticks, monotonic=monotonic)
    for step in range(200):
        monotonic.now += 5
        ticks.error = None if step % 50 == 49 else RuntimeError("locked")
        ticker.once()
        ticker.watch()

    assert not ticker.gave_up.is_set()


class Service:
    def __init__(self) -> None:
        self.life: list[str] = []

    def start(self) -> None:
        self.life.append("start")

    def stop(self, grace_s: float) -> None:
        self.life.append(f"stop within {grace_s}")


def test_a_clock_process_that_is_told_to_stop_ends_well(ticks):
    service, stop = Service(), threading.Event()
    ticker = Ticker(lambda: (ticks(), stop.set()), every_s=0.02)

    assert run_clock(service, ticker, stop=stop) == 0
    assert service.life == ["start", "stop within 20.0"]


def test_a_clock_process_that_gave_up_ends_badly(ticks):
    service = Service()
    ticks.error = RuntimeError("no database")
    ticker = Ticker(ticks, every_s=0.02, give_up_after_s=0.05)

    assert run_clock(service, ticker, stop=threading.Event()) == 1
    assert service.life[-1] == "stop within 20.0"


def test_a_signal_stops_a_clock_process(ticks):
    import os
    import signal

    before = signal.getsignal(signal.SIGTERM)
    service = Service()
    ticker = Ticker(lambda: os.kill(os.getpid(), signal.SIGTERM), every_s=5)

    assert run_clock(service, ticker) == 0
    assert signal.getsignal(signal.SIGTERM) == before
