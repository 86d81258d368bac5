"""Trouble on demand: what goes wrong, on which calls, how often."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FaultKind = Literal[
    "rate_limited",
    "server_error",
    "drop",
    "slow",
    "drip",
    "truncated",
    "cut",
    "revoke_token",
    "down",
    "redirect",
    "job",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of trouble.

    It strikes each `every`-th matching call after the first `after`, at most `times` times (None: without
    end). A call matches if its path begins with `path`; `down` matches all, the token's included.
    """

    kind: FaultKind
    every: int = 1
    after: int = 0
    times: int | None = None
    path: str = ""
    status: int = 503
    """For `server_error`: a gateway's answer, without JSON."""
    retry_after_s: int = 1
    """For `rate_limited`."""
    seconds: float = 1.0
    """For `slow`, before the answer; for `drip`, between its pieces."""
    location: str = "https://elsewhere.example.com/"
    """For `redirect`."""
    state: Literal["FAILED", "EXPIRED", "CANCELLED"] = "FAILED"
    """For `job`: how it ends."""

    def __post_init__(self) -> None:
        if self.kind not in get_args(FaultKind):
            raise ValueError(f"a fault is one of {', '.join(get_args(FaultKind))}, not {self.kind}")
        if self.every < 1:
            raise ValueError("a fault strikes every first, second, … call")

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> Fault:
        """A fault from its JSON.

        Raises:
            ValueError: a field is unknown or makes no sense.
        """
        try:
            return cls(**fields)
        except TypeError as error:
            raise ValueError(str(error)) from error


class Troublemaker:
    """Counts calls and says which fault strikes; one count for each fault."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._seen: list[int] = []
        self._struck: list[int] = []
        self.arm(faults)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is armed."""
        return tuple(self._faults)

    def arm(self, faults: Sequence[Fault]) -> None:
        """Replace all faults, and count from zero."""
        with self._lock:
            self._faults = list(faults)
            self._seen = [0] * len(self._faults)
            self._struck = [0] * len(self._faults)

    def strikes(self, path: str, *, job: bool = False) -> Fault | None:
        """The first fault due on this call; every fault that matches counts it.

        Args:
            path: of the request.
            job: ask for faults of the kind `job`, which strike when a job is submitted, instead of the others.
        """
        with self._lock:
            due: Fault | None = None
            for i, fault in enumerate(self._faults):
                if (fault.kind == "job") is not job or not (fault.kind == "down" or path.startswith(fault.path)):
                    continue
                self._seen[i] += 1
                exhausted = fault.times is not None and self._struck[i] >= fault.times
                turn = self._seen[i] - fault.after
                if due is None and not exhausted and turn > 0 and turn % fault.every == 0:
                    self._struck[i] += 1
                    due = fault
            return due
