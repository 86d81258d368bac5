from __future__ import annotations

import logging
import threading
from contextlib import suppress

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from genesys_client import (
    CircuitOpenError,
    ConversationAggregation,
    DeadlineExceededError,
    GenesysError,
    InvalidQueryError,
    NotFoundError,
    OperationCancelledError,
    OversizedPayloadError,
    PayloadError,
    PermissionDeniedError,
    RateLimitedError,
    ResponseError,
    ServerError,
    ThrottledError,
    TransportError,
)
from tests.genesys_client.stand_in import START, Answer, Platform

ME = "/api/v2/organizations/me"
AGGREGATES = "/api/v2/analytics/conversations/aggregates/query"
FOUND = Answer({"id": "o", "name": "Acme"})
BUSY = Answer(b"<html>busy</html>", 503)


@pytest.fixture
def platform():
    return Platform()


@pytest.fixture
def client(platform):
    client = platform.client()
    client.authenticate(platform.clock.operation())
    platform.requests.clear()
    return client


def ask(platform, client, seconds=20.0, **kind):
    return client.organization.me(platform.clock.operation(seconds, **kind))


def test_the_proxy_that_the_environment_names_is_used_and_looked_up_once_for_each_host(platform, monkeypatch):
    looked_up = []

    def environment(url, no_proxy=None):
        looked_up.append(url)
        return {"https": "http://proxy.example:3128"}

    monkeypatch.setattr(requests.sessions, "get_environ_proxies", environment)
    platform.routes[ME] = FOUND
    client = platform.client()
    for _ in range(3):
        ask(platform, client)
    assert [exchange["proxies"]["https"] for exchange in platform.exchanges] == ["http://proxy.example:3128"] * 4
    assert len(looked_up) == 2  # the login and the API are two hosts


# --- retries ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(Answer(b"", 500), id="500 without a body"),
        pytest.param(Answer(b"<html>", 502), id="502 with a page"),
        pytest.param(Answer({"code": "service.unavailable"}, 503), id="503"),
        pytest.param(Answer({"code": "request.timeout"}, 504), id="504"),
        pytest.param(Answer({"code": "client.timeout"}, 408), id="408"),
        pytest.param(requests.ConnectionError("reset"), id="reset"),
        pytest.param(requests.ConnectTimeout("slow"), id="connect timeout"),
        pytest.param(requests.ReadTimeout("slow"), id="read timeout"),
        pytest.param(requests.exceptions.ChunkedEncodingError("short"), id="short read"),
        pytest.param(requests.exceptions.ContentDecodingError("nope"), id="not the encoding it says"),
        pytest.param(requests.exceptions.ProxyError("gone"), id="proxy"),
    ],
)
def test_a_passing_failure_is_repeated(platform, client, failure):
    platform.routes[ME] = [failure, failure, FOUND]
    assert ask(platform, client).name == "Acme"
    assert len(platform.requests) == 3


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (Answer({"code": "invalid.value"}, 400), InvalidQueryError),
        (Answer({"code": "missing.permissions"}, 403), PermissionDeniedError),
        (Answer({}, 404), NotFoundError),
        (Answer({"code": "request.conflict"}, 409), ResponseError),
        (Answer(b"", 415), ResponseError),
        (Answer(b"", 501), ServerError),
        (Answer(b"not json"), PayloadError),
        (Answer(b'{"id": "o", "na'), PayloadError),
        (requests.exceptions.SSLError("self-signed"), TransportError),
        (requests.exceptions.InvalidHeader("odd"), TransportError),
        (OSError("no certificate bundle"), TransportError),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_lasting_failure_is_not(platform, client, failure, error):
    platform.routes[ME] = failure
    with pytest.raises(error):
        ask(platform, client)
    assert len(platform.requests) == 1


@pytest.mark.parametrize(("background", "tries"), [(False, 3), (True, 4)], ids=["people wait", "nobody waits"])
def test_tries_are_three_where_people_wait_and_else_four(platform, client, background, tries):
    platform.routes[ME] = BUSY
    with pytest.raises(ServerError) as caught:
        ask(platform, client, seconds=120, background=background)
    assert len(platform.requests) == tries
    assert caught.value.status == 503


def test_pauses_grow_at_random_and_stay_under_their_ceiling(platform, client):
    platform.routes[ME] = BUSY
    with pytest.raises(ServerError):
        ask(platform, client, seconds=120, background=True)
    assert len(platform.clock.slept) == 3
    assert all(0 <= slept <= ceiling for slept, ceiling in zip(platform.clock.slept, (0.5, 1, 2), strict=True))


def test_analytics_queries_are_repeated_like_reads(platform, client):
    platform.routes[AGGREGATES] = [BUSY, Answer({"results": []})]
    query = ConversationAggregation(windows=((START, START.replace(day=11)),), metrics=("tHandle",))
    assert client.conversations.aggregates(query, platform.clock.operation()) == []
    assert len(platform.requests) == 2


def test_every_request_that_leaves_is_counted_on_its_operation(platform):
    platform.routes[ME] = [BUSY, FOUND]
    operation = platform.clock.operation()
    platform.client().organization.me(operation)
    assert operation.spent == len(platform.requests) == 3  # the token, the failure, the success


def test_a_retry_is_logged_without_secrets(platform, client, caplog):
    platform.routes[ME] = [Answer({"message": "body text"}, 503, {"inin-correlation-id": "abc"}), FOUND]
    with caplog.at_level(logging.DEBUG, logger="genesys_client"):
        ask(platform, client)
    assert "genesys_retry path=/api/v2/organizations/me attempt=1" in caplog.text
    assert "request_id=abc" in caplog.text
    assert not any(word in caplog.text for word in ("token-1", "the-secret", "body text"))


# --- Retry-After -----------------------------------------------------------------------------------------


def limited(value, status=429):
    headers = {} if value is None else {"retry-after": value}
    return Answer({"code": "too.many.requests.retry.after", "status": status}, status, headers)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("6", 6.0, id="seconds"),
        pytest.param("1.5", 1.5, id="float"),
        pytest.param("Tue, 10 Mar 2026 00:00:07 GMT", 7.0, id="date"),  # the wall clock stands at 00:00:00
        pytest.param(None, 3.0, id="missing"),
        pytest.param("soon", 3.0, id="nonsense"),
    ],
)
def test_retry_after_is_honoured_within_the_deadline(platform, client, value, seconds):
    platform.routes[ME] = [limited(value), FOUND]
    assert ask(platform, client).name == "Acme"
    assert sum(platform.clock.slept) == pytest.approx(seconds)


@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_after_beyond_the_deadline_fails_at_once_and_says_when_to_come_back(platform, client, status):
    platform.routes[ME] = limited("42", status)
    with pytest.raises((RateLimitedError, ServerError)) as caught:
        ask(platform, client, seconds=20)
    assert caught.value.retry_after_s == 42
    assert caught.value.status == status
    assert platform.clock.slept == []
    assert len(platform.requests) == 1


def test_a_wait_that_ends_with_the_deadline_is_not_begun(platform, client):
    platform.routes[ME] = limited("6")
    with pytest.raises(RateLimitedError):
        ask(platform, client, seconds=6)
    assert platform.clock.slept == []


def test_the_wait_in_the_429s_own_words_stands_in_for_a_missing_header(platform, client):
    platform.routes[ME] = Answer({"message": "Rate limit exceeded the maximum. Retry the request in [42] seconds"}, 429)
    with pytest.raises(RateLimitedError) as caught:
        ask(platform, client)
    assert caught.value.retry_after_s == 42


# --- the limiter -----------------------------------------------------------------------------------------


def test_a_429_stops_every_call_of_the_token_until_its_retry_after(platform, client):
    platform.routes[ME] = limited("42")
    with pytest.raises(RateLimitedError):
        ask(platform, client)
    platform.routes[ME] = FOUND
    platform.clock.seconds += 12
    with pytest.raises(ThrottledError) as caught:
        ask(platform, client)
    assert caught.value.retry_after_s == pytest.approx(30)
    assert len(platform.requests) == 1
    platform.clock.seconds += 15
    assert ask(platform, client).name == "Acme"  # 15 s more to wait, which the deadline of 20 s allows
    assert platform.clock.slept == [pytest.approx(15)]


def test_the_rate_is_kept_by_waiting_or_else_refused_without_a_call(platform):
    platform.routes[ME] = FOUND
    client = platform.client(requests_per_minute=5)
    for _ in range(5):
        ask(platform, client)
    with pytest.raises(ThrottledError) as caught:
        ask(platform, client, seconds=20)
    assert caught.value.retry_after_s == pytest.approx(60)
    assert ask(platform, client, seconds=61).name == "Acme"
    assert platform.clock.slept == [pytest.approx(60)]


def test_the_organisations_own_limit_is_adopted(platform, client):
    path = "/api/v2/organizations/limits/namespaces/platform.api"
    platform.routes[path] = Answer(
        {
            "entities": [
                {"key": "token.rate.per.minute", "namespace": "platform.api", "value": 300},
                {"key": "client.credentials.token.rate.per.minute", "namespace": "platform.api", "value": 600},
            ]
        }
    )
    assert client.adopt_limits(platform.clock.operation()) == 600
    assert client.requests_per_minute == 600


# --- the breaker and the budget --------------------------------------------------------------------------


def fail(platform, client, times):
    platform.routes[ME] = requests.ConnectionError("refused")
    errors = []
    for _ in range(times):
        try:
            ask(platform, client)
        except TransportError as error:
            errors.append(error)
    return errors


def test_a_host_that_keeps_failing_is_left_alone_then_probed_once(platform, client):
    errors = fail(platform, client, 3)  # 3 tries, then 2 more until the fifth failure in a row
    assert len(platform.requests) == 5
    assert isinstance(errors[-1], CircuitOpenError)
    assert 29 <= errors[-1].retry_after_s <= 30
    platform.clock.seconds += 30
    fail(platform, client, 1)
    assert len(platform.requests) == 6  # the probe failed: closed again for 30 s
    platform.clock.seconds += 30
    platform.routes[ME] = FOUND
    assert ask(platform, client).name == "Acme"
    assert ask(platform, client).name == "Acme"


def test_limited_calls_do_not_open_the_breaker(platform, client):
    for _ in range(8):
        platform.routes[ME] = limited("60")
        with pytest.raises(RateLimitedError):
            ask(platform, client)
        platform.clock.seconds += 61
    platform.routes[ME] = FOUND
    assert ask(platform, client).name == "Acme"


def test_refusals_are_answers_and_keep_the_breaker_shut(platform, client):
    platform.routes[ME] = Answer({"code": "missing.permissions"}, 403)
    for _ in range(30):
        with pytest.raises(PermissionDeniedError):
            ask(platform, client)
    assert len(platform.requests) == 30


def test_the_login_host_has_a_breaker_of_its_own(platform, client):
    fail(platform, client, 3)
    platform.clock.seconds += 86400 - 1000  # the token expires; by then the API host may be probed
    platform.routes["/oauth/token"] = Answer({"access_token": "token-2", "expires_in": 300})
    platform.routes[ME] = FOUND
    assert ask(platform, client).name == "Acme"


def test_repeats_add_at_most_a_tenth_to_the_load_of_an_outage(platform):
    """Every other call fails once, so that the breaker stays shut: 10 repeats a minute, then one for ten calls."""
    client = platform.client(requests_per_minute=10_000)
    client.authenticate(platform.clock.operation())
    platform.requests.clear()
    served = 0

    def flaky(_request):
        nonlocal served
        served += 1
        return BUSY if served % 3 == 0 else FOUND

    platform.routes[ME] = flaky
    calls = 400
    for _ in range(calls):
        with suppress(ServerError):
            ask(platform, client)
        platform.clock.seconds += 0.05  # all within one minute
    assert platform.clock.seconds - 1000 < 60
    assert calls + 10 <= len(platform.requests) <= calls * 1.1


# --- time and cancellation -------------------------------------------------------------------------------


def test_nothing_is_sent_after_the_deadline(platform, client):
    with pytest.raises(DeadlineExceededError):
        ask(platform, client, seconds=0)
    assert platform.requests == []


@pytest.mark.parametrize(
    ("seconds", "connect", "read"), [(20, 3, 10), (5, 3, 5), (1.5, 1.5, 1.5)], ids=["plenty", "less", "little"]
)
def test_each_timeout_is_cut_to_what_is_left(platform, client, seconds, connect, read):
    platform.routes[ME] = FOUND
    ask(platform, client, seconds=seconds)
    assert platform.exchanges[-1]["timeout"] == (pytest.approx(connect), pytest.approx(read))
    assert platform.exchanges[-1]["stream"] is True
    assert platform.exchanges[-1]["verify"]  # True, or the bundle of the environment


def test_an_exchange_that_fails_at_its_deadline_names_the_deadline(platform, client):
    def too_slow(_request):
        platform.clock.seconds += 5
        raise requests.ReadTimeout("slow")

    platform.routes[ME] = too_slow
    with pytest.raises(DeadlineExceededError):
        ask(platform, client, seconds=5)
    assert len(platform.requests) == 1


def test_a_cancelled_operation_sends_nothing(platform, client):
    operation = platform.clock.operation()
    operation.cancelled.set()
    with pytest.raises(OperationCancelledError):
        client.organization.me(operation)
    assert platform.requests == []


def test_a_cancellation_between_tries_ends_them(platform, client):
    operation = platform.clock.operation()

    def cancel(_request):
        operation.cancelled.set()
        return BUSY

    platform.routes[ME] = cancel
    with pytest.raises(OperationCancelledError):
        client.organization.me(operation)
    assert len(platform.requests) == 1


def test_a_cancellation_ends_a_wait_at_once():
    """With the real clock and wait: the 60 s of the Retry-After end as soon as the operation is cancelled."""
    import time

    from genesys_client import GenesysClient
    from tests.genesys_client.stand_in import Allowance

    platform = Platform()
    client = GenesysClient("the-id", "the-secret", adapter=platform)
    operation = Allowance(time.monotonic() + 300)
    answered = threading.Event()

    def limit(_request):
        answered.set()
        return limited("60")

    platform.routes[ME] = limit
    errors = []

    def work():
        try:
            client.organization.me(operation)
        except OperationCancelledError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert answered.wait(5)
    operation.cancelled.set()
    thread.join(5)
    assert len(errors) == 1


FAULTS = st.one_of(
    st.builds(
        Answer,
        st.sampled_from([b"", b"<html>", b'{"id": "o"', {"code": "x"}, FOUND.body]),
        st.sampled_from([200, 302, 400, 401, 403, 404, 408, 409, 413, 418, 429, 500, 501, 502, 503, 504]),
        st.sampled_from([{}, *({"Retry-After": value} for value in ("0", "1", "2.5", "90", "-1", "soon", "1e9"))]),
    ),
    st.sampled_from(
        [
            requests.ConnectionError("reset"),
            requests.ConnectTimeout("slow"),
            requests.ReadTimeout("slow"),
            requests.exceptions.ChunkedEncodingError("short"),
            requests.exceptions.ContentDecodingError("garbled"),
            requests.exceptions.InvalidHeader("odd"),
            OSError("odd"),
        ]
    ),
)


@given(faults=st.lists(FAULTS, min_size=1, max_size=12), seconds=st.floats(0.1, 60), background=st.booleans())
def test_whatever_goes_wrong_tries_are_bounded_and_the_deadline_holds(faults, seconds, background):
    platform = Platform()
    client = platform.client()
    client.authenticate(platform.clock.operation())
    platform.requests.clear()
    platform.routes[ME] = list(faults)
    deadline = platform.clock.seconds + seconds
    with suppress(GenesysError):
        ask(platform, client, seconds=seconds, background=background)
    # A 401 begins anew with a new token, once.
    assert len(platform.calls(ME)) <= 2 * (4 if background else 3)
    assert platform.clock.seconds <= deadline


# --- answers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_error_and_its_target_is_never_called(platform, client, status):
    platform.routes[ME] = Answer(b"", status, {"Location": "https://evil.example/"})
    with pytest.raises(ResponseError, match="redirect") as caught:
        ask(platform, client)
    assert caught.value.status == status
    assert len(platform.requests) == 1


def test_a_body_beyond_the_cap_is_refused_by_its_length_or_by_its_bytes(platform, client, monkeypatch):
    monkeypatch.setattr("genesys_client.transport.BODY_CAP", 1000)
    platform.routes[ME] = Answer(FOUND.body, headers={"Content-Length": "1001"})
    with pytest.raises(OversizedPayloadError):
        ask(platform, client)
    platform.routes[ME] = Answer(b" " * 1001)
    with pytest.raises(OversizedPayloadError):
        ask(platform, client)
    platform.routes[ME] = Answer(FOUND.octets + b" " * (1000 - len(FOUND.octets)))
    assert ask(platform, client).name == "Acme"


@pytest.mark.parametrize("header", ["ININ-Correlation-Id", "inin-correlation-id", "Inin-Correlation-Id"])
def test_every_error_carries_the_correlation_id_whatever_its_case(platform, client, header):
    platform.routes[ME] = Answer(b"", 404, {header: "c0ffee"})
    with pytest.raises(NotFoundError, match="correlation id c0ffee") as caught:
        ask(platform, client)
    assert caught.value.request_id == "c0ffee"


def test_the_context_id_of_the_body_stands_in_for_the_header(platform, client):
    platform.routes[ME] = Answer({"contextId": "c0ffee"}, 404)
    with pytest.raises(NotFoundError) as caught:
        ask(platform, client)
    assert caught.value.request_id == "c0ffee"


def test_cookies_of_the_platform_are_not_kept(platform, client):
    platform.routes[ME] = Answer(FOUND.body, headers={"Set-Cookie": "session=1; Path=/"})
    ask(platform, client)
    ask(platform, client)
    assert "Cookie" not in platform.requests[-1].headers


def test_a_context_manager_closes_the_client(platform):
    with platform.client() as client:
        assert repr(client) == "GenesysClient(https://api.mypurecloud.com)"
