"""Schedules' slots: each once, in every zone, through every change of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.recurrence import MonthDay, OnHoliday, Recurrence, next_slots, slots
from bot.core.zones import load_zone, zone_names

LONDON = "Europe/London"
WEEKDAYS = frozenset(range(5))
MINUTE = timedelta(minutes=1)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def names(found: list) -> list[str]:
    return [slot.name for slot in found]


@pytest.mark.parametrize(
    ("recurrence", "start", "end", "expected"),
    [
        pytest.param(
            Recurrence((time(8),), LONDON, WEEKDAYS),
            utc(2026, 3, 26),
            utc(2026, 3, 31),
            ["2026-03-26T08:00", "2026-03-27T08:00", "2026-03-30T08:00"],
            id="weekdays leave the weekend out",
        ),
        pytest.param(
            Recurrence((time(17), time(8)), LONDON),
            utc(2026, 3, 26),
            utc(2026, 3, 27),
            ["2026-03-26T08:00", "2026-03-26T17:00"],
            id="several times a day, in order",
        ),
        pytest.param(
            Recurrence((time(8),), LONDON, month_day=MonthDay.FIRST_WORKDAY),
            utc(2026, 7, 31),
            utc(2026, 10, 31),
            ["2026-08-03T08:00", "2026-09-01T08:00", "2026-10-01T08:00"],
            id="first workday",
        ),
        pytest.param(
            Recurrence((time(8),), LONDON, month_day=MonthDay.LAST_DAY),
            utc(2028, 1, 30),
            utc(2028, 4, 1),
            ["2028-01-31T08:00", "2028-02-29T08:00", "2028-03-31T08:00"],
            id="last day, in a leap year",
        ),
        pytest.param(
            Recurrence((time(8),), LONDON, month_day=MonthDay.LAST_WORKDAY),
            utc(2026, 1, 1),
            utc(2026, 3, 1),
            ["2026-01-30T08:00", "2026-02-27T08:00"],
            id="last workday",
        ),
        pytest.param(
            Recurrence((time(8),), LONDON, month_day=31),
            utc(2026, 4, 1),
            utc(2026, 6, 1),
            ["2026-04-30T08:00", "2026-05-31T08:00"],
            id="the 31st of a shorter month",
        ),
        pytest.param(
            Recurrence((time(8),), LONDON, until=date(2026, 3, 2)),
            utc(2026, 3, 1),
            utc(2026, 4, 1),
            ["2026-03-01T08:00", "2026-03-02T08:00"],
            id="until a day, that day included",
        ),
        pytest.param(
            Recurrence((time(8), time(9)), LONDON, starts=date(2026, 3, 1), count=3),
            utc(2026, 3, 2),
            utc(2026, 4, 1),
            ["2026-03-02T08:00"],
            id="a number of times, those before the window counted",
        ),
        pytest.param(
            Recurrence((time(0),), "Africa/Cairo"),
            utc(2026, 4, 23),
            utc(2026, 4, 25),
            ["2026-04-24T00:00", "2026-04-25T00:00"],
            id="a day without midnight",
        ),
        pytest.param(
            Recurrence((time(8),), "Pacific/Apia"),
            utc(2011, 12, 28, 20),
            utc(2011, 12, 31),
            ["2011-12-29T08:00", "2011-12-31T08:00"],
            id="a day that doesn't exist",
        ),
    ],
)
def test_a_rule_gives_its_slots(recurrence: Recurrence, start: datetime, end: datetime, expected: list[str]) -> None:
    assert names(slots(recurrence, start, end)) == expected


@pytest.mark.parametrize(
    ("zone", "at", "day", "fires"),
    [
        pytest.param(LONDON, time(1, 30), date(2026, 3, 29), utc(2026, 3, 29, 1), id="skipped: after the gap"),
        pytest.param(LONDON, time(1, 30), date(2026, 10, 25), utc(2026, 10, 25, 0, 30), id="repeated: the first"),
        pytest.param("America/New_York", time(2, 30), date(2026, 3, 8), utc(2026, 3, 8, 7), id="New York, spring"),
        pytest.param("America/New_York", time(1, 30), date(2026, 11, 1), utc(2026, 11, 1, 5, 30), id="and autumn"),
        pytest.param("Africa/Cairo", time(0), date(2026, 4, 24), utc(2026, 4, 23, 22), id="no midnight: the jump"),
        pytest.param(
            "Australia/Lord_Howe", time(2, 15), date(2026, 10, 4), utc(2026, 10, 3, 15, 30), id="half an hour"
        ),
        pytest.param("Asia/Kathmandu", time(8), date(2026, 3, 1), utc(2026, 3, 1, 2, 15), id="a quarter off"),
    ],
)
def test_a_slot_fires_once_at_the_first_moment_the_clock_allows(
    zone: str, at: time, day: date, fires: datetime
) -> None:
    found = slots(Recurrence((at,), zone), fires - timedelta(hours=20), fires + timedelta(hours=20))

    assert [slot.fire_at for slot in found if slot.local_date == day] == [fires]


EASTER = frozenset({date(2026, 4, 3), date(2026, 4, 6)})


@pytest.mark.parametrize(
    ("on_holiday", "expected"),
    [
        pytest.param(OnHoliday.KEEP, [2, 3, 6, 7], id="kept"),
        pytest.param(OnHoliday.SKIP, [2, 7], id="skipped"),
        pytest.param(OnHoliday.SHIFT, [2, 7], id="shifted onto a day that is due anyway: one slot"),
    ],
)
def test_holidays_are_kept_skipped_or_shifted(on_holiday: OnHoliday, expected: list[int]) -> None:
    recurrence = Recurrence((time(8),), LONDON, WEEKDAYS, on_holiday=on_holiday)

    found = slots(recurrence, utc(2026, 4, 2), utc(2026, 4, 8), is_holiday=EASTER.__contains__)

    assert [slot.local_date.day for slot in found] == expected


def test_a_weekly_slot_moves_to_the_next_workday() -> None:
    recurrence = Recurrence((time(8),), LONDON, frozenset({4}), on_holiday=OnHoliday.SHIFT)

    found = slots(recurrence, utc(2026, 4, 2), utc(2026, 4, 12), is_holiday=EASTER.__contains__)

    assert names(found) == ["2026-04-07T08:00", "2026-04-10T08:00"]


def test_the_next_slots_come_after_the_moment_itself() -> None:
    recurrence = Recurrence((time(8),), LONDON, WEEKDAYS)

    found = next_slots(recurrence, utc(2026, 3, 26, 8), 3)

    assert names(found) == ["2026-03-27T08:00", "2026-03-30T08:00", "2026-03-31T08:00"]


def test_an_ended_recurrence_has_no_next_slots() -> None:
    recurrence = Recurrence((time(8),), LONDON, until=date(2026, 3, 2))

    assert next_slots(recurrence, utc(2026, 3, 3), 3) == []


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"times": ()}, id="no time"),
        pytest.param({"times": (time(8),), "weekdays": frozenset()}, id="no day"),
        pytest.param({"times": (time(8),), "count": 3}, id="counted from nowhere"),
    ],
)
def test_a_recurrence_that_is_never_due_is_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"recurrence|counted"):
        Recurrence(zone=LONDON, **wrong)


@given(
    zone=st.sampled_from(["Europe/London", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Antarctica/Troll"]),
    at=st.times(),
    start=st.datetimes(datetime(2010, 1, 1), datetime(2037, 1, 1)),
    cut=st.integers(1, 20),
)
def test_windows_side_by_side_give_each_slot_once(zone: str, at: time, start: datetime, cut: int) -> None:
    recurrence = Recurrence((at.replace(second=0, microsecond=0, fold=0),), zone)
    begin, end = start.replace(tzinfo=UTC), start.replace(tzinfo=UTC) + timedelta(days=20)
    middle = begin + timedelta(hours=24 * cut - 7)

    whole = slots(recurrence, begin, end)

    if middle < end:
        assert slots(recurrence, begin, middle) + slots(recurrence, middle, end) == whole
    assert len({slot.name for slot in whole}) == len(whole)


# -- every change of every zone against a walk over minutes ------------------------------------------------------


def changes(zone_name: str, first_year: int, last_year: int) -> list[datetime]:
    """The instants, to the minute, at which the zone's offset changes."""
    zone, found = load_zone(zone_name), []
    day, end = utc(first_year, 1, 1), utc(last_year + 1, 1, 1)
    offset = day.astimezone(zone).utcoffset()
    while day < end:
        following = day + timedelta(days=1)
        if following.astimezone(zone).utcoffset() != offset:
            moment = day
            while moment < following:
                moment += MINUTE
                if moment.astimezone(zone).utcoffset() != offset:
                    found.append(moment)
                    offset = moment.astimezone(zone).utcoffset()
        day = following
    return found


def walk(zone_name: str, change: datetime) -> dict[datetime, datetime]:
    """For each wall-clock minute around a change: when the clock first shows it or has passed it."""
    zone = load_zone(zone_name)
    reached: dict[datetime, datetime] = {}
    moment, end = change - timedelta(hours=6), change + timedelta(hours=6)
    highest = None
    while moment < end:
        wall = moment.astimezone(zone).replace(tzinfo=None, fold=0)
        if highest is None:
            reached[wall] = moment
            highest = wall
        while highest < wall:
            highest += MINUTE
            reached[highest] = moment
        moment += MINUTE
    return reached


def check_zone(zone_name: str, first_year: int, last_year: int, every: int) -> int:
    """Compare the slots of all times of day (each `every`-th minute) with the walk; how many were compared."""
    zone, compared = load_zone(zone_name), 0
    times = tuple(time(minute // 60, minute % 60) for minute in range(0, 1440, every))
    recurrence = Recurrence(times, zone_name)
    for change in changes(zone_name, first_year, last_year):
        reached = walk(zone_name, change)
        fires = {
            slot.wall_clock: slot.fire_at
            for slot in slots(recurrence, change - timedelta(days=3), change + timedelta(days=3))
        }
        days = {moment.astimezone(zone).date() for moment in reached.values()}
        for wall, moment in reached.items():
            if wall.time() in times and wall.date() in days:
                assert fires.get(wall) == moment, (zone_name, wall)
                compared += 1
    return compared


QUICK_ZONES = [
    "Europe/London",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Antarctica/Troll",
    "Africa/Casablanca",
]


@pytest.mark.parametrize("zone_name", QUICK_ZONES)
def test_each_slot_fires_when_the_clock_first_reaches_it(zone_name: str) -> None:
    assert check_zone(zone_name, 2026, 2027, every=30) > 20


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_each_slot_of_every_zone_fires_when_the_clock_first_reaches_it() -> None:
    assert sum(check_zone(zone_name, 2020, 2037, every=15) for zone_name in zone_names()) > 100_000
