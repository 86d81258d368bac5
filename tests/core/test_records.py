from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.frames import POSTED_COLUMNS, STATUS_COLUMNS, Facts
from bot.core.intervals import Granularity, Interval, buckets
from bot.core.planning import PostedAsk, StatusAsk
from bot.core.records import (
    MisalignedBuckets,
    Record,
    candidate_granularities,
    posted_facts,
    status_facts,
)
from bot.core.zones import load_zone

LONDON = load_zone("Europe/London")
KATHMANDU = load_zone("Asia/Kathmandu")
KOLKATA = load_zone("Asia/Kolkata")
LORD_HOWE = load_zone("Australia/Lord_Howe")

T0 = datetime(2026, 3, 10, 13, 0, tzinfo=UTC)
HALF = timedelta(minutes=30)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def span(start: float, end: float) -> Interval:
    return Interval(at(start), at(end))


def posted_ask(
    *windows: Interval, granularity: Granularity | None = Granularity.HALF_HOUR, **more: object
) -> PostedAsk:
    windows = windows or (span(0, 60),)
    pieces = buckets(windows, granularity, LONDON) if granularity else ()
    settings: dict[str, object] = {"agent_ids": None, **more}
    return PostedAsk(windows, pieces, granularity, LONDON, **settings)  # type: ignore[arg-type]


def status_ask(*windows: Interval, granularity: Granularity | None = Granularity.HALF_HOUR) -> StatusAsk:
    windows = windows or (span(0, 60),)
    pieces = buckets(windows, granularity, LONDON) if granularity else ()
    return StatusAsk(windows, pieces, granularity, LONDON, ("ana", "ben"))


def handle(
    agent: str | None, start: float, ms: float | None, *, end: float | None = None, count: int | None = 1, **where: str
) -> Record:
    return Record(
        agent,
        where.get("queue"),
        where.get("media", "voice"),
        at(start),
        at(start + 30 if end is None else end),
        where.get("metric", "tHandle"),
        None,
        ms,
        count,
    )


def status(agent: str, start: float, metric: str, qualifier: str | None, seconds: float | None) -> Record:
    ms = None if seconds is None else seconds * 1000
    return Record(agent, None, None, at(start), at(start + 30), metric, qualifier, ms)


def rows(facts: Facts) -> list[dict[str, object]]:
    return facts.frame.to_dict("records")


def only_row(facts: Facts) -> dict[str, object]:
    (row,) = rows(facts)
    return row


def codes(facts: Facts) -> list[str]:
    return [notice.code for notice in facts.notices]


def presence(agent: str, start: float, qualifier: str | None, seconds: float | None) -> Record:
    return status(agent, start, "tSystemPresence", qualifier, seconds)


def routing(agent: str, start: float, qualifier: str | None, seconds: float | None) -> Record:
    return status(agent, start, "tAgentRoutingStatus", qualifier, seconds)


def test_nothing_reported_is_an_empty_frame_with_its_columns():
    assert list(posted_facts([], posted_ask()).frame.columns) == [
        "agent_id",
        "queue_id",
        "media",
        "bucket",
        *POSTED_COLUMNS,
    ]
    assert list(status_facts([], status_ask()).frame.columns) == ["agent_id", "bucket", *STATUS_COLUMNS]
    assert posted_facts([], posted_ask()).frame.empty


def test_results_of_one_agent_are_added_up_whatever_groups_came_unasked():
    facts = posted_facts([handle("ana", 0, 1000), handle("ana", 0, 500, media="chat", queue="q1")], posted_ask())
    row = only_row(facts)
    assert (row["queue_id"], row["media"], row["bucket"]) == ("", "", 0)
    assert (row["handle_s"], row["handled"]) == (1.5, 2)


def test_groups_that_were_asked_for_keep_their_rows_apart():
    records = [
        handle("ana", 0, 1000, queue="q1"),
        handle("ana", 0, 2000, queue="q2", media="CHAT"),
        handle("ana", 0, 4),
    ]
    both = posted_facts(records, posted_ask(by_queue=True, by_media=True))
    assert [(r["queue_id"], r["media"], r["handle_s"]) for r in rows(both)] == [
        ("", "voice", 0.004),
        ("q1", "voice", 1.0),
        ("q2", "chat", 2.0),
    ]
    by_media = posted_facts(records, posted_ask(by_media=True))
    assert [(r["queue_id"], r["media"], r["handle_s"]) for r in rows(by_media)] == [
        ("", "chat", 2.0),
        ("", "voice", 1.004),
    ]


def test_each_metric_lands_in_its_column_and_only_handle_brings_a_count():
    names = ["tHandle", "tTalk", "tHeld", "tAcw", "tContacting", "tDialing", "tAnswered"]
    records = [handle("ana", 0, 1000 * (i + 1), count=9 if i else 3, metric=name) for i, name in enumerate(names)]
    row = only_row(posted_facts(records, posted_ask()))
    assert [row[column] for column in POSTED_COLUMNS] == [1, 2, 3, 4, 5, 6, 3]


def test_a_metric_without_a_record_is_zero_and_one_without_its_sum_is_unknown():
    facts = posted_facts([handle("ana", 0, 1000), handle("ana", 0, None, metric="tTalk")], posted_ask())
    row = only_row(facts)
    assert row["held_s"] == 0
    assert pd.isna(row["talk_s"])
    assert codes(facts) == ["sum_missing"]


def test_a_sum_that_lacks_one_part_is_unknown():
    facts = posted_facts([handle("ana", 0, 1000), handle("ana", 0, None, media="chat")], posted_ask())
    assert pd.isna(only_row(facts)["handle_s"])
    assert only_row(facts)["handled"] == 2


def test_finer_buckets_of_the_platform_add_up_to_ours():
    quarters = [handle("ana", start, 1000, end=start + 15) for start in (0, 15, 30, 45)]
    assert [(r["bucket"], r["handle_s"]) for r in rows(posted_facts(quarters, posted_ask()))] == [(0, 2.0), (1, 2.0)]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(15, 45, id="across an inner edge"),
        pytest.param(-15, 15, id="over the start"),
        pytest.param(45, 75, id="over the end"),
        pytest.param(-60, 120, id="around everything"),
        pytest.param(0, 60, id="two of ours at once"),
    ],
)
def test_a_bucket_across_an_edge_of_ours_is_refused(start: float, end: float):
    with pytest.raises(MisalignedBuckets, match="2026-03-10T") as refusal:
        posted_facts([handle("ana", start, 1000, end=end)], posted_ask())
    assert refusal.value.interval == (at(start), at(end))


def test_the_running_bucket_may_end_later_for_the_platform_but_only_when_the_range_ends_at_now():
    ask = posted_ask(span(0, 40))
    record = handle("ana", 30, 1000)  # the platform's 13:30/14:00, while our last bucket ends at 13:40
    with pytest.raises(MisalignedBuckets):
        posted_facts([record], ask)
    assert only_row(posted_facts([record], ask, to_now=True))["bucket"] == 1
    with pytest.raises(MisalignedBuckets):
        posted_facts([handle("ana", 0, 1000, end=60)], ask, to_now=True)


def test_buckets_in_holes_and_beyond_the_range_are_left_out():
    ask = posted_ask(span(0, 30), span(90, 120), granularity=None)
    records = [handle("ana", start, 1000) for start in (-30, 0, 30, 60, 90, 120)]
    row = only_row(posted_facts(records, ask))
    assert (row["bucket"], row["handle_s"], row["handled"]) == (0, 2.0, 2)
    with pytest.raises(MisalignedBuckets):
        posted_facts([handle("ana", 60, 1000, end=120)], ask)


def test_buckets_are_told_by_instants_whatever_offset_the_platform_wrote():
    start = datetime(2026, 3, 10, 18, 45, tzinfo=KATHMANDU)  # 13:00 UTC
    record = Record("ana", None, None, start, start + HALF, "tHandle", None, 1000, 1)
    assert only_row(posted_facts([record], posted_ask()))["bucket"] == 0


def test_results_without_an_agent_are_counted_and_reported():
    facts = posted_facts([handle(None, 0, 1000), handle("", 0, 1000), handle("ana", 0, 1000)], posted_ask())
    assert only_row(facts)["agent_id"] == "ana"
    assert codes(facts) == ["no_agent"]
    assert "2 results" in facts.notices[0].message


def test_results_about_agents_who_were_not_asked_about_are_left_out_and_reported():
    facts = posted_facts([handle("ana", 0, 1000), handle("eve", 0, 1000)], posted_ask(agent_ids=("ana",)))
    assert only_row(facts)["agent_id"] == "ana"
    assert codes(facts) == ["unasked_agents"]


@pytest.mark.parametrize("spelling", ["ON_QUEUE", "OnQueue", "On Queue", "on_queue", "on queue", "On-Queue"])
def test_presences_are_read_in_every_spelling(spelling: str):
    row = only_row(status_facts([presence("ana", 0, spelling, 1620)], status_ask()))
    assert (row["on_queue_s"], row["logged_in_s"], row["offline_s"]) == (1620, 1620, 0)


def test_logged_in_is_every_presence_but_offline():
    seconds = {"AVAILABLE": 1, "AWAY": 2, "BUSY": 4, "OFFLINE": 8, "IDLE": 16, "ON_QUEUE": 32, "MEAL": 64}
    seconds |= {"TRAINING": 128, "MEETING": 256, "BREAK": 512}
    facts = status_facts([presence("ana", 0, name, value) for name, value in seconds.items()], status_ask())
    row = only_row(facts)
    assert row["logged_in_s"] == 1023 - 8
    assert [row[c] for c in ("on_queue_s", "break_s", "meal_s", "away_s", "offline_s")] == [32, 512, 64, 2, 8]
    assert codes(facts) == []


def test_idle_the_presence_is_not_idle_the_routing_status():
    row = only_row(status_facts([presence("ana", 0, "IDLE", 60), routing("ana", 0, "IDLE", 5)], status_ask()))
    assert (row["idle_s"], row["logged_in_s"]) == (5, 60)


def test_each_routing_status_lands_in_its_column():
    seconds = {"OFF_QUEUE": 1, "IDLE": 2, "INTERACTING": 4, "NOT_RESPONDING": 8, "Communicating": 16}
    row = only_row(status_facts([routing("ana", 0, name, value) for name, value in seconds.items()], status_ask()))
    assert [row[c] for c in ("interacting_s", "communicating_s", "idle_s", "not_responding_s")] == [4, 16, 2, 8]


def test_a_family_of_statuses_that_was_not_reported_is_unknown_not_zero():
    row = only_row(status_facts([routing("ana", 0, "OFF_QUEUE", 1800)], status_ask()))
    assert row["interacting_s"] == 0
    assert all(pd.isna(row[c]) for c in ("logged_in_s", "on_queue_s", "offline_s"))


def test_an_unknown_presence_counts_as_logged_in_and_unknown_statuses_are_named():
    records = [presence("ana", 0, "GARDENING", 60), routing("ana", 0, "JUGGLING", 60), routing("ana", 0, None, 1)]
    facts = status_facts(records, status_ask())
    assert only_row(facts)["logged_in_s"] == 60
    assert codes(facts) == ["unknown_status"]
    assert "GARDENING" in facts.notices[0].message
    assert "JUGGLING" in facts.notices[0].message


def test_other_metrics_of_the_user_aggregates_are_ignored():
    assert status_facts([status("ana", 0, "tOrganizationPresence", "6a3af858", 60)], status_ask()).frame.empty


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [pytest.param(1801, [], id="within a second"), pytest.param(1801.001, ["status_exceeds_bucket"], id="beyond")],
)
def test_more_status_time_than_the_bucket_is_long_is_reported(seconds: float, expected: list[str]):
    for kind, quiet in ((presence, "AVAILABLE"), (routing, "OFF_QUEUE")):
        facts = status_facts([kind("ana", 0, quiet, seconds - 60), kind("ana", 0, "IDLE", 60)], status_ask())
        assert codes(facts) == expected


def test_status_of_the_running_bucket_is_held_against_what_the_platform_calls_the_bucket():
    facts = status_facts([presence("ana", 30, "ON_QUEUE", 700)], status_ask(span(0, 40)), to_now=True)
    assert codes(facts) == []
    assert codes(status_facts([presence("ana", 0, "ON_QUEUE", 2401)], status_ask(span(0, 30), granularity=None))) == [
        "status_exceeds_bucket"
    ]


def test_the_order_of_records_changes_nothing():
    rng = random.Random(7)
    records = [
        handle(
            f"a{rng.randrange(5)}", 30 * rng.randrange(2), rng.randrange(10**7), metric=rng.choice(["tHandle", "tAcw"])
        )
        for _ in range(300)
    ]
    expected = posted_facts(records, posted_ask()).frame
    for _ in range(5):
        rng.shuffle(records)
        pd.testing.assert_frame_equal(posted_facts(iter(records), posted_ask()).frame, expected, check_exact=True)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ana", "ben", None]),
            st.sampled_from([-30, 0, 15, 30, 45, 60]),
            st.sampled_from(["tHandle", "tTalk", "tHeld"]),
            st.integers(0, 10**8),
            st.integers(0, 9),
        )
    )
)
def test_the_frame_equals_sums_taken_one_by_one(drawn: list[tuple[str | None, int, str, int, int]]):
    records = [
        handle(agent, start, ms, end=start + 15, count=count, metric=metric)
        for agent, start, metric, ms, count in drawn
    ]
    frame = posted_facts(records, posted_ask()).frame.set_index(["agent_id", "bucket"])
    column_of = {"tHandle": "handle_s", "tTalk": "talk_s", "tHeld": "held_s"}
    expected: dict[tuple[str, int, str], float] = {}
    for agent, start, metric, ms, count in drawn:
        if agent is None or not 0 <= start < 60:
            continue
        for column, value in ((column_of[metric], ms), *((("handled", count),) if metric == "tHandle" else ())):
            key = (agent, start // 30, column)
            expected[key] = expected.get(key, 0) + value
    keys = {(agent, bucket) for agent, bucket, _ in expected}
    assert set(frame.index) == keys
    for agent, bucket in keys:
        for column in POSTED_COLUMNS:
            worked = expected.get((agent, bucket, column), 0)
            assert frame.loc[(agent, bucket), column] == (worked if column == "handled" else worked / 1000)


def test_a_negative_duration_is_refused():
    with pytest.raises(ValueError, match="never negative"):
        posted_facts([handle("ana", 0, -1)], posted_ask())


DAY = Interval(datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 11, tzinfo=UTC))
NEPALI_DAY = Interval(datetime(2026, 3, 9, 18, 15, tzinfo=UTC), datetime(2026, 3, 10, 18, 15, tzinfo=UTC))
INDIAN_DAY = Interval(datetime(2026, 3, 9, 18, 30, tzinfo=UTC), datetime(2026, 3, 10, 18, 30, tzinfo=UTC))
MORNINGS = tuple(
    Interval(datetime(2026, 3, day, 9, tzinfo=UTC), datetime(2026, 3, day, 12, tzinfo=UTC)) for day in (10, 11)
)
NEPAL_SO_FAR = Interval(NEPALI_DAY.start, datetime(2026, 3, 10, 13, 7, 11, tzinfo=UTC))
SO_FAR = Interval(DAY.start, datetime(2026, 3, 10, 13, 7, 11, tzinfo=UTC))


@pytest.mark.parametrize(
    ("granularity", "windows", "zone", "more", "expected"),
    [
        pytest.param(None, (DAY,), LONDON, {}, (None,), id="one piece whole"),
        pytest.param(None, MORNINGS, LONDON, {}, ("PT30M", "PT15M"), id="a range with holes"),
        pytest.param("PT30M", (DAY,), LONDON, {}, ("PT30M", "PT15M"), id="half-hours"),
        pytest.param("PT30M", (DAY,), LONDON, {"status": True}, ("PT30M", "PT15M"), id="half-hours of status"),
        pytest.param("PT30M", (NEPALI_DAY,), KATHMANDU, {}, ("PT15M",), id="half-hours off the UTC grid"),
        pytest.param(
            "PT30M", (NEPALI_DAY,), KATHMANDU, {"status": True}, ("PT30M", "PT15M"), id="status off the UTC grid"
        ),
        pytest.param("PT1H", (DAY,), LONDON, {}, ("PT1H", "PT30M", "PT15M"), id="hours"),
        pytest.param(
            "PT1H",
            (NEPALI_DAY,),
            KATHMANDU,
            {"status": True},
            ("PT30M", "PT15M"),
            id="hours of status off the UTC grid",
        ),
        pytest.param(
            "P1D", (NEPALI_DAY,), KATHMANDU, {"status": True}, ("P1D", "PT30M", "PT15M"), id="days of status off it"
        ),
        pytest.param("PT1H", (INDIAN_DAY,), KOLKATA, {}, ("PT30M", "PT15M"), id="hours off the UTC grid"),
        pytest.param("PT15M", (DAY,), LONDON, {}, ("PT15M",), id="quarters"),
        pytest.param("P1D", (DAY,), LONDON, {}, ("P1D", "PT1H", "PT30M", "PT15M"), id="days"),
        pytest.param("P1D", (NEPALI_DAY,), KATHMANDU, {}, ("P1D", "PT15M"), id="days off the UTC grid"),
        pytest.param("P7D", (DAY,), LONDON, {}, ("P1D", "PT1H", "PT30M", "PT15M"), id="weeks are asked by the day"),
        pytest.param("P1D", MORNINGS, LONDON, {}, ("PT30M", "PT15M"), id="days with holes"),
        pytest.param("PT30M", (SO_FAR,), LONDON, {"to_now": True}, ("PT30M", "PT15M"), id="to now"),
        pytest.param("PT30M", (NEPAL_SO_FAR,), KATHMANDU, {"to_now": True}, ("PT15M",), id="to now off the UTC grid"),
    ],
)
def test_the_first_granularity_asked_for_fits_wherever_the_grid_begins(granularity, windows, zone, more, expected):
    width = None if granularity is None else Granularity(granularity)
    assert candidate_granularities(width, windows, zone, **more) == expected


@pytest.mark.parametrize("zone_name", ["Europe/London", "Asia/Kathmandu", "Asia/Kolkata", "Australia/Lord_Howe"])
@pytest.mark.parametrize("granularity", [Granularity.QUARTER, Granularity.HALF_HOUR, Granularity.HOUR])
def test_the_first_granularity_of_posted_needs_no_second_request_whether_the_grid_is_local_or_utc(
    zone_name, granularity
):
    zone = load_zone(zone_name)
    window = Interval(
        *(datetime(2026, 4, day, tzinfo=zone).astimezone(UTC) for day in (4, 6))
    )  # clocks change in Lord Howe
    pieces = buckets((window,), granularity, zone)
    first = candidate_granularities(granularity, (window,), zone)[0]
    step = {"PT15M": 900, "PT30M": 1800, "PT1H": 3600}[str(first)]
    from_utc = window.start.timestamp() // step * step
    for origin in (window.start.timestamp(), from_utc):
        edges = itertools.takewhile(lambda t: t < window.end.timestamp(), itertools.count(origin, step))
        records = [
            Record("ana", None, None, start, start + timedelta(seconds=step), "tHandle", None, 1000, 1)
            for start in (datetime.fromtimestamp(edge, UTC) for edge in edges)
        ]
        ask = PostedAsk((window,), pieces, granularity, zone, None)
        frame = posted_facts(records, ask).frame
        assert sorted(frame["bucket"]) == list(range(len(pieces)))
        assert frame["handled"].sum() == len(records)
