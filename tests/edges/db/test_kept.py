"""Jobs that outlive their process: on both databases, with processes that are killed, stopped and asked twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from bot.edges.db.commands import SqlCommandQueue
from bot.edges.db.engine import Database
from bot.edges.db.jobs import Handler
from bot.edges.db.kept import KeptJobs
from bot.edges.db.migrate import upgrade
from bot.edges.db.tables import commands
from bot.edges.jobs import ThreadJobs
from bot.errors import StoreError
from bot.ports import Errand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.edges.db.commands import StoredCommand

ROOT = Path(__file__).resolve().parents[3]
EIGHT = datetime(2026, 11, 24, 8, tzinfo=UTC)
ERRAND = Errand("question", "U1", {"text": "yesterday"}, EIGHT + timedelta(minutes=25))
LONG_S = 60.0


class Clock:
    def __init__(self) -> None:
        self.now = EIGHT

    def __call__(self) -> datetime:
        return self.now


class Process:
    """One process: its jobs, and what it did with commands that others left."""

    def __init__(
        self, database: Database, clock: Clock, owner: str, *, poll_s: float = 0.01, lease_s: float = 30, **local: int
    ) -> None:
        self.queue = SqlCommandQueue(database, clock=clock)
        self.did: list[str] = []
        self.rescued = threading.Semaphore(0)
        self.begun = threading.Semaphore(0)
        self.gate = threading.Event()
        local_jobs = ThreadJobs(**({"workers": 1} | local))
        self.jobs = KeptJobs(self.queue, local_jobs, owner=owner, poll_s=poll_s, lease_s=lease_s, clock=clock)

    def start(self) -> None:
        self.jobs.start({"question": Handler(self._resume, self._excuse)})

    def take(self, key: str, *, errand: Errand | None = ERRAND) -> tuple[bool, bool]:
        submission = self.jobs.submit(
            key, lambda: self._work(key), abandoned=lambda: self.did.append(f"told {key}"), errand=errand
        )
        return submission.accepted, submission.duplicate

    def _work(self, key: str) -> None:
        self.begun.release()
        assert self.gate.wait(LONG_S)
        self.did.append(f"did {key}")

    def _resume(self, command: StoredCommand, _hold: object) -> None:
        self.did.append(f"resumed {command.key}")
        self.rescued.release()

    def _excuse(self, command: StoredCommand) -> None:
        self.did.append(f"excused {command.key}")
        self.rescued.release()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(database: Database, clock: Clock) -> Iterator[Callable[..., Process]]:
    processes: list[Process] = []

    def started(owner: str, **more: Any) -> Process:
        process = Process(database, clock, owner, **more)
        process.start()
        processes.append(process)
        return process

    yield started
    for process in processes:
        process.gate.set()
        process.jobs.wait_idle(LONG_S)
        process.jobs.close(LONG_S)


def test_what_is_done_leaves_no_row(start: Callable[..., Process]) -> None:
    one = start("one")
    assert one.take("a") == (True, False)
    assert one.queue.counts() == {"waiting": 0, "at_work": 1}

    one.gate.set()

    assert one.jobs.wait_idle(LONG_S)
    assert one.queue.counts() == {"waiting": 0, "at_work": 0}
    assert one.did == ["did a"]


def test_what_a_dead_process_held_is_done_by_another_when_its_lease_ends(
    start: Callable[..., Process], clock: Clock
) -> None:
    dead, other = start("dead", poll_s=3600), start("other")
    dead.take("a")
    assert dead.begun.acquire(timeout=LONG_S)
    assert other.did == []

    clock.now += timedelta(seconds=30)

    assert other.rescued.acquire(timeout=LONG_S)
    assert other.did == ["resumed a"]
    assert dead.did == []


def test_a_key_taken_by_one_process_is_a_duplicate_to_the_others(start: Callable[..., Process]) -> None:
    one, other = start("one"), start("other")
    assert one.take("a") == (True, False)
    assert other.take("a") == (False, True)
    one.gate.set()
    assert one.jobs.wait_idle(LONG_S)
    assert other.take("a") == (False, True)


def test_a_full_process_refuses_and_the_same_delivery_may_find_room_elsewhere(start: Callable[..., Process]) -> None:
    full, other = start("full", capacity=1), start("other")
    full.take("a")
    assert full.begun.acquire(timeout=LONG_S)
    full.take("b")
    assert not full.jobs.has_room

    assert full.take("c") == (False, False)

    assert other.take("c") == (True, False)


def test_a_stop_gives_back_what_waits_and_tells_whose_answer_was_cut_off(start: Callable[..., Process]) -> None:
    stopping = start("stopping", poll_s=3600)
    stopping.take("running")
    assert stopping.begun.acquire(timeout=LONG_S)
    stopping.take("waiting")

    assert not stopping.jobs.close(timeout=0.5)

    assert stopping.did == ["told running"]
    assert stopping.queue.counts() == {"waiting": 1, "at_work": 0}
    next_start = start("next")
    assert next_start.rescued.acquire(timeout=LONG_S)
    assert next_start.did == ["resumed waiting"]


def test_work_without_an_errand_stays_in_its_process(start: Callable[..., Process]) -> None:
    one = start("one")
    assert one.take("a", errand=None) == (True, False)
    assert one.queue.counts() == {"waiting": 0, "at_work": 0}
    assert one.take("a", errand=None) == (False, True)


def test_a_database_that_is_away_costs_the_promise_and_not_the_answer(
    start: Callable[..., Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = start("one")

    def away(*_: object, **__: object) -> None:
        raise StoreError("The database did not do its work.", hint="")

    for name in ("put", "done", "claim", "renew_all"):
        monkeypatch.setattr(one.queue, name, away)
    assert one.take("a") == (True, False)
    one.gate.set()

    assert one.jobs.wait_idle(LONG_S)
    assert one.did == ["did a"]


def test_what_waits_is_held_for_as_long_as_its_process_lives(
    start: Callable[..., Process], database: Database, clock: Clock
) -> None:
    one = start("one", poll_s=3600, lease_s=0.05)
    one.take("running")
    assert one.begun.acquire(timeout=LONG_S)
    one.take("waiting")

    clock.now += timedelta(minutes=10)

    assert eventually(lambda: all(lease > clock.now for lease in leases(database)))
    assert one.queue.claim("other", kinds=["question"], lease_s=30) is None


def leases(database: Database) -> list[datetime]:
    with database.engine.connect() as connection:
        found = list(connection.scalars(select(commands.c.lease_until)))
    assert len(found) == 2
    return found


def eventually(holds: Callable[[], bool]) -> bool:
    tick = threading.Event()
    return any(holds() or tick.wait(0.02) for _ in range(int(LONG_S / 0.02)))


# --- real processes ---


@pytest.fixture
def real(url: str) -> Iterator[Database]:
    database = Database(url)
    upgrade(database)
    yield database
    database.close()


@contextmanager
def process(
    url: str, answers: Path, owner: str, deliveries: int, *mode: str, lease_s: float = 30
) -> Iterator[subprocess.Popen[str]]:
    given = [url, owner, str(lease_s), str(answers), str(deliveries), *mode]
    command = [sys.executable, "-m", "tests.edges.db.keeping", *given]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as popen:
        try:
            yield popen
        finally:
            popen.kill()


def says(popen: subprocess.Popen[str], word: str) -> None:
    assert popen.stdout is not None
    assert any(line.strip() == word for line in popen.stdout)


def all_done(queue: SqlCommandQueue) -> bool:
    return eventually(lambda: queue.counts() == {"waiting": 0, "at_work": 0})


@pytest.mark.parametrize("deliveries", [100, pytest.param(1_000, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
def test_what_three_processes_are_delivered_is_handled_once(
    url: str, real: Database, tmp_path: Path, deliveries: int
) -> None:
    answers = tmp_path / "answers"
    with ExitStack() as stack:
        processes = [stack.enter_context(process(url, answers, f"p{n}", deliveries)) for n in range(3)]
        for each in processes:
            says(each, "taken")
        assert all_done(SqlCommandQueue(real))

    handled = sorted(line.split()[0] for line in answers.read_text().splitlines())
    assert handled == sorted(f"trigger-{number}" for number in range(deliveries))


def test_what_a_killed_process_took_in_is_done_by_another_once(url: str, real: Database, tmp_path: Path) -> None:
    answers = tmp_path / "answers"
    queue = SqlCommandQueue(real)
    with process(url, answers, "killed", 5, "stuck", lease_s=1) as killed:
        says(killed, "taken")
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    assert queue.counts() == {"waiting": 0, "at_work": 5}

    with process(url, answers, "other", 0):
        assert all_done(queue)

    assert sorted(answers.read_text().splitlines()) == [f"trigger-{number} other" for number in range(5)]
