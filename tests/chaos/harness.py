"""Several clock processes over one database and one fake Slack, and what is done to them meanwhile."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, func, select, text

from bot.core.recurrence import Recurrence
from bot.core.scheduling import Destination, DestinationKind, Fire, FireState, Misfire, Schedule
from bot.demo.fake_slack import NO_LIMITS, FakeSlack
from bot.edges.db.engine import Database, database_url
from bot.edges.db.ledger import SqlFireLedger
from bot.edges.db.schedules import SqlScheduleStore
from bot.edges.db.tables import fires as table
from bot.edges.db.tables import metadata
from tests.chaos.worker import LEASE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

ROOT = Path(__file__).resolve().parents[2]
START_S = 60.0
OPEN = {FireState.DUE, FireState.HELD}


@dataclass
class Worker:
    """One process."""

    process: subprocess.Popen[str]
    ready: threading.Event = field(default_factory=threading.Event)
    lines: list[str] = field(default_factory=list)
    """What it logged."""

    def listen(self) -> None:
        def heard() -> None:
            assert self.process.stdout is not None
            for line in self.process.stdout:
                if line.strip() == "ready":
                    self.ready.set()
                else:
                    self.lines.append(line)

        threading.Thread(target=heard, daemon=True).start()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)


class Storm:
    """A world of processes to be broken; used as a context, at whose end nothing of it runs any more."""

    def __init__(self, url: str, *, seed: int = 0) -> None:
        self.url = url
        self.chance = random.Random(seed)
        self.slack = FakeSlack(limits=NO_LIMITS)
        self.database = Database(url)
        metadata.create_all(self.database.engine)
        self.store = SqlScheduleStore(self.database)
        self.ledger = SqlFireLedger(self.database)
        self.workers: list[Worker] = []
        self.ended: list[Worker] = []
        self.done = Counter[str]()
        self.began = datetime.now(UTC)

    def __enter__(self) -> Storm:
        self.slack.start()
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.signal(signal.SIGCONT)
            worker.signal(signal.SIGKILL)
        for worker in [*self.workers, *self.ended]:
            worker.process.wait(10)
            if worker.process.stdout is not None:
                worker.process.stdout.close()
        self.database.close()
        self.slack.stop()

    # --- what is owed ---

    def owe(self, schedules: int, *, slots: int, ahead: bool = False) -> int:
        """So many schedules, each due at so many times a minute apart; how many posts that makes.

        Args:
            ahead: the first of them comes in a moment and the others follow; otherwise the last does, and the others
                were missed.
        """
        self.began = datetime.now(UTC)
        soon = self.began + timedelta(seconds=10 if ahead else 2)
        moments = [soon + (timedelta(minutes=n) if ahead else -timedelta(minutes=n)) for n in range(slots)]
        times = tuple(time_of_day(m.hour, m.minute, m.second) for m in moments)
        for n in range(schedules):
            self.slack.add_channel(f"team-{n}", id=f"C{n}")
            self.store.add(
                Schedule(
                    id=f"s{n}",
                    number=0,
                    owner_id="UANA",
                    question="yesterday",
                    recurrence=Recurrence(times=times, zone="UTC"),
                    destinations=(Destination(DestinationKind.CHANNEL, f"C{n}"),),
                    created_at=self.began - timedelta(hours=1),
                    misfire=Misfire.ALL,
                )
            )
        return schedules * slots

    # --- processes ---

    def start(self, count: int = 1, *, die_at: str = "", wait: bool = True) -> list[Worker]:
        """Start processes and (unless told not to) wait until they tick, or have ended."""
        command = [sys.executable, "-m", "tests.chaos.worker", "--database", self.url]
        command += ["--slack", self.slack.url, "--token", self.slack.bot_token, "--die-at", die_at]
        started = []
        for _ in range(count):
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
            worker = Worker(process)
            worker.listen()
            started.append(worker)
        self.workers += started
        for worker in started if wait else ():
            self._until(lambda worker=worker: worker.ready.is_set() or not worker.alive, START_S, "a process to start")
        return started

    def kill(self, number: int = signal.SIGKILL) -> Worker:
        """End one process, and forget it."""
        worker = self.workers.pop(self.chance.randrange(len(self.workers)))
        worker.signal(number)
        worker.process.wait(30)
        self.ended.append(worker)
        self.done[signal.Signals(number).name] += 1
        return worker

    def kill_and_replace(self) -> None:
        """SIGKILL one, and start another: the next kill waits for it, or 1.2 s at least."""
        began = time.monotonic()
        self.kill()
        self.start()
        self.pause(1.2 - (time.monotonic() - began))

    def freeze(self, seconds: float = LEASE_S + 1.5) -> None:
        """SIGSTOP one for longer than its lease."""
        worker = self.chance.choice(self.workers)
        worker.signal(signal.SIGSTOP)
        self.pause(seconds)
        worker.signal(signal.SIGCONT)
        self.done["SIGSTOP"] += 1

    # --- the database ---

    def cut(self) -> None:
        """End every connection to Postgres but the one that does it."""
        engine = create_engine(database_url(self.url), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(
                text(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and pid <> pg_backend_pid()"
                )
            )
        engine.dispose()
        self.done["cut"] += 1

    def lock(self, seconds: float) -> None:
        """Keep SQLite's one writer busy."""
        path = database_url(self.url).database
        with contextlib.closing(sqlite3.connect(str(path), timeout=30, isolation_level=None)) as connection:
            connection.execute("begin immediate")
            self.pause(seconds)
            connection.execute("rollback")
        self.done["locked"] += 1

    # --- waiting ---

    def pause(self, seconds: float) -> None:
        """Let real time pass for real processes, and Slack accept what is late."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.slack.settle()
            time.sleep(min(0.05, left))
        self.slack.settle()

    def fires(self) -> list[Fire]:
        """All rows."""
        return [fire for schedule in self.store.all() for fire in self.ledger.of_schedule(schedule.id)]

    def settled(self, owed: int) -> bool:
        """Whether every post was dealt with and every sweep is done."""
        opened, owing, sweeping = self._standing()
        return opened >= owed and not owing and not sweeping

    def _standing(self) -> tuple[int, int, int]:
        """Rows, those that are still owed, and those that are still to be swept: without reading what they say."""
        owing = table.c.state.in_([state.value for state in OPEN])

        def count(connection: Connection) -> tuple[int, int, int]:
            columns = (func.count(), func.count().filter(owing), func.count().filter(table.c.sweep_at.is_not(None)))
            return tuple(connection.execute(select(*columns)).one())

        return self.database.read(count)

    def until_settled(self, owed: int, timeout_s: float, between: Callable[[], object] | None = None) -> None:
        """Go on (with what happens `between` two looks) until nothing is owed and nothing is left to sweep."""
        ends = time.monotonic() + timeout_s
        while not self.settled(owed):
            if time.monotonic() > ends:
                raise TimeoutError(self.story())
            if between is not None and self._standing()[1]:
                between()
            else:
                self.pause(0.3)

    def _until(self, holds: Callable[[], bool], timeout_s: float, what: str) -> None:
        ends = time.monotonic() + timeout_s
        while not holds():
            if time.monotonic() > ends:
                raise TimeoutError(f"waited for {what}\n{self.story()}")
            self.pause(0.05)

    # --- what came of it ---

    def copies(self) -> Counter[str]:
        """Fire key → how many messages with it stand in a channel."""
        return Counter(_key(message) for message in self._posts())

    def outcome(self) -> dict[str, int]:
        """Keys lost and doubled in the channels, by the ledger's own keys; and what was shown and taken back."""
        copies, keys = self.copies(), {fire.key for fire in self.fires()}
        shown = Counter(_key(message) for message in self._posts(deleted=True))
        return {
            "lost": sum(copies[key] == 0 for key in keys),
            "double": sum(count > 1 for count in copies.values()),
            "strange": sum(key not in keys for key in copies),
            "taken_back": sum(shown.values()) - sum(copies.values()),
        }

    def lateness_s(self) -> list[float]:
        """Of each post that stands: seconds after its slot, or after the start where the slot was before; sorted."""
        due = {fire.key: max(fire.fire_at, self.began).timestamp() for fire in self.fires()}
        return sorted(message.posted_at - due[_key(message)] for message in self._posts())

    def story(self) -> str:
        """For a failure: rows, faults, deeds and the last logs."""
        states = Counter(f"{fire.state.value} {fire.error or ''}" for fire in self.fires())
        logs = [line for worker in [*self.workers, *self.ended] for line in worker.lines[-5:]]
        return f"{dict(states)}\n{dict(self.done)}\n{dict(self.slack.faults.hits)}\n" + "".join(logs[-40:])

    def _posts(self, *, deleted: bool = False) -> Iterator[Any]:
        return (m for m in self.slack.messages(via="chat.postMessage", deleted=deleted) if m.metadata)


def _key(message: Any) -> str:
    return str(message.metadata["event_payload"]["key"])


def percentile(values: list[float], share: float) -> float:
    """Of sorted values."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0
