from __future__ import annotations

import math

import pandas as pd
import pytest

from bot.core.frames import (
    CLOCK_COLUMNS,
    LENGTH_COLUMN,
    POSTED_COLUMNS,
    POSTED_KEYS,
    PRESENCE_COLUMNS,
    ROUTING_COLUMNS,
    STATUS_COLUMNS,
    STATUS_KEYS,
    check_facts,
)


def frame(*rows: dict[str, object]) -> pd.DataFrame:
    blank = {"bucket": 0, **dict.fromkeys(STATUS_COLUMNS, 0.0)}
    return pd.DataFrame([blank | row for row in rows], columns=[*STATUS_KEYS, *STATUS_COLUMNS])


def checked(facts: pd.DataFrame) -> pd.DataFrame:
    return check_facts(facts, keys=STATUS_KEYS, columns=STATUS_COLUMNS)


def test_a_frame_of_facts_comes_back_as_it_is():
    facts = frame({"agent_id": "ana"}, {"agent_id": "ana", "bucket": 1}, {"agent_id": "ben", "idle_s": math.nan})
    before = facts.copy()
    assert checked(facts) is facts
    pd.testing.assert_frame_equal(facts, before)


def test_an_empty_frame_is_one_of_facts():
    assert checked(frame()).empty


@pytest.mark.parametrize(
    ("facts", "complaint"),
    [
        pytest.param(frame({"agent_id": "ana"}).drop(columns="idle_s"), "has the columns", id="a column is missing"),
        pytest.param(frame({"agent_id": "ana"}).assign(mood=1.0), "has the columns", id="a column is unknown"),
        pytest.param(
            frame({"agent_id": "ana"})[[*STATUS_COLUMNS, *STATUS_KEYS]], "has the columns", id="another order"
        ),
        pytest.param(frame({"agent_id": "ana"}, {"agent_id": "ana"}), "one row for each key", id="a key twice"),
        pytest.param(frame({"agent_id": "ana", "idle_s": -0.001}), "never negative", id="a negative duration"),
    ],
)
def test_anything_else_is_refused(facts: pd.DataFrame, complaint: str):
    with pytest.raises(ValueError, match=complaint):
        checked(facts)


def test_no_column_has_two_meanings():
    columns = [*CLOCK_COLUMNS, *PRESENCE_COLUMNS, *ROUTING_COLUMNS, LENGTH_COLUMN, *POSTED_KEYS]
    assert len(columns) == len(set(columns))
    assert STATUS_COLUMNS == PRESENCE_COLUMNS + ROUTING_COLUMNS
    assert set(CLOCK_COLUMNS) - set(POSTED_COLUMNS) == {"busy_s"}


def test_every_duration_says_its_unit():
    assert [c for c in (*CLOCK_COLUMNS, *STATUS_COLUMNS, LENGTH_COLUMN) if not c.endswith("_s")] == ["handled"]
