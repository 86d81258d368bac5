"""Local days, grids and buckets, in zones whose clocks do what people don't expect."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.intervals import (
    Granularity,
    Interval,
    buckets,
    ceil_to_grid,
    clock_label,
    day_exists,
    day_start,
    days_touched,
    first_instant,
    floor_to_grid,
    is_repeated,
    last_instant,
    local_date,
    local_day,
    week_of,
)
from bot.core.zones import load_zone, zone_names
from bot.errors import InvalidIntervalError

HALF_HOURS = Granularity.HALF_HOUR


def at(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def shown(interval):
    return f"{interval.start:%Y-%m-%dT%H:%MZ}/{interval.end:%Y-%m-%dT%H:%MZ}"


def day_of(text, zone):
    return local_day(date.fromisoformat(text), load_zone(zone))


@pytest.mark.parametrize(
    ("zone", "day", "expected", "half_hours"),
    [
        ("Europe/London", "2026-11-22", "2026-11-22T00:00Z/2026-11-23T00:00Z", 48),
        ("Europe/London", "2026-03-29", "2026-03-29T00:00Z/2026-03-29T23:00Z", 46),
        ("Europe/London", "2026-10-25", "2026-10-24T23:00Z/2026-10-26T00:00Z", 50),
        ("America/New_York", "2026-03-08", "2026-03-08T05:00Z/2026-03-09T04:00Z", 46),
        ("America/New_York", "2026-11-01", "2026-11-01T04:00Z/2026-11-02T05:00Z", 50),
        # Half an hour, forwards in October.
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30Z/2026-10-04T13:00Z", 47),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00Z/2026-04-05T13:30Z", 49),
        # Midnight is skipped: the day begins at 01:00.
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00Z/2026-09-07T03:00Z", 46),
        # Clocks go back from midnight to 23:00, so the day before is long and this one ordinary.
        ("America/Santiago", "2026-04-04", "2026-04-04T03:00Z/2026-04-05T04:00Z", 50),
        ("America/Santiago", "2026-04-05", "2026-04-05T04:00Z/2026-04-06T04:00Z", 48),
        # Forwards at midnight on the last Friday of April, back at midnight on the last Thursday of October.
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00Z/2026-04-24T21:00Z", 46),
        ("Africa/Cairo", "2026-10-29", "2026-10-28T21:00Z/2026-10-29T22:00Z", 50),
        # On a UTC quarter.
        ("Asia/Kathmandu", "2026-11-22", "2026-11-21T18:15Z/2026-11-22T18:15Z", 48),
        ("Asia/Kolkata", "2026-11-22", "2026-11-21T18:30Z/2026-11-22T18:30Z", 48),
        # The day before the one that Samoa skipped, and the day after.
        ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00Z/2011-12-30T10:00Z", 48),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00Z/2011-12-31T10:00Z", 48),
        # Two hours, at a station in Antarctica.
        ("Antarctica/Troll", "2026-03-29", "2026-03-29T00:00Z/2026-03-29T22:00Z", 44),
        ("Antarctica/Troll", "2026-10-25", "2026-10-24T22:00Z/2026-10-26T00:00Z", 52),
        # +8 to +11 at 04:00 in October 2009, and back by three hours in March 2010.
        ("Antarctica/Casey", "2009-10-18", "2009-10-17T16:00Z/2009-10-18T13:00Z", 42),
        ("Antarctica/Casey", "2010-03-05", "2010-03-04T13:00Z/2010-03-05T16:00Z", 54),
        # The clock shows midnight twice; the day begins at the first.
        ("America/Havana", "2024-11-03", "2024-11-03T04:00Z/2024-11-04T05:00Z", 50),
    ],
)
def test_a_day_runs_from_local_midnight_to_local_midnight(zone, day, expected, half_hours):
    found = day_of(day, zone)
    assert shown(found) == expected
    assert len(buckets([found], HALF_HOURS, load_zone(zone))) == half_hours
    assert found.length == half_hours * timedelta(minutes=30)


def test_a_day_that_a_zone_skipped_is_refused_with_the_reason():
    apia = load_zone("Pacific/Apia")
    assert not day_exists(date(2011, 12, 30), apia)
    with pytest.raises(InvalidIntervalError) as refusal:
        local_day(date(2011, 12, 30), apia)
    assert refusal.value.code == "nonexistent_day"
    assert "30 December 2011" in refusal.value.message
    assert "Pacific/Apia" in refusal.value.message


def test_a_skipped_day_is_not_among_those_touched():
    apia = load_zone("Pacific/Apia")
    span = Interval(at("2011-12-29T12:00-10:00"), at("2011-12-31T12:00+14:00"))
    assert days_touched(span, apia) == [date(2011, 12, 29), date(2011, 12, 31)]
    assert span.length == timedelta(hours=24)


@pytest.mark.parametrize(
    ("zone", "wall", "first", "last"),
    [
        pytest.param("Europe/London", "2026-07-01T12:00", "2026-07-01T11:00Z", "2026-07-01T11:00Z", id="ordinary"),
        pytest.param("Europe/London", "2026-10-25T01:30", "2026-10-25T00:30Z", "2026-10-25T01:30Z", id="repeated"),
        pytest.param("Europe/London", "2026-10-25T01:00", "2026-10-25T00:00Z", "2026-10-25T01:00Z", id="its start"),
        pytest.param("Europe/London", "2026-10-25T02:00", "2026-10-25T02:00Z", "2026-10-25T02:00Z", id="its end"),
        pytest.param("Europe/London", "2026-03-29T01:30", "2026-03-29T01:00Z", "2026-03-29T01:00Z", id="skipped"),
        pytest.param("Europe/London", "2026-03-29T01:00", "2026-03-29T01:00Z", "2026-03-29T01:00Z", id="the jump"),
        pytest.param(
            "America/Santiago", "2026-09-06T00:00", "2026-09-06T04:00Z", "2026-09-06T04:00Z", id="no midnight"
        ),
        pytest.param(
            "America/Havana", "2024-11-03T00:00", "2024-11-03T04:00Z", "2024-11-03T05:00Z", id="two midnights"
        ),
        pytest.param("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00Z", "2011-12-30T10:00Z", id="a lost day"),
        pytest.param(
            "Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30Z", "2026-10-03T15:30Z", id="half an hour"
        ),
    ],
)
def test_a_wall_clock_reading_has_a_first_and_a_last_instant(zone, wall, first, last):
    reading = datetime.fromisoformat(wall)
    assert first_instant(reading, load_zone(zone)) == at(first)
    assert last_instant(reading, load_zone(zone)) == at(last)


@pytest.mark.parametrize(
    ("zone", "instant", "day"),
    [
        ("Europe/London", "2026-11-22T23:59:59Z", "2026-11-22"),
        ("Europe/London", "2026-06-30T23:00:00Z", "2026-07-01"),
        # Havana, 00:30 for the first time, then for the second: the day began at its first 00:00.
        ("America/Havana", "2024-11-03T04:30:00Z", "2024-11-03"),
        ("America/Havana", "2024-11-03T05:30:00Z", "2024-11-03"),
        # Santiago, 23:30 for the first time and for the second, before a midnight that comes once.
        ("America/Santiago", "2026-04-05T02:30:00Z", "2026-04-04"),
        ("America/Santiago", "2026-04-05T03:30:00Z", "2026-04-04"),
    ],
)
def test_an_instant_lies_in_one_local_day(zone, instant, day):
    assert local_date(at(instant), load_zone(zone)).isoformat() == day


def test_the_repeated_minutes_of_an_old_date_belong_to_the_new_day():
    """St John's went back at 00:01, so one minute after the new day began clocks showed the old date again."""
    zone = load_zone("America/St_Johns")
    day = date(2006, 10, 29)
    start = day_start(day, zone)
    repeated = start + timedelta(minutes=30)
    assert repeated.astimezone(zone).date() == date(2006, 10, 28)
    assert local_date(repeated, zone) == day


@pytest.mark.parametrize(
    ("granularity", "floor", "ceil"),
    [
        (Granularity.QUARTER, "2026-11-24T10:00Z", "2026-11-24T10:15Z"),
        (Granularity.HALF_HOUR, "2026-11-24T09:45Z", "2026-11-24T10:15Z"),
        (Granularity.HOUR, "2026-11-24T09:15Z", "2026-11-24T10:15Z"),
        (Granularity.DAY, "2026-11-23T18:15Z", "2026-11-24T18:15Z"),
        (Granularity.WEEK, "2026-11-22T18:15Z", "2026-11-29T18:15Z"),
    ],
)
def test_the_grid_runs_from_local_midnight(granularity, floor, ceil):
    kathmandu = load_zone("Asia/Kathmandu")
    instant = at("2026-11-24T10:07Z")
    assert floor_to_grid(instant, granularity, kathmandu) == at(floor)
    assert ceil_to_grid(instant, granularity, kathmandu) == at(ceil)
    for edge in (at(floor), at(ceil)):
        assert floor_to_grid(edge, granularity, kathmandu) == edge == ceil_to_grid(edge, granularity, kathmandu)


def test_the_last_hour_of_a_day_of_odd_length_is_short():
    zone = load_zone("Australia/Lord_Howe")
    hours = buckets([day_of("2026-10-04", "Australia/Lord_Howe")], Granularity.HOUR, zone)
    assert [h.length for h in hours] == [timedelta(hours=1)] * 23 + [timedelta(minutes=30)]


def test_weeks_start_on_the_day_that_the_settings_name():
    assert week_of(date(2026, 11, 24), 0) == date(2026, 11, 23)
    assert week_of(date(2026, 11, 24), 6) == date(2026, 11, 22)
    assert week_of(date(2026, 11, 22), 6) == date(2026, 11, 22)
    zone = load_zone("Europe/London")
    month = Interval(at("2026-11-01T00:00Z"), at("2026-12-01T00:00Z"))
    assert [w.length.days for w in buckets([month], Granularity.WEEK, zone)] == [1, 7, 7, 7, 7, 1]
    assert [w.length.days for w in buckets([month], Granularity.WEEK, zone, week_start=6)] == [7, 7, 7, 7, 2]


def test_pieces_are_cut_one_by_one_and_keep_their_holes():
    zone = load_zone("Europe/London")
    pieces = [Interval(at(f"2026-11-{d}T09:10Z"), at(f"2026-11-{d}T10:00Z")) for d in (20, 21)]
    assert [shown(b) for b in buckets(pieces, HALF_HOURS, zone)] == [
        "2026-11-20T09:10Z/2026-11-20T09:30Z",
        "2026-11-20T09:30Z/2026-11-20T10:00Z",
        "2026-11-21T09:10Z/2026-11-21T09:30Z",
        "2026-11-21T09:30Z/2026-11-21T10:00Z",
    ]
    assert buckets(pieces, None, zone) == tuple(pieces)


def test_an_empty_interval_has_no_buckets_and_touches_no_day():
    empty = Interval(at("2026-11-20T09:10Z"), at("2026-11-20T09:10Z"))
    assert buckets([empty], HALF_HOURS, load_zone("UTC")) == ()
    assert days_touched(empty, load_zone("UTC")) == []


def test_the_end_of_an_interval_is_no_part_of_it():
    day = Interval(at("2026-11-20T00:00Z"), at("2026-11-21T00:00Z"))
    assert day.start in day
    assert day.end not in day
    assert days_touched(day, load_zone("UTC")) == [date(2026, 11, 20)]
    assert day.intersection(Interval(day.end, day.end + timedelta(hours=1))) is None
    assert day.intersection(Interval(at("2026-11-20T12:00Z"), at("2026-11-22T00:00Z"))) == Interval(
        at("2026-11-20T12:00Z"), day.end
    )


def test_an_interval_holds_utc_and_runs_forwards():
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    for start, end in (
        (noon.astimezone(load_zone("Europe/London")), noon),
        (noon.replace(tzinfo=None), noon),
        (noon, noon - timedelta(seconds=1)),
    ):
        with pytest.raises(ValueError, match="an Interval"):
            Interval(start, end)


@pytest.mark.parametrize(
    ("zone", "instant", "label"),
    [
        ("Europe/London", "2026-11-22T13:30Z", "13:30"),
        ("Europe/London", "2026-11-22T13:30:05Z", "13:30:05"),
        ("Europe/London", "2026-10-25T00:30Z", "01:30 BST"),
        ("Europe/London", "2026-10-25T01:30Z", "01:30 GMT"),
        ("Europe/London", "2026-10-25T02:00Z", "02:00"),
        ("Australia/Lord_Howe", "2026-04-04T14:45Z", "01:45 UTC+1100"),
        ("Australia/Lord_Howe", "2026-04-04T15:15Z", "01:45 UTC+1030"),
        ("Antarctica/Troll", "2026-10-24T23:30Z", "01:30 UTC+0200"),
        ("Antarctica/Troll", "2026-10-25T01:30Z", "01:30 UTC+0000"),
    ],
)
def test_the_repeated_hour_is_labelled_so_that_both_can_be_told_apart(zone, instant, label):
    assert clock_label(at(instant), load_zone(zone)) == label
    assert is_repeated(at(instant), load_zone(zone)) == (" " in label)


def test_every_name_of_the_database_can_be_loaded_in_any_case():
    assert len(zone_names()) > 590
    assert load_zone("europe/LONDON").key == "Europe/London"
    for name in zone_names():
        assert load_zone(name).key == name


def check_union(start, end, granularity, zone):
    """Buckets follow each other without a gap from the first instant to the last, on one grid."""
    span = Interval(start, end)
    cut = buckets([span], granularity, zone)
    assert cut[0].start == start
    assert cut[-1].end == end
    assert all(a.end == b.start for a, b in pairwise(cut))
    assert all(bucket.length for bucket in cut)
    a_day_at_most = timedelta(hours=31)  # at Vostok clocks went back by seven hours in 1994
    longest = granularity.step or a_day_at_most * (7 if granularity is Granularity.WEEK else 1)
    assert all(bucket.length <= longest for bucket in cut)
    for bucket in cut[1:]:
        assert floor_to_grid(bucket.start, granularity, zone) == bucket.start
    for bucket in cut[:-1]:
        assert ceil_to_grid(bucket.end, granularity, zone) == bucket.end
    return cut


instants = st.datetimes(datetime(1990, 1, 1), datetime(2037, 12, 1)).map(lambda m: m.replace(tzinfo=UTC, microsecond=0))
zones = st.sampled_from(zone_names()).map(load_zone)


@given(instants, st.timedeltas(timedelta(seconds=1), timedelta(days=5)), st.sampled_from(Granularity), zones)
def test_a_range_is_the_disjoint_union_of_its_buckets(start, length, granularity, zone):
    check_union(start, start + timedelta(seconds=int(length.total_seconds())), granularity, zone)


@given(instants, zones)
def test_every_instant_lies_in_exactly_one_local_day(instant, zone):
    day = local_date(instant, zone)
    assert day_start(day, zone) <= instant < day_start(day + timedelta(days=1), zone)
    assert day_exists(day, zone)
    assert days_touched(Interval(instant, instant + timedelta(seconds=1)), zone) == [day]


@given(instants, zones)
def test_a_wall_clock_reading_that_was_read_leads_back_to_its_instant(instant, zone):
    wall = instant.astimezone(zone).replace(tzinfo=None, fold=0)
    first, last = first_instant(wall, zone), last_instant(wall, zone)
    assert first <= instant <= last
    assert {first, last} >= {instant} or is_repeated(instant, zone)


@given(instants, st.sampled_from(Granularity), zones, st.integers(0, 6))
def test_floor_and_ceiling_enclose_an_instant_on_neighbouring_edges(instant, granularity, zone, week_start):
    floor = floor_to_grid(instant, granularity, zone, week_start=week_start)
    ceil = ceil_to_grid(instant, granularity, zone, week_start=week_start)
    assert floor <= instant <= ceil
    if floor < ceil:
        assert len(buckets([Interval(floor, ceil)], granularity, zone, week_start=week_start)) == 1
    else:
        assert floor == instant == ceil


def transitions(zone, first, last):
    """Instants within an hour after each change of the zone's offset."""
    moment, offset = first, first.astimezone(zone).utcoffset()
    while moment < last:
        moment += timedelta(hours=12)
        if (new := moment.astimezone(zone).utcoffset()) != offset:
            yield moment
            offset = new


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", zone_names())
def test_days_around_every_change_of_every_zone_are_cut_without_gaps(name):
    zone = load_zone(name)
    for change in transitions(zone, datetime(1990, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)):
        day = local_date(change, zone)
        start, end = day_start(day - timedelta(days=2), zone), day_start(day + timedelta(days=2), zone)
        for granularity in Granularity:
            check_union(start, end, granularity, zone)
        whole = [d for d in (day + timedelta(days=n) for n in range(-2, 2)) if day_exists(d, zone)]
        assert sum((local_day(d, zone).length for d in whole), timedelta()) == end - start
        assert days_touched(Interval(start, end), zone) == whole


def test_days_of_the_strange_zones_are_cut_without_gaps_over_a_year():
    for name in ("Australia/Lord_Howe", "Africa/Cairo", "America/Santiago", "Antarctica/Troll", "America/Havana"):
        zone = load_zone(name)
        start, end = (first_instant(datetime.combine(date(y, 1, 1), time()), zone) for y in (2026, 2027))
        cut = check_union(start, end, Granularity.DAY, zone)
        assert len(cut) == 365
