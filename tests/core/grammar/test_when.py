"""Words of time, on Tuesday 24 November 2026 at 15:32:10 in London unless a row says otherwise."""

import pytest

from bot.core.grammar import parse
from bot.core.query import query_as_json
from bot.errors import CommandError, InvalidIntervalError
from tests.core.grammar.context import context


def windows(text, **more):
    return [
        (f"{w.start:%Y-%m-%dT%H:%M}", f"{w.end:%Y-%m-%dT%H:%M}") for w in parse(text, context(**more)).range.windows
    ]


def span(text, **more):
    pieces = windows(text, **more)
    assert len(pieces) == 1
    return "/".join(pieces[0])


DAY = "2026-11-{}T00:00/2026-11-{}T00:00".format


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yesterday", DAY(23, 24)),
        ("today", "2026-11-24T00:00/2026-11-24T15:32"),
        ("monday", DAY(23, 24)),
        ("last monday", DAY(23, 24)),
        ("tuesday", DAY(17, 18)),
        ("tue", DAY(17, 18)),
        ("SUN", DAY(22, 23)),
        ("this week", "2026-11-23T00:00/2026-11-24T15:32"),
        ("week to date", "2026-11-23T00:00/2026-11-24T15:32"),
        ("wtd", "2026-11-23T00:00/2026-11-24T15:32"),
        ("last week", DAY(16, 23)),
        ("this month", "2026-11-01T00:00/2026-11-24T15:32"),
        ("month to date", "2026-11-01T00:00/2026-11-24T15:32"),
        ("mtd", "2026-11-01T00:00/2026-11-24T15:32"),
        ("last 7 days", DAY(17, 24)),
        ("last 1 day", DAY(23, 24)),
        ("last 2 weeks", "2026-11-09T00:00/2026-11-23T00:00"),
        ("past 48h clock", "2026-11-22T15:32/2026-11-24T15:32"),
        ("past 48h", "2026-11-22T15:30/2026-11-24T15:32"),
        ("last 48h", "2026-11-22T15:30/2026-11-24T15:32"),
        ("past 90m", "2026-11-24T14:00/2026-11-24T15:32"),
        ("past 90 minutes", "2026-11-24T14:00/2026-11-24T15:32"),
        ("past 7 days", "2026-11-17T15:30/2026-11-24T15:32"),
        ("2026-11-20", DAY(20, 21)),
        ("20 nov", DAY(20, 21)),
        ("20th november", DAY(20, 21)),
        ("nov 20", DAY(20, 21)),
        ("nov 20 2026", DAY(20, 21)),
        ("Nov 20, 2026", DAY(20, 21)),
        ("24 nov", "2026-11-24T00:00/2026-11-24T15:32"),
        ("25 nov", "2025-11-25T00:00/2025-11-26T00:00"),
        ("29 feb", "2024-02-29T00:00/2024-03-01T00:00"),
        ("20/11", DAY(20, 21)),
        ("11/20", DAY(20, 21)),
        ("20/11/2026", DAY(20, 21)),
        ("2026/11/20", DAY(20, 21)),
        ("11/11", DAY(11, 12)),
        ("2026-11-16..2026-11-20", DAY(16, 21)),
        ("2026-11-16 .. 2026-11-20", DAY(16, 21)),
        ("2026-11-16…2026-11-20", DAY(16, 21)),
        ("16 nov to 20 nov", DAY(16, 21)),
        ("from 16 nov to 20 nov", DAY(16, 21)),
        ("16 nov through 20 nov", DAY(16, 21)),
        ("16 nov until 20 nov", DAY(16, 21)),
        ("16 nov till 20 nov", DAY(16, 21)),
        ("16 nov – 20 nov", DAY(16, 21)),
        ("2026-11-16/2026-11-20", DAY(16, 21)),
        ("20 nov to 30 nov", "2026-11-20T00:00/2026-11-24T15:32"),
        ("2026-11-20T09:00Z/2026-11-20T17:00Z", "2026-11-20T09:00/2026-11-20T17:00"),
        ("2026-11-20T09:00+02:00..2026-11-20T17:00+02:00", "2026-11-20T07:00/2026-11-20T15:00"),
        ("2026-11-20T09:00/2026-11-20T17:00 in Asia/Kolkata", "2026-11-20T03:30/2026-11-20T11:30"),
        ("2026-11-20T09:00Z/2026-11-21", "2026-11-20T09:00/2026-11-22T00:00"),
        ("2026-11-20 9am to 2026-11-21 5pm", "2026-11-20T09:00/2026-11-21T17:00"),
        ("20 nov to 21 nov 5pm", "2026-11-20T00:00/2026-11-21T17:00"),
        ("monday to friday", DAY(16, 21)),
        ("mon-fri", DAY(16, 21)),
        ("mon..fri", DAY(16, 21)),
        ("20/11..22/11", DAY(20, 23)),
        ("friday to monday", DAY(20, 24)),
        ("monday to monday", DAY(16, 24)),
        ("tuesday to monday", DAY(17, 24)),
        ("yesterday to today", "2026-11-23T00:00/2026-11-24T15:32"),
        ("since monday", "2026-11-23T00:00/2026-11-24T15:32"),
        ("monday to now", "2026-11-23T00:00/2026-11-24T15:32"),
        ("since tuesday", "2026-11-24T00:00/2026-11-24T15:32"),
        ("tuesday to now", "2026-11-24T00:00/2026-11-24T15:32"),
        ("since last tuesday", "2026-11-17T00:00/2026-11-24T15:32"),
        ("since 10am", "2026-11-24T10:00/2026-11-24T15:32"),
        ("10am to now", "2026-11-24T10:00/2026-11-24T15:32"),
        ("since midday", "2026-11-24T12:00/2026-11-24T15:32"),
        ("since midnight", "2026-11-24T00:00/2026-11-24T15:32"),
        ("since yesterday 10:00", "2026-11-23T10:00/2026-11-24T15:32"),
        ("since monday until 10am", "2026-11-23T00:00/2026-11-24T10:00"),
        ("since 20 nov", "2026-11-20T00:00/2026-11-24T15:32"),
        ("since last week", "2026-11-16T00:00/2026-11-24T15:32"),
        ("today until 10am", "2026-11-24T00:00/2026-11-24T10:00"),
        ("yesterday 9-17", "2026-11-23T09:00/2026-11-23T17:00"),
        ("yesterday 9 - 17", "2026-11-23T09:00/2026-11-23T17:00"),
        ("yesterday 9–17", "2026-11-23T09:00/2026-11-23T17:00"),
        ("yesterday 9am-5:30pm", "2026-11-23T09:00/2026-11-23T17:30"),
        ("yesterday 9 am to 5 pm", "2026-11-23T09:00/2026-11-23T17:00"),
        ("9am to 5pm yesterday", "2026-11-23T09:00/2026-11-23T17:00"),
        ("yesterday from 9 to 17", "2026-11-23T09:00/2026-11-23T17:00"),
        ("yesterday 9-5pm", "2026-11-23T09:00/2026-11-23T17:00"),
        ("yesterday 9am until midday", "2026-11-23T09:00/2026-11-23T12:00"),
        ("yesterday 9-12", "2026-11-23T09:00/2026-11-23T12:00"),
        ("yesterday 22:00-06:00", "2026-11-23T22:00/2026-11-24T06:00"),
        ("yesterday 22-6", "2026-11-23T22:00/2026-11-24T06:00"),
        ("yesterday 10pm-midnight", "2026-11-23T22:00/2026-11-24T00:00"),
        ("yesterday 18:00-24:00", "2026-11-23T18:00/2026-11-24T00:00"),
        ("yesterday shift:night", "2026-11-23T22:00/2026-11-24T06:00"),
        ("shift:early", "2026-11-24T06:00/2026-11-24T14:30"),
        ("9-17", "2026-11-24T09:00/2026-11-24T15:32"),
        ("last week 0-24", DAY(16, 23)),
        ("monday 16 nov", DAY(16, 17)),
        ("", "2026-11-24T00:00/2026-11-24T15:32"),
    ],
)
def test_words_of_time_mean_these_instants(text, expected):
    assert span(text) == expected


@pytest.mark.parametrize(
    ("now", "text", "expected"),
    [
        pytest.param("2026-11-23T15:00Z", "monday", DAY(16, 17), id="on a Monday: the finished one"),
        pytest.param("2026-11-23T15:00Z", "since monday", "2026-11-23T00:00/2026-11-23T15:00", id="on a Monday: today"),
        pytest.param("2026-11-23T15:00Z", "monday to now", "2026-11-23T00:00/2026-11-23T15:00", id="the same"),
        pytest.param("2026-11-23T15:00Z", "last week", DAY(16, 23), id="on a Monday"),
        pytest.param("2026-11-22T15:00Z", "last week", DAY("09", 16), id="on a Sunday"),
        pytest.param("2026-03-01T08:00Z", "last month", "2026-02-01T00:00/2026-03-01T00:00", id="February"),
        pytest.param("2026-01-02T08:00Z", "last month", "2025-12-01T00:00/2026-01-01T00:00", id="over New Year"),
        pytest.param("2026-01-03T08:00Z", "28 dec to 2 jan", "2025-12-28T00:00/2026-01-03T00:00", id="years found"),
        pytest.param("2026-11-25T03:00Z", "yesterday 22-6", "2026-11-24T22:00/2026-11-25T03:00", id="a running night"),
        pytest.param("2026-03-30T09:00Z", "yesterday", "2026-03-29T00:00/2026-03-29T23:00", id="23 hours"),
        pytest.param("2026-10-26T09:00Z", "yesterday", "2026-10-24T23:00/2026-10-26T00:00", id="25 hours"),
        pytest.param("2026-03-30T09:00Z", "yesterday 1-3", "2026-03-29T01:00/2026-03-29T02:00", id="a skipped edge"),
        pytest.param("2026-10-26T09:00Z", "yesterday 1-2", "2026-10-25T00:00/2026-10-25T02:00", id="a repeated hour"),
    ],
)
def test_the_moment_of_asking_decides(now, text, expected):
    assert span(text, now=now) == expected


def test_weeks_start_where_the_settings_say():
    assert span("last week", week_start=6) == "2026-11-15T00:00/2026-11-22T00:00"


def test_hours_of_several_days_are_pieces():
    assert windows("last 2 days 9-17") == [
        ("2026-11-22T09:00", "2026-11-22T17:00"),
        ("2026-11-23T09:00", "2026-11-23T17:00"),
    ]


def test_a_night_belongs_to_the_day_on_which_it_starts():
    assert windows("last 2 days 22:00-06:00") == [
        ("2026-11-22T22:00", "2026-11-23T06:00"),
        ("2026-11-23T22:00", "2026-11-24T06:00"),
    ]


def test_hours_of_a_rolling_stretch_are_cut_by_it():
    assert windows("past 24h 22:00-06:00", now="2026-11-24T03:00Z") == [
        ("2026-11-23T03:00", "2026-11-23T06:00"),
        ("2026-11-23T22:00", "2026-11-24T03:00"),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("16-18", "future_range"),
        ("since 4pm", "future_range"),
        ("2026-11-25", "future_range"),
        ("2027-01-05", "future_range"),
        ("2099-01-05", "future_range"),
        ("today to yesterday", "backward_range"),
        ("20 nov to 15 nov", "backward_range"),
        ("2026-11-20T17:00Z/2026-11-20T09:00Z", "backward_range"),
        ("last 32 days", "span_too_long"),
        ("last 5 weeks", "span_too_long"),
        ("last 99999999999 days", "span_too_long"),
        ("past 31 days", "span_too_long"),
        ("2025-10-20..2026-11-24", "span_too_long"),
        ("yesterday vs 2026-01-01..2026-06-01", "span_too_long"),
        ("past 0h", "empty_range"),
        ("yesterday 9am-9am", "empty_range"),
        ("yesterday 0-0", "empty_range"),
        ("yesterday 24-6", "invalid_time"),
        ("30 feb", "nonexistent_day"),
        ("31/11/2026", "nonexistent_day"),
        ("2026-02-29", "nonexistent_day"),
        ("45/45", "nonexistent_day"),
        ("2026-11-20T25:00Z/2026-11-21", "nonexistent_day"),
        ("2011-12-30 in apia", "nonexistent_day"),
        ("yesterday 25-26", "invalid_time"),
        ("0001-01-01", "too_early"),
        ("20/11/26", "ambiguous_date"),
    ],
)
def test_a_range_that_is_no_range_is_refused_with_its_code(text, code):
    with pytest.raises(InvalidIntervalError) as refusal:
        parse(text, context())
    assert refusal.value.code == code
    assert refusal.value.hint


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("5/11", "ambiguous_date"),
        ("yesterday 9-5", "ambiguous_time"),
        ("yesterday 9-9", "ambiguous_time"),
        ("last 3 months", "missing_object"),
        ("yesterday 9am-5", "ambiguous_time"),
        ("yesterday 2-5pm", "ambiguous_time"),
        ("yesterday 10-6am", "ambiguous_time"),
        ("yesterday until 10am", "ambiguous_time"),
        ("since", "missing_object"),
        ("yesterday since", "missing_object"),
        ("from", "missing_object"),
        ("until 10am", "missing_object"),
        ("from monday", "missing_object"),
        ("monday to", "missing_object"),
        ("to friday", "missing_object"),
        ("monday to ana", "missing_object"),
        ("last", "missing_object"),
        ("past", "missing_object"),
        ("this", "missing_object"),
        ("nov", "missing_object"),
        ("november 2026", "missing_object"),
        ("10am", "missing_object"),
        ("yesterday 9am", "missing_object"),
        ("now", "missing_object"),
        ("2026-11-20T09:00Z", "missing_object"),
        ("shift:", "missing_object"),
        ("shift:late", "unknown_shift"),
        ("week", "missing_object"),
        ("last 7", "missing_object"),
        ("tomorrow", "unknown_word"),
        ("next week", "unknown_word"),
        ("2 days ago", "unknown_word"),
        ("last fortnight", "missing_object"),
        ("fortnight", "unknown_word"),
        ("last year", "missing_object"),
        ("quarter", "unknown_word"),
        ("ytd", "unknown_word"),
        ("9-17-2026", "unknown_word"),
        ("17", "unknown_word"),
    ],
)
def test_words_of_time_that_say_too_little_or_nothing_are_refused(text, code):
    with pytest.raises(CommandError) as refusal:
        parse(text, context())
    assert refusal.value.code == code
    assert refusal.value.hint


@pytest.mark.parametrize(
    ("order", "expected", "noted"),
    [("DMY", DAY("05", "06"), False), ("MDY", "2026-05-10T23:00/2026-05-11T23:00", False)],
)
def test_the_settings_decide_the_order_of_a_date(order, expected, noted):
    assert span("5/11", date_order=order) == expected


def test_the_only_valid_reading_is_taken_against_the_settings_and_said():
    query = parse("20/11", context(date_order="MDY"))
    assert query.range.start.day == 20
    assert "20/11" in query.range.notes[0]
    assert "MDY" in query.range.notes[0]
    assert parse("20/11", context(date_order="DMY")).range.notes == ()


def test_the_choices_of_a_doubtful_date_are_whole_commands():
    with pytest.raises(CommandError) as refusal:
        parse("Team:Billing 5/11 to 7/11 csv", context())
    texts = [text for _, text in refusal.value.choices]
    assert texts == ["Team:Billing 5/11 to 2026-11-07 csv", "Team:Billing 5/11 to 2026-07-11 csv"]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("yesterday", "Yesterday, Mon 23 Nov 00:00–24:00"),
        ("today", "Today, Tue 24 Nov 00:00–15:32 (now)"),
        ("2026-11-20", "Fri 20 Nov 00:00–24:00"),
        ("25 nov", "Tue 25 Nov 2025 00:00–24:00"),
        ("last week", "Last week, Mon 16 Nov 00:00–Sun 22 Nov 24:00"),
        ("last week 9-17", "Last week, Mon 16–Sun 22 Nov, 09:00–17:00 each day"),
        ("this week 9-17", "This week, Mon 23–Tue 24 Nov, 09:00–17:00 each day, to 15:32 (now)"),
        ("last 30 days 9-17", "Last 30 days, Sun 25 Oct–Mon 23 Nov, 09:00–17:00 each day"),
        ("last week shift:night", "Last week, Mon 16–Sun 22 Nov, 22:00–06:00 each day"),
        ("past 48h", "Past 48 hours, Sun 22 Nov 15:30–Tue 24 Nov 15:32 (now)"),
        ("since monday", "Since Monday, Mon 23 Nov 00:00–Tue 24 Nov 15:32 (now)"),
        ("yesterday 22-6", "Yesterday, Mon 23 Nov 22:00–Tue 24 Nov 06:00"),
        ("2026-10-25 1-2", "Sun 25 Oct 01:00 BST–02:00"),
        ("2026-10-25T00:00Z/2026-10-25T01:00Z", "Sun 25 Oct 01:00 BST–01:00 GMT"),
    ],
)
def test_the_label_says_the_range_in_the_words_of_its_zone(text, label):
    assert parse(text, context()).range.label == label


@pytest.mark.parametrize(
    ("text", "expected", "note"),
    [
        ("yesterday 9:10-17:20", "2026-11-23T09:00/2026-11-23T17:30", "half-hours: 09:10–17:20"),
        ("yesterday 9:10-17:20 by 15m", "2026-11-23T09:00/2026-11-23T17:30", "quarter-hours: 09:10–17:20"),
        ("yesterday 9:20-17:20 by 15m", "2026-11-23T09:15/2026-11-23T17:30", "quarter-hours: 09:20–17:20"),
        ("yesterday 9:30-17:00 by 1h", "2026-11-23T09:00/2026-11-23T17:00", "hours: 09:30–17:00"),
        ("yesterday 9:30-17:00 by day", "2026-11-23T09:30/2026-11-23T17:00", None),
        ("last 7 days by week", "2026-11-16T00:00/2026-11-24T15:32", "weeks: Tue 17 Nov 00:00–Mon 23 Nov 24:00"),
        ("since 10:10", "2026-11-24T10:00/2026-11-24T15:32", "half-hours: 10:10–15:32"),
        ("yesterday 9:10-17:20 clock", "2026-11-23T09:10/2026-11-23T17:20", "Cut exactly, inside half-hours."),
        ("yesterday 9:30-17:30 clock", "2026-11-23T09:30/2026-11-23T17:30", None),
        (
            "2026-11-20T09:10Z/2026-11-24T15:10Z by 1h",
            "2026-11-20T09:00/2026-11-24T15:32",
            "hours: Fri 20 Nov 09:10–Tue 24 Nov 15:10",
        ),
    ],
)
def test_posted_ranges_are_widened_to_the_grid_and_clock_ranges_cut(text, expected, note):
    assert span(text) == expected
    notes = [n.replace("Widened to whole ", "").replace(" as asked.", "") for n in parse(text, context()).range.notes]
    assert notes == ([note] if note else [])


def test_an_end_that_lies_ahead_is_noted():
    span_read = parse("20 nov to 30 nov", context()).range
    assert span_read.to_now
    assert span_read.notes == ("The end lies ahead: the figures go up to now.",)


def test_a_finished_range_does_not_run_to_now():
    assert not parse("yesterday", context()).range.to_now
    assert not parse("this week 9-12", context()).range.to_now
    assert parse("today", context()).range.to_now


def test_the_first_moment_of_a_day_has_no_figures_yet():
    with pytest.raises(InvalidIntervalError) as refusal:
        parse("today", context(now="2026-11-24T00:00Z"))
    assert refusal.value.code == "future_range"
    assert "begins this very minute" in refusal.value.message
    assert "today" not in refusal.value.hint


def test_hours_that_a_clock_change_skips_altogether_are_refused():
    with pytest.raises(InvalidIntervalError) as refusal:
        parse("2026-03-29 1:00-1:30", context(now="2026-04-01T00:00Z"))
    assert refusal.value.code == "nonexistent_time"


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("yesterday 22:00-06:00 by day", 1),
        ("last 3 days 22:00-06:00 by day", 3),
        ("last 3 days 9-17 by day", 3),
        ("last 3 days 0:00-24:00 by day", 3),
        ("last 2 weeks 22:00-06:00 by week", 2),
        ("last 2 weeks 9-17 by week", 2),
        ("sunday 22:00-06:00 by week", 1),
        ("2026-11-22T22:00/2026-11-23T06:00 clock by day", 2),
    ],
)
def test_hours_are_counted_by_the_day_or_week_on_which_they_start(text, days):
    query = parse(text, context())
    assert query.bucket_count == days
    assert query_as_json(query)["buckets"] == days
    noun = "week" if "week" in text else "day"
    assert query.reading.endswith(f", {days} {noun}{'s' if days > 1 else ''}")
