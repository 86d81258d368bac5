"""Threads of delivery: workers that are woken, and one that keeps leases alive."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.core.scheduling import Fire
    from bot.ports import Operation

log = structlog.get_logger(__name__)


class Crew:
    """Workers that run one function whenever they are woken; an error of one run ends that run only."""

    def __init__(self, work: Callable[[], object], *, size: int) -> None:
        self._work = work
        self._condition = threading.Condition()
        self._calls = 0
        self._closed = False
        self._threads = [threading.Thread(target=self._run, name=f"delivery-{n}", daemon=True) for n in range(size)]

    def start(self) -> None:
        """Begin to listen for calls."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Have one more worker run, unless as many as there are have been called already."""
        with self._condition:
            self._calls = min(self._calls + 1, len(self._threads))
            self._condition.notify()

    def close(self, timeout_s: float) -> bool:
        """Let running work finish and start none; whether all of it did."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
        ends = time.monotonic() + timeout_s
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, ends - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while True:
            with self._condition:
                while not (self._calls or self._closed):
                    self._condition.wait()
                if self._closed:
                    return
                self._calls -= 1
            try:
                self._work()
            except Exception:
                log.exception("delivery_work_failed")


class Keeper:
    """Renews the leases of all fires in hand while their content is computed.

    Where a lease is lost the question is cancelled: somebody else asks it by now.
    """

    def __init__(self, renew: Callable[[Fire], bool], *, every_s: float) -> None:
        self._renew = renew
        self._every_s = every_s
        self._lock = threading.Lock()
        self._held: dict[str, tuple[Fire, Operation]] = {}
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="delivery-leases", daemon=True)

    def start(self) -> None:
        """Renew from now on, by a thread."""
        self._thread.start()

    @contextmanager
    def holding(self, fire: Fire, operation: Operation) -> Iterator[None]:
        """Keep this fire's lease alive meanwhile."""
        with self._lock:
            self._held[fire.key] = (fire, operation)
        try:
            yield
        finally:
            with self._lock:
                self._held.pop(fire.key, None)

    def renew_all(self) -> None:
        """Renew every lease once; a database that is away for a moment costs nothing yet."""
        with self._lock:
            held = list(self._held.values())
        for fire, operation in held:
            try:
                if not self._renew(fire):
                    operation.cancelled.set()
            except Exception as error:  # noqa: BLE001  whatever the database says, the next renewal may do
                log.warning("lease_not_renewed", key=fire.key, error=type(error).__name__)

    def cancel_all(self) -> None:
        """Stop every question under way."""
        with self._lock:
            for _, operation in self._held.values():
                operation.cancelled.set()

    def close(self) -> None:
        """Renew nothing more."""
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.wait(self._every_s):
            self.renew_all()
