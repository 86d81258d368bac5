"""An error or a failing host → how long to wait, or give up: it decides, `transport` waits.

Full jitter between tries, the platform's Retry-After where it gives one, a budget that keeps repeats from
doubling the load of an outage, and a breaker that leaves a failing host alone for a while.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from tenacity import wait_random_exponential

from genesys_client.errors import (
    CircuitOpenError,
    GenesysError,
    RateLimitedError,
    ResponseError,
    ServerError,
    TransportError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tenacity import RetryCallState

WINDOW_S = 60.0
PEOPLE_TRIES = 3
BACKGROUND_TRIES = 4
RATE_LIMIT_PAUSE_S = 3.0
"""What the official SDKs wait for a 429 that has no Retry-After."""
NOT_IMPLEMENTED = 501
REQUEST_TIMEOUT = 408


def parse_retry_after(value: str | None, now: Callable[[], datetime]) -> float | None:
    """Seconds to wait: from whole seconds, a float or an HTTP date; None when absent or unreadable."""
    if value is None:
        return None
    text = value.strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - now()).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def is_transient(error: BaseException) -> bool:
    """Whether the same request, sent again, may well succeed."""
    if isinstance(error, TransportError):
        return error.transient
    if isinstance(error, ServerError):
        return error.status != NOT_IMPLEMENTED
    return isinstance(error, RateLimitedError) or (isinstance(error, ResponseError) and error.status == REQUEST_TIMEOUT)


_jitter = wait_random_exponential(multiplier=0.5, max=8)


def pause(state: RetryCallState) -> float:
    """Seconds before the next try: what the platform asked, else full jitter."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, GenesysError) and error.retry_after_s is not None:
        return error.retry_after_s
    return _jitter(state)


class RetryBudget:
    """At most ten repeats a minute, or one for every ten calls where that is more."""

    def __init__(self, clock: Callable[[], float], *, floor: int = 10, share: float = 0.1) -> None:
        self._clock = clock
        self._floor = floor
        self._share = share
        self._lock = threading.Lock()
        self._calls: deque[float] = deque()
        self._repeats: deque[float] = deque()

    def call(self) -> None:
        """Count a first try."""
        with self._lock:
            now = self._clock()
            _forget(self._calls, now)
            self._calls.append(now)

    def spend(self) -> bool:
        """Take one repeat; False where the minute has none left."""
        with self._lock:
            now = self._clock()
            _forget(self._calls, now)
            _forget(self._repeats, now)
            if len(self._repeats) >= max(self._floor, int(len(self._calls) * self._share)):
                return False
            self._repeats.append(now)
            return True


class Breaker:
    """Stops calling a host that fails: half of twenty or more calls in a minute, or five in a row.

    It stays open for thirty seconds, then lets one probe through, whose outcome decides.
    """

    def __init__(self, host: str, clock: Callable[[], float], *, open_for_s: float = 30.0) -> None:
        self._host = host
        self._clock = clock
        self._open_for_s = open_for_s
        self._lock = threading.Lock()
        self._outcomes: deque[tuple[float, bool]] = deque()
        self._failures = 0
        """Among the outcomes."""
        self._in_a_row = 0
        self._open_until: float | None = None
        self._probing = False

    def enter(self) -> bool:
        """Ask to call the host; True where this call is the probe. Hand the answer back to `leave`.

        Raises:
            CircuitOpenError: it is being left alone, or its one probe is under way.
        """
        with self._lock:
            if self._open_until is None:
                return False
            remaining = self._open_until - self._clock()
            if remaining <= 0.0 and not self._probing:
                self._probing = True
                return True
        wait = max(remaining, 1.0)
        raise CircuitOpenError(
            f"{self._host} failed repeatedly, so it isn't called for now; the next try is in {math.ceil(wait)} s.",
            retry_after_s=wait,
        )

    def leave(self, *, probe: bool, failed: bool | None) -> None:
        """Report how a call that entered went; None for an outcome that says nothing about the host."""
        with self._lock:
            now = self._clock()
            if probe:
                self._probing = False
                if failed:
                    self._open_until = now + self._open_for_s
                elif failed is False:
                    self._close()
                return
            if failed is None or self._open_until is not None:
                return  # a straggler that entered before the host was given up
            while self._outcomes and self._outcomes[0][0] <= now - WINDOW_S:
                self._failures -= self._outcomes.popleft()[1]
            self._outcomes.append((now, failed))
            self._failures += failed
            self._in_a_row = self._in_a_row + 1 if failed else 0
            if self._in_a_row >= 5 or (len(self._outcomes) >= 20 and self._failures * 2 >= len(self._outcomes)):
                self._open_until = now + self._open_for_s

    def _close(self) -> None:
        self._open_until = None
        self._in_a_row = self._failures = 0
        self._outcomes.clear()


def _forget(moments: deque[float], now: float) -> None:
    while moments and moments[0] <= now - WINDOW_S:
        moments.popleft()
