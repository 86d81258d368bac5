"""Jobs of this process whose commands outlive it.

Whoever accepts a command works on it at once, from memory, as without a database. Beside it stands a row, held by
this process, with what another one needs to do the same. A process that dies leaves its rows behind with a lease;
when that ends, the next process to look answers them, or tells the people that it came too late.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot.edges.db.commands import StoredCommand
from bot.edges.db.jobs import DatabaseJobs
from bot.errors import StoreError
from bot.ports import Submission

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.edges.db.commands import SqlCommandQueue
    from bot.edges.db.jobs import Handler
    from bot.edges.jobs import ThreadJobs
    from bot.ports import Errand

log = structlog.get_logger(__name__)

RESCUERS = 4
"""Commands of dead processes answered at once, beside the own ones."""
_PURGE_EVERY_S = 3600.0


class KeptJobs:
    """`Jobs` over `ThreadJobs`, with a row for each command that names its errand.

    A process frozen beyond its lease goes on when it wakes, so a person may then be answered twice, never not at all.

    Args:
        owner: this process, unlike any other.
        lease_s: how long commands stay with a process that shows no sign of life.
        poll_s: how often to look for what others left.
    """

    def __init__(
        self,
        queue: SqlCommandQueue,
        local: ThreadJobs,
        *,
        owner: str,
        lease_s: float = 30.0,
        poll_s: float = 5.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._queue = queue
        self._local = local
        self._owner = owner
        self._lease_s = lease_s
        self._poll_s = poll_s
        self._clock = clock
        self._held: dict[str, StoredCommand] = {}
        self._begun: set[str] = set()
        self._written: set[str] = set()
        """Held ones of which there is a row."""
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._rescue: DatabaseJobs | None = None
        self._keeper: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether it takes work: until `close`."""
        return self._local.running

    @property
    def waiting(self) -> int:
        """Jobs of this process not begun."""
        return self._local.waiting

    @property
    def at_work(self) -> int:
        """Jobs being worked on here, those of others too."""
        return self._local.at_work + (self._rescue.at_work if self._rescue else 0)

    @property
    def has_room(self) -> bool:
        """Whether another job would be taken."""
        return self._local.has_room

    def start(self, handlers: Mapping[str, Handler]) -> None:
        """Begin to keep commands, and to answer those that others left, by the kind of their errand."""
        self._rescue = DatabaseJobs(
            self._queue,
            handlers,
            owner=f"{self._owner}:rescue",
            workers=RESCUERS,
            lease_s=self._lease_s,
            poll_s=self._poll_s,
            clock=self._clock,
        )
        self._rescue.start()
        self._keeper = threading.Thread(target=self._keep, name="kept-commands", daemon=True)
        self._keeper.start()

    def submit(
        self,
        key: str,
        work: Callable[[], None],
        *,
        keep_s: float = 3600.0,
        abandoned: Callable[[], None] | None = None,
        errand: Errand | None = None,
    ) -> Submission:
        """Take the work once for each key among all processes; waits for the database alone, never raises.

        Where the database doesn't take the errand, the work is done all the same: it then ends with this process.
        """
        if errand is None or self._rescue is None:
            return self._local.submit(key, work, keep_s=keep_s, abandoned=abandoned)
        if not self._local.has_room:
            return Submission(accepted=False)
        command = StoredCommand(
            key=key,
            kind=errand.kind,
            requester_id=errand.requester_id,
            payload=errand.payload,
            accepted_at=self._clock(),
            answer_by=errand.answer_by,
            attempt=1,
        )
        written = False
        try:
            submission = self._queue.put(command, keep_s=keep_s, holder=self._owner, lease_s=self._lease_s)
        except StoreError:
            log.exception("command_not_kept", key=key)
        else:
            if not submission.accepted:
                return submission
            written = True
        with self._lock:
            self._held[key] = command
            if written:
                self._written.add(key)
        submission = self._local.submit(
            key,
            partial(self._work, command, work),
            keep_s=keep_s,
            abandoned=partial(self._leave, command, abandoned),
        )
        if not submission.accepted:  # the last place went to somebody else meanwhile
            self._done(command)
        return submission

    def withdraw(self, key: str, requester_id: str) -> bool:
        """Have a command of that person stopped: its row goes, and the process that works on it notices."""
        try:
            return self._queue.withdraw(key, requester_id)
        except StoreError:
            log.exception("command_not_withdrawn", key=key)
            return False

    def withdrawn(self, key: str) -> bool:
        """Whether the row of a command on which this process works was taken away."""
        with self._lock:
            if key not in self._written:
                return False
        try:
            return not self._queue.stands(key)
        except StoreError:
            log.exception("command_not_looked_up", key=key)
            return False

    def wait_idle(self, timeout: float) -> bool:
        """Whether, within the time, nothing of this process waits or runs any more."""
        return self._local.wait_idle(timeout)

    def close(self, timeout: float = 20.0) -> bool:
        """Take nothing new and let what runs finish; what waits goes to another process, or to the next start."""
        ends = time.monotonic() + timeout
        if self._rescue is not None:
            self._rescue.stop_claiming()  # else it might take what is given back here
        rescue = threading.Thread(target=self._close_rescue, args=(timeout,), daemon=True)
        rescue.start()
        finished = self._local.close(timeout)
        rescue.join(max(0.0, ends - time.monotonic()))
        self._stopped.set()
        if self._keeper is not None:
            self._keeper.join(max(0.0, ends - time.monotonic()))
        return finished and not rescue.is_alive()

    def _close_rescue(self, timeout: float) -> None:
        if self._rescue is not None:
            self._rescue.close(timeout)

    def _work(self, command: StoredCommand, work: Callable[[], None]) -> None:
        with self._lock:
            self._begun.add(command.key)
        try:
            work()
        finally:
            self._done(command)

    def _leave(self, command: StoredCommand, abandoned: Callable[[], None] | None) -> None:
        """A stop doesn't let it finish: not begun, it is given back; else the person is told, its end being open."""
        with self._lock:
            begun = command.key in self._begun
        if not begun and self._given_back(command):
            return
        try:
            if abandoned is not None:
                abandoned()
        finally:
            self._done(command)

    def _given_back(self, command: StoredCommand) -> bool:
        with self._lock:
            self._held.pop(command.key, None)
            self._written.discard(command.key)
        try:
            return self._queue.give_back(command)
        except StoreError:
            log.exception("command_not_given_back", key=command.key)
            return False

    def _done(self, command: StoredCommand) -> None:
        with self._lock:
            self._held.pop(command.key, None)
            self._begun.discard(command.key)
            self._written.discard(command.key)
        try:
            self._queue.done(command)
        except StoreError:
            log.exception("command_not_marked_done", key=command.key)

    def _keep(self) -> None:
        """Renew what waits or runs here, three times in a lease; forget old keys now and then."""
        purge_at = time.monotonic()
        while not self._stopped.wait(self._lease_s / 3):
            with self._lock:
                keys = list(self._held)
            try:
                self._queue.renew_all(self._owner, keys, lease_s=self._lease_s)
                if time.monotonic() >= purge_at:
                    purge_at = time.monotonic() + _PURGE_EVERY_S
                    self._queue.purge()
            except StoreError:
                log.exception("commands_not_renewed", count=len(keys))
