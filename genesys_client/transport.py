"""The one place that talks to the network, reads a clock and sleeps.

`Transport.send` takes a call and an operation, and gives the body of a success or raises one of `errors`. It
owns the retries: nothing below it repeats a request, and nothing above it does but for one renewed token.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import requests.auth
from tenacity import Retrying, retry_if_exception
from urllib3.exceptions import HTTPError

from genesys_client.error_bodies import Refusal, api_error, correlation_id
from genesys_client.errors import (
    GenesysError,
    OversizedPayloadError,
    RateLimitedError,
    ResponseError,
    ServerError,
    ThrottledError,
    TransportError,
)
from genesys_client.operation import is_background
from genesys_client.rate_limit import DEFAULT_PER_MINUTE, RateLimiter
from genesys_client.retry import BACKGROUND_TRIES, PEOPLE_TRIES, Breaker, RetryBudget, is_transient, pause
from genesys_client.wire import DeadlineAdapter, Exchange, under_way

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from requests.adapters import BaseAdapter
    from tenacity import RetryCallState

    from genesys_client.operation import Operation

log = logging.getLogger(__name__)

CONNECT_S = 3.0
READ_S = 10.0
BODY_CAP = 20 * 1024 * 1024
CHUNK = 64 * 1024
NO_CONTENT = 204
CONNECTIONS = 32
"""Kept open per host: four operations at eight pages side by side."""
USER_AGENT = "utilization-bot-genesys-client/1"


@dataclass(frozen=True, slots=True)
class Call:
    """One request to be made, on whichever host; its secrets are in `auth` alone."""

    method: str
    base: str
    path: str
    auth: requests.auth.AuthBase = field(repr=False)
    params: Sequence[tuple[str, str]] = ()
    body: bytes | None = field(default=None, repr=False)
    content_type: str = "application/json"
    repeatable: bool = False
    """Sending it twice changes nothing on the platform."""
    limited: bool = True
    """Counts against the token's rate."""
    patient: bool = False
    """A rate limit that says no more than "not now" is asked again as long as the deadline allows."""
    error: Callable[[Refusal], ResponseError] = api_error


class _Session(requests.Session):
    """Keeps no cookies, and never looks where a redirect leads: requests reads its whole body for that.

    What the environment says of a host (its proxy, the bundle of certificates) is looked up once.
    """

    def __init__(self) -> None:
        super().__init__()
        self._settings: dict[str, Any] = {}
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self.headers.update({"Accept": "application/json", "User-Agent": USER_AGENT})

    def get_redirect_target(self, _resp: requests.Response) -> str | None:
        return None

    def merge_environment_settings(self, url: Any, *of_the_call: Any) -> Any:
        host = "://".join(urlsplit(url)[:2])
        known = self._settings.get(host)
        if known is None:
            known = self._settings[host] = super().merge_environment_settings(url, *of_the_call)
        return known


class Transport:
    """Sends calls within an operation's limits; shared by all threads of a client."""

    def __init__(
        self,
        *,
        adapter: BaseAdapter | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
        now: Callable[[], datetime] | None = None,
        requests_per_minute: int = DEFAULT_PER_MINUTE,
    ) -> None:
        self.clock = clock
        self.limiter = RateLimiter(clock, per_minute=requests_per_minute)
        self._sleep = sleep
        self._now = now or (lambda: datetime.now(UTC))
        self._budget = RetryBudget(clock)
        self._breakers: dict[str, Breaker] = {}
        self._session = _Session()
        adapter = adapter or DeadlineAdapter(connections=CONNECTIONS)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def send(self, call: Call, operation: Operation) -> bytearray:
        """The body of a success, after as many tries as the call, the operation and the retry budget allow.

        Raises:
            GenesysError: any of `errors`' classes; with `retry_after_s` where the platform said when to come back.
        """
        tries = BACKGROUND_TRIES if is_background(operation) else PEOPLE_TRIES

        def give_up(state: RetryCallState) -> bool:
            error = state.outcome.exception() if state.outcome else None
            out_of_tries = state.attempt_number >= tries and not (call.patient and isinstance(error, RateLimitedError))
            if not call.repeatable or out_of_tries:
                return True
            return self.clock() + state.upcoming_sleep >= operation.deadline or not self._budget.spend()

        def wait(seconds: float) -> None:
            self.wait(seconds, operation)

        def report(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            log.info(
                "genesys_retry path=%s attempt=%d wait_s=%.1f error=%s request_id=%s",
                call.path,
                state.attempt_number,
                state.upcoming_sleep,
                type(error).__name__,
                getattr(error, "request_id", None),
            )

        self._budget.call()
        retrying = Retrying(
            retry=retry_if_exception(is_transient),
            wait=pause,
            stop=give_up,
            sleep=wait,
            before_sleep=report,
            reraise=True,
        )
        return retrying(self._try, call, operation)

    def wait(self, seconds: float, operation: Operation) -> None:
        """Sleep, unless the operation is cancelled meanwhile.

        Raises:
            OperationCancelledError: it was.
            DeadlineExceededError: the deadline came first.
        """
        if self._sleep is not None:
            self._sleep(seconds)
        else:
            operation.cancelled.wait(seconds)
        Exchange(operation, self.clock).remaining()

    def _try(self, call: Call, operation: Operation) -> bytearray:
        exchange = Exchange(operation, self.clock)
        exchange.remaining()
        breaker = self._breaker(call.base)
        probe = breaker.enter()
        failed: bool | None = None
        try:
            if call.limited:
                self._take_a_place(call, operation)
            body = self._exchange(call, exchange, operation)
            failed = False
        except RateLimitedError as error:
            if call.limited and error.retry_after_s is not None:
                self.limiter.close_for(error.retry_after_s, call.path)
            raise
        except ServerError:
            failed = True
            raise
        except TransportError as error:
            # An exchange cut short by its own deadline or by the caller says nothing about the host.
            failed = True if error.transient else None
            raise
        except GenesysError:
            failed = False
            raise
        finally:
            breaker.leave(probe=probe, failed=failed)
        return body

    def _take_a_place(self, call: Call, operation: Operation) -> None:
        background = is_background(operation)
        while (seconds := self.limiter.reserve(call.path, background=background)) > 0.0:
            if self.clock() + seconds >= operation.deadline:
                raise ThrottledError(
                    f"The rate limit of Genesys Cloud leaves no room for {seconds:.0f} s.", retry_after_s=seconds
                )
            self.wait(seconds, operation)

    def _breaker(self, base: str) -> Breaker:
        host = urlsplit(base).netloc
        return self._breakers.get(host) or self._breakers.setdefault(host, Breaker(host, self.clock))

    def _exchange(self, call: Call, exchange: Exchange, operation: Operation) -> bytearray:
        """One request and its whole answer."""
        left = exchange.remaining()
        timeout = (min(CONNECT_S, left), min(READ_S, left))
        headers = {"Content-Type": call.content_type} if call.body is not None else {}
        operation.spend()
        with under_way(exchange):
            try:
                response = self._session.request(
                    call.method,
                    call.base + call.path,
                    params=list(call.params),
                    data=call.body,
                    headers=headers,
                    auth=call.auth,
                    timeout=timeout,
                    allow_redirects=False,
                    stream=True,
                )
            except (requests.RequestException, HTTPError, OSError) as error:
                raise self._no_response(error, call, exchange) from error
            with response:
                return self._answer(response, call, exchange)

    def _answer(self, response: requests.Response, call: Call, exchange: Exchange) -> bytearray:
        success = 200 <= response.status_code < 300
        try:
            body = _bounded_body(response, call.path, exchange)
        except (requests.RequestException, HTTPError, OSError) as error:
            if success:
                raise self._no_response(error, call, exchange, request_id=correlation_id(response.headers)) from error
            body = bytearray()  # the status is known, and says enough
        except OversizedPayloadError:
            if success:
                raise
            body = bytearray()
        if success:
            if not body and response.status_code != NO_CONTENT and "Content-Length" not in response.headers:
                # Every other success has a body; http.client takes a connection lost in the headers for their end.
                raise TransportError(f"The answer to {call.path} broke off.", transient=True)
            return body
        raise call.error(Refusal(response.status_code, response.headers, body, call.path, self._now))

    def _no_response(
        self, error: Exception, call: Call, exchange: Exchange, *, request_id: str | None = None
    ) -> TransportError:
        """What became of an exchange that ended without a whole answer; the error's own text may quote URLs."""
        exchange.remaining()  # where the time is over, or the caller gave up, that is the reason
        host = urlsplit(call.base).netloc
        transient = True
        if isinstance(error, requests.exceptions.SSLError):
            what, transient = "no trusted TLS connection came about", False
        elif isinstance(error, requests.exceptions.ProxyError):
            what = "the proxy made no connection"
        elif isinstance(error, requests.ConnectTimeout):
            what = "no connection came about in time"
        elif isinstance(error, requests.Timeout | TimeoutError):
            what = "it fell silent"
        elif isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError | ConnectionError):
            what = "the connection failed or broke off"
        elif isinstance(error, requests.exceptions.ContentDecodingError | HTTPError):
            what = "the answer broke off or was garbled"
        else:  # nothing left this machine: a certificate bundle that isn't there, a header that can't be written
            what, transient = f"the request could not be sent ({type(error).__name__})", False
        return TransportError(
            f"No answer from {host} to {call.path}: {what}.", request_id=request_id, transient=transient
        )


def _bounded_body(response: requests.Response, path: str, exchange: Exchange) -> bytearray:
    """The decoded body, as long as it stays under the cap and within the time; in one piece, never held twice."""
    declared = response.headers.get("Content-Length", "")
    body = bytearray()
    if not (declared.isdecimal() and int(declared) > BODY_CAP):
        for chunk in response.iter_content(CHUNK):
            body += chunk
            if len(body) > BODY_CAP:
                break
            exchange.remaining()
        else:
            return body
    raise OversizedPayloadError(
        f"The answer of {path} is larger than {BODY_CAP // 2**20} MB.", request_id=correlation_id(response.headers)
    )
