from __future__ import annotations

import base64
import threading

import pytest
import requests

from genesys_client import (
    AuthenticationError,
    DeadlineExceededError,
    GenesysError,
    OperationCancelledError,
    PayloadError,
    RateLimitedError,
    ResponseError,
    ServerError,
)
from tests.genesys_client.stand_in import Allowance, Answer, FakeClock, Platform

ME = "/api/v2/organizations/me"
TOKEN = "/oauth/token"


@pytest.fixture
def platform():
    platform = Platform()
    platform.routes[ME] = Answer({"id": "o", "name": "Acme"})
    return platform


def ask(platform, client, seconds=20.0):
    return client.organization.me(platform.clock.operation(seconds))


def tokens(*lives):
    return [Answer({"access_token": f"token-{n}", "expires_in": life}) for n, life in enumerate(lives, start=1)]


def test_the_token_is_asked_for_with_basic_credentials_and_sent_as_a_bearer(platform):
    ask(platform, platform.client())
    token, call = platform.requests
    assert token.headers["Authorization"] == "Basic " + base64.b64encode(b"the-id:the-secret").decode()
    assert token.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert call.headers["Authorization"] == "Bearer token-1"


# 1000 s at the start; 86,399 s of life less the margin of 120 s
@pytest.mark.parametrize(
    ("life", "still_good"),
    [pytest.param(86399, 86279, id="a day, 120 s margin"), pytest.param(300, 270, id="five minutes, a tenth margin")],
)
def test_a_token_is_kept_until_its_margin_and_renewed_from_then_on(platform, life, still_good):
    platform.routes[TOKEN] = tokens(life, life)
    client = platform.client()
    ask(platform, client)
    platform.clock.seconds = 1000 + still_good - 0.001
    ask(platform, client)
    assert len(platform.calls(TOKEN)) == 1
    platform.clock.seconds = 1000 + still_good
    ask(platform, client)
    assert len(platform.calls(TOKEN)) == 2
    assert platform.requests[-1].headers["Authorization"] == "Bearer token-2"


def test_a_token_without_a_stated_life_is_taken_to_live_five_minutes(platform):
    platform.routes[TOKEN] = [Answer({"access_token": "a"}), Answer({"access_token": "b"})]
    client = platform.client()
    ask(platform, client)
    platform.clock.seconds += 271
    ask(platform, client)
    assert len(platform.calls(TOKEN)) == 2


def test_threads_that_need_a_token_at_once_share_one_request(platform):
    entered, release = threading.Event(), threading.Event()

    def slow(_request):
        entered.set()
        assert release.wait(5)
        return Answer({"access_token": "token-1", "expires_in": 86399})

    platform.routes[TOKEN] = slow
    client = platform.client()
    results = []
    threads = [threading.Thread(target=lambda: results.append(ask(platform, client))) for _ in range(20)]
    for thread in threads:
        thread.start()
    assert entered.wait(5)
    release.set()
    for thread in threads:
        thread.join(5)
    assert len(results) == 20
    assert len(platform.calls(TOKEN)) == 1


class Waiting:
    """An operation that tells when somebody waits under it: a wait looks for its cancellation again and again."""

    def __init__(self, clock):
        self.deadline = clock() + 20
        self.noticed = threading.Event()
        self._cancelled = threading.Event()

    @property
    def cancelled(self):
        self.noticed.set()
        return self._cancelled

    def spend(self):
        pass


def race(platform, first_answer, *, followers):
    """Let one thread renew the token, and others wait for it; the outcomes, the leader's first."""
    started, release = threading.Event(), threading.Event()

    def renewal(_request):
        if len(platform.calls(TOKEN)) > 1:
            return Answer({"access_token": "token-2", "expires_in": 86399})
        started.set()
        assert release.wait(5)
        if isinstance(first_answer, Exception):
            raise first_answer
        return first_answer

    platform.routes[TOKEN] = renewal
    client = platform.client()
    operations = [Waiting(platform.clock) for _ in range(1 + followers)]
    outcomes = [None] * len(operations)

    def work(number):
        try:
            outcomes[number] = client.organization.me(operations[number]).name
        except GenesysError as error:
            outcomes[number] = type(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(operations))]
    threads[0].start()
    assert started.wait(5)
    for thread in threads[1:]:
        thread.start()
    for operation in operations[1:]:
        assert operation.noticed.wait(5)
    release.set()
    for thread in threads:
        thread.join(5)
    return outcomes


def test_threads_that_waited_for_a_refused_token_all_hear_the_refusal(platform):
    refusal = Answer({"error": "invalid_client", "description": "authentication failed"}, 400)
    assert race(platform, refusal, followers=5) == [AuthenticationError] * 6
    assert len(platform.calls(TOKEN)) == 1


def test_one_threads_deadline_is_not_anothers(platform):
    """A renewal that ran out of its own time is taken up by a thread that waited for it."""
    outcomes = race(platform, DeadlineExceededError("too slow"), followers=3)
    assert outcomes == [DeadlineExceededError, "Acme", "Acme", "Acme"]
    assert len(platform.calls(TOKEN)) == 2


def test_a_thread_waiting_for_a_token_still_hears_its_own_cancellation(platform):
    started, release = threading.Event(), threading.Event()

    def slow(_request):
        started.set()
        assert release.wait(5)
        return Answer({"access_token": "token-1", "expires_in": 86399})

    platform.routes[TOKEN] = slow
    client = platform.client()
    leader = threading.Thread(target=ask, args=(platform, client))
    leader.start()
    assert started.wait(5)
    operation = platform.clock.operation()
    operation.cancelled.set()
    with pytest.raises(OperationCancelledError):
        client.organization.me(operation)
    release.set()
    leader.join(5)


def test_a_refused_token_is_renewed_once_and_the_call_repeated(platform):
    platform.routes[TOKEN] = tokens(86399, 86399)
    platform.routes[ME] = lambda request: (
        Answer({"code": "bad.credentials", "status": 401}, 401)
        if request.headers["Authorization"] == "Bearer token-1"
        else Answer({"id": "o", "name": "Acme"})
    )
    assert ask(platform, platform.client()).name == "Acme"
    assert [r.path for r in platform.requests] == [TOKEN, ME, TOKEN, ME]


def test_a_second_refusal_ends_it(platform):
    platform.routes[TOKEN] = tokens(86399, 86399, 86399)
    platform.routes[ME] = Answer({"code": "authentication.required"}, 401, {"ININ-Correlation-Id": "abc"})
    with pytest.raises(AuthenticationError, match=r"401 authentication\.required.*abc"):
        ask(platform, platform.client())
    assert [r.path for r in platform.requests] == [TOKEN, ME, TOKEN, ME]


def test_a_refused_network_address_is_no_reason_for_another_token(platform):
    platform.routes[ME] = Answer({"code": "ip.not.authorized"}, 401)
    with pytest.raises(AuthenticationError, match="network address"):
        ask(platform, platform.client())
    assert [r.path for r in platform.requests] == [TOKEN, ME]


def test_a_call_that_failed_with_an_old_token_does_not_discard_the_new_one(platform):
    platform.routes[TOKEN] = tokens(86399, 86399)
    client = platform.client()
    ask(platform, client)
    source = client._tokens
    old = source.token(platform.clock.operation())
    source.discard(old)
    new = source.token(platform.clock.operation())
    source.discard(old)
    assert source.token(platform.clock.operation()) is new
    assert len(platform.calls(TOKEN)) == 2


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(
            Answer({"error": "invalid_client", "error_description": "authentication failed"}, 400), id="as documented"
        ),
        pytest.param(Answer({"error": "invalid_client"}, 401), id="401"),
        pytest.param(Answer(b"<html>no</html>", 401), id="401 without JSON"),
    ],
)
def test_bad_credentials_name_the_region_as_a_possible_cause_and_are_not_retried(platform, answer):
    platform.routes[TOKEN] = answer
    with pytest.raises(AuthenticationError, match="another region") as caught:
        ask(platform, platform.client())
    assert len(platform.requests) == 1
    assert "the-secret" not in str(caught.value)
    assert caught.value.path == TOKEN


THROTTLED = Answer({"error": "invalid_request", "description": "rate limit exceeded; try later"}, 400)


def test_a_throttled_token_request_is_repeated_while_the_deadline_allows(platform):
    platform.routes[TOKEN] = [THROTTLED] * 5 + tokens(86399)
    assert ask(platform, platform.client(), seconds=120).name == "Acme"
    assert len(platform.calls(TOKEN)) == 6
    assert len(platform.clock.slept) == 5


def test_a_token_request_throttled_to_the_deadline_says_so(platform):
    platform.routes[TOKEN] = THROTTLED
    with pytest.raises(RateLimitedError, match="no more tokens") as caught:
        ask(platform, platform.client(), seconds=20)
    assert caught.value.status == 400
    assert platform.clock.seconds < 1020


def test_another_invalid_request_is_not_a_throttle(platform):
    platform.routes[TOKEN] = Answer({"error": "invalid_request", "description": "grant type missing"}, 400)
    with pytest.raises(ResponseError, match="400 invalid_request") as caught:
        ask(platform, platform.client())
    assert type(caught.value) is ResponseError
    assert len(platform.requests) == 1


def test_a_failing_login_is_repeated_like_any_call(platform):
    platform.routes[TOKEN] = [Answer(b"", 503), Answer(b"", 502), *tokens(86399)]
    assert ask(platform, platform.client()).name == "Acme"
    platform.routes[TOKEN] = Answer(b"", 503)
    client = platform.client()
    with pytest.raises(ServerError):
        ask(platform, client)


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"[]", b"{}", b'{"access_token": ""}', b'{"access_token": 5}', b'{"access_token": "a\\r\\nX: y"}',
     b'{"access_token": "\\u00e9"}', b"\xff"],
)  # fmt: skip
def test_a_token_answer_that_is_none_is_a_payload_error(platform, body):
    platform.routes[TOKEN] = Answer(body)
    with pytest.raises(PayloadError):
        ask(platform, platform.client())


def test_secrets_stay_out_of_reprs_and_of_everything_that_is_raised(platform):
    client = platform.client()
    client.authenticate(platform.clock.operation())
    token = client._tokens.token(platform.clock.operation())
    assert "token-1" not in f"{token!r} {client!r} {client._tokens._credentials!r}"
    assert "the-secret" not in f"{client!r} {client._tokens._credentials!r}"
    for answer in (
        Answer(b"", 401),
        Answer(b"", 400),
        Answer(b"", 500),
        requests.ConnectionError("token-1 the-secret"),
    ):
        platform.routes[ME] = answer
        with pytest.raises(Exception) as caught:
            ask(platform, platform.client())
        assert "token-1" not in str(caught.value)
        assert "the-secret" not in str(caught.value)


def test_the_clock_of_the_test_is_the_one_in_use():
    clock = FakeClock(5.0)
    platform = Platform(clock)
    with pytest.raises(DeadlineExceededError):
        platform.client().authenticate(Allowance(deadline=5.0))
    assert platform.requests == []
