"""Threads that answer accepted commands out of the database, whichever process accepted them.

A process that dies leaves its commands behind with a lease; when that ends, another process answers them, or tells
the people that it came too late. A handler asks `hold` just before it answers, so that a process which was frozen
in between keeps silent once another has taken over.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.edges.db.commands import SqlCommandQueue, StoredCommand
    from bot.ports import Submission

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 3
"""A command that was left unanswered so often may be what kills its process: the person is told instead."""

_PAUSE_AFTER_FAILURE_S = 1.0


@dataclass(frozen=True, slots=True)
class Handler:
    """What is done with commands of one kind; both answer for their own failures."""

    answer: Callable[[StoredCommand, Callable[[], bool]], None]
    """Gets the command and `hold`, to be asked just before the answer goes out: False means silence."""
    excuse: Callable[[StoredCommand], None]
    """Tells the person that there will be no answer: it came too late, or it was tried too often."""


class DatabaseJobs:
    """Takes commands in, and works on those that any process took in.

    Args:
        handlers: by the kind of command; other kinds, of another version of the bot, are left to that version.
        owner: this process, unlike any other.
        lease_s: how long a command stays with a process that shows no sign of life.
        poll_s: how often to look for what other processes took in or left.
    """

    def __init__(
        self,
        queue: SqlCommandQueue,
        handlers: Mapping[str, Handler],
        *,
        owner: str,
        workers: int = 16,
        lease_s: float = 30.0,
        poll_s: float = 0.5,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._queue = queue
        self._handlers = handlers
        self._owner = owner
        self._workers = workers
        self._lease_s = lease_s
        self._poll_s = poll_s
        self._clock = clock
        self._changed = threading.Condition()
        self._at_work: dict[tuple[str, int], StoredCommand] = {}
        self._fresh = False
        self._closing = False
        self._dispatcher: threading.Thread | None = None
        self._keeper: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether it works on commands: from `start` to `close`."""
        return self._dispatcher is not None and not self._closing

    @property
    def at_work(self) -> int:
        """Commands that this process is working on."""
        return len(self._at_work)

    def submit(self, command: StoredCommand, *, keep_s: float) -> Submission:
        """Take a command once for each key.

        Raises:
            StoreError: the database didn't take it, or nobody can tell.
        """
        submission = self._queue.put(command, keep_s=keep_s)
        if submission.accepted:
            with self._changed:
                self._fresh = True
                self._changed.notify_all()
        return submission

    def start(self) -> None:
        """Begin to work."""
        self._dispatcher = threading.Thread(target=self._dispatch, name="commands", daemon=True)
        self._keeper = threading.Thread(target=self._keep, name="command-leases", daemon=True)
        self._dispatcher.start()
        self._keeper.start()

    def stop_claiming(self) -> None:
        """Begin nothing more; a first part of `close`."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()

    def close(self, timeout: float = 20.0) -> bool:
        """Claim nothing more, let what runs finish, give the rest back; True: all finished in time."""
        ends = time.monotonic() + timeout
        self.stop_claiming()
        if self._dispatcher is not None:
            self._dispatcher.join(max(0.0, ends - time.monotonic()))
        with self._changed:
            finished = self._changed.wait_for(lambda: not self._at_work, max(0.0, ends - time.monotonic()))
            left = list(self._at_work.values())
        for command in left:
            try:
                self._queue.give_back(command)
            except StoreError:
                log.exception("command_not_given_back", key=command.key)
        if left:
            log.warning("commands_given_back", count=len(left))
        elif self._keeper is not None:
            self._keeper.join(max(0.0, ends - time.monotonic()))
        return finished

    def _dispatch(self) -> None:
        """Claim as much as there are workers for; the only thread that asks what waits."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or len(self._at_work) < self._workers)
                if self._closing:
                    return
                self._fresh = False
            command, pause_s = self._claimed()
            if command is None:
                with self._changed:
                    self._changed.wait_for(lambda: self._closing or self._fresh, pause_s)
                continue
            with self._changed:
                self._at_work[command.key, command.attempt] = command
            # Daemons: an answer that hangs must not keep a stopped process alive; `close` does the waiting.
            threading.Thread(target=self._work, args=(command,), name="command", daemon=True).start()

    def _claimed(self) -> tuple[StoredCommand | None, float]:
        """(a command, or None and how long to wait before asking again)."""
        try:
            return self._queue.claim(self._owner, kinds=self._handlers.keys(), lease_s=self._lease_s), self._poll_s
        except StoreError:
            log.exception("commands_not_claimed")
            return None, _PAUSE_AFTER_FAILURE_S

    def _work(self, command: StoredCommand) -> None:
        handler = self._handlers[command.kind]
        try:
            if self._clock() >= command.answer_by or command.attempt > MOST_ATTEMPTS:
                if self._hold(command):
                    handler.excuse(command)
            else:
                handler.answer(command, partial(self._hold, command))
        except Exception:
            # The handler answers for its own failures; trying again might tell the person twice.
            log.exception("command_failed", key=command.key, kind=command.kind)
        try:
            self._queue.done(command)
        except StoreError:
            log.exception("command_not_marked_done", key=command.key)
        finally:
            with self._changed:
                self._at_work.pop((command.key, command.attempt), None)
                self._changed.notify_all()

    def _hold(self, command: StoredCommand) -> bool:
        try:
            return self._queue.renew(command, lease_s=self._lease_s)
        except StoreError:
            # Nobody can tell: a second answer to one person is better than none.
            log.exception("command_not_renewed", key=command.key)
            return True

    def _keep(self) -> None:
        """Renew what is being worked on, three times in a lease, also while `close` waits for it."""
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: self._closing and not self._at_work, self._lease_s / 3):
                    return
                held = list(self._at_work.values())
            for command in held:
                self._hold(command)
