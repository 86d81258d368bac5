"""One message at a time for each recipient, a pause after each, and a pace for all of them together."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_IN_USE = float("inf")


class Lanes:
    """Who can be posted to now; thread-safe.

    Args:
        pause_s: between two messages to one recipient.
        clock: monotonic seconds.
    """

    def __init__(self, *, pause_s: float, clock: Callable[[], float]) -> None:
        self._pause_s = pause_s
        self._clock = clock
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}

    def busy(self) -> frozenset[str]:
        """Recipients to leave alone for now."""
        with self._lock:
            self._tidy()
            return frozenset(self._until)

    def enter(self, recipient: str) -> None:
        """Keep a recipient for one message."""
        with self._lock:
            self._until[recipient] = _IN_USE

    def leave(self, recipient: str, *, rest_s: float = 0.0) -> None:
        """Done there.

        Args:
            rest_s: Slack asked for so long a pause; the ordinary one is kept in any case.
        """
        with self._lock:
            self._until[recipient] = self._clock() + max(rest_s, self._pause_s)

    def free_in(self) -> float | None:
        """Seconds until the next pause ends; None where nothing pauses."""
        with self._lock:
            self._tidy()
            resting = [until for until in self._until.values() if until != _IN_USE]
            return max(0.0, min(resting) - self._clock()) if resting else None

    def _tidy(self) -> None:
        now = self._clock()
        self._until = {recipient: until for recipient, until in self._until.items() if until > now}


class Pace:
    """Hands out turns, so many a minute at most; thread-safe."""

    def __init__(self, *, a_minute: float, clock: Callable[[], float]) -> None:
        self._gap_s = 60.0 / a_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._next = 0.0

    def turn(self) -> float:
        """Take the next turn; seconds to wait for it."""
        with self._lock:
            now = self._clock()
            start = max(now, self._next)
            self._next = start + self._gap_s
            return start - now


class Budget:
    """So many calls in any minute, as many at once as there are; thread-safe."""

    def __init__(self, *, a_minute: int, clock: Callable[[], float]) -> None:
        self._a_minute = a_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._spent: deque[float] = deque()

    def spend(self) -> float:
        """Take one call: 0, or else, with nothing taken, the seconds until there is one."""
        with self._lock:
            now = self._clock()
            while self._spent and self._spent[0] <= now - 60.0:
                self._spent.popleft()
            if len(self._spent) >= self._a_minute:
                return self._spent[0] + 60.0 - now
            self._spent.append(now)
            return 0.0

    def stop_for(self, seconds: float) -> None:
        """Nothing to spend for so long."""
        with self._lock:
            until = self._clock() + seconds
            self._spent = deque([until - 60.0] * self._a_minute)
