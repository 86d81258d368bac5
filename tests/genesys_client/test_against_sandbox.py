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
    JobFailedError,
    PayloadError,
    ResponseError,
    ServerError,
    StatusAggregation,
    StatusDetailsQuery,
    TransportError,
)
from genesys_client.sandbox import DEFAULT_GRANT, Behaviour, Engine, Fault
from genesys_client.sandbox.adapter import SandboxAdapter
from tests.genesys_client.rows import posts_of, rows_of
from tests.genesys_client.stand_in import FakeClock

NOW = datetime(2026, 11, 23, 10, 7, tzinfo=UTC)
DAY = (datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC))
POSTED = ConversationAggregation(windows=(DAY,), metrics=("tHandle", "tAcw"), granularity="PT30M")


@pytest.fixture(scope="module")
def shared_engine():
    return Engine(now=lambda: NOW, behaviour=Behaviour(requests_per_minute=10_000))


@pytest.fixture
def engine(shared_engine):
    behaviour = shared_engine.behaviour
    yield shared_engine
    shared_engine.faults, shared_engine.behaviour = (), behaviour


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def client(engine, clock):
    return client_of(engine, clock)


def client_of(engine, clock):
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
    found = client.conversations.columns(
        ConversationDetailsQuery(start=DAY[0], end=DAY[1], media_types=("voice",), lookback_days=1),
        clock.operation(),
        kinds=(),
        metrics=("tHandle",),
    )
    first, end = (edge.timestamp() * 1000 for edge in DAY)
    emitted = Counter()
    for _, _, agent, _, media, _, _, value_ms, at_ms in posts_of(found):
        if media == "voice" and first <= at_ms < end:
            emitted[agent] += value_ms
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


# --- details as columns --------------------------------------------------------------------------------------

DETAILS = "/api/v2/analytics/conversations/details"
KINDS = ("interact", "hold", "wrapup", "contacting", "dialing", "alert")
METRICS = ("tHandle", "tTalk", "tHeld", "tAcw", "nConnected")


def read(client, clock, *, job, overlapping=False):
    query, operation = ConversationDetailsQuery(start=DAY[0], end=DAY[1]), clock.operation(300)
    if job:
        return client.conversations.job_columns(query, operation, kinds=KINDS, metrics=METRICS, overlapping=overlapping)
    return client.conversations.columns(query, operation, kinds=KINDS, metrics=METRICS)


def told(columns):
    """All that columns say, in whatever order they were read."""
    starts, running = columns.conversation_start_ms.tolist(), columns.conversation_running.tolist()
    return sorted(zip(columns.conversation_ids, starts, running, strict=True)), rows_of(columns), posts_of(columns)


@pytest.fixture(scope="module")
def undisturbed(shared_engine):
    """What is told where nothing goes wrong: by pages, and by a job."""
    clock = FakeClock()
    client = client_of(shared_engine, clock)
    return {job: told(read(client, clock, job=job)) for job in (False, True)}


def test_columns_are_what_happened_to_the_millisecond(engine, undisturbed):
    heads, rows, _ = undisturbed[False]
    ids = {name for name, _, _ in heads}
    happened = sorted(
        (s.conversation_id, s.session_id, s.agent_id, s.purpose, s.media, s.direction, s.kind, s.queue_id or "",
         s.start_ms, -1 if s.end_ms is None else s.end_ms)
        for s in engine.truth.segments(DAY[0], NOW)
        if s.conversation_id in ids
    )  # fmt: skip
    assert rows == happened
    assert len(rows) > 3000


def test_a_job_tells_of_settled_days_what_pages_tell(undisturbed):
    """But for what ran on into the hours that jobs don't know yet."""
    known_until = (NOW - timedelta(hours=6)).timestamp() * 1000
    (heads, rows, posts), (job_heads, job_rows, job_posts) = undisturbed[False], undisturbed[True]
    assert [head[:2] for head in heads] == [head[:2] for head in job_heads]
    assert [row for row in rows if -1 < row[-1] <= known_until] == [row for row in job_rows if row[-1] > -1]
    assert [post for post in posts if post[-1] <= known_until] == job_posts


def test_a_job_by_lifetime_finds_what_began_before(client, clock, engine, undisturbed):
    found = read(client, clock, job=True, overlapping=True)
    first = DAY[0].timestamp() * 1000
    began = dict(zip(found.conversation_ids, found.conversation_start_ms.tolist(), strict=True))
    assert {name for name, start in began.items() if start >= first} == {name for name, _, _ in undisturbed[True][0]}
    worked_on = {s.conversation_id for s in engine.truth.segments(*DAY)}
    assert worked_on <= began.keys()
    assert any(start < first for start in began.values())


@pytest.mark.parametrize("job", [False, True], ids=["pages", "job"])
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault("rate_limited", after=1, times=2, retry_after_s=5), id="429"),
        pytest.param(Fault("server_error", after=1, times=2), id="503 without JSON"),
        pytest.param(Fault("drop", every=2, times=2), id="dropped connections"),
        pytest.param(Fault("cut", every=2, times=2), id="cut bodies"),
        pytest.param(Fault("revoke_token", after=2, times=1), id="a revoked token"),
    ],
)
def test_trouble_in_mid_fetch_changes_nothing(client, clock, engine, undisturbed, fault, job):
    path = f"{DETAILS}/jobs/" if job else f"{DETAILS}/query"
    engine.faults = (replace(fault, path=path),)
    before = engine.count(path)
    found = read(client, clock, job=job)
    assert told(found) == undisturbed[job]
    assert found.duplicates == 0
    needed = found.pages + (2 if job else 1)  # two polls, or the empty page at the end
    assert engine.count(path) - before == needed + fault.times


@pytest.mark.parametrize("job", [False, True], ids=["pages", "job"])
def test_half_a_page_is_never_taken_for_a_page(client, clock, engine, job):
    engine.faults = (Fault("truncated", after=2, times=1, path=f"{DETAILS}/jobs/" if job else f"{DETAILS}/query"),)
    with pytest.raises(PayloadError, match="cut off"):
        read(client, clock, job=job)
    if job:
        assert engine.requests[-1].method == "DELETE"


@pytest.mark.parametrize(
    ("behaviour", "duplicates"),
    [
        pytest.param({"shifting_pages": True}, True, id="entries that shift"),
        pytest.param({"approximate_total_hits": True}, False, id="a total that is a little wrong"),
    ],
)
def test_pages_that_move_tell_the_same(client, clock, engine, undisturbed, behaviour, duplicates):
    engine.behaviour = replace(engine.behaviour, **behaviour)
    found = read(client, clock, job=False)
    assert told(found) == undisturbed[False]
    assert (found.duplicates > 0) is duplicates


def test_a_job_whose_pages_are_too_large_tells_the_same(client, clock, engine, undisturbed):
    engine.behaviour = replace(engine.behaviour, max_answer_bytes=1_500_000, job_polls=5)
    found = read(client, clock, job=True)
    assert told(found) == undisturbed[True]
    assert found.pages > 2


@pytest.mark.parametrize("state", ["FAILED", "EXPIRED", "CANCELLED"])
def test_a_job_that_ends_badly_is_an_error(client, clock, engine, state):
    engine.faults = (Fault("job", state=state),)
    with pytest.raises(JobFailedError) as failure:
        read(client, clock, job=True)
    assert failure.value.state == state


def test_up_to_when_jobs_are_complete(client, clock):
    assert client.conversations.available_until(clock.operation()) == NOW - timedelta(hours=6)


# --- trouble that stays -----------------------------------------------------------------------------------------


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
