"""Acknowledgements go first: answers begin when no delivery waits for one, or a moment later.

Reading fifty questions keeps a processor busy for a second, and Python's threads take turns at it; an acknowledgement
takes a few turns, so without this the last of many would come after most of the reading.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_WAIT_S = 0.25
"""Nobody minds that much before an answer that takes seconds, however many deliveries come."""


class AcksFirst:
    """Counts the deliveries of this process that are not acknowledged yet."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._pending = 0

    @contextmanager
    def delivery(self) -> Iterator[None]:
        """Around a delivery, from its arrival to its acknowledgement."""
        with self._changed:
            self._pending += 1
        try:
            yield
        finally:
            with self._changed:
                self._pending -= 1
                if not self._pending:
                    self._changed.notify_all()

    def give_way(self, at_most_s: float = LONGEST_WAIT_S) -> None:
        """Wait until every delivery is acknowledged, but no longer than that."""
        with self._changed:
            self._changed.wait_for(lambda: not self._pending, at_most_s)
