"""How much one person may ask for at once, so that she can't use up everybody's queue."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING

from bot.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable

_MINUTE_S = 60.0
_SWEEP_AT = 10_000


class Stay:
    """One question on its way; `leave` when it is over, `undo` when it was not taken after all. Each counts once."""

    def __init__(self, allowance: Allowance, user_id: str, at: float) -> None:
        self._allowance: Allowance | None = allowance
        self._user_id = user_id
        self._at = at

    def leave(self) -> None:
        """The question is answered."""
        self._end(undo=False)

    def undo(self) -> None:
        """The question was not taken, so it doesn't count."""
        self._end(undo=True)

    def _end(self, *, undo: bool) -> None:
        allowance, self._allowance = self._allowance, None
        if allowance is not None:
            allowance._left(self._user_id, self._at if undo else None)


class Allowance:
    """Questions a minute and at once, by person; presses are not counted here.

    Each process counts for itself, so with several the limit is as many times as high.
    """

    def __init__(self, *, a_minute: int, at_once: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._a_minute = a_minute
        self._at_once = at_once
        self._clock = clock
        self._lock = threading.Lock()
        self._recent: defaultdict[str, deque[float]] = defaultdict(deque)
        self._on_their_way: defaultdict[str, int] = defaultdict(int)

    def enter(self, user_id: str) -> Stay:
        """Count one question.

        Raises:
            CommandError: that would be one too many.
        """
        now = self._clock()
        with self._lock:
            if len(self._recent) > _SWEEP_AT:
                self._sweep(now)
            recent = self._recent[user_id]
            while recent and now - recent[0] >= _MINUTE_S:
                recent.popleft()
            if len(recent) >= self._a_minute:
                wait = max(1, round(_MINUTE_S - (now - recent[0])))
                raise CommandError(
                    f"That is more than {self._a_minute} questions in a minute.",
                    hint=f"Ask again in {wait} s. Buttons under an answer still work.",
                    code="too_many_questions",
                )
            if self._on_their_way[user_id] >= self._at_once:
                raise CommandError(
                    f"I am still working on {self._at_once} questions of yours.",
                    hint="Wait for their answers, then ask again.",
                    code="too_many_at_once",
                )
            recent.append(now)
            self._on_their_way[user_id] += 1
        return Stay(self, user_id, now)

    def _left(self, user_id: str, uncounted: float | None) -> None:
        with self._lock:
            self._on_their_way[user_id] -= 1
            if self._on_their_way[user_id] <= 0:
                del self._on_their_way[user_id]
            recent = self._recent.get(user_id)
            if uncounted is not None and recent and uncounted in recent:
                recent.remove(uncounted)

    def _sweep(self, now: float) -> None:
        for user_id in [u for u, recent in self._recent.items() if not recent or now - recent[-1] >= _MINUTE_S]:
            del self._recent[user_id]
