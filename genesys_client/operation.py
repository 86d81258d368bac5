"""What a caller hands down with each call: how long it may take, and a way to stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading


class Operation(Protocol):
    """One question's allowance. An attribute `background = True` marks work for which nobody waits."""

    @property
    def deadline(self) -> float:
        """When to give up, on the client's monotonic clock."""

    @property
    def cancelled(self) -> threading.Event:
        """Set by the caller to stop; noticed between and during waits."""

    def spend(self) -> None:
        """Called once for each HTTP request that leaves the process, from any thread."""


def is_background(operation: Operation) -> bool:
    """Whether people's questions go first; False where the operation doesn't say."""
    return bool(getattr(operation, "background", False))


class Sibling:
    """One of several calls side by side: stops when its family has failed, or when the caller cancels."""

    def __init__(self, parent: Operation, cancelled: threading.Event) -> None:
        self._parent = parent
        self.cancelled = cancelled
        self.background = is_background(parent)

    @property
    def deadline(self) -> float:
        """The parent's."""
        return self._parent.deadline

    def spend(self) -> None:
        """Counted with the parent's."""
        self._parent.spend()
