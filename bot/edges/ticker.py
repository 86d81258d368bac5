"""The clock of one process: every few seconds it asks the services what is due.

APScheduler only ticks: one job in memory. What is due, and what was done, are rows. Two things are not left to it.
It sleeps by the wall clock, so that a clock set back an hour would stop it for an hour: a watchdog on the monotonic
clock calls for a tick. And its `running` says nothing about work being done: what counts is that ticks succeed, and
a process whose ticks fail for minutes ends itself, so that the platform starts it anew.
"""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.services.delivery import DeliveryService

log = structlog.get_logger(__name__)

EVERY_S = 5.0
SILENT_AFTER_S = 15.0
GIVE_UP_AFTER_S = 300.0
_JOB = "tick"
_WATCH_S = 1.0


class Ticker:
    """Calls one function every few seconds, never twice at once, whatever it raises and wherever the clock goes.

    Args:
        tick: raises where the tick failed.
        give_up: called once, when ticks have failed for too long; `gave_up` is set then, too.
        monotonic: seconds.
    """

    def __init__(
        self,
        tick: Callable[[], object],
        *,
        every_s: float = EVERY_S,
        silent_after_s: float = SILENT_AFTER_S,
        give_up_after_s: float = GIVE_UP_AFTER_S,
        give_up: Callable[[], object] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tick = tick
        self._every_s = every_s
        self._silent_after_s = silent_after_s
        self._give_up_after_s = give_up_after_s
        self._give_up = give_up
        self._monotonic = monotonic
        self._called_at = self._succeeded_at = monotonic()
        self._scheduler: Any = None
        self._closed = threading.Event()
        self._watchdog = threading.Thread(target=self._watch, name="ticker-watchdog", daemon=True)
        self.gave_up = threading.Event()

    def start(self) -> None:
        """Tick from now on."""
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler

        self._called_at = self._succeeded_at = self._monotonic()
        self._scheduler = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(1)})
        self._scheduler.add_job(
            self.once,
            "interval",
            seconds=self._every_s,
            id=_JOB,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            next_run_time=datetime.now(UTC),
        )
        self._scheduler.start()
        self._watchdog.start()

    def close(self) -> None:
        """Tick no more; a tick under way ends by itself."""
        self._closed.set()
        if self._scheduler is not None and self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def once(self) -> None:
        """One tick; it never raises."""
        self._called_at = self._monotonic()
        try:
            self._tick()
        except Exception:
            log.exception("tick_failed", failing_for_s=round(self.failing_for_s))
        else:
            self._succeeded_at = self._monotonic()

    @property
    def failing_for_s(self) -> float:
        """Seconds since a tick last succeeded."""
        return self._monotonic() - self._succeeded_at

    def watch(self) -> None:
        """One look of the watchdog: call for a tick that doesn't come, give up on ticks that fail."""
        if self.failing_for_s > self._give_up_after_s and not self.gave_up.is_set():
            log.critical("ticker_gave_up", failing_for_s=round(self.failing_for_s))
            self.gave_up.set()
            if self._give_up is not None:
                self._give_up()
            return
        silent_s = self._monotonic() - self._called_at
        if silent_s > self._silent_after_s and self._scheduler is not None:
            log.warning("tick_called_for", silent_s=round(silent_s))
            self._scheduler.modify_job(_JOB, next_run_time=datetime.now(UTC))

    def _watch(self) -> None:
        while not self._closed.wait(_WATCH_S):
            try:
                self.watch()
            except Exception:
                log.exception("watchdog_failed")


def run_clock(
    service: DeliveryService, ticker: Ticker, *, stop: threading.Event | None = None, grace_s: float = 20.0
) -> int:
    """Deliver scheduled posts until told to stop; the exit status, non-zero where ticks failed for too long.

    Args:
        stop: ends it; None: SIGTERM and SIGINT do, which needs the main thread.
        grace_s: for what is in hand then.
    """
    with _until_signalled(stop) as told:
        service.start()
        ticker.start()
        log.info("clock_started")
        while not told.wait(0.2):
            if ticker.gave_up.is_set():
                break
        ticker.close()
        service.stop(grace_s)
    return 1 if ticker.gave_up.is_set() else 0


@contextmanager
def _until_signalled(stop: threading.Event | None) -> Iterator[threading.Event]:
    if stop is not None:
        yield stop
        return
    told = threading.Event()
    former = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in former:
        signal.signal(number, lambda *_: told.set())
    try:
        yield told
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
