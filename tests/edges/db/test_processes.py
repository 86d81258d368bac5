"""Real processes over one database, killed and frozen in the middle: no accepted command is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.core.scheduling import Destination, DestinationKind, Fire
from bot.edges.db.commands import SqlCommandQueue, StoredCommand
from bot.edges.db.engine import Database
from bot.edges.db.ledger import SqlFireLedger
from bot.edges.db.migrate import upgrade
from tests.databases import together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[3]
LONG_S = 60.0
QUICK_LEASE_S = 0.5


@pytest.fixture
def real(url: str) -> Iterator[Database]:
    """A database by its own clock."""
    database = Database(url)
    upgrade(database)
    yield database
    database.close()


@pytest.fixture
def queue(real: Database) -> SqlCommandQueue:
    return SqlCommandQueue(real)


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    (tmp_path / "answers").touch()
    return tmp_path / "answers"


@contextmanager
def process(url: str, answers: Path, owner: str, *mode: str, lease_s: float = QUICK_LEASE_S) -> Iterator[Process]:
    command = [sys.executable, "-m", "tests.edges.db.answering", url, owner, str(lease_s), str(answers), *mode]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as popen:
        try:
            yield Process(popen)
        finally:
            popen.send_signal(signal.SIGCONT)
            popen.kill()


class Process:
    def __init__(self, popen: subprocess.Popen[str]) -> None:
        self._popen = popen

    def says(self, word: str) -> None:
        assert self._popen.stdout is not None
        heard = []
        for line in self._popen.stdout:
            heard.append(line)
            if line.strip() == word:
                return
        raise AssertionError(f"it ended without {word}: {''.join(heard)}")

    def send(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def go_on(self) -> None:
        assert self._popen.stdin is not None
        self._popen.stdin.write("go on\n")
        self._popen.stdin.flush()


def command(number: int) -> StoredCommand:
    now = datetime.now(UTC)
    return StoredCommand(
        key=f"trigger-{number}",
        kind="question",
        requester_id="U1",
        payload={"text": "yesterday"},
        accepted_at=now,
        answer_by=now + timedelta(minutes=25),
    )


def eventually(holds: Callable[[], bool]) -> bool:
    tick = threading.Event()
    return any(holds() or tick.wait(0.02) for _ in range(int(LONG_S / 0.02)))


def test_what_a_killed_process_was_answering_is_answered_by_another(
    url: str, queue: SqlCommandQueue, answers: Path
) -> None:
    for number in range(5):
        assert queue.put(command(number), keep_s=3600).accepted
    with process(url, answers, "killed", "stuck") as killed:
        killed.says("begun")
        killed.send(signal.SIGKILL)
    assert queue.counts() == {"waiting": 4, "at_work": 1}
    assert answers.read_text() == ""

    with process(url, answers, "other"):
        assert eventually(lambda: queue.counts() == {"waiting": 0, "at_work": 0})

    assert sorted(answers.read_text().splitlines()) == [f"trigger-{number} other" for number in range(5)]


def test_a_process_that_wakes_after_its_lease_keeps_silent(url: str, queue: SqlCommandQueue, answers: Path) -> None:
    queue.put(command(0), keep_s=3600)
    with process(url, answers, "frozen", "stuck") as frozen:
        frozen.says("begun")
        frozen.send(signal.SIGSTOP)
        with process(url, answers, "other"):
            assert eventually(lambda: queue.counts() == {"waiting": 0, "at_work": 0})
        frozen.go_on()
        frozen.send(signal.SIGCONT)
        frozen.says("silent")

    assert answers.read_text() == "trigger-0 other\n"


def test_a_process_frozen_at_work_holds_nobody_else_up(url: str, queue: SqlCommandQueue, answers: Path) -> None:
    queue.put(command(0), keep_s=3600)
    with process(url, answers, "frozen", "stuck", lease_s=600) as frozen:
        frozen.says("begun")
        frozen.send(signal.SIGSTOP)
        for number in range(1, 6):
            assert queue.put(command(number), keep_s=3600).accepted
        with process(url, answers, "other"):
            assert eventually(lambda: queue.counts()["waiting"] == 0)
            assert eventually(lambda: len(answers.read_text().splitlines()) == 5)


@pytest.mark.parametrize("kills", [3, pytest.param(60, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
def test_under_kills_everybody_hears_of_her_command(
    url: str, queue: SqlCommandQueue, answers: Path, kills: int
) -> None:
    """An answer, or (left unanswered three times) an excuse; twice only where the kill came before the record of it."""
    accepted = 0
    for number in range(kills):
        with process(url, answers, f"p{number}") as killed:
            killed.says("ready")
            for _ in range(10):
                accepted += queue.put(command(accepted), keep_s=3600).accepted
            already = number * 10 + 3  # in the midst of this batch
            assert eventually(lambda least=already: len(answers.read_text().splitlines()) > least)
            killed.send(signal.SIGKILL)
    with process(url, answers, "last"):
        assert eventually(lambda: queue.counts() == {"waiting": 0, "at_work": 0})

    told = [line.split()[0] for line in answers.read_text().splitlines()]
    assert set(told) == {f"trigger-{number}" for number in range(accepted)}
    assert accepted == kills * 10
    assert len(told) - len(set(told)) <= 4 * kills  # what the workers had in hand
    assert sum("excused" in line for line in answers.read_text().splitlines()) <= accepted / 20


def test_fires_by_the_database_own_clock_are_held_for_their_lease(real: Database) -> None:
    """On Postgres a process whose clock is a day ahead takes nothing from the others, and claims nothing early."""
    ledger = SqlFireLedger(real)
    now = datetime.now(UTC)
    ledger.open([fire(0, now - timedelta(seconds=1)), fire(1, now + timedelta(hours=1))])
    mine = ledger.claim("p1", now, lease_s=60)
    assert mine is not None
    assert mine.lease_until is not None
    assert abs(mine.lease_until - now - timedelta(seconds=60)) < timedelta(seconds=30)

    fast = now + timedelta(days=1)
    taken = ledger.claim("fast", fast, lease_s=60)

    assert (taken is None) == real.is_postgres
    assert ledger.renew(mine, fast, lease_s=60) == real.is_postgres


def test_claimers_by_the_clock_of_the_database_never_hold_the_same_fire(url: str, real: Database) -> None:
    now = datetime.now(UTC)
    SqlFireLedger(real).open([fire(number, now - timedelta(seconds=1)) for number in range(60)])
    taken: list[str] = []

    def work() -> None:
        database = Database(url)
        ledger = SqlFireLedger(database)
        while (found := ledger.claim("p", now, lease_s=60)) is not None:
            taken.append(found.key)
        database.close()

    together(*[work] * 4)

    assert sorted(taken) == sorted(fire(number, now).key for number in range(60))


def fire(number: int, at: datetime) -> Fire:
    channel = Destination(DestinationKind.CHANNEL, f"C{number}")
    return Fire(f"s1:{number}", "s1", channel, at, local_date=at.date(), local_time=at.time().replace(microsecond=0))
