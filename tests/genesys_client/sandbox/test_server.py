"""The engine over loopback HTTP: the same answers, steered from outside, stopped by a signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
import requests

from genesys_client.sandbox import DEFAULT_GRANT, Behaviour, SandboxServer
from genesys_client.sandbox.__main__ import main
from tests.genesys_client.sandbox.asking import CONVERSATION_AGGREGATES, yesterday_interval

ROOT = Path(__file__).parents[3]
BODY = {"interval": yesterday_interval(), "groupBy": ["userId"], "metrics": ["tHandle"]}


def authorized(url, session):
    answer = session.post(
        f"{url}/oauth/token",
        auth=(DEFAULT_GRANT.client_id, DEFAULT_GRANT.client_secret),
        data={"grant_type": "client_credentials"},
        timeout=10,
    )
    session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return session


@pytest.fixture
def server(engine):
    with SandboxServer(engine) as server:
        yield server


@pytest.fixture
def session(server):
    with requests.Session() as session:
        yield authorized(server.url, session)


def test_answers_are_those_of_the_engine(server, session, asker):
    answer = session.post(server.url + CONVERSATION_AGGREGATES, json=BODY, timeout=10)
    assert answer.json() == asker.post(CONVERSATION_AGGREGATES, BODY)
    assert server.url.startswith("http://127.0.0.1:")


def test_many_ask_at_once(server, session):
    token, statuses = session.headers["Authorization"], []

    def ask():
        headers = {"Authorization": token}
        answer = requests.get(f"{server.url}/api/v2/users", headers=headers, timeout=10)
        statuses.append(answer.status_code)

    threads = [Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 20


def steer(server, path, body):
    answer = requests.post(f"{server.url}/sandbox/{path}", json=body, timeout=10)
    return answer.status_code


def test_trouble_is_ordered_over_http(server, session):
    faults = [{"kind": "rate_limited", "retry_after_s": 9, "times": 1, "path": "/api/v2/users"}]
    assert steer(server, "faults", {"faults": faults}) == 200
    assert session.get(f"{server.url}/api/v2/users", timeout=10).headers["Retry-After"] == "9"
    assert session.get(f"{server.url}/api/v2/users", timeout=10).ok


@pytest.mark.parametrize("kind", ["drop", "down"])
def test_a_dropped_connection_breaks(server, session, kind):
    steer(server, "faults", {"faults": [{"kind": kind, "times": 1}]})
    with pytest.raises(requests.ConnectionError):
        session.get(f"{server.url}/api/v2/users", timeout=10)
    assert session.get(f"{server.url}/api/v2/users", timeout=10).ok


def test_an_answer_cut_short_breaks(server, session):
    steer(server, "faults", {"faults": [{"kind": "cut", "times": 1}]})
    with pytest.raises(requests.RequestException):
        session.get(f"{server.url}/api/v2/users", timeout=10)


def test_a_dripping_answer_arrives_whole(server, session):
    steer(server, "faults", {"faults": [{"kind": "drip", "seconds": 0.001, "times": 1}]})
    assert session.get(f"{server.url}/api/v2/organizations/me", timeout=10).json()["version"] == 4


def test_a_slow_answer_ends_with_the_server(engine):
    with SandboxServer(engine) as server, requests.Session() as session:
        authorized(server.url, session)
        steer(server, "faults", {"faults": [{"kind": "slow", "seconds": 60}]})
        with pytest.raises(requests.ReadTimeout):
            session.get(f"{server.url}/api/v2/users", timeout=0.2)


def test_behaviour_clock_and_log_are_steered_over_http(server, session, engine):
    assert steer(server, "behaviour", {"media_in_group": False}) == 200
    assert engine.behaviour == Behaviour(media_in_group=False, requests_per_minute=100_000, tokens_per_minute=10_000)
    assert steer(server, "now", {"now": "2026-11-22T00:00:00Z"}) == 200
    assert session.post(server.url + CONVERSATION_AGGREGATES, json=BODY, timeout=10).json() == {"results": []}
    log = requests.get(f"{server.url}/sandbox/requests", timeout=10).json()["requests"]
    assert log[-1] == {"method": "POST", "path": CONVERSATION_AGGREGATES, "query": {}, "body": BODY, "status": 200}
    requests.delete(f"{server.url}/sandbox/requests", timeout=10)
    assert engine.requests == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("faults", {"faults": [{"kind": "flood"}]}, 400),
        ("faults", {}, 400),
        ("behaviour", {"mood": "bad"}, 400),
        ("now", {"now": "2026-11-22T00:00:00"}, 400),
        ("nothing", {}, 404),
    ],
)
def test_steering_that_makes_no_sense_is_refused(server, path, body, status):
    assert steer(server, path, body) == status


def started(*words):
    return subprocess.Popen(
        [sys.executable, "-m", "genesys_client.sandbox", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_prints_its_address_serves_and_stops(number):
    process = started("--seed", "7", "--now", "2026-11-23T10:00:00Z", "--zone", "Europe/London")
    try:
        url = process.stdout.readline().strip()
        with requests.Session() as session:
            me = authorized(url, session).get(f"{url}/api/v2/organizations/me", timeout=10)
        assert me.json()["name"] == "Sandbox Contact Centre"
        process.send_signal(number)
        rest, errors = process.communicate(timeout=10)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, rest, errors) == (0, "", "")


@pytest.mark.parametrize(
    "words", [["--now", "2026-11-23T10:00:00"], ["--zone", "Mars/Base"], ["--port", "x"]], ids=["now", "zone", "port"]
)
def test_arguments_that_make_no_sense_are_refused(words, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(words)
    assert exit_.value.code == 2
    assert words[0] in capsys.readouterr().err
