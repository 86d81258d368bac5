from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.answer import Answer, Group, Missing, Notice, Row, RowState
from bot.core.compute import compute_answer, provisional_from
from bot.core.frames import (
    CLOCK_COLUMNS,
    POSTED_COLUMNS,
    POSTED_KEYS,
    PRESENCE_COLUMNS,
    ROUTING_COLUMNS,
    STATUS_COLUMNS,
    STATUS_KEYS,
    Facts,
    Shortfall,
)
from bot.core.intervals import Granularity, Interval, buckets, local_day
from bot.core.planning import PostedAsk, StatusAsk
from bot.core.query import Booking, Dimension, Filters, Query, Range, Selector, SelectorKind
from bot.core.records import Record, posted_facts, status_facts
from bot.core.zones import load_zone

pytestmark = pytest.mark.timeout(600)  # the long tier answers thousands of questions in one test

LONDON = load_zone("Europe/London")
T0 = datetime(2026, 3, 10, 13, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
HOUR = Interval(T0, T0 + timedelta(hours=1))
DAY = local_day(T0.date(), LONDON)
OK, ZERO, NOT_FETCHED, NOT_STAFFED, NO_DATA = (
    RowState.OK,
    RowState.ZERO,
    RowState.NOT_FETCHED,
    RowState.NOT_STAFFED,
    RowState.NO_DATA,
)
AGENT, TEAM, QUEUE, MEDIA = Dimension.AGENT, Dimension.TEAM, Dimension.QUEUE, Dimension.MEDIA
INTERVAL, DAYS, WEEKS = Dimension.INTERVAL, Dimension.DAY, Dimension.WEEK
STEP_OF = {INTERVAL: Granularity.HALF_HOUR, DAYS: Granularity.DAY, WEEKS: Granularity.WEEK}


def ask(
    *dimensions: Dimension,
    windows: tuple[Interval, ...] = (HOUR,),
    granularity: Granularity | None = None,
    booking: Booking = Booking.POSTED,
    filters: Filters | None = None,
    to_now: bool = False,
) -> Query:
    dimensions = dimensions or (AGENT,)
    by = next((d for d in dimensions if d.is_time), None)
    width = granularity or (STEP_OF[by] if by else None)
    return Query(
        text="",
        zone=LONDON,
        range=Range(windows, "", "", to_now=to_now),
        filters=filters or Filters(),
        group_by=dimensions,
        granularity=width,
        buckets=buckets(windows, width, LONDON) if width else (),
        booking=booking,
    )


def posted(*rows: dict[str, Any], columns: tuple[str, ...] = POSTED_COLUMNS, **missing: Any) -> Facts:
    blank: dict[str, Any] = {"queue_id": "", "media": "", "bucket": 0, **dict.fromkeys(columns, 0.0)}
    frame = pd.DataFrame([blank | row for row in rows], columns=[*POSTED_KEYS, *columns])
    return Facts(frame.astype({"agent_id": "str", "queue_id": "str", "media": "str", "bucket": "int64"}), **missing)


def status(*rows: dict[str, Any], **missing: Any) -> Facts:
    """Of a family named in a row the rest is zero, of another one everything is unknown."""
    full = []
    for row in rows:
        filled: dict[str, Any] = {"bucket": 0}
        for family in (PRESENCE_COLUMNS, ROUTING_COLUMNS):
            filled |= dict.fromkeys(family, 0.0 if set(family) & set(row) else math.nan)
        full.append(filled | row)
    frame = pd.DataFrame(full, columns=[*STATUS_KEYS, *STATUS_COLUMNS])
    return Facts(
        frame.astype({"agent_id": "str", "bucket": "int64", **dict.fromkeys(STATUS_COLUMNS, "float64")}), **missing
    )


def answer(query: Query, conversations: Facts | None = None, presence: Facts | None = None, **more: Any) -> Answer:
    return compute_answer(query, posted=conversations or posted(), status=presence, **{"now": NOW, **more})


def at_work(agent: str = "ana", *, seconds: float = 3600, interacting: float = 0, **more: Any) -> dict[str, Any]:
    return {"agent_id": agent, "logged_in_s": seconds, "on_queue_s": seconds, "interacting_s": interacting, **more}


def call(agent: str = "ana", *, handle: float = 600, talk: float | None = None, **more: Any) -> dict[str, Any]:
    return {"agent_id": agent, "handle_s": handle, "talk_s": handle if talk is None else talk, "handled": 1, **more}


def only(found: Answer) -> Row:
    (row,) = found.rows
    return row


def codes(found: Answer) -> list[str]:
    return [notice.code for notice in found.warnings]


def failed(source: str, *agents: str) -> dict[str, Any]:
    notice = Notice("missing_permission", "Ask for analytics:userAggregate:view.")
    return {"shortfalls": (Shortfall(source, frozenset(agents) or None, notice),)}


# --- the worked example -------------------------------------------------------------------------------------------


def test_a_worked_half_hour_from_the_platforms_records_to_its_ratios():
    """One call of 1300 s ends in the half-hour: INTERACTING 960 s, IDLE 600 s, ON_QUEUE 1620 s, BREAK 180 s."""
    query = ask(AGENT, INTERVAL)
    second = T0 + timedelta(minutes=30)

    def record(metric: str, seconds: int, qualifier: str | None = None, count: int | None = None) -> Record:
        return Record("dana", None, None, second, HOUR.end, metric, qualifier, seconds * 1000, count)

    conversations = posted_facts(
        [
            record("tTalk", 1080, count=2),
            record("tHeld", 120, count=1),
            record("tAcw", 100, count=1),
            record("tHandle", 1300, count=1),
        ],
        PostedAsk((HOUR,), query.buckets, query.granularity, LONDON, ("dana",)),
    )
    presence = status_facts(
        [
            record("tAgentRoutingStatus", 960, "INTERACTING"),
            record("tAgentRoutingStatus", 600, "IDLE"),
            record("tAgentRoutingStatus", 60, "NOT_RESPONDING"),
            record("tSystemPresence", 1620, "ON_QUEUE"),
            record("tSystemPresence", 180, "BREAK"),
        ],
        StatusAsk((HOUR,), query.buckets, query.granularity, LONDON, ("dana",)),
    )
    found = answer(query, conversations, presence, agent_names={"dana": "Dana Reyes"})
    first, row = found.rows
    assert (first.state, row.state) == (NO_DATA, OK)
    assert row.groups == (Group("agent", "dana", "Dana Reyes"),)
    assert round(100 * row.values["occupancy"], 1) == 61.5  # 960 / (960 + 0 + 600)
    assert round(100 * row.values["utilization"], 1) == 53.3  # 960 / (1620 + 180)
    assert row.values["handle_load"] is None
    assert row.missing["handle_load"] is Missing.TOO_SHORT
    assert row.values["aht_s"] == 1300
    assert row.values["additive_utilization"] == pytest.approx((1300 + 100 + 120) / 1800)
    assert (row.values["off_queue_s"], row.values["break_s"], row.values["meal_s"]) == (180, 180, 0)
    assert found.residue_s == 0  # 1080 + 120 + 100
    assert found.totals["utilization"] == row.values["utilization"]


# --- states -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("conversations", "presence", "state"),
    [
        pytest.param([call()], [], OK, id="a conversation"),
        pytest.param([], [at_work(interacting=1)], OK, id="interacting time alone"),
        pytest.param([call(handle=0)], [], OK, id="a handled interaction of no length"),
        pytest.param([], [at_work()], ZERO, id="logged in and nothing else"),
        pytest.param([call(handle=0, handled=0)], [at_work()], ZERO, id="zeros reported"),
        pytest.param([], [{"agent_id": "ana", "offline_s": 3600}], NOT_STAFFED, id="offline throughout"),
        pytest.param([call()], [{"agent_id": "ana", "offline_s": 3600}], OK, id="a conversation ended while offline"),
        pytest.param([], [], NO_DATA, id="nothing reported"),
        pytest.param([], [{"agent_id": "ana", "idle_s": 0}], NO_DATA, id="no presence reported"),
        pytest.param([], [at_work(seconds=math.nan, offline_s=60)], NO_DATA, id="a presence without its sum"),
    ],
)
def test_a_row_has_the_first_state_that_fits(conversations, presence, state):
    row = only(answer(ask(), posted(*conversations), status(*presence), expected_agents=["ana"]))
    assert row.state is state


@pytest.mark.parametrize("source", ["posted", "status"])
def test_a_query_that_failed_comes_before_every_other_state(source):
    conversations = posted(call(), **(failed("posted") if source == "posted" else {}))
    presence = status(at_work(), **(failed("status") if source == "status" else {}))
    assert only(answer(ask(), conversations, presence)).state is NOT_FETCHED


@pytest.mark.parametrize("state", [ZERO, NOT_STAFFED, NO_DATA, NOT_FETCHED])
def test_a_number_is_zero_only_in_rows_that_stand_for_zero(state):
    presence = {
        ZERO: status(at_work()),
        NOT_STAFFED: status({"agent_id": "ana", "offline_s": 3600}),
        NO_DATA: status(),
        NOT_FETCHED: status(at_work(), **failed("status")),
    }[state]
    row = only(answer(ask(), posted(), presence, expected_agents=["ana"]))
    assert row.state is state
    assert (0 in row.values.values()) == (state is ZERO)
    for name, value in row.values.items():
        assert (value is None) == (name in row.missing), name
    if state is ZERO:
        assert row.values["handle_s"] == row.values["utilization"] == row.values["handled"] == 0
        assert row.missing["aht_s"] is Missing.NO_DENOMINATOR
    else:
        expected = Missing(state.value)
        assert row.missing["logged_in_s"] is expected
        assert row.missing["utilization"] is expected


def test_in_a_row_that_was_not_fetched_the_other_source_keeps_its_figures_but_not_its_zeros():
    row = only(answer(ask(), posted(call(held_s=0)), status(**failed("status", "ana"))))
    assert row.state is NOT_FETCHED
    assert row.values["handle_s"] == 600
    assert row.values["aht_s"] == 600
    assert row.values["held_s"] is None
    assert row.missing["held_s"] is Missing.NO_DATA
    assert row.missing["utilization"] is Missing.NOT_FETCHED
    other = only(answer(ask(), posted(**failed("posted")), status(at_work(interacting=900, idle_s=900))))
    assert other.values["occupancy"] == 0.5
    assert other.missing["handle_s"] is Missing.NOT_FETCHED


def test_a_metric_reported_without_its_sum_is_no_data_even_in_an_ok_row():
    row = only(answer(ask(), posted(call(held_s=math.nan)), status(at_work())))
    assert row.missing["held_s"] is Missing.NO_DATA
    assert row.values["handle_s"] == 600
    assert row.missing["held_per_handled_s"] is Missing.NO_DATA


def test_status_that_was_divisible_but_never_came_counts_as_not_fetched():
    found = answer(ask(), posted(call()), None)
    assert only(found).state is NOT_FETCHED
    assert codes(found) == ["partial"]
    assert found.totals["utilization"] is None
    assert found.totals["handle_s"] == 600


# --- what can't be divided, or is too fine ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(ask(filters=Filters(media=("voice",))), id="media"),
        pytest.param(ask(filters=Filters(directions=("inbound",))), id="direction"),
        pytest.param(ask(filters=Filters(acd=True)), id="acd"),
        pytest.param(ask(filters=Filters(include=(Selector(SelectorKind.QUEUE, "Support"),))), id="queue"),
        pytest.param(ask(AGENT, QUEUE), id="by queue"),
        pytest.param(ask(AGENT, MEDIA), id="by media"),
    ],
)
def test_status_time_is_not_divided(query):
    found = answer(query, posted(call()), None, expected_agents=["ana", "ben"])
    worked, idle = found.rows
    assert (worked.state, idle.state) == (OK, NO_DATA)
    assert worked.values["handle_s"] == 600
    for name in ("utilization", "logged_in_s", "off_queue_s", "handle_load"):
        assert worked.values[name] is None
        assert worked.missing[name] is Missing.NOT_DIVISIBLE
        assert idle.missing[name] is Missing.NOT_DIVISIBLE
        assert found.totals[name] is None
    assert codes(found) == ["not_divisible"]


def test_presence_still_tells_zero_from_absent_when_conversations_are_filtered():
    query = ask(filters=Filters(media=("chat",)))
    presence = status(at_work("ana", interacting=900), {"agent_id": "ben", "offline_s": 3600})
    found = answer(query, posted(call("cleo")), presence, expected_agents=["ana", "ben", "cleo", "dana"])
    # Ana's interacting time may be of another medium: that she was there makes her zero, not her work.
    assert [row.state for row in found.rows] == [ZERO, NOT_STAFFED, OK, NO_DATA]
    assert found.rows[0].values["handle_s"] == 0
    assert found.rows[0].missing["interacting_s"] is Missing.NOT_DIVISIBLE
    assert found.totals["interacting_s"] is None


def test_status_that_could_not_be_fetched_does_not_matter_when_conversations_are_filtered():
    query = ask(filters=Filters(media=("chat",)))
    found = answer(query, posted(call("ana")), status(**failed("status")), expected_agents=["ben"])
    assert [row.state for row in found.rows] == [OK, NO_DATA]
    assert codes(found) == ["not_divisible"]


@pytest.mark.parametrize("kind", [SelectorKind.TEAM, SelectorKind.GROUP, SelectorKind.DIVISION, SelectorKind.MANAGER])
def test_choosing_agents_leaves_status_time_whole(kind):
    query = ask(filters=Filters(include=(Selector(kind, "x"),)))
    assert only(answer(query, posted(), status(at_work(interacting=900)))).values["utilization"] == 0.25


def test_quarters_have_no_status_unless_it_came_from_the_details():
    query = ask(AGENT, INTERVAL, granularity=Granularity.QUARTER, windows=(Interval(T0, T0 + timedelta(minutes=15)),))
    found = answer(query, posted(call(handle=60)), None)
    assert only(found).missing["utilization"] is Missing.TOO_FINE
    assert only(found).state is OK
    assert codes(found) == ["too_fine"]
    detailed = answer(query, posted(call(handle=60)), status(at_work(seconds=900, interacting=90)))
    assert only(detailed).values["utilization"] == 0.1
    assert codes(detailed) == []


# --- scope --------------------------------------------------------------------------------------------------------


def half_hour(**more: Any) -> Query:
    return ask(AGENT, INTERVAL, windows=(Interval(T0, T0 + timedelta(minutes=30)),), **more)


def test_additive_utilization_is_of_one_agent_and_one_half_hour_and_capped():
    found = answer(half_hour(), posted(call(handle=1700, acw_s=200, held_s=100)), status(at_work()))
    assert only(found).values["additive_utilization"] == 1.0
    assert found.totals["additive_utilization"] == 1.0
    two = answer(half_hour(), posted(call(), call("ben")), status(at_work()))
    assert [row.values["additive_utilization"] for row in two.rows] == [pytest.approx(1 / 3)] * 2
    assert two.totals["additive_utilization"] is None


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(ask(), id="an hour"),
        pytest.param(ask(TEAM, INTERVAL), id="a team"),
        pytest.param(ask(AGENT, MEDIA, INTERVAL), id="one medium of an agent"),
        pytest.param(ask(AGENT, INTERVAL, granularity=Granularity.HOUR), id="hours"),
        pytest.param(ask(windows=(Interval(T0, T0 + timedelta(minutes=10)),)), id="a shorter range"),
        pytest.param(
            ask(windows=tuple(Interval(t, t + timedelta(minutes=15)) for t in (T0, T0 + timedelta(days=1)))),
            id="two quarters on two days",
        ),
    ],
)
def test_elsewhere_additive_utilization_does_not_apply(query):
    found = answer(query, posted(call()), status(at_work()))
    assert {row.missing["additive_utilization"] for row in found.rows} == {Missing.NOT_APPLICABLE}
    assert found.totals["additive_utilization"] is None


SHORT_DAY = local_day(datetime(2026, 3, 29, tzinfo=UTC).date(), LONDON)


@pytest.mark.parametrize(
    ("query", "given"),
    [
        pytest.param(ask(windows=(DAY,)), True, id="a day"),
        pytest.param(ask(windows=(SHORT_DAY,)), True, id="a day of 23 hours"),
        pytest.param(ask(windows=(Interval(T0, T0 + timedelta(hours=23)),)), False, id="23 hours of two days"),
        pytest.param(ask(windows=(Interval(T0, T0 + timedelta(hours=24)),)), True, id="24 hours of two days"),
        pytest.param(ask(windows=(HOUR,)), False, id="an hour"),
        pytest.param(ask(windows=(HOUR,), booking=Booking.CLOCK), True, id="an hour by the clock"),
        pytest.param(ask(AGENT, DAYS, windows=(DAY,)), True, id="by day"),
    ],
)
def test_handle_load_is_given_from_a_day_upwards_in_posted_and_always_by_the_clock(query, given):
    columns = CLOCK_COLUMNS if query.booking is Booking.CLOCK else POSTED_COLUMNS
    found = answer(query, posted(call(handle=5400), columns=columns), status(at_work()))
    assert only(found).values["handle_load"] == (1.5 if given else None)
    assert found.totals["handle_load"] == (1.5 if given else None)
    assert only(found).missing.get("handle_load") == (None if given else Missing.TOO_SHORT)


def test_by_interval_the_total_of_a_day_has_a_handle_load():
    found = answer(
        ask(AGENT, INTERVAL, windows=(DAY,)), posted(call(handle=5400, bucket=20)), status(at_work(bucket=20))
    )
    assert found.totals["handle_load"] == 1.5
    assert {row.values["handle_load"] for row in found.rows} == {None}


def test_by_the_clock_busy_time_has_its_columns():
    query = ask(booking=Booking.CLOCK)
    facts = posted(call(handle=1200, busy_s=900), columns=CLOCK_COLUMNS)
    found = answer(query, facts, status(at_work()), expected_agents=["ben"])
    ana = found.rows[0]
    assert (ana.values["busy_share"], ana.values["concurrency"]) == (0.25, pytest.approx(4 / 3))
    assert "additive_utilization" not in ana.values
    assert found.residue_s is None
    assert found.totals["busy_share"] == 900 / 7200  # two agents, an hour each


def test_the_busy_share_of_all_leaves_out_those_whose_conversations_were_not_fetched():
    query = ask(booking=Booking.CLOCK)
    facts = posted(call(handle=900, busy_s=900), columns=CLOCK_COLUMNS, **failed("posted", "ben"))
    found = answer(query, facts, status(at_work("ana"), at_work("ben")), expected_agents=["ana", "ben"])
    assert found.totals["busy_share"] == 0.25


def test_by_queue_busy_time_has_no_total_because_unions_do_not_add_up():
    query = ask(AGENT, QUEUE, booking=Booking.CLOCK)
    rows = [call(handle=600, busy_s=600, queue_id=queue) for queue in ("q1", "q2")]
    found = answer(query, posted(*rows, columns=CLOCK_COLUMNS), None)
    assert [row.values["busy_s"] for row in found.rows] == [600, 600]
    assert found.totals["busy_s"] is None
    assert found.totals["handle_s"] == 1200


@pytest.mark.parametrize("dimension", [QUEUE, MEDIA])
def test_by_queue_or_media_the_total_is_the_union_over_all_of_them(dimension: Dimension) -> None:
    # Two queues at the same ten minutes, and Ben in one of them for five: fifteen minutes of two agents' hours.
    rows = [call(handle=600, busy_s=600, queue_id=name, media=name) for name in ("q1", "q2")]
    rows.append(call("ben", handle=300, busy_s=300, queue_id="q1", media="q1"))
    facts = posted(*rows, columns=CLOCK_COLUMNS, busy_of_agent_s={"ana": 600.0, "ben": 300.0})

    found = answer(ask(AGENT, dimension, booking=Booking.CLOCK), facts)

    assert found.totals["busy_s"] == 900
    assert found.totals["busy_share"] == 900 / 7200
    assert found.totals["concurrency"] == 1500 / 900


# --- groupings ----------------------------------------------------------------------------------------------------


def test_rows_are_sorted_by_name_then_id_then_start_and_empty_ones_are_there():
    found = answer(
        ask(AGENT, INTERVAL),
        posted(call("a1", bucket=1)),
        status(),
        expected_agents=["a1", "a2", "a3"],
        agent_names={"a1": "Zoe", "a2": "Ana", "a3": "Ana"},
    )
    assert [(row.groups[0].name, row.groups[0].id, row.start) for row in found.rows] == [
        (name, agent, start)
        for name, agent in (("Ana", "a2"), ("Ana", "a3"), ("Zoe", "a1"))
        for start in (T0, T0 + timedelta(minutes=30))
    ]
    assert [row.state for row in found.rows] == [NO_DATA] * 5 + [OK]


def test_an_agent_without_a_name_is_called_by_the_id():
    assert only(answer(ask(), posted(call("x9")), status())).groups == (Group("agent", "x9", "x9"),)


def test_a_team_is_sum_over_sum_not_a_mean_of_means():
    presence = status(at_work("ana", seconds=3600, interacting=3600), at_work("ben", seconds=1200, interacting=0))
    conversations = posted(call("ana", handle=3000, handled=1), call("ben", handle=100, handled=9))
    found = answer(ask(TEAM), conversations, presence, team_of={"ana": "t", "ben": "t"}, team_names={"t": "Billing"})
    row = only(found)
    assert row.groups == (Group("team", "t", "Billing"),)
    assert row.values["utilization"] == 0.75  # 3600 / 4800; the mean of 100 % and 0 % is 50 %
    assert row.values["aht_s"] == 310  # 3100 / 10
    assert found.totals["utilization"] == 0.75


def test_agents_without_a_team_are_a_group_of_their_own_at_the_end():
    found = answer(
        ask(TEAM), posted(call("ana"), call("ben")), status(), team_of={"ana": "t"}, team_names={"t": "Zeal"}
    )
    assert [row.groups for row in found.rows] == [(Group("team", "t", "Zeal"),), (Group("team", None, None),)]


def test_part_of_a_team_is_not_shown_as_the_whole():
    presence = status(at_work("ana", interacting=900), **failed("status", "ben"))
    found = answer(ask(TEAM), posted(call("ana"), call("ben")), presence, team_of={"ana": "t", "ben": "t"})
    row = only(found)
    assert row.state is NOT_FETCHED
    assert row.missing["utilization"] is Missing.NOT_FETCHED
    assert row.values["handle_s"] == 1200
    assert found.totals["utilization"] == 0.25  # of ana, as the warning says
    assert codes(found) == ["missing_permission", "partial"]
    assert "1 of 2 agents" in found.warnings[1].message


def test_a_total_that_needs_both_sources_is_of_the_agents_for_whom_both_answered():
    query = ask(windows=(DAY,))
    presence = status(at_work("ana", seconds=3600), **failed("status", "ben"))
    found = answer(query, posted(call("ana", handle=1800), call("ben", handle=9000)), presence)
    assert found.totals["handle_load"] == 0.5
    assert found.totals["handle_s"] == 10800


def test_by_queue_rows_are_of_the_queues_that_were_reported_and_work_without_one_comes_last():
    rows = [call(queue_id="q2"), call(queue_id="q1"), call(queue_id=""), call("ben", queue_id="q1")]
    found = answer(
        ask(QUEUE), posted(*rows), None, queue_names={"q1": "Support", "q2": "Billing"}, expected_agents=["cleo"]
    )
    assert [(row.groups[0].id, row.groups[0].name, row.values["handle_s"]) for row in found.rows] == [
        ("q2", "Billing", 600),
        ("q1", "Support", 1200),
        (None, None, 600),
    ]


@pytest.mark.parametrize("dimensions", [(AGENT,), (AGENT, INTERVAL), (QUEUE,), (TEAM, MEDIA)])
def test_about_nobody_there_are_no_rows_and_no_totals(dimensions):
    found = answer(ask(*dimensions), posted(), status())
    assert found.rows == ()
    assert set(found.totals.values()) == {None}
    assert found.coverage.agents_asked == 0


def test_by_agent_and_queue_an_agent_without_conversations_keeps_a_row():
    found = answer(ask(AGENT, QUEUE), posted(call("ana", queue_id="q1")), None, expected_agents=["ana", "ben"])
    assert [(row.groups[0].id, row.groups[1].id, row.state) for row in found.rows] == [
        ("ana", "q1", OK),
        ("ben", None, NO_DATA),
    ]


def test_by_agent_and_queue_a_failed_batch_marks_its_own_rows_only():
    conversations = posted(call("ana", queue_id="q1"), **failed("posted", "ben"))
    found = answer(ask(AGENT, QUEUE), conversations, None, expected_agents=["ana", "ben"])
    assert [(row.groups[0].id, row.state) for row in found.rows] == [("ana", OK), ("ben", NOT_FETCHED)]
    by_queue = answer(ask(QUEUE), conversations, None, expected_agents=["ana", "ben"])
    assert only(by_queue).state is NOT_FETCHED  # ben's part of q1 is unknown


def test_by_media_and_interval_each_medium_has_every_bucket():
    found = answer(ask(MEDIA, INTERVAL), posted(call(media="voice"), call(media="chat", bucket=1)), None)
    assert [(row.groups[0].name, row.values["handle_s"]) for row in found.rows] == [
        ("chat", None),
        ("chat", 600),
        ("voice", 600),
        ("voice", None),
    ]


def test_by_time_alone_there_is_one_row_for_each_bucket():
    found = answer(ask(INTERVAL), posted(call("ana"), call("ben", bucket=1)), status())
    assert [(row.groups, row.values["handle_s"]) for row in found.rows] == [((), 600), ((), 600)]


WEEKDAY_MORNINGS = tuple(
    Interval(datetime(2026, 3, day, 9, tzinfo=UTC), datetime(2026, 3, day, 12, tzinfo=UTC)) for day in (5, 6, 9, 10)
)


def test_by_week_the_pieces_of_a_range_with_holes_are_one_row_a_week():
    query = ask(AGENT, WEEKS, windows=WEEKDAY_MORNINGS)
    assert len(query.buckets) == 4
    found = answer(query, posted(*(call(bucket=i, handle=100 * (i + 1)) for i in range(4))), status())
    assert [(row.start.day, row.end.day, row.values["handle_s"]) for row in found.rows] == [(5, 6, 300), (9, 10, 700)]
    sunday_first = answer(query, posted(), status(), expected_agents=["ana"], week_start=6)
    assert [row.start.day for row in sunday_first.rows] == [5, 9]
    friday_first = answer(query, posted(), status(), expected_agents=["ana"], week_start=4)
    assert [(row.start.day, row.end.day) for row in friday_first.rows] == [(5, 5), (6, 10)]


def test_by_day_a_night_shift_belongs_to_the_day_on_which_it_starts():
    nights = tuple(
        Interval(datetime(2026, 3, day, 22, tzinfo=UTC), datetime(2026, 3, day + 1, 6, tzinfo=UTC)) for day in (5, 6)
    )
    query = ask(AGENT, DAYS, windows=nights)
    assert len(query.buckets) == 4  # each night cut at midnight
    found = answer(query, posted(*(call(bucket=i, handle=100 * (i + 1)) for i in range(4))), status())
    assert [(row.start, row.end, row.values["handle_s"]) for row in found.rows] == [
        (nights[0].start, nights[0].end, 300),
        (nights[1].start, nights[1].end, 700),
    ]


def test_by_day_a_single_night_is_one_row():
    night = Interval(datetime(2026, 3, 5, 22, tzinfo=UTC), datetime(2026, 3, 6, 6, tzinfo=UTC))
    query = ask(AGENT, DAYS, windows=(night,))
    facts = posted(call(bucket=0, handle=100), call(bucket=1, handle=200))
    torn = answer(query, facts, status())
    assert [row.values["handle_s"] for row in torn.rows] == [100, 200]
    whole = answer(replace(query, range=replace(query.range, nights=True)), facts, status())
    assert [(row.start, row.end, row.values["handle_s"]) for row in whole.rows] == [(night.start, night.end, 300)]


def test_a_plain_query_over_a_range_with_holes_is_one_row():
    row = only(answer(ask(windows=WEEKDAY_MORNINGS), posted(call()), status()))
    assert (row.start, row.end) == (WEEKDAY_MORNINGS[0].start, WEEKDAY_MORNINGS[-1].end)


# --- totals, filters, warnings ------------------------------------------------------------------------------------


def test_totals_are_null_where_no_row_stands_for_a_zero():
    found = answer(ask(), posted(), status({"agent_id": "ana", "offline_s": 3600}))
    assert set(found.totals.values()) == {None}
    assert answer(ask(), posted(), status(at_work())).totals["handle_s"] == 0


def test_active_is_left_to_the_drawing_so_that_totals_are_of_everybody():
    presence = status(at_work("ana", interacting=1800), at_work("ben"))
    everyone = answer(ask(), posted(), presence, expected_agents=["cleo"])
    active = answer(ask(filters=Filters(active=True)), posted(), presence, expected_agents=["cleo"])
    assert active.rows == everyone.rows
    assert active.totals["utilization"] == 0.25


def test_what_the_parts_leave_unexplained_is_said_in_seconds():
    found = answer(ask(), posted(call(handle=1300, talk=900, held_s=60)), status())
    assert found.residue_s == 340
    assert codes(found) == ["residue"]
    assert "5m 40s more" in found.warnings[0].message
    fewer = answer(ask(), posted(call(handle=100, talk=101)), status())
    assert fewer.residue_s == -1
    assert "1.0 s less" in fewer.warnings[0].message


@pytest.mark.parametrize(("residue", "said"), [(0.499, []), (0.5, ["residue"]), (-0.5, ["residue"])])
def test_a_residue_below_half_a_second_is_rounding(residue, said):
    found = answer(ask(), posted(call(handle=100 + residue, talk=100)), status())
    assert found.residue_s == residue
    assert codes(found) == said


def test_half_hours_that_hold_more_than_half_an_hour_are_explained_once():
    found = answer(
        ask(AGENT, INTERVAL),
        posted(call(handle=1800.001), call("ben", handle=4000), call("cleo", handle=1800)),
        status(),
    )
    assert codes(found) == ["bucket_overflow"]
    assert "In 2 rows" in found.warnings[0].message
    assert "half-hour" in found.warnings[0].message
    assert max(row.values["handle_s"] or 0 for row in found.rows) == 4000


def test_of_a_team_more_handle_than_clock_time_is_no_surprise():
    found = answer(ask(TEAM, INTERVAL), posted(call("ana", handle=1700), call("ben", handle=1700)), status())
    assert codes(found) == []


def test_what_the_sources_noticed_is_passed_on_once():
    notice = Notice("no_agent", "2 results belong to no agent.")
    found = answer(ask(), posted(notices=(notice,)), status(notices=(notice,)), notices=(Notice("names", "No names."),))
    assert codes(found) == ["names", "no_agent"]


def test_coverage_counts_those_asked_and_those_of_whom_anything_was_reported():
    found = answer(
        ask(AGENT, INTERVAL),
        posted(call("ana")),
        status({"agent_id": "ben", "offline_s": 1800}),
        expected_agents=["ana", "ben", "cleo"],
        requests=2,
        cached=True,
    )
    cover = found.coverage
    assert (cover.agents_asked, cover.agents_answered, cover.buckets, cover.requests) == (3, 2, 2, 2)
    assert cover.cached
    assert cover.data_as_of == NOW
    assert answer(ask(), posted(), status()).coverage.buckets == 1


def test_every_column_of_the_booking_is_carried_and_only_known_ones_are_drawn():
    found = answer(ask(), posted(call()), status(), drawn=("busy_share", "occupancy"))
    assert {c.name for c in found.columns} == set(only(found).values) == set(found.totals)
    assert found.drawn == ("occupancy",)


def test_counts_are_whole_numbers():
    found = answer(ask(), posted(call(handled=3.0)), status())
    assert isinstance(only(found).values["handled"], int)
    assert isinstance(found.totals["handled"], int)


def test_a_question_without_a_range_has_no_figures():
    with pytest.raises(ValueError, match="range"):
        answer(Query(text="help"), posted(), None)


# --- provisional --------------------------------------------------------------------------------------------------


def test_the_running_bucket_alone_is_provisional():
    now = T0 + timedelta(minutes=40)
    found = answer(
        ask(AGENT, INTERVAL, windows=(Interval(T0, now),), to_now=True),
        posted(),
        status(),
        expected_agents=["ana"],
        now=now,
    )
    assert [row.provisional for row in found.rows] == [False, True]
    later = answer(found.query, posted(), status(), expected_agents=["ana"], now=now + timedelta(minutes=3))
    assert [row.provisional for row in later.rows] == [False, True]  # a stored answer stays what it was


def test_a_bucket_that_is_not_over_is_provisional_wherever_its_range_ends():
    found = answer(ask(AGENT, INTERVAL), posted(call()), status(), now=T0 + timedelta(minutes=30))
    assert [row.provisional for row in found.rows] == [False, True]


def test_a_finished_range_has_no_provisional_rows_though_it_may_not_be_final():
    found = answer(ask(), posted(call()), status())
    assert not only(found).provisional
    assert found.coverage.provisional_from == HOUR.start


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(timedelta(days=4), None, id="four days after the day's end"),
        pytest.param(timedelta(days=4) - timedelta(seconds=1), HOUR.start, id="a second before"),
    ],
)
def test_a_day_is_final_four_days_after_its_end(asked, expected):
    assert provisional_from(Range((HOUR,), "", ""), LONDON, DAY.end + asked) == expected


def test_a_range_is_provisional_from_its_first_day_that_is_not_final():
    week = Interval(DAY.start - timedelta(days=6), DAY.end)
    now = DAY.end + timedelta(hours=9)
    # Four whole days before now lies 9:00 on the 7th: the 6th ended before it, the 7th did not.
    assert provisional_from(Range((week,), "", ""), LONDON, now) == datetime(2026, 3, 7, tzinfo=UTC)


# --- sparks -------------------------------------------------------------------------------------------------------


def test_half_hours_fetched_for_a_plain_query_are_added_up_and_drawn_as_a_line():
    query = ask()
    halves = buckets((HOUR,), Granularity.HALF_HOUR, LONDON)
    presence = status(at_work(seconds=1800, interacting=900), at_work(seconds=900, interacting=0, bucket=1))
    found = answer(query, posted(call(bucket=1)), presence, buckets=halves, expected_agents=["ben"])
    assert only(replace(found, rows=found.rows[:1])).values["utilization"] == pytest.approx(1 / 3)
    assert found.sparks["ana"].values == (0.5, 0.0)
    assert found.sparks["ben"].values == (None, None)
    seconds = answer(query, posted(call(bucket=1)), presence, buckets=halves, headline="handle_s")
    assert seconds.sparks["ana"].values == (0.0, pytest.approx(1 / 3))


def test_without_half_hours_there_are_no_sparks():
    assert answer(ask(), posted(call()), status()).sparks == {}
    assert answer(ask(AGENT, DAYS, windows=(DAY,)), posted(call()), status()).sparks == {}


def test_by_interval_the_line_shows_the_rows_own_figures():
    found = answer(ask(AGENT, INTERVAL), posted(), status(at_work(seconds=1800, interacting=450, bucket=1)))
    assert found.sparks["ana"].values == (None, 0.25)


# --- two ways of computing the same thing ---------------------------------------------------------------------------

AGENTS = ("a1", "a2", "a3", "a4")
TEAM_OF = {"a1": "t1", "a2": "t1", "a3": "t2"}
PARTS = ("contacting_s", "dialing_s", "talk_s", "held_s", "acw_s")

seconds = st.integers(0, 4_000_000).map(lambda ms: ms / 1000)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Query, Facts, Facts]:
    dimensions = draw(
        st.sampled_from(
            [
                (AGENT,),
                (AGENT, INTERVAL),
                (TEAM,),
                (TEAM, INTERVAL),
                (QUEUE,),
                (AGENT, QUEUE, INTERVAL),
                (TEAM, MEDIA),
                (INTERVAL,),
            ]
        )
    )
    lengths = [timedelta(hours=1)] if INTERVAL in dimensions else [timedelta(hours=1), timedelta(hours=24)]
    windows = (Interval(T0, T0 + draw(st.sampled_from(lengths))),)
    query = ask(*dimensions, windows=windows)
    last = max(len(query.buckets) - 1, 0)
    bucket = st.integers(0, min(last, 3))
    keys = draw(
        st.lists(
            st.tuples(
                st.sampled_from(AGENTS), st.sampled_from(["", "q1", "q2"]), st.sampled_from(["voice", "chat"]), bucket
            ),
            unique=True,
            max_size=12,
        )
    )
    conversations = [
        dict(zip(POSTED_KEYS, key, strict=True))
        | {column: draw(seconds) for column in POSTED_COLUMNS[:-1]}
        | {"handled": draw(st.integers(0, 3))}
        for key in keys
    ]
    statuses = []
    for agent, place in draw(st.lists(st.tuples(st.sampled_from(AGENTS), bucket), unique=True, max_size=8)):
        row: dict[str, Any] = {"agent_id": agent, "bucket": place}
        if draw(st.booleans()):
            on_queue, other = draw(seconds), draw(seconds)
            row |= {"on_queue_s": on_queue, "logged_in_s": on_queue + other, "offline_s": draw(seconds)}
        if draw(st.booleans()):
            row |= {column: draw(seconds) for column in ROUTING_COLUMNS}
        statuses.append(row)
    lost = st.frozensets(st.sampled_from(AGENTS), max_size=1)
    lost_posted, lost_status = draw(lost), draw(lost)

    def missing(source: str, agents: frozenset[str]) -> dict[str, Any]:
        return failed(source, *agents) if agents else {}

    return (
        query,
        posted(*(r for r in conversations if r["agent_id"] not in lost_posted), **missing("posted", lost_posted)),
        status(*(r for r in statuses if r["agent_id"] not in lost_status), **missing("status", lost_status)),
    )


def plain_sum(rows: list[dict[str, Any]], column: str) -> float | None:
    values = [row[column] for row in rows if not math.isnan(row[column])]
    return round(math.fsum(values), 3) if values else None


def ratio(top: float | None, bottom: float | None) -> float | None:
    return None if top is None or not bottom else top / bottom


def plain_metrics(sums: dict[str, float | None]) -> dict[str, float | None]:
    def added(*names: str) -> float | None:
        values = [sums[name] for name in names]
        return None if None in values else sum(v for v in values if v is not None)

    logged, on_queue = sums["logged_in_s"], sums["on_queue_s"]
    return {
        **{name: sums[name] for name in (*POSTED_COLUMNS, *STATUS_COLUMNS) if name != "offline_s"},
        "off_queue_s": None if logged is None or on_queue is None else logged - on_queue,
        "utilization": ratio(sums["interacting_s"], logged),
        "occupancy": ratio(sums["interacting_s"], added("interacting_s", "communicating_s", "idle_s")),
        "aht_s": ratio(sums["handle_s"], sums["handled"]),
        "acw_per_handled_s": ratio(sums["acw_s"], sums["handled"]),
        "held_per_handled_s": ratio(sums["held_s"], sums["handled"]),
        "handle_load": ratio(sums["handle_s"], on_queue),
    }


def slow_rows(
    query: Query, conversations: Facts, presence: Facts
) -> dict[tuple[Any, ...], tuple[RowState, dict[str, Any]]]:
    """Every row, one by one, from the words of the product: key → state and numbers."""
    posted_rows = conversations.frame.to_dict("records")
    status_rows = presence.frame.to_dict("records")
    lost_posted = {a for s in conversations.shortfalls for a in s.agent_ids or ()}
    lost_status = {a for s in presence.shortfalls for a in s.agent_ids or ()}
    dims = [d for d in query.group_by if not d.is_time]
    divisible = QUEUE not in dims and MEDIA not in dims

    def key_of(row: dict[str, Any]) -> tuple[str, ...]:
        values = {
            AGENT: row["agent_id"],
            TEAM: TEAM_OF.get(row["agent_id"], ""),
            QUEUE: row.get("queue_id", ""),
            MEDIA: row.get("media", ""),
        }
        return tuple(values[d] for d in dims)

    groups = {key_of(row) for row in posted_rows}
    people = [tuple(v for d, v in zip(dims, key, strict=True) if d in (AGENT, TEAM)) for key in groups]
    for agent in AGENTS:
        key = key_of({"agent_id": agent})
        who = tuple(v for d, v in zip(dims, key, strict=True) if d in (AGENT, TEAM))
        if divisible or (who and who not in people):
            groups.add(key)

    def feeds(agent: str, key: tuple[str, ...]) -> bool:
        mine = key_of({"agent_id": agent})
        return all(m == k for m, k, d in zip(mine, key, dims, strict=True) if d in (AGENT, TEAM))

    found = {}
    for key in groups:
        for place in range(len(query.buckets) or 1):
            mine = [r for r in posted_rows if key_of(r) == key and r["bucket"] == place]
            theirs = [r for r in status_rows if divisible and key_of(r) == key and r["bucket"] == place]
            no_posted = any(feeds(a, key) for a in lost_posted)
            no_status = divisible and any(feeds(a, key) for a in lost_status)
            sums = {c: None if no_posted else plain_sum(mine, c) for c in POSTED_COLUMNS}
            sums |= {c: None if no_status else plain_sum(theirs, c) for c in STATUS_COLUMNS}
            if no_posted or no_status:
                state = NOT_FETCHED
            elif any((sums[c] or 0) > 0 for c in (*POSTED_COLUMNS, "interacting_s")):
                state = OK
            elif (sums["logged_in_s"] or 0) > 0:
                state = ZERO
            elif any(sums[c] is not None for c in PRESENCE_COLUMNS):
                state = NOT_STAFFED
            else:
                state = NO_DATA
            if state in (OK, ZERO):
                for family in (POSTED_COLUMNS, *((PRESENCE_COLUMNS, ROUTING_COLUMNS) if divisible else ())):
                    if all(sums[c] is None for c in family):
                        sums |= dict.fromkeys(family, 0.0)
            numbers = plain_metrics(sums)
            if state not in (OK, ZERO):
                numbers = {name: value or None for name, value in numbers.items()}
            if query.granularity or query.range.end - query.range.start < timedelta(hours=24):  # type: ignore[union-attr]
                numbers["handle_load"] = None
            found[key, query.buckets[place].start if query.buckets else T0] = (state, numbers)
    return found


def check_against_the_slow_way(query: Query, conversations: Facts, presence: Facts) -> None:
    found = answer(query, conversations, presence, expected_agents=AGENTS, team_of=TEAM_OF)
    expected = slow_rows(query, conversations, presence)
    assert {(tuple(g.id or "" for g in row.groups), row.start) for row in found.rows} == set(expected)
    for row in found.rows:
        state, numbers = expected[tuple(g.id or "" for g in row.groups), row.start]
        assert row.state is state
        for name, value in numbers.items():
            assert row.values[name] == (None if value is None else pytest.approx(value, rel=1e-12)), (row.groups, name)
        assert set(row.missing) == {name for name, value in row.values.items() if value is None}


@given(worlds())
def test_the_answer_equals_one_worked_out_row_by_row(world):
    check_against_the_slow_way(*world)


@given(worlds())
def test_totals_equal_the_sums_of_the_rows_where_everything_was_fetched(world):
    query, conversations, presence = world
    whole = (replace(conversations, shortfalls=()), replace(presence, shortfalls=()))
    found = answer(query, *whole, expected_agents=AGENTS, team_of=TEAM_OF)
    for column in (*POSTED_COLUMNS, "logged_in_s", "interacting_s", "idle_s"):
        values = [row.values[column] for row in found.rows if row.values[column] is not None]
        if not values:
            assert found.totals[column] in (None, 0)
        else:
            assert found.totals[column] == pytest.approx(math.fsum(values), abs=1e-6)
    assert found.totals["aht_s"] == _approx(ratio(found.totals["handle_s"], found.totals["handled"]))
    assert found.totals["utilization"] == _approx(ratio(found.totals["interacting_s"], found.totals["logged_in_s"]))


def _approx(value: float | None) -> Any:
    return None if value is None else pytest.approx(value)


@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_facts_changes_nothing_and_frames_come_back_untouched(world, rng):
    query, conversations, presence = world
    before = conversations.frame.copy(), presence.frame.copy()

    def shuffled(facts: Facts) -> Facts:
        order = list(range(len(facts.frame)))
        rng.shuffle(order)
        return replace(facts, frame=facts.frame.iloc[order].reset_index(drop=True))

    first = answer(query, conversations, presence, expected_agents=AGENTS, team_of=TEAM_OF)
    second = answer(
        query, shuffled(conversations), shuffled(presence), expected_agents=reversed(AGENTS), team_of=TEAM_OF
    )
    assert first == second
    pd.testing.assert_frame_equal(conversations.frame, before[0])
    pd.testing.assert_frame_equal(presence.frame, before[1])


@given(worlds())
def test_half_hours_added_up_have_the_totals_of_the_range_in_one_bucket(world):
    query, *facts = world
    dimensions = [d for d in query.group_by if not d.is_time]
    if not query.buckets or not dimensions:
        return
    fetched = [replace(part, shortfalls=()) for part in facts]
    plain = ask(*dimensions, windows=query.range.windows)
    cut = answer(query, *fetched, expected_agents=AGENTS, team_of=TEAM_OF)
    whole = answer(plain, *fetched, expected_agents=AGENTS, team_of=TEAM_OF, buckets=query.buckets)
    assert dict(whole.totals) == dict(cut.totals)
    assert whole.residue_s == cut.residue_s


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=4))
def test_ratios_are_the_same_in_minutes_as_in_seconds(drawn):
    """Facts in units sixty times as long give the same ratios: nothing in a ratio knows what a second is."""
    query = ask(windows=(DAY,))

    def ratios(factor: int) -> list[Any]:
        presence = [
            at_work(f"a{i}", seconds=on * factor, interacting=busy * factor, idle_s=idle * factor)
            for i, (on, busy, idle) in enumerate(drawn)
        ]
        calls = [call(f"a{i}", handle=busy * factor) for i, (_, busy, _) in enumerate(drawn)]
        totals = answer(query, posted(*calls), status(*presence)).totals
        return [totals[name] for name in ("utilization", "occupancy", "handle_load")]

    assert ratios(60) == [_approx(value) for value in ratios(1)]
