"""Socket Mode: the same app over connections that go out, so that no public address is needed."""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING, Protocol

import structlog
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackApiError

from bot.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from slack_bolt import App

    from bot.edges.db.kept import KeptJobs
    from bot.edges.jobs import ThreadJobs

log = structlog.get_logger(__name__)

CONNECTIONS = 2
"""Slack renews each connection every few hours; with two, one is up while the other comes back. Ten is the most."""
PING_INTERVAL_S = 5
"""A dead line is noticed after four of these."""
DEAF_AFTER_S = 60.0
CHECK_EVERY_S = 5.0
CLOSING_S = 5.0
GRACE_S = 20.0


_HINTS = {
    "invalid_auth": "SLACK_APP_TOKEN is not valid: make an app-level token (xapp-…) at api.slack.com/apps.",
    "not_allowed_token_type": "SLACK_APP_TOKEN has to be an app-level token (xapp-…).",
    "missing_scope": "Give the app-level token the scope connections:write.",
    "socket_mode_not_enabled": "Switch Socket Mode on at api.slack.com/apps, or paste the manifest again.",
    "too_many_websockets": "Ten connections are the most for one app: stop another process of the bot first.",
}


class Line(Protocol):
    """One connection to Slack."""

    def connect(self) -> None:
        """Open it."""

    def close(self) -> None:
        """Close it for good."""

    def is_connected(self) -> bool:
        """Whether it hears Slack now."""


class _BoltLine:
    """A line over Bolt's built-in client."""

    def __init__(self, app: App, app_token: str) -> None:
        self._handler = SocketModeHandler(app, app_token, ping_interval=PING_INTERVAL_S, concurrency=32)

    def connect(self) -> None:
        try:
            self._handler.connect()  # type: ignore[no-untyped-call]
        except SlackApiError as refusal:
            error = str(refusal.response.get("error"))
            raise SettingsError(
                f"Slack opens no connection: {error}.", hint=_HINTS.get(error, "`doctor` checks the credentials.")
            ) from refusal

    def close(self) -> None:
        self._handler.close()  # type: ignore[no-untyped-call]

    def is_connected(self) -> bool:
        return bool(self._handler.client.is_connected())


class SocketRunner:
    """Keeps the lines open until asked to stop, and ends the process when it has gone deaf.

    Args:
        lines: connections, not opened yet.
        clock: monotonic seconds.
    """

    def __init__(
        self, lines: list[Line], *, jobs: ThreadJobs | KeptJobs, stop: threading.Event, clock: Callable[[], float]
    ) -> None:
        self._lines = lines
        self._jobs = jobs
        self._stop = stop
        self._clock = clock
        self._heard_at = clock()

    @property
    def connected(self) -> int:
        """Lines that hear Slack now."""
        return sum(line.is_connected() for line in self._lines)

    def run(self, *, grace_s: float = GRACE_S, check_every_s: float = CHECK_EVERY_S) -> int:
        """Listen until `stop` is set; the exit status: 0 asked to stop, 1 deaf for a minute.

        Raises:
            SettingsError: Slack refuses the app token.

        A process that is alive but hears nothing looks healthy to everything outside, so it ends, and whatever
        supervises it starts it anew.
        """
        try:
            for line in self._lines:
                line.connect()
        except Exception:
            self._close_lines()
            raise
        log.info("socket_connected", connections=self.connected)
        status = 0
        while not self._stop.wait(check_every_s):
            if self._is_deaf():
                log.error("socket_deaf", seconds=round(self._clock() - self._heard_at))
                status = 1
                break
        # Lines first: what comes in now would be refused, and Slack sends it to another process instead.
        self._close_lines()
        finished = self._jobs.close(grace_s)
        log.info("socket_stopped", finished=finished)
        return status

    def _close_lines(self) -> None:
        """All at once, and no longer than they may take: a line waits out its read of three seconds first."""
        closing = [threading.Thread(target=line.close, daemon=True) for line in self._lines]
        for thread in closing:
            thread.start()
        ends = time.monotonic() + CLOSING_S
        for thread in closing:
            thread.join(max(0.0, ends - time.monotonic()))

    def _is_deaf(self) -> bool:
        if self.connected:
            self._heard_at = self._clock()
        return self._clock() - self._heard_at > DEAF_AFTER_S


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set; call it from the main thread."""
    stop = threading.Event()

    def asked(number: int, _frame: object) -> None:
        log.info("stopping", signal=signal.Signals(number).name)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked)
    return stop


def run_socket(
    app: App,
    app_token: str,
    *,
    jobs: ThreadJobs | KeptJobs,
    stop: threading.Event | None = None,
    connections: int = CONNECTIONS,
    grace_s: float = GRACE_S,
) -> int:
    """Answer over Socket Mode until a signal (or `stop`); the exit status, 1 where the lines went deaf."""
    runner = SocketRunner(
        list(lines(app, app_token, count=connections)),
        jobs=jobs,
        stop=stop or stop_on_signals(),
        clock=time.monotonic,
    )
    return runner.run(grace_s=grace_s)


def lines(app: App, app_token: str, *, count: int = CONNECTIONS) -> Iterator[Line]:
    """Connections of this app, not opened yet."""
    for _ in range(count):
        yield _BoltLine(app, app_token)
