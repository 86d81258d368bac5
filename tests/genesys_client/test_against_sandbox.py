"""The whole client against the fake organisation, undisturbed and with trouble that passes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from genesys_client import (
    AuthenticationError,
    ConversationAggregation,
    ConversationDetailsQuery,
    GenesysClient,
    PayloadError,
    ResponseError,
    ServerError,
    StatusAggregation,
    StatusDetailsQuery,
    TransportError,
)
from genesys_client.sandbox import DEFAULT_GRANT, Behaviour, Engine, Fault
from genesys_client.sandbox.adapter import SandboxAdapter
from tests.genesys_client.stand_in import FakeClock

NOW = datetime(2026, 11, 23, 10, 7, tzinfo=UTC)
DAY = (datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC))
POSTED = ConversationAggregation(windows=(DAY,), metrics=("tHandle", "tAcw"), granularity="PT30M")


@pytest.fixture(scope="module")
def shared_engine():
    return Engine(now=lambda: NOW, behaviour=Behaviour(requests_per_minute=10_000))


@pytest.fixture
def engine(shared_engine):
    yield shared_engine
    shared_engine.faults = ()


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def client(engine, clock):
    return GenesysClient(
        DEFAULT_GRANT.client_id,
        DEFAULT_GRANT.client_secret,
        adapter=SandboxAdapter(engine, sleep=clock.sleep),
        clock=clock,
        sleep=clock.sleep,
        now=lambda: NOW,
    )


def sums(records):
    total = Counter()
    for record in records:
        total[record.metric, record.qualifier, record.group.get("userId"), record.start] += round(record.sum_ms or 0)
    return total


def test_posted_handle_time_of_calls_is_what_their_sessions_emitted(client, clock):
    """Calls alone: threads of other media may have begun weeks before."""
    posted = Counter()
    for record in client.conversations.aggregates(replace(POSTED, media_types=("voice",)), clock.operation()):
        if record.metric == "tHandle":
            posted[record.group["userId"]] += round(record.sum_ms)
    found = client.conversations.details(
        ConversationDetailsQuery(start=DAY[0], end=DAY[1], media_types=("voice",), lookback_days=1), clock.operation()
    )
    emitted = Counter()
    for conversation in found.conversations:
        for participant in conversation.participants:
            for session in participant.sessions or ():
                for metric in (session.metrics or ()) if session.media_type == "voice" else ():
                    if metric.name == "tHandle" and DAY[0] <= metric.emitted < DAY[1]:
                        emitted[participant.user_id] += round(metric.value)
    assert posted
    assert posted == emitted


def test_status_time_is_what_the_timelines_say(client, clock):
    agents = client.agents.everyone(clock.operation())
    ids = tuple(agent.id for agent in agents)
    added = Counter()
    for record in client.agents.status_aggregates(StatusAggregation(windows=(DAY,), user_ids=ids), clock.operation()):
        added[record.group["userId"], record.qualifier] += round(record.sum_ms)
    query = StatusDetailsQuery(start=DAY[0] - timedelta(days=1), end=DAY[1], user_ids=ids)
    cut = Counter()
    for timeline in client.agents.status_details(query, clock.operation()):
        for span in (*timeline.presence, *timeline.routing):
            start, end = max(span.start, DAY[0]), min(span.end or NOW, DAY[1])
            if start < end:
                cut[timeline.user_id, span.status] += round((end - start) / timedelta(milliseconds=1))
    assert added
    assert added == cut


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault("rate_limited", times=1, retry_after_s=5), id="429"),
        pytest.param(Fault("server_error", times=2), id="503 without JSON"),
        pytest.param(Fault("drop", times=1), id="dropped connection"),
        pytest.param(Fault("cut", times=1), id="cut body"),
        pytest.param(Fault("revoke_token", times=1, after=1, path="/api/"), id="revoked token"),
    ],
)
def test_trouble_that_passes_changes_no_figure(client, clock, engine, fault):
    expected = sums(client.conversations.aggregates(POSTED, clock.operation()))
    clock.seconds += 120
    engine.faults = (fault,)
    for _ in range(2):
        assert sums(client.conversations.aggregates(POSTED, clock.operation())) == expected


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param(Fault("down"), TransportError, id="down"),
        pytest.param(Fault("server_error", path="/api/"), ServerError, id="503 for good"),
        pytest.param(Fault("truncated", path="/api/"), PayloadError, id="half the JSON"),
        pytest.param(Fault("redirect", path="/api/"), ResponseError, id="redirect"),
        pytest.param(Fault("revoke_token", path="/api/"), AuthenticationError, id="every token revoked"),
    ],
)
def test_trouble_that_stays_is_an_error_of_its_kind(client, clock, engine, fault, error):
    engine.faults = (fault,)
    with pytest.raises(error):
        client.organization.me(clock.operation())
