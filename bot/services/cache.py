"""Answers kept for a while, and one load for everybody who asks the same at once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from bot.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """A value and when it was loaded, on the cache's clock; `fresh` for the caller whose load it was."""

    value: T
    loaded_at: float
    fresh: bool


class SharedCache:
    """Thread-safe, bounded, with a life for each entry; concurrent askers of one key share one load.

    A load that fails is told to all who waited for it and is not kept: the next asker tries again.
    """

    def __init__(self, clock: Callable[[], float], *, capacity: int = 512) -> None:
        self._clock = clock
        self._capacity = capacity
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, tuple[float, float, Any]] = OrderedDict()
        self._loading: dict[Hashable, Future[Any]] = {}

    def get(
        self,
        key: Hashable,
        load: Callable[[], T],
        *,
        life_s: float | Callable[[T], float],
        wait_s: float | None = None,
    ) -> Kept[T]:
        """The kept value of that key, else the one that `load` gives, kept for `life_s` from now.

        Args:
            key: what tells two questions apart.
            load: called at most once at a time for a key.
            life_s: seconds; a function of the value where the value decides (0: only shared, not kept).
            wait_s: how long to wait for somebody else's load.
        Raises:
            SourceError: somebody else's load took longer than `wait_s`.
            Exception: whatever `load` raises, to everyone who shared it; but a load that was cancelled is begun anew
                by one of those who waited for it.
        """
        with self._lock:
            entry = self._entries.get(key)
            now = self._clock()
            if entry is not None:
                loaded_at, ends_at, value = entry
                if now < ends_at:
                    self._entries.move_to_end(key)
                    return Kept(value, loaded_at, fresh=False)
                del self._entries[key]
            future = self._loading.get(key)
            mine = future is None
            if future is None:
                future = self._loading[key] = Future()
        if not mine:
            try:
                value, loaded_at = future.result(timeout=wait_s)
            except FutureTimeoutError as error:
                raise SourceError(
                    "Genesys took too long to answer.", hint="Try again in a minute.", code="platform_slow"
                ) from error
            except SourceError as error:
                if error.code != "cancelled":
                    raise
                # Whoever loaded it wants it no longer; that is no reason for those who waited with her.
                return self.get(key, load, life_s=life_s, wait_s=wait_s)
            return Kept(value, loaded_at, fresh=False)
        return self._load(key, load, life_s, future)

    def _load(
        self,
        key: Hashable,
        load: Callable[[], T],
        life_s: float | Callable[[T], float],
        future: Future[Any],
    ) -> Kept[T]:
        try:
            value = load()
            life = life_s(value) if callable(life_s) else life_s
        except BaseException as error:
            with self._lock:
                del self._loading[key]
            future.set_exception(error)
            raise
        loaded_at = self._clock()
        with self._lock:
            del self._loading[key]
            if life > 0:
                self._entries[key] = (loaded_at, loaded_at + life, value)
                self._trim()
        future.set_result((value, loaded_at))
        return Kept(value, loaded_at, fresh=True)

    def peek(self, key: Hashable) -> Any:
        """The kept value of that key while it lives, else None; never loads."""
        with self._lock:
            entry = self._entries.get(key)
            return entry[2] if entry is not None and self._clock() < entry[1] else None

    def drop(self, key: Hashable) -> None:
        """Forget one value, so that the next asker loads it anew."""
        with self._lock:
            self._entries.pop(key, None)

    def put(self, key: Hashable, value: object, *, life_s: float) -> None:
        """Keep a value that came along with something else."""
        with self._lock:
            now = self._clock()
            self._entries[key] = (now, now + life_s, value)
            self._entries.move_to_end(key)
            self._trim()

    def _trim(self) -> None:
        while len(self._entries) > self._capacity:
            self._entries.popitem(last=False)

    def clear(self) -> None:
        """Forget everything that is kept; loads under way go on."""
        with self._lock:
            self._entries.clear()

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)
