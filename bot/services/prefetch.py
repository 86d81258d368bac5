"""Reads the last days into the archive while nobody waits, so that the morning's questions cost nothing.

Conversations first, then half-hours; either is read whatever becomes of the other.

Once a night between all processes: whoever claims the night does it. It has a thread of its own, because the clock
that posts must never wait for it, and leaves people a share of the rate.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from bot.core.intervals import Interval, day_start, first_instant, local_date
from bot.core.sourcing import Side, days_behind, to_prefetch
from bot.errors import BotError, StoreError
from bot.ports import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import date
    from datetime import time as time_of_day
    from zoneinfo import ZoneInfo

    from bot.ports import Chores, Claim
    from bot.services.archive import Archive
    from bot.services.clockwork import Clockwork
    from bot.services.halfhours import HalfHourArchive

log = structlog.get_logger(__name__)

CHORE = "prefetch"
_TAKEN_S = 60.0
"""When to look again after another process was seen at it."""
_HALF_HOURS_S = 120.0
"""The longest that half-hours may take: a few requests, for which the conversations must leave time."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PrefetchSettings:
    """When, and how hard."""

    at: time_of_day
    """Of the wall clock in `zone`."""
    zone: ZoneInfo
    lookback_days: int = 2
    seconds: float = 900.0
    """The longest that reading conversations may take; half-hours have two minutes more, and the lease another."""
    retry_s: float = 1800.0
    """When to try again what failed."""


@dataclass(frozen=True, slots=True)
class Night:
    """One turn: the local date on which it is due, and the moment."""

    date: date
    due_at: datetime

    @property
    def turn(self) -> str:
        """What tells it from other nights; sorts by time."""
        return self.date.isoformat()


class Prefetch:
    """Fills the archive once a night.

    Args:
        owner: this process.
        clock: the moment.
        monotonic: seconds.
        counted: told how each attempt came out: `done` or `failed`.
        half_hours: None: only conversations are read.
        expected: agents whose status is asked for in the morning, whether or not they worked.
    """

    def __init__(
        self,
        clockwork: Clockwork,
        archive: Archive,
        chores: Chores,
        settings: PrefetchSettings,
        *,
        owner: str,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        counted: Callable[[str], object] = lambda outcome: None,
        half_hours: HalfHourArchive | None = None,
        expected: Callable[[Operation], Collection[str]] = lambda operation: (),
    ) -> None:
        self._clockwork = clockwork
        self._archive = archive
        self._chores = chores
        self._settings = settings
        self._owner = owner
        self._clock = clock
        self._monotonic = monotonic
        self._counted = counted
        self._half_hours = half_hours
        self._expected = expected
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._done: str | None = None
        self._not_before = float("-inf")

    def tick(self) -> None:
        """Begin, in a thread of its own, what is due and not yet done; never waits."""
        if self._stopped.is_set() or (self._thread is not None and self._thread.is_alive()):
            return
        night = self.night(self._clock())
        if night.turn == self._done or self._monotonic() < self._not_before:
            return
        self._thread = threading.Thread(target=self._attempt, args=(night,), name="prefetch", daemon=True)
        self._thread.start()

    def close(self, timeout_s: float = 5.0) -> None:
        """Begin nothing more; what is being read is given up and left to another process."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def night(self, now: datetime) -> Night:
        """The last one that was due."""
        zone, today = self._settings.zone, local_date(now, self._settings.zone)
        for day in (today, today - _DAY):
            due_at = first_instant(datetime.combine(day, self._settings.at), zone)
            if due_at <= now:
                return Night(day, due_at)
        return Night(today - _DAY, now)  # the zone skipped a day: what would have been due on it is due now

    def _attempt(self, night: Night) -> None:
        try:
            self.fill(night)
        except Exception:
            self._not_before = self._monotonic() + self._settings.retry_s
            self._counted("failed")
            log.exception("prefetch_failed", night=night.turn)

    def fill(self, night: Night) -> None:
        """Read what the night's morning needs, if no other process does or did.

        Raises:
            StoreError: the database can't tell.
        """
        seconds = self._settings.seconds
        claim = self._chores.claim(CHORE, night.turn, self._owner, lease_s=seconds + _HALF_HOURS_S + 60.0)
        if claim is None:
            if self._chores.is_done(CHORE, night.turn):
                self._done = night.turn
            self._not_before = self._monotonic() + _TAKEN_S
            return
        begun = self._monotonic()
        operation = self._operation(seconds)
        fetched, failures = self._conversations(night, operation)
        requests = operation.requests
        if self._half_hours is not None and "all" not in failures:
            operation = self._operation(_HALF_HOURS_S)
            failures |= self._fill_half_hours(self._half_hours, night, operation)
            requests += operation.requests
        told = {"night": night.turn, "days": len(fetched), "requests": requests}
        if failures:
            self._give_back(claim)
            self._counted("failed")
            log.warning("prefetch_incomplete", failures=failures, **told)
            return
        self._chores.done(claim)
        self._done = night.turn
        self._counted("done")
        log.info("prefetch_done", seconds=round(self._monotonic() - begun, 1), **told)

    def _operation(self, seconds: float) -> Operation:
        operation = Operation.within(seconds)
        operation.cancelled, operation.background = self._stopped, True
        return operation

    def _days(self, night: Night, lookback_days: int) -> tuple[date, ...]:
        """The UTC days in which the night's yesterday lies, and those before it."""
        zone = self._settings.zone
        yesterday = Interval(day_start(night.date - _DAY, zone), day_start(night.date, zone))
        return days_behind((yesterday,), lookback_days)

    def _conversations(self, night: Night, operation: Operation) -> tuple[list[date], dict[str, str]]:
        """(days that were kept, the reason by day for those that weren't)"""
        if not self._archive.ready(operation):
            return [], {"all": "organisation_unknown"}
        wanted = self._days(night, self._settings.lookback_days)
        kept = self._archive.known(None, operation)
        fetched: list[date] = []
        failures: dict[str, str] = {}
        for day in to_prefetch(kept, wanted, now=self._clock(), since=night.due_at.astimezone(UTC)):
            try:
                if self._clockwork.fetch_day(day, operation):
                    fetched.append(day)
                else:
                    failures[day.isoformat()] = "not_kept"
            except BotError as error:
                failures[day.isoformat()] = error.code
        return fetched, failures

    def _fill_half_hours(self, half_hours: HalfHourArchive, night: Night, operation: Operation) -> dict[str, str]:
        """The reason by side and day for those that could not be read.

        Status comes after all that was posted, which tells whose it is; where that failed it waits for the next try.
        """
        failures: dict[str, str] = {}
        wanted, since = self._days(night, 0), night.due_at.astimezone(UTC)
        expected: Collection[str] = ()
        missing: set[date] = set()
        for side in Side:
            days = to_prefetch(half_hours.known(side, operation), wanted, now=self._clock(), since=since)
            if side is Side.STATUS and days:
                expected = self._expected(operation)
            for day in days:
                try:
                    if day not in missing:
                        half_hours.fetch(side, day, operation, expected=expected)
                except BotError as error:
                    missing.add(day)
                    failures[f"{side} {day.isoformat()}"] = error.code
        return failures

    def _give_back(self, claim: Claim) -> None:
        wait_s = 0.0 if self._stopped.is_set() else self._settings.retry_s
        self._not_before = self._monotonic() + wait_s
        try:
            self._chores.put_back(claim, wait_s=wait_s)
        except StoreError:
            log.exception("prefetch_not_given_back")
