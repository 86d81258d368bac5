"""Work handed off by the listeners: a bounded queue, a few threads, and each delivery once.

Slack waits three seconds for an ack, and an answer can take twenty. So a listener only puts the work here, where
it can neither hold a thread that acks need nor pile up without end.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from bot.ports import Submission

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ports import Errand

log = structlog.get_logger(__name__)

EVENT_KEEP_S = 24 * 3600.0
"""For how long an event's id is remembered: with delayed events Slack repeats for a day."""
PRESS_KEEP_S = 3600.0
"""For how long a command's or a press's trigger id is remembered."""

_FAREWELL_S = 3.0
"""What `close` keeps of its time to tell people whose answers didn't finish."""


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    key: str
    work: Callable[[], None]
    abandoned: Callable[[], None] | None


class ThreadJobs:
    """`Jobs` in memory: what waits or runs is gone with the process, after `close` told the people concerned.

    Args:
        workers: answers worked on at once; threads start when first needed.
        capacity: answers that may wait; beyond that a hand-in is refused, so that the person hears "busy" at once.
        clock: monotonic seconds, for the life of the keys.
    """

    def __init__(self, *, workers: int = 16, capacity: int = 200, clock: Callable[[], float] = time.monotonic) -> None:
        self._workers = workers
        self._capacity = capacity
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: deque[_Job] = deque()
        self._at_work: set[_Job] = set()
        self._threads: list[threading.Thread] = []
        self._taken: dict[str, float] = {}
        self._expiries: list[tuple[float, str]] = []
        self._closing = False

    @property
    def running(self) -> bool:
        """Whether it takes work: until `close`."""
        return not self._closing

    @property
    def waiting(self) -> int:
        """Jobs not begun."""
        return len(self._waiting)

    @property
    def at_work(self) -> int:
        """Jobs being worked on."""
        return len(self._at_work)

    @property
    def has_room(self) -> bool:
        """Whether another job would be taken."""
        return not self._closing and len(self._waiting) < self._capacity

    def submit(
        self,
        key: str,
        work: Callable[[], None],
        *,
        keep_s: float = PRESS_KEEP_S,
        abandoned: Callable[[], None] | None = None,
        errand: Errand | None = None,
    ) -> Submission:
        """Take the work once for each key; never waits, never raises.

        A refused hand-in doesn't use its key up: the same delivery may come again and find room.
        """
        with self._changed:
            now = self._clock()
            self._forget(now)
            if key in self._taken:
                return Submission(accepted=False, duplicate=True)
            if not self.has_room:
                return Submission(accepted=False)
            self._taken[key] = now + keep_s
            heapq.heappush(self._expiries, (now + keep_s, key))
            self._waiting.append(_Job(key, work, abandoned))
            if len(self._threads) < min(self._workers, len(self._at_work) + len(self._waiting)):
                # Daemons: an answer that hangs must not keep a stopped process alive; `close` does the waiting.
                thread = threading.Thread(target=self._serve, name=f"answer-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify_all()
        return Submission(accepted=True)

    def withdraw(self, key: str, requester_id: str) -> bool:
        """False: this process has no one to tell but itself."""
        return False

    def withdrawn(self, key: str) -> bool:
        """False: nobody else could have."""
        return False

    def wait_idle(self, timeout: float) -> bool:
        """Whether, within the time, nothing waits or runs any more."""
        with self._changed:
            return self._changed.wait_for(self._idle, timeout)

    def close(self, timeout: float = 20.0) -> bool:
        """Take nothing new, let what runs finish, and have everybody else told; True: all finished in time.

        What waits is abandoned at once. What still runs shortly before the time is over is abandoned beside its
        running work, whose late answer the reply then drops. A second call waits for nothing.
        """
        ends = time.monotonic() + timeout
        with self._changed:
            if self._closing:
                return self._idle()
            self._closing = True
            self._changed.notify_all()
            self._changed.wait_for(self._idle, max(0.0, timeout - _FAREWELL_S))
            unfinished = list(self._at_work)
            left, self._waiting = list(self._waiting), deque()
        farewells = [
            threading.Thread(target=_call, args=(job, job.abandoned), daemon=True)
            for job in (*unfinished, *left)
            if job.abandoned is not None
        ]
        for farewell in farewells:
            farewell.start()
        for farewell in farewells:
            farewell.join(max(0.0, ends - time.monotonic()))
        if unfinished or left:
            log.warning("jobs_abandoned", running=len(unfinished), waiting=len(left))
        return not (unfinished or left)

    def _idle(self) -> bool:
        return not self._waiting and not self._at_work

    def _forget(self, now: float) -> None:
        while self._expiries and self._expiries[0][0] <= now:
            _, key = heapq.heappop(self._expiries)
            self._taken.pop(key, None)

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if not self._waiting:
                    return
                job = self._waiting.popleft()
                self._at_work.add(job)
                act = job.abandoned if self._closing else job.work
            try:
                _call(job, act)
            finally:
                with self._changed:
                    self._at_work.discard(job)
                    self._changed.notify_all()


def _call(job: _Job, act: Callable[[], None] | None) -> None:
    try:
        if act is not None:
            act()
    except Exception:
        # The work answers for its own failures; whatever still comes through must not end the thread.
        log.exception("job_failed", key=job.key)
