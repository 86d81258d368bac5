"""Numbers as people read them."""

import pytest

from bot.core.answer import Missing, Unit
from bot.core.rendering import figures
from bot.core.rendering.figures import bar, duration, legend, number, ratio, sign, sort_value, sparkline


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0, "0"),
        (0.4, "<1s"),
        (0.5, "1s"),
        (12.0, "12s"),
        (59.4, "59s"),
        (59.5, "1m 00s"),
        (245.0, "4m 05s"),
        (3599.4, "59m 59s"),
        (3599.5, "1h 00m"),
        (23520.0, "6h 32m"),
        (23549.9, "6h 32m"),
        (23550.0, "6h 33m"),
        (446_400.0, "124h 00m"),
        (3_600_000.0, "1,000h 00m"),
    ],
)
def test_durations_are_in_the_unit_that_one_reads(seconds, shown):
    assert duration(seconds) == shown


def test_ratios_are_percent_with_one_place_and_are_never_cut_off():
    assert [ratio(x) for x in (0.0, 0.871, 0.8714, 1.0, 1.2)] == ["0.0 %", "87.1 %", "87.1 %", "100.0 %", "120.0 %"]


@pytest.mark.parametrize(
    ("value", "unit", "column", "shown"),
    [
        (41, Unit.COUNT, "handled", "41"),
        (1204, Unit.COUNT, "handled", "1,204"),
        (1.25, Unit.RATIO, "concurrency", "1.25"),
        (0.5, Unit.RATIO, "utilization", "50.0 %"),
        (-192.0, Unit.SECONDS, "handle_s", "−3m 12s"),
        (None, Unit.COUNT, "handled", None),
        (float("nan"), Unit.RATIO, "utilization", None),
        (float("inf"), Unit.RATIO, "utilization", None),
    ],
)
def test_a_value_is_shown_in_its_unit(value, unit, column, shown):
    assert number(value, unit, column=column) == shown


def test_the_four_kinds_of_nothing_have_four_signs():
    kinds = [sign(Missing.NOT_FETCHED), figures.ZERO, sign(Missing.NOT_STAFFED), sign(Missing.NO_DATA)]
    assert kinds == ["?", "0", "·", "–"]


def test_every_reason_has_a_sign_and_a_meaning():
    assert all(sign(reason) in legend([reason]) for reason in Missing)


def test_the_legend_names_only_what_was_used():
    assert legend([]) == ""
    assert legend([Missing.NOT_STAFFED, Missing.NO_DATA]) == "– no data, · not staffed"
    assert legend([Missing.NOT_DIVISIBLE, Missing.TOO_SHORT]) == (
        "n/a status time can't be split by queue, media or direction or needs a day or more"
    )
    assert legend([], zero=True, provisional=True) == "0 logged in without work, ≈ still provisional"


def test_each_kind_of_nothing_sorts_below_zero_and_apart_from_the_others():
    below = [sort_value(None, sign(reason)) for reason in Missing]
    assert all(value < 0 for value in below)
    assert len(set(below)) == len({sign(reason) for reason in Missing})
    assert sort_value(0.0, "0") == 0


def test_a_sparkline_has_a_mark_for_each_half_hour():
    assert sparkline([0.0, 0.5, 1.0, 1.7, None, float("nan")]) == "▁▅██··"


def test_a_bar_is_in_eighths_and_never_empty():
    assert [bar(x, 4) for x in (0.0, 0.25, 0.5, 0.53, 1.0, 3.0)] == ["▏", "█", "██", "██▏", "████", "████"]
