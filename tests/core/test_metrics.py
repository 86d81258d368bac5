import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.answer import Unit
from bot.core.frames import CLOCK_COLUMNS, LENGTH_COLUMN, STATUS_COLUMNS
from bot.core.metrics import (
    DEFAULT_DRAWN,
    METRICS,
    Kind,
    Metric,
    Scope,
    definition_text,
    find_metric,
    metric_names,
    metrics_for,
    metrics_markdown,
)
from bot.core.query import Booking

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"

# docs/json.md promises these names; a change here breaks programs that read the answers.
DURATIONS = {
    "handle_s",
    "talk_s",
    "held_s",
    "acw_s",
    "contacting_s",
    "dialing_s",
    "busy_s",
    "logged_in_s",
    "on_queue_s",
    "interacting_s",
    "communicating_s",
    "idle_s",
    "not_responding_s",
    "off_queue_s",
    "break_s",
    "meal_s",
    "away_s",
    "aht_s",
    "acw_per_handled_s",
    "held_per_handled_s",
}
RATIOS = {"utilization", "occupancy", "busy_share", "handle_load", "additive_utilization", "concurrency"}
CLOCK_ONLY = {"busy_s", "busy_share", "concurrency"}


def sums(**columns: float) -> pd.DataFrame:
    return pd.DataFrame({name: [float(value)] for name, value in columns.items()})


def metric(name: str) -> Metric:
    found = find_metric(name)
    assert found is not None
    return found


def test_the_table_holds_the_columns_of_the_json_interface_and_no_others():
    assert {m.name for m in METRICS} == DURATIONS | RATIOS | {"handled"}
    assert len(METRICS) == len({m.name for m in METRICS})


def test_units_follow_from_names():
    for m in METRICS:
        expected = Unit.COUNT if m.name == "handled" else Unit.RATIO if m.name in RATIOS else Unit.SECONDS
        assert m.unit is expected, m.name
        assert m.name.endswith("_s") == (m.unit is Unit.SECONDS), m.name


def test_each_metric_reads_only_columns_that_a_frame_can_hold():
    known = {*CLOCK_COLUMNS, *STATUS_COLUMNS, LENGTH_COLUMN}
    for m in METRICS:
        assert set(m.needs) <= known, m.name
        assert set(m.denominator) <= set(m.needs), m.name
        m.function(pd.DataFrame(0.0, index=[0], columns=list(m.needs)))  # KeyError for a column not declared


def test_no_word_means_two_metrics():
    meanings: dict[str, set[str]] = {}
    for m in METRICS:
        for word in (m.name, m.label, *m.aliases):
            meanings.setdefault(word.casefold().replace("_", " ").replace("-", " "), set()).add(m.name)
    assert {word: names for word, names in meanings.items() if len(names) > 1} == {}
    assert dict(metric_names()) == {word: names.pop() for word, names in meanings.items()}


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("util", "utilization"),
        ("Utilisation", "utilization"),
        ("ACW", "acw_s"),
        ("after-call work", "acw_s"),
        ("aht", "aht_s"),
        ("AHT_S", "aht_s"),
        ("on-queue", "on_queue_s"),
        ("On  Queue", "on_queue_s"),
        ("hold", "held_s"),
        ("handle load", "handle_load"),
        ("additive", "additive_utilization"),
    ],
)
def test_a_metric_is_found_by_any_of_its_words(word: str, name: str):
    assert metric(word).name == name


@pytest.mark.parametrize("word", ["", "adherence", "utilizatio"])
def test_an_unknown_word_is_no_metric(word: str):
    assert find_metric(word) is None


def test_an_answer_carries_every_column_of_its_booking():
    posted = {m.name for m in metrics_for(Booking.POSTED)}
    clock = {m.name for m in metrics_for(Booking.CLOCK)}
    everything = {m.name for m in METRICS}
    assert posted == everything - CLOCK_ONLY
    assert clock == everything - {"additive_utilization"}


def test_the_drawn_columns_begin_with_the_headline_and_leave_the_additive_formula_out():
    assert DEFAULT_DRAWN[0] == "utilization"
    assert "additive_utilization" not in DEFAULT_DRAWN
    for booking in Booking:
        assert set(DEFAULT_DRAWN) <= {m.name for m in metrics_for(booking)}


def test_what_rests_on_status_time_is_told_apart():
    by_status = {m.name for m in METRICS if m.needs_status}
    assert by_status & {"handle_s", "aht_s", "handled", "additive_utilization", "busy_share"} == set()
    assert {"utilization", "occupancy", "off_queue_s", "logged_in_s", "handle_load"} <= by_status
    assert {m.name for m in METRICS if m.needs_status and m.needs_conversations} == {"handle_load"}


def test_the_worked_half_hour_has_an_occupancy_of_61_5_and_a_utilization_of_53_3_percent():
    # INTERACTING 960 s, IDLE 600 s, NOT_RESPONDING 60 s; ON_QUEUE 1620 s, BREAK 180 s; one call of 1300 s.
    status = sums(interacting_s=960, communicating_s=0, idle_s=600, not_responding_s=60, logged_in_s=1800)
    assert metric("occupancy").function(status)[0] == pytest.approx(960 / 1560)
    assert round(100 * metric("occupancy").function(status)[0], 1) == 61.5
    assert round(100 * metric("utilization").function(status)[0], 1) == 53.3
    assert round(100 * metric("handle_load").function(sums(handle_s=1300, on_queue_s=1620))[0], 1) == 80.2


def test_the_additive_formula_counts_acw_and_hold_twice_and_stops_at_one():
    # 600 s of handle that hold 120 s of ACW and 60 s of hold: 780 / 1800, where the clock saw 600 / 1800.
    assert metric("additive").function(sums(handle_s=600, acw_s=120, held_s=60))[0] == pytest.approx(780 / 1800)
    assert metric("additive").function(sums(handle_s=1700, acw_s=100, held_s=1))[0] == 1.0
    assert "twice" in metric("additive").definition


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        ("aht_s", {"handle_s": 900, "handled": 4}, 225.0),
        ("acw_per_handled_s", {"acw_s": 90, "handled": 4}, 22.5),
        ("held_per_handled_s", {"held_s": 10, "handled": 4}, 2.5),
        ("off_queue_s", {"logged_in_s": 1800, "on_queue_s": 1620}, 180.0),
        ("busy_share", {"busy_s": 450, "length_s": 1800}, 0.25),
        ("concurrency", {"handle_s": 900, "busy_s": 600}, 1.5),
        ("handle_load", {"handle_s": 3600, "on_queue_s": 1800}, 2.0),
    ],
)
def test_formulas(name: str, columns: dict[str, float], expected: float):
    assert metric(name).function(sums(**columns))[0] == expected


@pytest.mark.parametrize("m", [m for m in METRICS if m.denominator], ids=lambda m: m.name)
@pytest.mark.parametrize("nothing", [0.0, float("nan")], ids=["zero", "missing"])
def test_nothing_to_divide_by_gives_no_value(m: Metric, nothing: float):
    frame = sums(**{column: nothing if column in m.denominator else 60 for column in m.needs})
    assert m.function(frame).isna().all()


@pytest.mark.parametrize("m", [m for m in METRICS if m.kind is Kind.RATIO and m.scope is not Scope.AGENT_HALF_HOUR])
@given(data=st.data())
def test_a_ratio_is_the_same_in_minutes_as_in_seconds(m: Metric, data: st.DataObject):
    seconds = sums(**{column: data.draw(st.integers(0, 10**6)) for column in m.needs})
    before = seconds.copy()
    pd.testing.assert_series_equal(m.function(seconds), m.function(seconds / 60))
    pd.testing.assert_frame_equal(seconds, before)


def test_a_definition_names_formula_source_and_column():
    text = definition_text(metric("utilization"))
    for part in ("INTERACTING ÷ logged-in", "status time", "sum ÷ sum", "utilization", "util"):
        assert part in text
    assert "status time" in definition_text(metric("handle_load"))
    assert "conversations" in definition_text(metric("handle_load"))


def test_the_documentation_is_made_from_the_table():
    assert DOCS.read_text(encoding="utf-8") == metrics_markdown()


def test_defining_a_metric_loads_no_pandas():
    code = (
        "import sys; from bot.core.metrics import find_metric, definition_text;"
        "definition_text(find_metric('util')); sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=DOCS.parents[1]).returncode == 0
