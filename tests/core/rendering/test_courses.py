"""Figures over time as lines and columns, each cell sum ÷ sum."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.core.answer import Column, Group, Missing, RowState, Unit
from bot.core.intervals import Granularity, Interval, buckets, local_day
from bot.core.query import Dimension, Rank, Sort, Threshold
from bot.core.rendering.courses import courses_of, picture_column
from bot.core.rendering.sums import Figure, adds_up, together
from tests.core.rendering.answers import LONDON
from tests.core.rendering.pictured import over_time, shift, working

DAY = local_day(date(2026, 11, 20), LONDON)
ANA, BEN = Group("agent", "a", "Ana"), Group("agent", "b", "Ben")


def courses(answer, *, slots=200, lines=200, whole=False):
    return courses_of(answer, most_slots=slots, most_lines=lines, whole=whole)


# --- sums ------------------------------------------------------------------------------------------------------------


def test_rows_together_are_sum_divided_by_sum():
    rows = [working((ANA,), DAY, (900.0, 1000.0, 3)), working((BEN,), DAY, (100.0, 3000.0, 1))]

    (share,) = together([rows], "utilization")
    (count,) = together([rows], "handled")
    (average,) = together([rows], "aht_s")

    assert share == Figure(1000.0 / 4000.0)  # not the mean of 90 % and 3 %
    assert count == Figure(4)
    assert average == Figure(800.0 / 4)


def test_what_could_not_be_fetched_is_left_out_and_never_zero():
    fetched = working((ANA,), DAY, (900.0, 1000.0, 3))
    lost = working((BEN,), DAY, RowState.NOT_FETCHED)
    away = working((BEN,), DAY, RowState.NOT_STAFFED)

    assert together([[fetched, lost]], "utilization") == [Figure(0.9)]
    assert together([[fetched, away]], "utilization") == [Figure(0.9)]
    assert together([[lost, lost]], "utilization") == [Figure(None, Missing.NOT_FETCHED)]
    assert together([[away, away, lost]], "utilization") == [Figure(None, Missing.NOT_STAFFED)]
    assert together([[away]], "utilization") == [Figure(None, Missing.NOT_STAFFED)]


def clocked(group, span, busy, share):
    row = working((group,), span, (0.0, 1800.0, 1))
    return replace(row, values={**row.values, "busy_s": busy, "busy_share": share}, missing={})


def test_busy_share_divides_by_the_length_once_for_each_agent():
    half = Interval(DAY.start, DAY.start.replace(minute=30))
    rows = [clocked(ANA, half, 900.0, 0.5), clocked(BEN, half, 0.0, 0.0)]
    team = [clocked(Group("team", "t", "T"), half, 1800.0, 0.25), clocked(Group("team", "u", "U"), half, 0.0, 0.0)]

    assert together([rows], "busy_share") == [Figure(900.0 / 3600.0)]
    assert together([team], "busy_share") == [Figure(1800.0 / (4 * 1800.0 + 1800.0))]  # four agents, then one at least


def test_busy_time_of_queues_has_no_sum_since_it_overlaps():
    rows = [clocked(Group("queue", q, q), DAY, 600.0, 0.1) for q in "xy"]

    assert together([rows], "busy_s") == [Figure(None, Missing.NOT_APPLICABLE)]


def test_the_additive_metric_is_for_one_half_hour_alone():
    row = working((ANA,), DAY, (1.0, 2.0, 1))
    rows = [replace(row, values={**row.values, "additive_utilization": 0.5})] * 2

    assert together([rows], "additive_utilization") == [Figure(None, Missing.NOT_APPLICABLE)]
    assert [adds_up(name) for name in ("handled", "handle_s", "utilization", "aht_s", "concurrency", "?")] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


# --- lines and columns -----------------------------------------------------------------------------------------------


def test_a_line_a_group_and_a_column_a_bucket_without_the_ends_at_which_nobody_was_at_work():
    found = courses(over_time(["Ana", "Ben"], shift))

    assert [line.name for line in found.lines] == ["Ana", "Ben"]
    assert [slot.label for slot in found.slots][:2] == ["08:00", "08:30"]
    assert len(found.slots) == 20
    assert found.lines[0].cells[0] == Figure(0.6)
    assert found.every[0] == Figure(0.65)
    assert found.lines[0].total == Figure(pytest.approx(0.45))
    assert found.notes == ("Not drawn, since nobody was at work: 00:00–08:00 and from 18:00 on.",)
    assert found.finding == (
        "Utilization 45.0 % over 2 agents. Lowest half-hour: 10:00 5.0 %. Highest half-hour: 09:00 85.0 %."
    )


def test_the_whole_is_of_those_who_answered_and_one_agent_is_called_by_her_name():
    answer = over_time(["Ana", "Ben", "Cleo"], lambda n, p: shift(n, p) if n else RowState.NO_DATA)
    answer = replace(answer, coverage=replace(answer.coverage, agents_answered=2))
    alone = courses(over_time(["Ana"], shift))

    assert courses(answer).finding.startswith("Utilization 45.0 % over 2 agents.")
    assert courses(answer).everybody == "All 2 agents"
    assert alone.title == "Utilization by half-hour: Ana"
    assert alone.finding == "Ana: Utilization 45.0 %. Lowest half-hour: 10:00 0.0 %. Highest half-hour: 09:30 90.0 %."


def test_a_column_that_is_still_running_and_a_row_that_is_withheld_are_told_apart_from_nothing():
    answer = over_time(["Ana", "Ben"], shift)
    rows = [replace(row, provisional=position % 48 == 35) for position, row in enumerate(answer.rows)]

    found = courses(replace(answer, rows=tuple(rows[:20] + rows[21:])))

    assert found.lines[0].cells[4] == Figure(None, Missing.NOT_APPLICABLE)
    assert "Still running: 17:30." in found.notes


def test_a_time_that_could_not_be_fetched_is_no_end_to_cut():
    found = courses(over_time(["Ana", "Ben"], lambda n, p: RowState.NOT_FETCHED if p == 0 else shift(n, p)))

    assert found.slots[0].label == "00:00"
    assert found.lines[0].cells[0] == Figure(None, Missing.NOT_FETCHED)


def test_the_repeated_hour_has_columns_of_its_own():
    found = courses(over_time(["Ana", "Ben"], lambda n, p: (n, 1800.0, 0), days=[date(2026, 10, 25)]))

    labels = [slot.label for slot in found.slots]
    assert len(labels) == 50
    assert labels[1:7] == ["00:30", "01:00 BST", "01:30 BST", "01:00 GMT", "01:30 GMT", "02:00"]


WEEK = [date(2026, 11, 16), date(2026, 11, 22)]


def test_too_many_columns_become_hours_and_then_days_and_the_notes_say_so():
    answer = over_time(["Ana", "Ben"], lambda n, p: (1800.0 * (p % 2), 1800.0, 1), days=WEEK)

    hours, days = courses(answer), courses(answer, slots=100)

    assert (hours.noun, len(hours.slots), hours.lines[0].cells[0]) == ("hour", 168, Figure(0.5))
    assert hours.slots[24].full == "Tue 17 Nov 00:00"
    assert (days.noun, [slot.label for slot in days.slots][:2]) == ("day", ["Mon 16 Nov", "Tue 17 Nov"])
    assert days.notes == ("By day, so that it fits: each is sum ÷ sum over its half-hours.",)


def test_the_days_of_one_agent_lie_below_each_other():
    found = courses(over_time(["Ana"], lambda n, p: (p // 48 * 180.0, 1800.0, 1), days=WEEK))

    assert [line.name for line in found.lines][:2] == ["Mon 16 Nov", "Tue 17 Nov"]
    assert (found.title, len(found.slots)) == ("Utilization by day and half-hour: Ana", 48)
    assert found.lines[2].cells[5] == Figure(0.2)
    assert found.every[0] == Figure(pytest.approx(0.3))
    assert found.finding.startswith("Ana: Utilization 30.0 %. Lowest day: Mon 16 Nov 0.0 %. Highest day: Sun 22 Nov 60")


def test_where_the_clocks_go_back_only_that_day_has_the_time_twice():
    days = [date(2026, 10, 24), date(2026, 10, 26)]
    found = courses(over_time(["Ana"], lambda n, p: (float(p), 1800.0, 1), days=days))

    labels = [slot.label for slot in found.slots]
    assert labels[2:6] == ["01:00", "01:00 again", "01:30", "01:30 again"]
    saturday, sunday, _ = found.lines
    assert saturday.cells[3] is None
    # Sunday's buckets begin at the 49th; its third is the first 01:00 and its fifth the second.
    assert [cell.value * 1800 for cell in sunday.cells[2:4]] == [pytest.approx(50), pytest.approx(52)]


def test_a_night_stays_in_one_line_of_its_day():
    answer = over_time(["Ana"], lambda n, p: (900.0, 1800.0, 1), days=WEEK[:1] * 2)
    monday = local_day(date(2026, 11, 16), LONDON).start
    opened = [monday + timedelta(hours=22), monday + timedelta(hours=46)]
    nights = [Interval(start, start + timedelta(hours=8)) for start in opened]
    halves = buckets(nights, Granularity.HALF_HOUR, LONDON)
    rows = tuple(working((ANA,), half, (900.0, 1800.0, 1)) for half in halves)
    span = replace(answer.query.range, windows=tuple(nights), nights=True)

    found = courses(replace(answer, rows=rows, query=replace(answer.query, range=span, buckets=halves)))

    assert [line.name for line in found.lines] == ["Mon 16 Nov", "Tue 17 Nov"]
    assert [slot.label for slot in found.slots][::4] == ["22:00", "00:00", "02:00", "04:00"]


# --- which groups ----------------------------------------------------------------------------------------------------


def rising(n, place):
    return (1800.0 * n / 10, 1800.0, 1) if n < 8 else RowState.NO_DATA


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"sort": Sort("utilization")}, "76543210 89"),
        ({"sort": Sort("utilization", descending=False)}, "01234567 89"),
        ({"rank": Rank(3)}, "765"),
        ({"rank": Rank(2, top=False)}, "01"),
        ({"thresholds": (Threshold(0.25, above=False),)}, "012"),
        ({"thresholds": (Threshold(0.25, above=False), Threshold(0.05, above=True))}, "12"),
    ],
)
def test_groups_are_chosen_by_their_figures_over_the_whole_range(changes, names):
    answer = over_time(list("0123456789"), rising, **changes)

    assert [line.name for line in courses(answer).lines] == list(names.replace(" ", ""))


def test_the_ends_of_those_who_were_chosen_are_not_said_of_all():
    found = courses(over_time(list("0123456789"), rising, rank=Rank(2)))

    assert found.finding.startswith(
        "Utilization 35.0 % over 10 agents. Of the 2 agents drawn: Lowest: 6 60.0 %. Highest: 7 70.0 %."
    )


def test_active_leaves_out_groups_that_did_nothing_all_range_long():
    answer = over_time(list("0123456789"), rising)
    answer = replace(answer, query=replace(answer.query, filters=replace(answer.query.filters, active=True)))

    found = courses(answer)

    assert [line.name for line in found.lines] == list("01234567")
    assert found.notes == ("8 of 10 agents, as asked.",)


def test_of_too_many_groups_both_ends_are_kept_and_all_of_them_counted():
    answer = over_time(list("01234567"), rising)

    found = courses(answer, lines=4)

    assert [line.name for line in found.lines] == list("7610")
    assert (found.split, found.count) == (2, 8)
    assert found.every[0] == Figure(pytest.approx(0.35))
    assert found.notes == (
        "The 2 highest and 2 lowest of 8 agents by Utilization; all 8 agents count in the last line.",
    )


# --- which metric ----------------------------------------------------------------------------------------------------


def test_the_metric_is_the_sorted_one_else_the_headline_else_one_that_has_figures():
    answer = over_time(["Ana"], shift)
    silent = tuple(
        replace(row, values={**row.values, "utilization": None}, missing={"utilization": Missing.NOT_DIVISIBLE})
        for row in answer.rows
    )

    assert picture_column(answer)[0].name == "utilization"
    assert picture_column(replace(answer, query=replace(answer.query, sort=Sort("handled"))))[0].name == "handled"
    column, why = picture_column(replace(answer, rows=silent))
    assert column == Column("handled", Unit.COUNT, "Handled")
    assert why == (
        "Utilization has no figures here (status time can't be split by queue, media or direction):"
        " Handled is drawn instead."
    )


def test_without_times_or_figures_there_is_nothing_to_lay_out():
    answer = over_time(["Ana"], shift)

    assert courses(replace(answer, query=replace(answer.query, group_by=(Dimension.AGENT,)))) is None
    assert courses(over_time(["Ana"], lambda n, p: RowState.NO_DATA)) is None


def test_sums_of_groups_are_told_apart_from_shares():
    handled = courses(over_time(["Ana", "Ben"], shift, sort=Sort("handled")))

    assert (handled.is_sum, handled.is_share, handled.full) == (True, False, 2.0)
    assert handled.every[0] == Figure(4)
    days = courses(over_time(["Ana"], shift, sort=Sort("handled"), days=WEEK), slots=10, whole=True)
    assert days.notes == ("By day, so that it fits: each is the sum of its half-hours.",)
    assert days.noun == "day"
