"""How often Slack lets itself be called: a value for the limits, and a counter that says how long to wait.

Slack's published figures: about one message a second in a channel with short bursts, some hundreds a minute in a
workspace, and for each other method a tier (docs.slack.dev/apis/web-api/rate-limits).
"""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What is allowed; `methods` overrides the tier of single methods, in calls a minute."""

    enforced: bool = True
    """False: nothing is refused, breaches are counted all the same."""
    channel_burst: float = 3.0
    """Messages that a quiet channel takes at once, before one a second holds."""
    channel_per_second: float = 1.0
    workspace_per_minute: int = 300
    methods: Mapping[str, int] = field(default_factory=dict)


NO_LIMITS = Limits(enforced=False)


class _Bucket:
    """Tokens that trickle in at `rate` a second up to `capacity`."""

    def __init__(self, *, rate: float, capacity: float, now: float) -> None:
        self.rate, self.capacity, self.tokens, self.at = rate, capacity, capacity, now

    def wait_s(self, now: float) -> float:
        self.tokens = min(self.capacity, self.tokens + max(0.0, now - self.at) * self.rate)
        self.at = now
        return 0.0 if self.tokens >= 1 else (1 - self.tokens) / self.rate


class _Window:
    """Calls of the last minute."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken: deque[float] = deque()

    def wait_s(self, now: float) -> float:
        while self.taken and self.taken[0] <= now - MINUTE_S:
            self.taken.popleft()
        return 0.0 if len(self.taken) < self.limit else self.taken[0] + MINUTE_S - now


class Rates:
    """Counts calls against the limits; not thread-safe by itself, the workspace's lock is held around it."""

    def __init__(self, limits: Limits, tiers: Mapping[str, int | None], clock: Callable[[], float]) -> None:
        self.limits = limits
        self.breaches: Counter[str] = Counter()
        """How often a limit was passed: `channel:C…`, `workspace`, `method:users.info`."""
        self._clock = clock
        self._tiers = {**tiers, **limits.methods}
        self._channels: dict[str, _Bucket] = {}
        self._posts = _Window(limits.workspace_per_minute)
        self._windows: dict[str, _Window] = {}
        self._shut: dict[str, float] = {}

    def shut(self, name: str, seconds: float) -> None:
        """Take nothing for `method:…` or `channel:…` until then, whatever the limits say."""
        self._shut[name] = self._clock() + seconds

    def retry_after(self, method: str, channel: str | None = None) -> int | None:
        """Take one call; whole seconds to wait where that passes a limit, None where it may go on."""
        now = self._clock()
        names = (f"method:{method}", f"channel:{channel}")
        shut = {name: self._shut[name] - now for name in names if self._shut.get(name, now) > now}
        if shut:
            self.breaches.update(shut.keys())
            return max(1, math.ceil(max(shut.values())))
        buckets: list[tuple[str, _Bucket | _Window]] = []
        if channel is not None:
            if channel not in self._channels:
                rate, capacity = self.limits.channel_per_second, self.limits.channel_burst
                self._channels[channel] = _Bucket(rate=rate, capacity=capacity, now=now)
            buckets = [(f"channel:{channel}", self._channels[channel]), ("workspace", self._posts)]
        if tier := self._tiers.get(method):
            window = self._windows.setdefault(method, _Window(tier))
            buckets.append((f"method:{method}", window))
        waits = {name: bucket.wait_s(now) for name, bucket in buckets}
        over = {name: wait for name, wait in waits.items() if wait > 0}
        self.breaches.update(over.keys())
        if over and self.limits.enforced:
            return max(1, math.ceil(max(over.values())))
        for _, bucket in buckets:
            if isinstance(bucket, _Bucket):
                bucket.tokens -= 1
            else:
                bucket.taken.append(now)
        return None
