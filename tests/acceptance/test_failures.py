"""Each way in which asking goes wrong: a sentence that says what to do, the exit status as written, no traceback."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from genesys_client.sandbox import DEFAULT_GRANT, Engine, Fault, OAuthGrant
from genesys_client.sandbox.server import SandboxServer
from tests.acceptance.asking import ask

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = "2026-03-10T09:00:00+00:00"
BLIND = "no-permission-client"


@pytest.fixture(scope="module")
def engine() -> Engine:
    blind = OAuthGrant(BLIND, "its-secret", permissions=frozenset({"analytics:userAggregate:view"}))
    return Engine(seed=7, agents=24, now=lambda: datetime(2026, 3, 10, 9, tzinfo=UTC), grants=(DEFAULT_GRANT, blind))


@pytest.fixture(scope="module")
def server(engine: Engine) -> Iterator[SandboxServer]:
    with SandboxServer(engine) as server:
        yield server


@pytest.fixture(autouse=True)
def _calm(engine: Engine) -> Iterator[None]:
    engine.requests.clear()
    yield
    engine.faults = []


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        pytest.param("nobody knows yesterday", "unknown_agent", "nobody knows", id="unknown agent"),
        pytest.param("tomorrow", "unknown_word", "tomorrow", id="a time that isn't known"),
        pytest.param("2027-01-01", "future_range", "2027", id="future range"),
        pytest.param("2025-01-01..2026-02-05", "span_too_long", "31", id="400 days"),
        pytest.param("2026-03-05..2026-03-01", "backward_range", "", id="end before start"),
        pytest.param("yesterday today", "contradiction", "today", id="contradiction"),
        pytest.param("yestrday", "unknown_word", "yesterday", id="a slip"),
        pytest.param("team:Nowhere yesterday", "unknown_team", "Nowhere", id="unknown team"),
        pytest.param("me yesterday", "no_own_agent", "--as", id="me, on the command line"),
        pytest.param("again", "nothing_to_repeat", "", id="nothing to repeat"),
    ],
)
def test_what_the_person_can_mend_is_refused_with_a_hint(
    server: SandboxServer, text: str, code: str, words: str
) -> None:
    said = ask(server, text, "--format", "json", "--now", NOW)

    assert said.status == 2
    error = said.json["error"]
    assert error["code"] == code
    assert words in error["message"] + (error["hint"] or "")
    assert error["hint"]
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        pytest.param({"GENESYS_CLIENT_SECRET": "wrong"}, "another region", id="wrong credentials"),
        pytest.param({"GENESYS_ENVIRONMENT": "mars-1"}, "no Genesys Cloud region", id="wrong region"),
        pytest.param({"GENESYS_CLIENT_ID": "", "GENESYS_CLIENT_SECRET": ""}, "is missing", id="no credentials"),
        pytest.param({"GENESYS_API_URL": "http://genesys.example.com"}, "https", id="plain http elsewhere"),
    ],
)
def test_what_the_operator_can_mend_ends_with_4(server: SandboxServer, variables: dict[str, str], words: str) -> None:
    said = ask(server, "yesterday", "--format", "json", "--now", NOW, **variables)

    assert said.status == 4
    assert words in said.json["error"]["message"]
    assert 'wrong"' not in said.out


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param(Fault("down"), "platform_", id="platform down"),
        pytest.param(Fault("server_error"), "platform_down", id="5xx without JSON"),
        pytest.param(Fault("truncated", path="/api/v2/analytics"), "platform_garbled", id="truncated JSON"),
        pytest.param(Fault("slow", seconds=5), "platform_slow", id="platform slow"),
        pytest.param(Fault("rate_limited", retry_after_s=600), "rate_limited", id="asked to wait ten minutes"),
        pytest.param(Fault("redirect"), "platform_failed", id="a redirect"),
    ],
)
def test_what_the_platform_spoils_ends_with_3(server: SandboxServer, engine: Engine, fault: Fault, code: str) -> None:
    engine.faults = [fault]
    patience = "2" if fault.kind == "slow" else "20"

    said = ask(server, "yesterday", "--format", "json", "--now", NOW, ANSWER_SECONDS=patience)

    assert said.status == 3, said.out
    assert said.json["error"]["code"].startswith(code)
    assert said.json["error"]["hint"]
    assert "Traceback" not in said.err


def test_waiting_ten_minutes_is_told_not_done(server: SandboxServer, engine: Engine) -> None:
    engine.faults = [Fault("rate_limited", retry_after_s=600)]

    said = ask(server, "yesterday", "--now", NOW)

    assert said.status == 3
    assert "10 minutes" in said.err


def test_a_missing_permission_is_named_and_what_may_be_seen_is_answered(server: SandboxServer) -> None:
    variables = {"GENESYS_CLIENT_ID": BLIND, "GENESYS_CLIENT_SECRET": "its-secret"}
    agent = ask(server, "yesterday", "--format", "json", "--now", NOW).json["rows"][0]["agent_name"]

    nobody_known = ask(server, "yesterday", "--format", "json", "--now", NOW, **variables)
    one = ask(server, f'"{agent}" yesterday', "--format", "json", "--now", NOW, **variables)

    assert nobody_known.status == 3
    assert "analytics:conversationAggregate:view" in nobody_known.json["error"]["message"]
    assert one.status == 0
    assert [w for w in one.json["warnings"] if "analytics:conversationAggregate:view" in w["message"]]
    (row,) = one.json["rows"]
    assert row["state"] == "not_fetched"
    assert row["handle_s"] is None
    assert row["missing"]["handle_s"] == "not_fetched"


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([Fault("rate_limited", every=3, retry_after_s=0.05)], id="429 every third call"),
        pytest.param([Fault("drop", every=4)], id="dropped connections"),
        pytest.param([Fault("server_error", every=5)], id="5xx now and then"),
        pytest.param([Fault("cut", every=5)], id="answers cut short"),
        pytest.param([Fault("revoke_token", after=4, times=1)], id="token revoked half-way"),
    ],
)
def test_passing_trouble_changes_no_number(server: SandboxServer, engine: Engine, faults: list[Fault]) -> None:
    calm = ask(server, "yesterday by interval", "--format", "json", "--now", NOW)
    engine.faults = faults

    troubled = ask(server, "yesterday by interval", "--format", "json", "--now", NOW)

    assert troubled.status == 0, troubled.out
    assert troubled.json["rows"] == calm.json["rows"]
    assert troubled.json["totals"] == calm.json["totals"]
