"""Schedules written as JSON and read back, by the database and from files that people edit."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.recurrence import MonthDay, OnHoliday, Recurrence
from bot.core.scheduling import Destination, DestinationKind, Misfire, Schedule, ScheduleState
from bot.core.scheduling_json import (
    destination_from_json,
    destination_to_json,
    recurrence_from_json,
    recurrence_to_json,
    schedule_from_json,
    schedule_to_json,
)
from bot.core.zones import zone_names

WEEKDAYS_AT_EIGHT = Recurrence((time(8),), "Europe/London", frozenset(range(5)))
SCHEDULE = Schedule(
    id="x1",
    number=3,
    owner_id="U1",
    question="yesterday team:Billing",
    recurrence=WEEKDAYS_AT_EIGHT,
    destinations=(
        Destination(DestinationKind.CHANNEL, "C1"),
        Destination(DestinationKind.PERSON, "U2", "team:Support"),
    ),
    created_at=datetime(2026, 11, 24, 8, tzinfo=UTC),
)

_words = st.text(min_size=1, max_size=20)
_days = st.dates(date(2000, 1, 1), date(2100, 1, 1))
_times = st.builds(time, st.integers(0, 23), st.integers(0, 59), st.sampled_from([0, 0, 30]))
_offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=_offsets)


@st.composite
def recurrences(draw: st.DrawFn) -> Recurrence:
    starts = draw(st.none() | _days)
    return Recurrence(
        times=tuple(draw(st.lists(_times, min_size=1, max_size=3))),
        zone=draw(st.sampled_from(zone_names())),
        weekdays=draw(st.frozensets(st.integers(0, 6), min_size=1)),
        month_day=draw(st.none() | st.integers(1, 31) | st.sampled_from(MonthDay)),
        on_holiday=draw(st.sampled_from(OnHoliday)),
        country=draw(st.none() | st.sampled_from(["GB", "US"])),
        own_holidays=tuple(draw(st.lists(_days, max_size=3))),
        starts=starts,
        until=draw(st.none() | _days),
        count=None if starts is None else draw(st.none() | st.integers(1, 1000)),
    )


destinations = st.builds(Destination, st.sampled_from(DestinationKind), _words, st.text(max_size=20))
schedules = st.builds(
    Schedule,
    id=_words,
    number=st.integers(0, 2**31 - 1),
    owner_id=_words,
    question=_words,
    recurrence=recurrences(),
    destinations=st.lists(destinations, max_size=3).map(tuple),
    created_at=_instants,
    state=st.sampled_from(ScheduleState),
    paused_until=st.none() | _days,
    reason=st.text(max_size=20),
    misfire=st.sampled_from(Misfire),
    window_s=st.integers(0, 10**6),
    wait_s=st.integers(0, 10**6),
    least_coverage=st.floats(0, 1),
    failures=st.integers(0, 10),
    active_since=st.none() | _instants,
    told_at=st.none() | _instants,
    version=st.integers(1, 1000),
)


@given(schedules)
def test_any_schedule_comes_back_from_text_as_it_was(schedule: Schedule) -> None:
    assert schedule_from_json(json.loads(json.dumps(schedule_to_json(schedule)))) == schedule


@given(recurrences())
def test_any_rule_comes_back_from_text_as_it_was(recurrence: Recurrence) -> None:
    assert recurrence_from_json(json.loads(json.dumps(recurrence_to_json(recurrence)))) == recurrence


def test_a_rule_is_written_as_people_would_write_it() -> None:
    assert recurrence_to_json(WEEKDAYS_AT_EIGHT) == {
        "times": ["08:00"],
        "zone": "Europe/London",
        "weekdays": ["mon", "tue", "wed", "thu", "fri"],
    }
    assert recurrence_to_json(Recurrence((time(7, 30),), "UTC", month_day=MonthDay.FIRST_WORKDAY)) == {
        "times": ["07:30"],
        "zone": "UTC",
        "month_day": "first_workday",
    }


def test_a_recipient_without_a_slice_is_two_words() -> None:
    written = [destination_to_json(destination) for destination in SCHEDULE.destinations]

    assert written == [{"kind": "channel", "id": "C1"}, {"kind": "person", "id": "U2", "slice": "team:Support"}]
    assert tuple(map(destination_from_json, written)) == SCHEDULE.destinations


def test_what_a_file_leaves_out_is_as_in_a_new_schedule() -> None:
    written = schedule_to_json(SCHEDULE)
    least = {name: written[name] for name in ("id", "owner_id", "question", "recurrence", "destinations", "created_at")}

    read = schedule_from_json(least)

    assert schedule_to_json(read) == written | {"number": 0}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        pytest.param(["recurrence", "zone"], "Europe/Nowhere", "schedule.recurrence: recurrence.zone", id="zone"),
        pytest.param(["recurrence", "times"], ["25:00"], "recurrence.times", id="no time of day"),
        pytest.param(
            ["recurrence", "times"], ["08:00+01:00"], "a wall-clock time such as 08:00", id="time with offset"
        ),
        pytest.param(["recurrence", "times"], [], "recurrence: a recurrence has a time of day", id="no times"),
        pytest.param(["recurrence", "weekdays"], ["monday"], "not 'monday'", id="weekday"),
        pytest.param(["recurrence", "month_day"], 32, "a day from 1 to 31", id="day of month"),
        pytest.param(["recurrence", "month_day"], "last", "first_workday, last_workday, last_day", id="word for a day"),
        pytest.param(["recurrence", "count"], 5, "counted from a first day", id="count without a start"),
        pytest.param(["recurrence", "every"], "day", "unknown field 'every'", id="unknown field"),
        pytest.param(["destinations"], [{"kind": "email", "id": "x"}], "channel, person", id="kind of recipient"),
        pytest.param(["destinations"], "C1", "schedule.destinations: expected a list", id="recipients"),
        pytest.param(["least_coverage"], 90, "from 0 to 1", id="share"),
        pytest.param(["window_s"], True, "a whole number from 0", id="a truth for a number"),
        pytest.param(["created_at"], "2026-11-24T08:00", "an instant with an offset", id="instant without offset"),
        pytest.param(["owner_id"], None, "schedule.owner_id: missing", id="missing"),
        pytest.param(["question"], "", "schedule.question: expected a text", id="empty question"),
        pytest.param([], [], "schedule: expected an object", id="no object"),
    ],
)
def test_a_fault_names_its_field(path: list[str], value: object, message: str) -> None:
    written: object = schedule_to_json(SCHEDULE)
    if path:
        inner = written
        for name in path[:-1]:
            inner = inner[name]  # type: ignore[index]
        inner[path[-1]] = value  # type: ignore[index]
    else:
        written = value

    with pytest.raises(ValueError, match=message):
        schedule_from_json(written)
