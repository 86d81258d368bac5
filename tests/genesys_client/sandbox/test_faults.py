"""Trouble comes when it was ordered, and looks like the real thing."""

from __future__ import annotations

import json

import pytest
import requests

from genesys_client.sandbox import DEFAULT_GRANT, Fault, SandboxAdapter
from genesys_client.sandbox.faults import Troublemaker
from tests.genesys_client.sandbox.asking import Asker, conforms

ME = "/api/v2/organizations/me"
URL = f"https://api.mypurecloud.ie{ME}"


def struck(faults, paths):
    trouble = Troublemaker(faults)
    return "".join("x" if trouble.strikes(path) else "." for path in paths)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(Fault("drop"), "xxxxxxxxx", id="always"),
        pytest.param(Fault("drop", every=3), "..x..x..x", id="every third"),
        pytest.param(Fault("drop", every=3, after=2), "....x..x.", id="after two"),
        pytest.param(Fault("drop", every=2, times=2), ".x.x.....", id="twice"),
        pytest.param(Fault("drop", path="/b"), ".........", id="elsewhere"),
        pytest.param(Fault("down", path="/b"), "xxxxxxxxx", id="down is down"),
        pytest.param(Fault("job"), ".........", id="jobs only"),
    ],
)
def test_a_fault_strikes_when_it_is_due(fault, expected):
    assert struck([fault], ["/a"] * 9) == expected


def test_a_fault_counts_matching_calls_alone():
    assert struck([Fault("drop", every=2, path="/b")], ["/a", "/b", "/a", "/b/c"]) == "...x"


@pytest.mark.parametrize("fields", [{"kind": "flood"}, {"kind": "drop", "every": 0}, {"kind": "drop", "often": True}])
def test_a_fault_that_makes_no_sense_is_refused(fields):
    with pytest.raises(ValueError, match=r"fault|unexpected"):
        Fault.read(fields)


def test_a_limit_says_when_to_come_back(engine, asker):
    engine.faults = [Fault("rate_limited", retry_after_s=7, times=1)]
    answer = asker.send("GET", ME)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    conforms("ErrorBody", answer.json())
    assert asker.send("GET", ME).status == 200


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_gateways_error_has_no_json(engine, asker, status):
    engine.faults = [Fault("server_error", status=status)]
    answer = asker.send("GET", ME)
    assert answer.status == status
    assert answer.headers["ININ-Correlation-Id"]
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_token_can_be_revoked_half_way(engine):
    asker = Asker(engine)
    engine.faults = [Fault("revoke_token", after=2, times=1)]
    assert [asker.send("GET", ME).status for _ in range(4)] == [200, 200, 401, 401]
    assert Asker(engine).send("GET", ME).status == 200


def test_truncated_json_does_not_parse(engine, asker):
    engine.faults = [Fault("truncated", times=1)]
    answer = asker.send("GET", ME)
    assert answer.status == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_redirect_points_elsewhere(engine, asker):
    engine.faults = [Fault("redirect", location="https://evil.example.com/")]
    answer = asker.send("GET", ME)
    assert (answer.status, answer.headers["Location"]) == (302, "https://evil.example.com/")


def test_what_was_dropped_is_logged_without_a_status(engine, asker):
    engine.requests.clear()
    engine.faults = [Fault("drop", times=1)]
    asker.send("GET", ME)
    asker.send("GET", ME, expand="x")
    assert [(r.method, r.path, r.status) for r in engine.requests] == [("GET", ME, 0), ("GET", ME, 400)]
    assert engine.requests[1].query == {"expand": ["x"]}
    assert engine.count(ME) == engine.count() == 2
    assert engine.count("/api/v2/users") == 0


# Through a session


@pytest.fixture
def naps():
    return []


@pytest.fixture
def session(engine, naps):
    with requests.Session() as session:
        session.mount("https://", SandboxAdapter(engine, sleep=naps.append))
        answer = session.post(
            "https://login.mypurecloud.ie/oauth/token",
            auth=(DEFAULT_GRANT.client_id, DEFAULT_GRANT.client_secret),
            data={"grant_type": "client_credentials"},
            timeout=5,
        )
        session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        yield session


def test_a_session_reads_whole_answers(session):
    answer = session.get(URL, timeout=5)
    assert answer.ok
    assert answer.json()["name"] == "Sandbox Contact Centre"
    assert answer.headers["inin-correlation-id"]
    streamed = session.get(URL, timeout=5, stream=True)
    assert b"".join(streamed.iter_content(100)) == answer.content


def test_a_session_sees_names_as_they_are(session):
    names = [u["name"] for u in session.get("https://api.x/api/v2/users?pageSize=500", timeout=5).json()["entities"]]
    assert "שירה לוי" in names


def test_a_dropped_connection_raises(engine, session):
    engine.faults = [Fault("drop", times=1)]
    with pytest.raises(requests.ConnectionError):
        session.get(URL, timeout=5)


@pytest.mark.parametrize("timeout", [2, (1, 2)])
def test_an_answer_later_than_the_timeout_raises_after_it(engine, session, naps, timeout):
    engine.faults = [Fault("slow", seconds=30)]
    with pytest.raises(requests.ReadTimeout):
        session.get(URL, timeout=timeout)
    assert naps == [2]


def test_a_slow_answer_within_the_timeout_arrives(engine, session, naps):
    engine.faults = [Fault("slow", seconds=3)]
    assert session.get(URL, timeout=5).ok
    assert naps == [3]


def test_a_dripping_answer_arrives_bit_by_bit(engine, session, naps):
    engine.faults = [Fault("drip", seconds=0.5)]
    answer = session.get(URL, timeout=5)
    assert answer.json()["version"] == 4
    assert len(naps) == -(-len(answer.content) // 64) > 3


def test_an_answer_cut_short_raises(engine, session):
    engine.faults = [Fault("cut")]
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        session.get(URL, timeout=5)
