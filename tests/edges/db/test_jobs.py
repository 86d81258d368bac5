"""Accepted commands and who answers them: one process, several, and ones that stop in the middle."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.edges.db import jobs as jobs_module
from bot.edges.db.commands import SqlCommandQueue, StoredCommand
from bot.edges.db.jobs import MOST_ATTEMPTS, DatabaseJobs, Handler
from bot.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.edges.db.engine import Database

EIGHT = datetime(2026, 11, 24, 8, tzinfo=UTC)
HOUR_S = 3600.0
LONG_S = 30.0
"""For waits that a working program ends at once."""


class Clock:
    def __init__(self) -> None:
        self.now = EIGHT

    def __call__(self) -> datetime:
        return self.now


class Desk:
    """Answers questions, or waits in the middle of it."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.begun = threading.Semaphore(0)
        self.may_end = threading.Event()
        self.may_end.set()
        self.heard = threading.Semaphore(0)
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()

    def answer(self, command: StoredCommand, hold: Callable[[], bool]) -> None:
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        self.begun.release()
        assert self.may_end.wait(LONG_S)
        with self._lock:
            self._at_once -= 1
        self._say("answer" if hold() else "silence", command)

    def excuse(self, command: StoredCommand) -> None:
        self._say("excuse", command)

    def wait(self, times: int) -> list[tuple[str, str]]:
        for _ in range(times):
            assert self.heard.acquire(timeout=LONG_S)
        return self.said

    def _say(self, what: str, command: StoredCommand) -> None:
        self.said.append((what, command.key))
        self.heard.release()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(database: Database, clock: Clock) -> SqlCommandQueue:
    return SqlCommandQueue(database, clock=clock)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.may_end.set()


@pytest.fixture
def start(queue: SqlCommandQueue, desk: Desk, clock: Clock) -> Iterator[Callable[..., DatabaseJobs]]:
    """Jobs of one more process."""
    started: list[DatabaseJobs] = []

    def started_jobs(handler: Handler | None = None, **more: object) -> DatabaseJobs:
        given: dict = {"owner": f"p{len(started)}", "poll_s": 0.01, "clock": clock}
        jobs = DatabaseJobs(queue, {"question": handler or Handler(desk.answer, desk.excuse)}, **(given | more))
        jobs.start()
        started.append(jobs)
        return jobs

    yield started_jobs
    desk.may_end.set()
    for jobs in started:
        jobs.close(LONG_S)


def command(number: int = 0) -> StoredCommand:
    return StoredCommand(
        key=f"trigger-{number}",
        kind="question",
        requester_id="U1",
        payload={"text": "yesterday"},
        accepted_at=EIGHT + timedelta(seconds=number),
        answer_by=EIGHT + timedelta(minutes=25),
    )


def nothing_left(queue: SqlCommandQueue) -> bool:
    return eventually(lambda: queue.counts() == {"waiting": 0, "at_work": 0})


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether something that another thread does comes true."""
    tick = threading.Event()
    return any(holds() or tick.wait(0.01) for _ in range(int(LONG_S / 0.01)))


def test_a_command_is_answered_once_and_forgotten(
    start: Callable[..., DatabaseJobs], queue: SqlCommandQueue, desk: Desk
) -> None:
    jobs = start()

    assert jobs.submit(command(), keep_s=HOUR_S).accepted
    assert jobs.submit(command(), keep_s=HOUR_S).duplicate

    assert desk.wait(1) == [("answer", "trigger-0")]
    assert nothing_left(queue)


def test_what_another_process_took_in_is_answered_too(
    start: Callable[..., DatabaseJobs], queue: SqlCommandQueue, desk: Desk
) -> None:
    start()
    queue.put(command(), keep_s=HOUR_S)

    assert desk.wait(1) == [("answer", "trigger-0")]


def test_several_processes_answer_each_command_once(
    start: Callable[..., DatabaseJobs], queue: SqlCommandQueue, desk: Desk
) -> None:
    for _ in range(3):
        start(workers=2)
    for number in range(20):
        queue.put(command(number), keep_s=HOUR_S)

    assert sorted(desk.wait(20)) == sorted(("answer", f"trigger-{number}") for number in range(20))
    assert nothing_left(queue)


def test_no_more_run_at_once_than_there_are_workers(
    start: Callable[..., DatabaseJobs], queue: SqlCommandQueue, desk: Desk
) -> None:
    desk.may_end.clear()
    jobs = start(workers=2)
    for number in range(4):
        queue.put(command(number), keep_s=HOUR_S)
    for _ in range(2):
        assert desk.begun.acquire(timeout=LONG_S)
    assert jobs.at_work == 2

    desk.may_end.set()

    assert len(desk.wait(4)) == 4
    assert desk.most_at_once == 2


def test_a_command_that_waited_too_long_is_excused(
    start: Callable[..., DatabaseJobs], queue: SqlCommandQueue, desk: Desk, clock: Clock
) -> None:
    queue.put(command(0), keep_s=HOUR_S)
    queue.put(replace(command(1), answer_by=command().answer_by + timedelta(seconds=1)), keep_s=HOUR_S)
    clock.now = command().answer_by

    start()

    assert sorted(desk.wait(2)) == [("answer", "trigger-1"), ("excuse", "trigger-0")]
    assert nothing_left(queue)


def test_a_command_that_was_left_too_often_is_excused(
    start: Callable[..., DatabaseJobs], queue: SqlCommandQueue, desk: Desk
) -> None:
    queue.put(command(0), keep_s=HOUR_S)
    for _ in range(MOST_ATTEMPTS):
        left = queue.claim("died", kinds=["question"], lease_s=0)
        assert left is not None
    queue.put(command(1), keep_s=HOUR_S)

    start()

    assert sorted(desk.wait(2)) == [("answer", "trigger-1"), ("excuse", "trigger-0")]


def test_a_handler_that_fails_is_not_tried_again(
    start: Callable[..., DatabaseJobs], queue: SqlCommandQueue, desk: Desk
) -> None:
    def fails(command: StoredCommand, hold: Callable[[], bool]) -> None:
        desk.answer(command, hold)
        raise RuntimeError("after the answer")

    start(Handler(fails, desk.excuse))
    queue.put(command(), keep_s=HOUR_S)
    desk.wait(1)

    assert nothing_left(queue)
    assert desk.said == [("answer", "trigger-0")]


def test_a_long_answer_keeps_its_command(
    start: Callable[..., DatabaseJobs], queue: SqlCommandQueue, desk: Desk, clock: Clock
) -> None:
    desk.may_end.clear()
    start(lease_s=0.03)
    queue.put(command(), keep_s=HOUR_S)
    assert desk.begun.acquire(timeout=LONG_S)

    renewed: list[StoredCommand] = []
    original = queue.renew
    queue.renew = lambda held, *, lease_s: renewed.append(held) or original(held, lease_s=lease_s)  # type: ignore[method-assign]
    assert eventually(lambda: len(renewed) > 2)
    desk.may_end.set()

    assert desk.wait(1) == [("answer", "trigger-0")]


def test_a_stopping_process_finishes_what_it_began_and_leaves_the_rest(
    start: Callable[..., DatabaseJobs], queue: SqlCommandQueue, desk: Desk
) -> None:
    desk.may_end.clear()
    jobs = start(workers=1)
    for number in range(2):
        queue.put(command(number), keep_s=HOUR_S)
    assert desk.begun.acquire(timeout=LONG_S)
    closing = threading.Thread(target=jobs.close)
    closing.start()
    assert eventually(lambda: not jobs.running)
    desk.may_end.set()
    closing.join(LONG_S)

    assert desk.said == [("answer", "trigger-0")]
    assert queue.counts() == {"waiting": 1, "at_work": 0}


def test_what_a_stop_cannot_wait_for_goes_to_another_process_and_is_answered_there_alone(
    start: Callable[..., DatabaseJobs], queue: SqlCommandQueue, desk: Desk
) -> None:
    stuck = Desk()
    stuck.may_end.clear()
    stopping = start(Handler(stuck.answer, stuck.excuse))
    queue.put(command(), keep_s=HOUR_S)
    assert stuck.begun.acquire(timeout=LONG_S)

    assert not stopping.close(0.05)
    start()

    assert desk.wait(1) == [("answer", "trigger-0")]
    stuck.may_end.set()
    assert stuck.wait(1) == [("silence", "trigger-0")]


def test_a_database_that_comes_back_finds_the_workers_waiting(
    start: Callable[..., DatabaseJobs], queue: SqlCommandQueue, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "_PAUSE_AFTER_FAILURE_S", 0.01)
    failed = threading.Semaphore(0)
    claim = queue.claim
    away = True

    def claims(*arguments: object, **more: object) -> StoredCommand | None:
        if away:
            failed.release()
            raise StoreError("away")
        return claim(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(queue, "claim", claims)
    start()
    queue.put(command(), keep_s=HOUR_S)
    for _ in range(3):
        assert failed.acquire(timeout=LONG_S)

    away = False

    assert desk.wait(1) == [("answer", "trigger-0")]
