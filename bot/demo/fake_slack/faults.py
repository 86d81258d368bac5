"""Ways in which a call to Slack goes wrong, switched on for a method, some calls, or a share of them.

What a call left behind matters more than what the caller saw, so each fault says whether the thing was done.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Reject:
    """`ok: false` with this error; nothing is done."""

    error: str
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Throttle:
    """429 with Retry-After; nothing is done.

    With `shuts` the method, or the channel for posts, stays shut that long: earlier calls get a 429 too and count as
    breaches.
    """

    retry_after: int = 1
    shuts: Literal["method", "channel"] | None = None


@dataclass(frozen=True)
class ServerError:
    """An error status with a page of HTML; nothing is done."""

    status: int = 503


@dataclass(frozen=True)
class Drop:
    """The connection is cut; nothing is done."""


@dataclass(frozen=True)
class LostAck:
    """It is done, and the caller never learns: the connection is cut, answers 500, or hangs and is then cut."""

    how: Literal["drop", "500", "hang"] = "drop"
    hold_s: float = 30.0


@dataclass(frozen=True)
class Late:
    """The connection is cut at once; it is done `after_s` later, with the timestamp of then."""

    after_s: float = 2.0


@dataclass(frozen=True)
class Slow:
    """It is done, and answered, after a pause."""

    seconds: float


@dataclass(frozen=True)
class Garbage:
    """It is done, and the answer is 200 with something that isn't JSON."""


@dataclass(frozen=True)
class Hook:
    """Runs a function inside the call: before it is done, or once it is done and not yet answered."""

    before: Callable[[], object] | None = None
    after: Callable[[], object] | None = None


Fault = Reject | Throttle | ServerError | Drop | LostAck | Late | Slow | Garbage | Hook


@dataclass
class _Plan:
    method: str
    fault: Fault
    times: int | None
    share: float
    when: Callable[[Mapping[str, Any]], bool] | None
    chance: random.Random


class Faults:
    """The faults that are switched on; the first plan that fits a call is used. Thread-safe."""

    def __init__(self) -> None:
        self._plans: list[_Plan] = []
        self._lock = threading.Lock()
        self.hits: Counter[tuple[str, str]] = Counter()
        """How often each fault happened, by method and the fault's class name."""

    def next(
        self,
        method: str,
        fault: Fault,
        *,
        times: int = 1,
        when: Callable[[Mapping[str, Any]], bool] | None = None,
    ) -> None:
        """The next `times` calls of the method (those that `when` accepts) go wrong; `*` is any method."""
        self._add(method, fault, times=times, when=when)

    def always(self, method: str, fault: Fault, *, when: Callable[[Mapping[str, Any]], bool] | None = None) -> None:
        """Every call goes wrong until `clear`."""
        self._add(method, fault, when=when)

    def share(self, method: str, fault: Fault, share: float, *, seed: int = 0) -> None:
        """This share of the calls goes wrong; the same calls for the same seed and order."""
        self._add(method, fault, share=share, seed=seed)

    def clear(self) -> None:
        """Switch all off."""
        with self._lock:
            self._plans.clear()

    def pick(self, method: str, params: Mapping[str, Any]) -> Fault | None:
        """The fault for this call, if any."""
        with self._lock:
            for plan in self._plans:
                fits = plan.method in {method, "*"} and (plan.when is None or plan.when(params))
                if not fits or plan.times == 0 or plan.chance.random() >= plan.share:
                    continue
                if plan.times is not None:
                    plan.times -= 1
                self.hits[method, type(plan.fault).__name__] += 1
                return plan.fault
        return None

    def _add(
        self,
        method: str,
        fault: Fault,
        *,
        times: int | None = None,
        share: float = 1.0,
        when: Callable[[Mapping[str, Any]], bool] | None = None,
        seed: int = 0,
    ) -> None:
        chance = random.Random(seed)  # noqa: S311 - which calls go wrong must be repeatable, not secret
        with self._lock:
            self._plans.append(_Plan(method, fault, times, share, when, chance))
