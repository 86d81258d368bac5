"""The HTTP form: Slack's path behind a guard, health and metrics beside it. A WSGI callable for gunicorn.

The guard reads the raw bytes and checks their signature before anything parses them: Bolt parses first, so that
an unsigned `{` would raise inside it and a word for a timestamp would end as a 500. Bolt's own check stays on.
"""

from __future__ import annotations

import hmac
import re
import time
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, Any

import structlog
from slack_bolt.adapter.wsgi import SlackRequestHandler

from bot.edges.metrics import CONTENT_TYPE, Metrics
from bot.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIEnvironment

    from slack_bolt import App

    from bot.edges.db.kept import KeptJobs
    from bot.edges.jobs import ThreadJobs

log = structlog.get_logger(__name__)

SLACK_PATH = "/slack/events"
LARGEST_BODY = 1_000_000
LONGEST_AGE_S = 300

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    411: "Length Required",
    413: "Content Too Large",
    503: "Service Unavailable",
}


class _RefusedError(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class WebApp:
    """What gunicorn serves: `POST /slack/events`, `GET /healthz`, `/readyz` and `/metrics`.

    Args:
        signing_secret: the app's, from Slack.
        ready: what has to be in order for this process to answer; names and whether they are.
        schedules: gauges of scheduled posts, which other processes send; raises StoreError.
        archive: gauges of kept conversations; raises StoreError.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        app: App,
        *,
        signing_secret: str,
        jobs: ThreadJobs | KeptJobs,
        metrics: Metrics,
        ready: Callable[[], Mapping[str, bool]] = dict,
        schedules: Callable[[], Mapping[str, float]] = dict,
        archive: Callable[[], Mapping[str, float]] = dict,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not signing_secret:
            raise ValueError("without a signing secret anybody could speak as Slack")
        self._slack = SlackRequestHandler(app, path=SLACK_PATH)
        self._secret = signing_secret.encode()
        self._jobs = jobs
        self._metrics = metrics
        self._ready = ready
        self._schedules = schedules
        self._archive = archive
        self._clock = clock

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One request."""
        path = str(environ.get("PATH_INFO", ""))
        pages = {"/healthz": self._healthy, "/readyz": self._readiness, "/metrics": self._counts}
        if path == SLACK_PATH:
            return self._from_slack(environ, start_response)
        page = pages.get(path)
        if page is None:
            return self._answer(start_response, "other", 404, b"not found\n")
        if environ.get("REQUEST_METHOD") not in {"GET", "HEAD"}:
            return self._answer(start_response, path, 405, b"only GET\n", allow="GET, HEAD")
        status, body, kind = page()
        return self._answer(start_response, path, status, body, kind=kind)

    def shut_down(self, timeout: float = 20.0) -> bool:
        """Take no new work; running answers finish, or their people are told."""
        return self._jobs.close(timeout)

    # --- Slack --------------------------------------------------------------------------------------------------------

    def _from_slack(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            body = self._guarded(environ)
        except _RefusedError as refusal:
            # Neither headers nor body: whoever scans us would write our log.
            log.info("request_refused", status=refusal.status, reason=refusal.reason)
            extra = {"allow": "POST"} if refusal.status == 405 else {}
            return self._answer(start_response, SLACK_PATH, refusal.status, b"refused\n", **extra)
        environ = environ | {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        started: list[tuple[Any, ...]] = []

        def remember(status: str, headers: list[tuple[str, str]], *rest: Any) -> Callable[[bytes], object]:
            started[:] = [(status, headers, *rest)]
            return lambda _: None

        try:
            content = b"".join(self._slack(environ, remember))
        except Exception as error:  # noqa: BLE001  signed, and yet nothing that Bolt can read
            log.warning("request_unreadable", kind=type(error).__name__)
            return self._answer(start_response, SLACK_PATH, 400, b"unreadable\n")
        status, headers = started[0][:2]
        self._metrics.requests.labels(SLACK_PATH, status.split()[0]).inc()
        start_response(status, headers)
        return [content]

    def _guarded(self, environ: WSGIEnvironment) -> bytes:
        """The raw body of a request that Slack signed within the last five minutes."""
        if environ.get("REQUEST_METHOD") != "POST":
            raise _RefusedError(405, "method")
        length = str(environ.get("CONTENT_LENGTH") or "")
        if not _TIMESTAMP.fullmatch(length):
            raise _RefusedError(411, "length")
        if int(length) > LARGEST_BODY:
            raise _RefusedError(413, "size")
        timestamp = str(environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP") or "")
        if not _TIMESTAMP.fullmatch(timestamp):
            raise _RefusedError(401, "timestamp")
        if abs(self._clock() - int(timestamp)) > LONGEST_AGE_S:
            raise _RefusedError(401, "age")
        signature = str(environ.get("HTTP_X_SLACK_SIGNATURE") or "")
        if not _SIGNATURE.fullmatch(signature):
            raise _RefusedError(401, "signature form")
        try:
            body: bytes = environ["wsgi.input"].read(int(length))
        except Exception as error:  # the server's stream: a time-out, a reset, a bad chunk
            raise _RefusedError(400, "stream") from error
        if len(body) != int(length):
            raise _RefusedError(400, "short body")
        expected = hmac.new(self._secret, b"v0:" + timestamp.encode() + b":" + body, sha256).hexdigest()
        if not hmac.compare_digest(f"v0={expected}", signature):
            raise _RefusedError(401, "signature")
        return body

    # --- pages --------------------------------------------------------------------------------------------------------

    def _healthy(self) -> tuple[int, bytes, str]:
        """Alive: it answers. How scheduled posts fare is said, but restarting this process would not mend it."""
        gauges = _read(self._schedules)
        lines = "".join(f"schedules {what}: {value:g}\n" for what, value in gauges.items())
        return 200, f"ok\n{lines}".encode(), "text/plain; charset=utf-8"

    def _readiness(self) -> tuple[int, bytes, str]:
        """Able to take a question: there is room for one, and what it needs is in order."""
        state = {"room": self._jobs.has_room, **self._ready()}
        lines = "".join(f"{name}: {'ok' if good else 'not ok'}\n" for name, good in state.items())
        return 200 if all(state.values()) else 503, lines.encode(), "text/plain; charset=utf-8"

    def _counts(self) -> tuple[int, bytes, str]:
        """What this process, or under gunicorn all of them, counted."""
        page = self._metrics.page(
            lambda: {"waiting": self._jobs.waiting, "running": self._jobs.at_work},
            schedules=lambda: _read(self._schedules),
            archive=lambda: _read(self._archive),
        )
        return 200, page, CONTENT_TYPE

    def _answer(
        self,
        start_response: StartResponse,
        path: str,
        status: int,
        body: bytes,
        *,
        kind: str = "text/plain; charset=utf-8",
        allow: str | None = None,
    ) -> Iterable[bytes]:
        self._metrics.requests.labels(path, str(status)).inc()
        headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        if allow is not None:
            headers.append(("Allow", allow))
        start_response(f"{status} {_REASONS[status]}", headers)
        return [body]


def _read(gauges: Callable[[], Mapping[str, float]]) -> Mapping[str, float]:
    try:
        return gauges()
    except StoreError:
        return {"database_failed": 1.0}


def build_web(
    app: App,
    *,
    signing_secret: str,
    jobs: ThreadJobs | KeptJobs,
    metrics: Metrics | None = None,
    ready: Callable[[], Mapping[str, bool]] = dict,
    schedules: Callable[[], Mapping[str, float]] = dict,
    archive: Callable[[], Mapping[str, float]] = dict,
    clock: Callable[[], float] = time.time,
) -> WebApp:
    """The WSGI app around a Bolt app; `metrics` are those that the app counts in."""
    return WebApp(
        app,
        signing_secret=signing_secret,
        jobs=jobs,
        metrics=metrics or Metrics(),
        ready=ready,
        schedules=schedules,
        archive=archive,
        clock=clock,
    )
