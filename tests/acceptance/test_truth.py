"""The numbers of `ask … --format json` against what really happened in the sandbox organisation.

Two computations of the same thing: the answer travelled over HTTP through aggregates, client, frames and
metrics; the truth is counted from segments and statuses by brute force.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from genesys_client.sandbox import Engine
from genesys_client.sandbox.emission import emissions
from genesys_client.sandbox.server import SandboxServer
from genesys_client.sandbox.truth import Truth
from tests.acceptance.asking import aggregate_requests, ask

if TYPE_CHECKING:
    from collections.abc import Iterator

POSTED = {
    "handle_s": "tHandle",
    "talk_s": "tTalk",
    "held_s": "tHeld",
    "acw_s": "tAcw",
    "contacting_s": "tContacting",
    "dialing_s": "tDialing",
}
ROUTING = {
    "interacting_s": "INTERACTING",
    "communicating_s": "COMMUNICATING",
    "idle_s": "IDLE",
    "not_responding_s": "NOT_RESPONDING",
}
PRESENCE = {"on_queue_s": "ON_QUEUE", "break_s": "BREAK", "meal_s": "MEAL", "away_s": "AWAY"}

LONG = pytest.mark.long
LONDON, KATHMANDU = "Europe/London", "Asia/Kathmandu"
DAYS = [  # the quick tier has one of each length, and a zone off the half-hour
    pytest.param("Europe/London", "2026-03-10T09:00:00+00:00", 48, id="London, ordinary"),
    pytest.param("Europe/London", "2026-03-30T09:00:00+00:00", 46, id="London, clocks forward"),
    pytest.param("Europe/London", "2026-10-26T09:00:00+00:00", 50, id="London, clocks back", marks=LONG),
    pytest.param("America/New_York", "2026-03-11T15:00:00+00:00", 48, id="New York, ordinary", marks=LONG),
    pytest.param("America/New_York", "2026-03-09T15:00:00+00:00", 46, id="New York, clocks forward", marks=LONG),
    pytest.param("America/New_York", "2026-11-02T15:00:00+00:00", 50, id="New York, clocks back"),
    pytest.param("Asia/Kathmandu", "2026-03-10T09:00:00+00:00", 48, id="Kathmandu"),
]


class Moment:
    """The organisation's clock, set by each test."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 10, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def moment() -> Moment:
    return Moment()


@pytest.fixture(scope="module")
def engine(moment: Moment) -> Engine:
    return Engine(seed=7, now=moment)


@pytest.fixture(scope="module")
def server(engine: Engine) -> Iterator[SandboxServer]:
    with SandboxServer(engine) as server:
        yield server


def rows_of(answer: dict[str, Any]) -> dict[tuple[str, datetime], dict[str, Any]]:
    return {(row["agent_id"], datetime.fromisoformat(row["start"]).astimezone(UTC)): row for row in answer["rows"]}


def spans_of(answer: dict[str, Any]) -> list[tuple[datetime, datetime]]:
    spans = {
        (datetime.fromisoformat(row["start"]).astimezone(UTC), datetime.fromisoformat(row["end"]).astimezone(UTC))
        for row in answer["rows"]
    }
    return sorted(spans)


def assert_equals_truth(answer: dict[str, Any], truth: Truth) -> int:
    """Every agent and bucket, posted and status; the number of figures that were compared and not zero."""
    spans, rows = spans_of(answer), rows_of(answer)
    posted, status = truth.posted(spans), truth.status(spans)
    compared = 0
    for (agent_id, start), row in rows.items():
        key = (agent_id, spans.index((start, datetime.fromisoformat(row["end"]).astimezone(UTC))))
        true_posted = posted.get(key, {})
        for column, metric in POSTED.items():
            true = true_posted[metric].sum_ms / 1000 if metric in true_posted else 0.0
            assert (row[column] or 0.0) == pytest.approx(true, abs=1e-6), (row["agent_name"], start, column)
            compared += true > 0
        handled = true_posted["tHandle"].count if "tHandle" in true_posted else 0
        assert (row["handled"] or 0) == handled
        true_status = status.get(key, {})
        for metric, columns in (("tAgentRoutingStatus", ROUTING), ("tSystemPresence", PRESENCE)):
            for column, qualifier in columns.items():
                true = true_status.get((metric, qualifier), 0) / 1000
                assert (row[column] or 0.0) == pytest.approx(true, abs=1e-6), (row["agent_name"], start, column)
                compared += true > 0
        logged_in = sum(
            ms for (metric, name), ms in true_status.items() if metric == "tSystemPresence" and name != "OFFLINE"
        )
        assert (row["logged_in_s"] or 0.0) == pytest.approx(logged_in / 1000, abs=1e-6)
    missing = {key for key in posted if (key[0], spans[key[1]][0]) not in rows}
    assert not missing
    return compared


@pytest.mark.parametrize(("zone", "now", "buckets"), DAYS)
def test_every_agent_and_half_hour_equals_the_truth(
    server: SandboxServer, engine: Engine, moment: Moment, zone: str, now: str, buckets: int
) -> None:
    moment.now = datetime.fromisoformat(now)
    engine.requests.clear()

    said = ask(server, "yesterday by interval posted", "--format", "json", "--zone", zone, "--now", now)

    assert said.status == 0, said.err
    answer = said.json
    assert answer["query"]["buckets"] == answer["coverage"]["buckets"] == buckets
    assert len(spans_of(answer)) == buckets
    assert assert_equals_truth(answer, Truth(engine)) > 1000
    agents = len({row["agent_id"] for row in answer["rows"]})
    assert aggregate_requests(engine) <= 2 * -(-agents // 100)


@pytest.mark.parametrize(
    ("zone", "switched"),
    [
        pytest.param(zone, switched, id=f"{zone}-{which}", marks=() if zone in quick else LONG)
        for which, switched, quick in (
            ("no media type in groups", {"media_in_group": False}, {LONDON}),
            ("intervals with the zone's offset", {"offset_intervals": True}, {KATHMANDU}),
            ("statistics without a minimum", {"drop_min": True}, {LONDON}),
            ("empty answers as an object", {"empty_as_object": True}, {LONDON}),
            ("buckets aligned to UTC", {"buckets_from_utc": True}, {LONDON, KATHMANDU}),
            ("and no status below half-hours", {"buckets_from_utc": True, "fine_status_refused": True}, {KATHMANDU}),
        )
        for zone in (LONDON, KATHMANDU)
    ],
)
def test_whatever_the_reference_leaves_open_the_numbers_stay_true(
    server: SandboxServer, engine: Engine, moment: Moment, zone: str, switched: dict[str, bool]
) -> None:
    moment.now = datetime(2026, 3, 10, 9, tzinfo=UTC)
    before, engine.behaviour = engine.behaviour, replace(engine.behaviour, **switched)
    try:
        said = ask(
            server, "yesterday by interval posted", "--format", "json", "--zone", zone, "--now", moment.now.isoformat()
        )
    finally:
        engine.behaviour = before

    assert said.status == 0, said.err
    assert assert_equals_truth(said.json, Truth(engine)) > 1000


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("yesterday", id="a day in one bucket"),
        pytest.param("yesterday by 1h", id="hours"),
        pytest.param("yesterday by 15m", id="quarters, status from timelines"),
        pytest.param("last 7 days by day", id="days"),
        pytest.param("last week", id="a week in one bucket"),
        pytest.param("2026-03-02 22:00-06:00 by interval", id="a night across midnight"),
        pytest.param("today by interval", id="until now"),
    ],
)
def test_other_ranges_and_buckets_equal_the_truth(
    server: SandboxServer, engine: Engine, moment: Moment, text: str
) -> None:
    moment.now = datetime(2026, 3, 10, 15, 12, tzinfo=UTC)

    said = ask(server, text, "--format", "json", "--zone", "Europe/London", "--now", moment.now.isoformat())

    assert said.status == 0, said.err
    assert assert_equals_truth(said.json, Truth(engine)) > 100


def test_a_week_of_office_hours_equals_the_sum_of_its_pieces(
    server: SandboxServer, engine: Engine, moment: Moment
) -> None:
    moment.now = datetime(2026, 3, 10, 15, 12, tzinfo=UTC)

    answer = ask(
        server, "last week 9-17", "--format", "json", "--zone", "Europe/London", "--now", moment.now.isoformat()
    ).json

    windows = [tuple(datetime.fromisoformat(edge).astimezone(UTC) for edge in w) for w in answer["query"]["windows"]]
    assert len(windows) == 7
    assert all(end - start == timedelta(hours=8) for start, end in windows)
    posted = Truth(engine).posted(windows)
    handle: dict[str, float] = {}
    for (agent_id, _), metrics in posted.items():
        if "tHandle" in metrics:
            handle[agent_id] = handle.get(agent_id, 0.0) + metrics["tHandle"].sum_ms / 1000
    assert {row["agent_id"]: row["handle_s"] for row in answer["rows"] if row["handle_s"]} == pytest.approx(handle)


@pytest.mark.parametrize(("zone", "now", "buckets"), DAYS)
def test_by_the_clock_every_agent_and_half_hour_equals_the_truth(
    server: SandboxServer, engine: Engine, moment: Moment, zone: str, now: str, buckets: int
) -> None:
    moment.now = datetime.fromisoformat(now)

    said = ask(
        server,
        "yesterday by interval clock",
        *("--format", "json", "--zone", zone, "--now", now),
        LOOKBACK_DAYS="6",
    )

    assert said.status == 0, said.err
    answer = said.json
    spans = spans_of(answer)
    assert len(spans) == buckets
    true = Truth(engine).clock(spans)
    rows = rows_of(answer)
    for (agent_id, number), clock in true.items():
        row = rows[agent_id, spans[number][0]]
        assert row["handle_s"] == pytest.approx(clock.load_ms / 1000, abs=1e-9), (row["agent_name"], row["start"])
        assert row["busy_s"] == pytest.approx(clock.busy_ms / 1000, abs=1e-9), (row["agent_name"], row["start"])
        assert row["busy_s"] <= 1800
    worked = {(agent_id, start) for (agent_id, start), row in rows.items() if row["handle_s"]}
    assert worked == {(agent_id, spans[number][0]) for (agent_id, number), c in true.items() if c.load_ms}


@pytest.mark.parametrize(
    "rows",
    ["by queue", *(pytest.param(r, marks=LONG) for r in ("by media", "by agent by queue")), "by team by media by day"],
)
def test_by_the_clock_the_total_counts_work_in_two_queues_or_media_at_once_once(
    server: SandboxServer, engine: Engine, moment: Moment, rows: str
) -> None:
    moment.now = datetime(2026, 3, 10, 9, tzinfo=UTC)

    said = ask(
        server,
        f"yesterday clock {rows}",
        *("--format", "json", "--zone", "Europe/London", "--now", moment.now.isoformat()),
        LOOKBACK_DAYS="6",
    )

    day = (datetime(2026, 3, 9, tzinfo=UTC), datetime(2026, 3, 10, tzinfo=UTC))
    true = Truth(engine).clock([day]).values()
    answer = said.json
    assert answer["totals"]["busy_s"] == pytest.approx(sum(clock.busy_ms for clock in true) / 1000, abs=1e-6)
    assert answer["totals"]["busy_s"] < sum(row["busy_s"] or 0 for row in answer["rows"])
    assert answer["totals"]["concurrency"] == pytest.approx(
        sum(clock.load_ms for clock in true) / sum(clock.busy_ms for clock in true)
    )


@pytest.mark.parametrize(
    ("zone", "now"),
    [
        pytest.param("Europe/London", "2026-03-10T09:00:00+00:00", id="London"),
        pytest.param("America/New_York", "2026-03-12T15:00:00+00:00", id="New York", marks=LONG),
        pytest.param("Asia/Kathmandu", "2026-03-11T09:00:00+00:00", id="Kathmandu", marks=LONG),
    ],
)
def test_what_segments_miss_of_the_posted_time_is_what_threads_before_the_look_back_posted(
    server: SandboxServer, engine: Engine, moment: Moment, zone: str, now: str
) -> None:
    moment.now = datetime.fromisoformat(now)

    short = ask(server, "yesterday clock", "--format", "json", "--zone", zone, "--now", now, LOOKBACK_DAYS="0").json
    whole = ask(server, "yesterday clock", "--format", "json", "--zone", zone, "--now", now, LOOKBACK_DAYS="8").json

    day = (datetime.fromisoformat(short["query"]["start"]), datetime.fromisoformat(short["query"]["end"]))
    since = day[0].astimezone(UTC).replace(hour=0, minute=0)
    missing_ms = posted_by_older(engine, day, since)
    assert missing_ms > 0
    assert short["coverage"]["segments_short_s"] == pytest.approx(missing_ms / 1000, abs=1e-3)
    assert datetime.fromisoformat(short["coverage"]["conversations_since"]) == since
    assert "segments_short" in {warning["code"] for warning in short["warnings"]}
    assert whole["coverage"]["segments_short_s"] == 0
    assert "segments_short" not in {warning["code"] for warning in whole["warnings"]}


def posted_by_older(engine: Engine, day: tuple[datetime, datetime], since: datetime) -> int:
    """Milliseconds of handle time that conversations begun before `since` posted within the day."""
    first = int(since.timestamp()) // 86400
    start, end = (moment.timestamp() * 1000 for moment in day)
    return sum(
        emission.value
        for conversation in engine.activity.started_on(first - 9, first - 1)
        for emission in emissions(conversation)
        if emission.metric == "tHandle" and "userId" in emission.dimensions and start <= emission.at < end
    )


def test_a_day_that_still_runs_is_not_compared_with_what_was_posted(
    server: SandboxServer, engine: Engine, moment: Moment
) -> None:
    moment.now = datetime(2026, 3, 10, 15, 12, tzinfo=UTC)
    engine.requests.clear()

    answer = ask(server, "today clock", "--format", "json", "--zone", "Europe/London", "--now", moment.now.isoformat())

    assert answer.json["coverage"]["segments_short_s"] is None
    assert engine.count("/api/v2/analytics/conversations/aggregates/query") == 0
