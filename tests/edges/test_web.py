"""Slack's path behind its guard; health, readiness and metrics beside it."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import random
import threading
import time
from urllib.parse import quote_plus, urlencode

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot.core.rendering.blocks import Message
from bot.edges.jobs import ThreadJobs
from bot.edges.metrics import Metrics
from bot.edges.slack import SlackSettings, build_app
from bot.edges.slack.acks import AcksFirst
from bot.edges.web import LARGEST_BODY, build_web

METRICS = Metrics()
JOBS = ThreadJobs()
"""Never handed anything: the fuzzed deliveries end at the desk."""
SECRET = "signing-secret-of-the-tests"
NOW = 1_795_000_000


class Desk:
    """Takes whatever the listeners could unpack."""

    now = float(NOW)
    acks = AcksFirst()

    def take(self, question):
        return Message(f"read: {question.text}", (), ())

    def take_quietly(self, question):
        pass

    def suggest(self, user_id, typed):
        return ()

    def channel_changed(self, channel_id):
        pass

    def outlived(self, address):
        pass


class Forms:
    """Takes whatever the listeners of forms could unpack."""

    def open(self, kind, text, *, user_id, trigger_id, origin):
        pass

    def refresh(self, view, user_id, *, expand=False):
        pass

    def submitted(self, view, user_id, trigger_id):
        return {}


class Searches:
    """Finds nothing."""

    def search(self, user_id, field, typed):
        return []


class Home:
    """Takes whatever the listeners of the Home tab could unpack."""

    def open(self, user_id, key):
        pass

    def press(self, text, user_id, key):
        pass

    def open_settings(self, user_id, trigger_id):
        pass

    def settings_handed_in(self, view, user_id, trigger_id):
        return {}


@pytest.fixture(scope="module")
def app():
    settings = SlackSettings(bot_token="xoxb-tests", signing_secret=SECRET)
    return build_app(desk=Desk(), forms=Forms(), home=Home(), searches=Searches(), settings=settings, metrics=Metrics())


@pytest.fixture
def jobs():
    jobs = ThreadJobs(workers=1, capacity=1)
    yield jobs
    jobs.close(1)


@pytest.fixture
def state():
    return {}


@pytest.fixture
def web(app, jobs, state, monkeypatch):
    # Bolt's own check, which stays on, reads the real clock.
    monkeypatch.setattr("slack_sdk.signature.Clock.now", lambda _self: NOW)
    return build_web(app, signing_secret=SECRET, jobs=jobs, metrics=Metrics(), ready=lambda: state, clock=lambda: NOW)


def signature(body, at=NOW, secret=SECRET):
    return "v0=" + hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()


def call(web, *, method="POST", path="/slack/events", body=b"", headers=None, **environ):
    answered = []
    whole = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "wsgi.input": io.BytesIO(body),
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in (headers or {}).items()},
        **environ,
    }
    content = b"".join(web(whole, lambda status, headers, *_: answered.append((status, dict(headers)))))
    ((status, sent),) = answered
    return int(status.split()[0]), content, sent


def signed(body, at=NOW, **changes):
    headers = {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": signature(body, at)}
    return headers | changes


COMMAND = urlencode(
    {"command": "/utilization", "text": "yesterday", "user_id": "U1", "team_id": "T1", "trigger_id": "1.2"}
).encode()


def test_a_signed_command_reaches_bolt_and_its_ack_comes_back(web):
    status, content, _ = call(web, body=COMMAND, headers=signed(COMMAND))
    assert (status, json.loads(content)) == (200, {"text": "read: yesterday", "response_type": "ephemeral"})


def test_slack_s_challenge_is_answered(web):
    body = json.dumps({"type": "url_verification", "challenge": "c-1"}).encode()
    status, content, _ = call(web, body=body, headers=signed(body), CONTENT_TYPE="application/json")
    assert (status, json.loads(content)) == (200, {"challenge": "c-1"})


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"method": "GET"}, 405, id="GET"),
        pytest.param({"method": "PUT"}, 405, id="PUT"),
        pytest.param({"CONTENT_LENGTH": ""}, 411, id="no length"),
        pytest.param({"CONTENT_LENGTH": "many"}, 411, id="a length in words"),
        pytest.param({"CONTENT_LENGTH": "-1"}, 411, id="a negative length"),
        pytest.param({"CONTENT_LENGTH": "٣"}, 411, id="digits of another script"),
        pytest.param({"CONTENT_LENGTH": str(LARGEST_BODY + 1)}, 413, id="too large"),
        pytest.param({"CONTENT_LENGTH": str(len(COMMAND) + 1)}, 400, id="shorter than it says"),
        pytest.param({"headers": {}}, 401, id="no headers"),
        pytest.param(
            {"headers": signed(COMMAND, **{"X-Slack-Request-Timestamp": "today"})}, 401, id="a word for a time"
        ),
        pytest.param({"headers": signed(COMMAND, **{"X-Slack-Request-Timestamp": "1e9"})}, 401, id="a float"),
        pytest.param(
            {"headers": signed(COMMAND, **{"X-Slack-Request-Timestamp": f" {NOW}"})}, 401, id="a blank before"
        ),
        pytest.param(
            {"headers": signed(COMMAND, **{"X-Slack-Request-Timestamp": f"{NOW}\n"})}, 401, id="a break after"
        ),
        pytest.param({"headers": signed(COMMAND, at=NOW - 301)}, 401, id="301 s old"),
        pytest.param({"headers": signed(COMMAND, at=NOW + 301)}, 401, id="301 s ahead"),
        pytest.param({"headers": signed(COMMAND, **{"X-Slack-Signature": "v0=abc"})}, 401, id="a short signature"),
        pytest.param({"headers": signed(COMMAND, **{"X-Slack-Signature": "v0=" + "0" * 64})}, 401, id="a wrong one"),
        pytest.param({"headers": signed(COMMAND, **{"X-Slack-Signature": "v0=" + "ü" * 64})}, 401, id="an odd one"),
        pytest.param(
            {"headers": signed(COMMAND, **{"X-Slack-Signature": signature(COMMAND)[3:]})}, 401, id="unversioned"
        ),
        pytest.param(
            {"headers": signed(COMMAND, **{"X-Slack-Signature": signature(COMMAND, secret="other")})},
            401,
            id="another secret",
        ),
        pytest.param({"headers": signed(COMMAND + b"&x=1")}, 401, id="another body"),
        pytest.param(
            {"headers": signed(COMMAND, **{"X-Slack-Signature": signature(COMMAND).upper()})}, 401, id="upper case"
        ),
    ],
)
def test_what_slack_did_not_send_is_refused_before_anything_parses_it(web, change, status):
    arguments = {"body": COMMAND, "headers": signed(COMMAND)} | change
    with structlog.testing.capture_logs() as lines:
        assert call(web, **arguments)[0] == status
    assert [line["event"] for line in lines] == ["request_refused"]
    assert "yesterday" not in repr(lines)


@pytest.mark.parametrize("at", [NOW - 300, NOW, NOW + 300])
def test_five_minutes_of_age_are_allowed(web, at):
    assert call(web, body=COMMAND, headers=signed(COMMAND, at=at))[0] == 200


def test_the_largest_body_is_taken(web):
    body = COMMAND + b"&pad=" + b"x" * (LARGEST_BODY - len(COMMAND) - 5)
    assert len(body) == LARGEST_BODY
    assert call(web, body=body, headers=signed(body))[0] == 200


def test_a_stream_that_breaks_is_no_failure_of_ours(web):
    class Broken:
        def read(self, _size):
            raise ConnectionResetError

    assert call(web, body=COMMAND, headers=signed(COMMAND), **{"wsgi.input": Broken()})[0] == 400


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(b"{", "application/json", id="half a brace"),
        pytest.param(b"[1]", "application/json", id="a list"),
        pytest.param(b"null", "application/json", id="null"),
        pytest.param(b"1", "application/json", id="a number"),
        pytest.param(b"\xff\xfe", "application/json", id="no utf-8"),
        pytest.param(b"payload=%7B", "application/x-www-form-urlencoded", id="half a payload"),
        pytest.param(b"payload=1", "application/x-www-form-urlencoded", id="a payload that is a number"),
        pytest.param(b"", "application/x-www-form-urlencoded", id="nothing"),
        pytest.param(b'{"event": 3}', "application/json", id="an event that is a number"),
        pytest.param(b'{"type":"event_callback","event":{"type":[]}}', "application/json", id="a type that is a list"),
    ],
)
def test_signed_garbage_is_no_failure_of_ours_either(web, body, content_type):
    with structlog.testing.capture_logs() as lines:
        status, content, _ = call(web, body=body, headers=signed(body), CONTENT_TYPE=content_type)
    assert status < 500
    assert b"Traceback" not in content
    assert lines
    assert not [line for line in lines if "exc_info" in line]


FORMS = st.dictionaries(
    st.sampled_from(["command", "text", "payload", "user_id", "team_id", "type", "ssl_check", "trigger_id"]),
    st.one_of(st.text(max_size=20), st.sampled_from(["/utilization", "/other", "{}", '{"type":"block_actions"}', "1"])),
)
JSONS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["type", "event", "team", "user", "actions", "channel", "event_id", "authorizations"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=8,
)
BODIES = st.one_of(
    st.binary(max_size=200).map(lambda body: (body, "application/json")),
    FORMS.map(
        lambda form: (
            urlencode(form, quote_via=lambda s, *_: quote_plus(s, errors="replace")).encode(),
            "application/x-www-form-urlencoded",
        )
    ),
    JSONS.map(lambda data: (json.dumps(data).encode(), "application/json")),
)


def fuzz(web, body, content_type, headers):
    with structlog.testing.capture_logs() as lines:
        status, content, _ = call(web, body=body, headers=headers, CONTENT_TYPE=content_type)
    assert status < 500
    assert b"Traceback" not in content
    assert not [line for line in lines if "exc_info" in line]


@given(st.data())
def test_no_unsigned_request_gets_past_the_guard_or_breaks_it(app, data):
    body, content_type = data.draw(BODIES)
    header = st.one_of(st.text(max_size=80), st.just(str(NOW)), st.just("v0=" + "a" * 64))
    headers = data.draw(st.dictionaries(st.sampled_from(["X-Slack-Request-Timestamp", "X-Slack-Signature"]), header))
    guarded = build_web(app, signing_secret=SECRET, jobs=JOBS, metrics=METRICS, clock=lambda: NOW)
    with structlog.testing.capture_logs():
        assert call(guarded, body=body, headers=headers, CONTENT_TYPE=content_type)[0] == 401


@given(BODIES)
def test_no_signed_request_ends_as_a_failure_of_ours(app, request_):
    body, content_type = request_
    now = int(time.time())
    guarded = build_web(app, signing_secret=SECRET, jobs=JOBS, metrics=METRICS)
    fuzz(guarded, body, content_type, signed(body, at=now))


def test_a_fault_of_our_own_is_logged_with_where_it_happened(web, app, monkeypatch):
    def broken(_self, _question):
        raise KeyError("ours")

    monkeypatch.setattr(Desk, "take", broken)
    with structlog.testing.capture_logs() as lines:
        assert call(web, body=COMMAND, headers=signed(COMMAND))[0] == 200
    (line,) = lines
    assert line["event"] == "listener_failed"
    assert isinstance(line["exc_info"], KeyError)


JUNK = (None, True, 0, -1, 1.5, "", "x", "\u202e\x00", "/utilization", [], [1], {}, {"id": 1}, [{}], "9" * 400)
WHOLE = (
    {"command": "/utilization", "text": "yesterday", "user_id": "U1", "channel_id": "C1", "trigger_id": "1.2"},
    {"type": "url_verification", "challenge": "c"},
    {
        "type": "event_callback",
        "event_id": "Ev1",
        "team_id": "T1",
        "authorizations": [{"user_id": "U0", "is_bot": True, "team_id": "T1", "enterprise_id": None}],
        "event": {"type": "app_mention", "user": "U1", "text": "<@U0> yesterday", "channel": "C1", "ts": "1.0"},
    },
    {
        "type": "event_callback",
        "event_id": "Ev2",
        "team_id": "T1",
        "event": {"type": "message", "channel_type": "im", "user": "U1", "text": "x", "channel": "D1", "ts": "1.0"},
    },
    {
        "type": "block_actions",
        "user": {"id": "U1", "team_id": "T1"},
        "team": {"id": "T1"},
        "channel": {"id": "C1"},
        "container": {"type": "message", "message_ts": "1.0", "channel_id": "C1", "is_ephemeral": True},
        "trigger_id": "1.3",
        "response_url": "https://hooks.slack.com/x",
        "actions": [{"type": "button", "action_id": "ask:prev", "block_id": "b", "value": "yesterday"}],
    },
    {"type": "block_suggestion", "action_id": "agent_pick", "block_id": "pick:x", "value": "an", "user": {"id": "U1"}},
    {"type": "view_submission", "user": {"id": "U1"}, "view": {"callback_id": "x", "state": {"values": {}}}},
    {"type": "shortcut", "callback_id": "agent_intervals", "user": {"id": "U1"}, "trigger_id": "1.4"},
)


def spoilt(value, chance):
    """A delivery with some of its fields gone, doubled or turned into junk."""
    if chance.random() < 0.06:
        return chance.choice(JUNK)
    if isinstance(value, dict):
        return {name: spoilt(v, chance) for name, v in value.items() if chance.random() > 0.06}
    if isinstance(value, list):
        return [spoilt(v, chance) for v in value for _ in range(chance.choice((1, 1, 1, 2)))]
    return value


def fuzzed(chance):
    """(body, content type) of a request that begins as one of Slack's."""
    data = spoilt(chance.choice(WHOLE), chance)
    if isinstance(data, dict) and "command" in data:
        body, content_type = urlencode(data, doseq=True).encode(), "application/x-www-form-urlencoded"
    elif isinstance(data, dict) and "event" not in data and chance.random() < 0.8:
        body, content_type = urlencode({"payload": json.dumps(data)}).encode(), "application/x-www-form-urlencoded"
    else:
        body, content_type = json.dumps(data).encode(), "application/json"
    if chance.random() < 0.2:
        cut = chance.randrange(len(body) + 1)
        body = body[:cut] + bytes(chance.randrange(256) for _ in range(chance.randrange(4))) + body[cut + 1 :]
    if chance.random() < 0.1:
        content_type = chance.choice(("", "application/json", "text/plain", "multipart/form-data; boundary=x"))
    return body, content_type


def counts(quick, whole):
    return pytest.mark.parametrize("count", [quick, pytest.param(whole, marks=pytest.mark.long)])


def settled(app):
    """Wait until no listener is at work: what it logs must not fall into the next test."""
    executor = app.listener_runner.listener_executor
    everybody = threading.Barrier(executor._max_workers + 1, timeout=60)
    for _ in range(executor._max_workers):
        executor.submit(everybody.wait)
    everybody.wait()


@counts(1_500, 20_000)
@pytest.mark.timeout(600)
def test_what_is_nearly_slack_s_and_signed_never_ends_as_a_failure_of_ours(app, count):
    chance = random.Random(7)
    guarded = build_web(app, signing_secret=SECRET, jobs=JOBS, metrics=METRICS)
    for _ in range(count):
        body, content_type = fuzzed(chance)
        fuzz(guarded, body, content_type, signed(body, at=int(time.time())))
    settled(app)


@counts(2_500, 100_000)
@pytest.mark.timeout(600)
def test_what_is_nearly_slack_s_and_unsigned_never_gets_past_the_guard(app, count):
    chance = random.Random(8)
    guarded = build_web(app, signing_secret=SECRET, jobs=JOBS, metrics=METRICS, clock=lambda: NOW)
    with structlog.testing.capture_logs() as lines:
        for _ in range(count):
            body, content_type = fuzzed(chance)
            headers = signed(body, **{"X-Slack-Signature": signature(body, secret=str(chance.random()))})
            if chance.random() < 0.5:
                headers = {name: spoilt(value, chance) or "" for name, value in headers.items()}
            assert call(guarded, body=body, headers=headers, CONTENT_TYPE=content_type)[0] == 401
    assert {line["event"] for line in lines} == {"request_refused"}


# --- beside it -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_process_that_answers_is_healthy(web, method):
    assert call(web, method=method, path="/healthz")[:2] == (200, b"ok\n")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_pages_are_read_only(web, path):
    status, _, headers = call(web, method="POST", path=path)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path", ["/", "", "/slack", "/slack/events/", "/slack/install", "/slack/oauth_redirect", "/../x"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nothing_else_is_there(web, path, method):
    assert call(web, method=method, path=path)[0] == 404


def test_ready_means_that_everything_it_needs_is_in_order(web, state):
    state["platform"] = True
    assert call(web, method="GET", path="/readyz")[:2] == (200, b"room: ok\nplatform: ok\n")
    state["platform"] = False
    assert call(web, method="GET", path="/readyz")[:2] == (503, b"room: ok\nplatform: not ok\n")


def test_a_process_that_is_full_or_stops_is_not_ready(web, jobs):
    go = threading.Event()
    begun = threading.Event()
    jobs.submit("running", lambda: (begun.set(), go.wait(5)))
    assert begun.wait(5)
    jobs.submit("waiting", lambda: None)
    assert call(web, method="GET", path="/readyz")[0] == 503
    go.set()
    assert web.shut_down(5)
    assert call(web, method="GET", path="/readyz")[0] == 503


def test_metrics_count_requests_and_jobs(web):
    call(web, body=COMMAND, headers=signed(COMMAND))
    call(web, body=COMMAND)
    call(web, method="GET", path="/nowhere-that-a-scan-made-up")
    status, content, headers = call(web, method="GET", path="/metrics")
    text = content.decode()
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'http_requests_total{path="/slack/events",status="200"} 1.0' in text
    assert 'http_requests_total{path="/slack/events",status="401"} 1.0' in text
    assert 'http_requests_total{path="other",status="404"} 1.0' in text
    assert 'jobs{state="waiting"} 0.0' in text
    assert "made-up" not in text


def test_without_a_signing_secret_there_is_no_web_app(app, jobs):
    with pytest.raises(ValueError, match="signing secret"):
        build_web(app, signing_secret="", jobs=jobs)
