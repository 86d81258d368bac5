"""Instants, periods and buckets as they stand on the wire."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from genesys_client.sandbox.moments import HOUR, Period, Span, cut, iso, midnight, parse_instant, parse_interval

UTC_ZONE, LONDON = ZoneInfo("UTC"), ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-10T04:00:00.120Z",
        "2026-03-10T04:00:00.12Z",
        "2026-03-10T04:00:00.120999Z",
        "2026-03-10T00:00:00.120-04:00",
        "2026-03-10T00:00:00.120-0400",
        "2026-03-10T04:00:00.120",
    ],
)
def test_an_instant_has_many_spellings(text):
    assert iso(parse_instant(text)) == "2026-03-10T04:00:00.120Z"


@pytest.mark.parametrize("text", ["", "PT30M", "2026-03-10", "yesterday", "2026-03-10T04:00:00Z/", "2026-13-10T04:00Z"])
def test_what_is_no_instant_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        parse_instant(text)


@pytest.mark.parametrize("text", ["a/b", "2026-03-10T04:00Z", "2026-03-10T04:00Z/2026-03-10T04:00Z", "x"])
def test_what_is_no_interval_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        parse_interval(text)


@pytest.mark.parametrize("text", ["", "P", "PT", "P1", "1D", "PT30", "P0D", "P1DT", "pt30m"])
def test_what_is_no_period_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        Period.parse(text)


def spelled(interval, granularity, zone):
    return [
        f"{iso(span.start)[:16]}/{iso(span.end)[:16]}"
        for span in cut(parse_interval(interval), Period.parse(granularity), ZoneInfo(zone))
    ]


def test_days_follow_the_zone_over_the_end_of_summer_time():
    assert spelled("2026-10-23T23:00Z/2026-10-27T00:00Z", "P1D", "Europe/London") == [
        "2026-10-23T23:00/2026-10-24T23:00",
        "2026-10-24T23:00/2026-10-26T00:00",
        "2026-10-26T00:00/2026-10-27T00:00",
    ]


def test_days_without_a_zone_are_counted_from_the_start_of_the_interval():
    assert spelled("2026-10-24T23:00Z/2026-10-26T00:00Z", "P1D", "UTC") == [
        "2026-10-24T23:00/2026-10-25T23:00",
        "2026-10-25T23:00/2026-10-26T00:00",
    ]


def test_months_follow_the_calendar():
    assert spelled("2026-01-01T00:00Z/2026-04-01T00:00Z", "P1M", "UTC") == [
        "2026-01-01T00:00/2026-02-01T00:00",
        "2026-02-01T00:00/2026-03-01T00:00",
        "2026-03-01T00:00/2026-04-01T00:00",
    ]


def test_the_last_bucket_ends_with_the_interval():
    assert spelled("2026-03-10T04:10Z/2026-03-10T05:00Z", "PT30M", "America/New_York") == [
        "2026-03-10T04:10/2026-03-10T04:40",
        "2026-03-10T04:40/2026-03-10T05:00",
    ]


def test_weeks_and_mixed_periods_are_read():
    assert Period.parse("P7D") == Period.parse("P1W")
    assert Period.parse("P1DT12H") == Period(months=0, days=1, elapsed=12 * HOUR)


def test_no_granularity_is_one_bucket():
    assert cut(Span(5, 9), None, UTC_ZONE) == [Span(5, 9)]


def test_a_day_without_midnight_begins_at_the_jump():
    santiago = ZoneInfo("America/Santiago")
    assert iso(midnight(date(2026, 9, 6), santiago)) == "2026-09-06T04:00:00.000Z"  # 00:00 -04 becomes 01:00 -03
    assert iso(midnight(date(2026, 9, 7), santiago)) == "2026-09-07T03:00:00.000Z"


def test_a_spelling_in_the_zone_carries_its_offset():
    assert iso(parse_instant("2026-07-01T11:30Z"), LONDON) == "2026-07-01T12:30:00.000+01:00"
