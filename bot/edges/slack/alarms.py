"""Calls that come due a little later, on one thread: progress lines, and words that no listener may wait for."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from typing import TYPE_CHECKING, Protocol

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger(__name__)


class Alarm(Protocol):
    """Something that will be called, unless it is called off."""

    def cancel(self) -> None:
        """Call it off."""


class _Entry:
    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Call it off; lets go of what the call holds."""
        self.call = None


class Alarms:
    """One thread for all of them: a timer thread for each question would double the threads of a busy hour.

    A call that takes long delays the next ones, which is why a progress line looks first whether it is still wanted.
    """

    def __init__(self, *, capacity: int = 2_000) -> None:
        self._capacity = capacity
        self._changed = threading.Condition()
        self._entries: list[tuple[float, int, _Entry]] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def after(self, seconds: float, call: Callable[[], None]) -> Alarm:
        """Call it so many seconds from now; beyond the capacity not at all, for these are courtesies."""
        entry = _Entry(call)
        with self._changed:
            if len(self._entries) >= self._capacity:
                log.warning("alarm_dropped")
                entry.cancel()
                return entry
            heapq.heappush(self._entries, (time.monotonic() + seconds, next(self._numbers), entry))
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="alarms", daemon=True)
                self._thread.start()
            self._changed.notify()
        return entry

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._entries)
                due, _, entry = self._entries[0]
                wait = due - time.monotonic()
                if entry.call is not None and wait > 0:
                    self._changed.wait(wait)
                    continue
                heapq.heappop(self._entries)
            call = entry.call
            if call is None:
                continue
            try:
                call()
            except Exception:
                log.exception("alarm_failed")
