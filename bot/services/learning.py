"""Names for lists that follow the typing: such a list can't wait for them, so they are read behind its back."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot.errors import BotError
from bot.ports import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot.core.query import Selector
    from bot.services.directory import Directory

log = structlog.get_logger(__name__)

AGAIN_AFTER_S = 60.0
"""When what could not be read is tried once more."""
_LONGEST_S = 120.0


class Learning:
    """Has missing names read, one after the other; thread-safe.

    Args:
        seconds: monotonic.
    """

    def __init__(self, directory: Directory, *, seconds: Callable[[], float]) -> None:
        self._directory = directory
        self._seconds = seconds
        self._lock = threading.Lock()
        self._tried: dict[object, float] = {}
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="names")

    def want(self, scopes: Iterable[Selector]) -> None:
        """Have the directory and who is in these scopes read, where they aren't known; returns at once."""
        if not self._directory.knows_names and self._is_due("names"):
            self._later(self._directory.learn_names)
        for scope in scopes:
            if not self._directory.knows_scope(scope) and self._is_due(scope):
                self._later(partial(self._directory.scope_ids, scope))

    def close(self) -> None:
        """Read nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _is_due(self, what: object) -> bool:
        now = self._seconds()
        with self._lock:
            if now - self._tried.get(what, -AGAIN_AFTER_S) < AGAIN_AFTER_S:
                return False
            self._tried[what] = now
            return True

    def _later(self, work: Callable[[Operation], object]) -> None:
        with suppress(RuntimeError):  # the process is stopping
            self._pool.submit(self._read, work)

    def _read(self, work: Callable[[Operation], object]) -> None:
        try:
            work(Operation.within(_LONGEST_S))
        except BotError as error:
            log.warning("names_not_learnt", code=error.code)
