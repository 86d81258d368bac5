"""How many requests one token may make, and who goes first: it decides, `transport` waits.

The platform counts per token and minute (300 by default). Its `inin-ratelimit-*` headers are gone, so the
client keeps its own count over a sliding minute, and a 429 closes the window for as long as the platform says.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_PER_MINUTE = 300
WINDOW_S = 60.0
SHORTEST_WAIT_S = 0.001
"""A wait below the clock's own resolution would be over before it began, again and again."""
KEPT_FOR_PEOPLE = 0.3
"""Share of the rate that background work leaves alone."""
TOKEN_WIDE_S = 180.0
"""A 429 that asks for more is about one resource's daily limit, not the token's minute: it closes that path alone."""


class RateLimiter:
    """A sliding window over the calls of one client; safe to share between threads.

    The count survives a new token: two tokens of a client have a budget each, so that errs on the slow side.
    """

    def __init__(self, clock: Callable[[], float], *, per_minute: int = DEFAULT_PER_MINUTE) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sent: deque[float] = deque()
        self._closed_until = float("-inf")
        self._paths_closed_until: dict[str, float] = {}
        self.per_minute = per_minute

    @property
    def per_minute(self) -> int:
        """Requests allowed in any sixty seconds."""
        return self._per_minute

    @per_minute.setter
    def per_minute(self, value: int) -> None:
        if value < 1:
            raise ValueError("a rate limit below one request a minute lets nothing through")
        self._per_minute = value

    def reserve(self, path: str, *, background: bool = False) -> float:
        """Take a place for one request now and return 0.0, or return the seconds until it is worth asking again."""
        share = 1.0 - KEPT_FOR_PEOPLE if background else 1.0
        allowed = max(1, int(self._per_minute * share))
        with self._lock:
            now = self._clock()
            closed = max(self._closed_until, self._paths_closed_until.get(path, now)) - now
            if closed > 0.0:
                return max(closed, SHORTEST_WAIT_S)
            while self._sent and self._sent[0] <= now - WINDOW_S:
                self._sent.popleft()
            if len(self._sent) < allowed:
                self._sent.append(now)
                return 0.0
            return max(self._sent[-allowed] + WINDOW_S - now, SHORTEST_WAIT_S)

    def close_for(self, seconds: float, path: str) -> None:
        """Let nothing out for so long: what a 429's Retry-After asks."""
        with self._lock:
            now = self._clock()
            if seconds <= TOKEN_WIDE_S:
                self._closed_until = max(self._closed_until, now + seconds)
                return
            open_paths = [p for p, until in self._paths_closed_until.items() if until <= now]
            for open_path in open_paths:
                del self._paths_closed_until[open_path]
            self._paths_closed_until[path] = max(self._paths_closed_until.get(path, now), now + seconds)
