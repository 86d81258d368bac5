"""Totals that prove themselves; sums worked by hand."""

from __future__ import annotations

from dataclasses import replace

from bot.core.answer import Column, Group, Unit
from bot.core.rendering.blocks import render_message
from bot.core.rendering.proving import proof
from tests.core.rendering.answers import COLUMNS, row, small

STATUS = (*COLUMNS, Column("interacting_s", Unit.SECONDS, "Interacting"))


def two(*, interacting=(3600.0, 1800.0), total=5400.0):
    rows = tuple(
        replace(made, values={**made.values, "interacting_s": seconds})
        for made, seconds in zip(
            (
                row("Ana", (0.5, 0.5, 3600.0, 7200.0, 4, 900.0)),
                row("Ben", (0.25, 0.5, 1800.0, 7200.0, 2, 900.0)),
            ),
            interacting,
            strict=True,
        )
    )
    totals = {"utilization": total / 14400, "logged_in_s": 14400.0, "interacting_s": total, "handle_s": 5400.0}
    totals |= {"handled": 6, "aht_s": 900.0, "occupancy": 0.5}
    return replace(small(), columns=STATUS, rows=rows, totals=totals)


def test_the_headline_s_total_is_a_sum_over_a_sum_of_the_rows():
    assert proof(two()) == ("Utilization 37.5 % = 1h 30m ÷ 4h 00m (INTERACTING ÷ logged-in), both sums of the 2 rows.")
    told = [b["elements"][0]["text"] for b in render_message(two()).blocks if b["type"] == "context"]
    assert any("both sums of the 2 rows" in text for text in told)


def test_another_headline_has_another_formula():
    assert proof(replace(two(), headline="aht_s")) == (
        "AHT 15m 00s = 1h 30m ÷ 6 (handle ÷ handled), both sums of the 2 rows."
    )


def test_rows_that_share_work_do_not_add_up_and_that_is_not_said():
    assert proof(two(interacting=(3600.0, 3600.0))) == "Utilization 37.5 % = 1h 30m ÷ 4h 00m (INTERACTING ÷ logged-in)."


def test_what_is_no_ratio_or_has_no_total_proves_nothing():
    assert proof(replace(two(), headline="handle_s")) is None
    assert proof(replace(two(), totals={})) is None
    assert proof(small()) is None  # nothing is known of interacting time


def test_of_all_agents_together_there_is_one_row_and_nothing_to_add():
    everybody = replace(two().rows[0], groups=(Group("agent", None, "7 agents together"),))
    assert "rows" not in proof(replace(two(), rows=(everybody, everybody)))
