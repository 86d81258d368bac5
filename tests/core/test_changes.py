"""What moved between two answers to one question."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.answer import Answer, Column, Coverage, Group, Missing, Row, RowState, Unit
from bot.core.changes import (
    LIFE,
    MOST_MOVED,
    MOST_ROWS,
    OPEN_LIFE,
    changes,
    life_of,
    question_key,
    snapshot_from_bytes,
    snapshot_of,
    snapshot_to_bytes,
)
from bot.core.grammar import GrammarContext, parse
from bot.core.rendering.json_out import answer_as_json
from bot.core.rendering.text import answer_as_text

NOW = datetime(2026, 11, 24, 11, 2, tzinfo=UTC)
EARLIER = NOW - timedelta(hours=3)
ASKED = GrammarContext(NOW, ZoneInfo("UTC"))
QUERY = parse("yesterday", ASKED)
START, END = QUERY.range.start, QUERY.range.end
COLUMNS = (
    Column("utilization", Unit.RATIO, "Utilization"),
    Column("handle_s", Unit.SECONDS, "Handle"),
    Column("talk_s", Unit.SECONDS, "Talk"),
)


def row(name: str, share: float | None, handle: float | None, **missing: Missing) -> Row:
    values = {"utilization": share, "handle_s": handle, "talk_s": 1.0}
    return Row((Group("agent", name.lower(), name),), START, END, RowState.OK, False, values, missing)


def answer(*rows: Row, at: datetime = NOW, total: float = 0.5, **more: object) -> Answer:
    given: dict = {"drawn": ("utilization", "handle_s")}
    totals = {"utilization": total, "handle_s": 60.0, "talk_s": 1.0}
    return Answer(QUERY, COLUMNS, rows, totals, Coverage(data_as_of=at), **(given | more))


def moves(before: Answer, after: Answer) -> list[tuple[str, str, float | None, float | None]]:
    snapshot = snapshot_of(replace(before, coverage=Coverage(data_as_of=EARLIER)))
    assert snapshot is not None
    found = changes(snapshot, after)
    if found is None:
        return []
    assert found.since == EARLIER
    return [(m.groups[0].name or "" if m.groups else "all", m.column, m.old, m.new) for m in found.moved]


def test_only_drawn_figures_that_look_different_have_moved() -> None:
    before = answer(row("Ana", 0.610, 3600.0), row("Ben", 0.5, 60.0))
    after = answer(row("Ana", 0.634, 3610.0), row("Ben", 0.50001, 60.2))

    assert moves(before, after) == [("Ana", "utilization", 0.610, 0.634)]


def test_totals_come_first_then_the_headline_then_the_largest() -> None:
    before = answer(row("Ana", 0.5, 60.0), row("Ben", 0.5, 60.0), total=0.5)
    after = answer(row("Ana", 0.6, 7200.0), row("Ben", 0.8, 60.0), total=0.7)

    assert [(name, column) for name, column, _, _ in moves(before, after)] == [
        ("all", "utilization"),
        ("Ben", "utilization"),
        ("Ana", "utilization"),
        ("Ana", "handle_s"),
    ]


def test_a_figure_that_came_or_went_has_moved_and_one_that_was_not_fetched_has_not() -> None:
    before = answer(row("Ana", None, 60.0), row("Ben", 0.5, 60.0), row("Cleo", 0.5, 60.0))
    after = answer(
        row("Ana", 0.2, 60.0),
        row("Ben", None, 60.0, utilization=Missing.NO_DATA),
        row("Cleo", None, 60.0, utilization=Missing.NOT_FETCHED),
    )

    assert moves(before, after) == [("Ana", "utilization", None, 0.2), ("Ben", "utilization", 0.5, None)]


def test_nothing_is_told_of_rows_that_the_new_answer_lacks_nor_of_totals_over_other_rows() -> None:
    before = answer(row("Ana", 0.5, 60.0), row("Ben", 0.5, 60.0), total=0.9)
    after = answer(row("Ana", 0.6, 60.0), row("Dora", 0.1, 60.0), total=0.1)

    assert moves(before, after) == [("Ana", "utilization", 0.5, 0.6)]


def test_the_very_same_figures_have_not_moved() -> None:
    snapshot = snapshot_of(answer(row("Ana", 0.5, 60.0)))

    assert snapshot is not None
    assert changes(snapshot, answer(row("Ana", 0.9, 60.0))) is None


def test_a_partial_answer_is_no_measure_for_later_ones() -> None:
    gap = row("Ana", None, 60.0, utilization=Missing.NOT_FETCHED)

    assert snapshot_of(answer(gap)) is None
    assert snapshot_of(answer(replace(gap, state=RowState.NOT_FETCHED, missing={}))) is None
    assert snapshot_of(answer(row("Ana", 0.5, 60.0), at=None)) is None


def test_many_moves_are_counted_and_few_told() -> None:
    names = [f"agent {n}" for n in range(MOST_MOVED + 5)]
    snapshot = snapshot_of(replace(answer(*(row(n, 0.1, 60.0) for n in names)), coverage=Coverage(data_as_of=EARLIER)))
    found = changes(snapshot, answer(*(row(n, 0.2, 60.0) for n in names)))

    assert (found.count, len(found.moved)) == (MOST_MOVED + 5, MOST_MOVED)


def test_of_a_huge_answer_only_the_totals_are_kept() -> None:
    huge = snapshot_of(answer(*(row(f"agent {n}", 0.1, 60.0) for n in range(MOST_ROWS + 1))))

    assert huge.rows == {}
    assert huge.totals == {"utilization": 0.5, "handle_s": 60.0}


def test_a_snapshot_comes_back_whole_and_a_damaged_one_is_none() -> None:
    snapshot = snapshot_of(answer(row("Ana", 0.61, None), row("Ben", None, float("inf"))))
    content = snapshot_to_bytes(snapshot)

    assert snapshot_from_bytes(content) == snapshot
    assert snapshot_from_bytes(content[:-3]) is None
    assert snapshot_from_bytes(b"") is None
    assert len(content) < 300


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("yesterday", "2026-11-23", True),
        ("yesterday sort handle top 3", "yesterday below 60% active csv share", True),
        ("yesterday vs last week clock", "yesterday clock anyway", True),
        ("yesterday", "today", False),
        ("yesterday", "yesterday in Asia/Kathmandu", False),
        ("yesterday", "yesterday by interval", False),
        ("yesterday", "yesterday voice", False),
        ("yesterday posted by interval", "yesterday clock by interval", False),
    ],
)
def test_two_texts_are_one_question_where_their_figures_are_the_same(one: str, other: str, same: bool) -> None:
    assert (question_key(parse(one, ASKED)) == question_key(parse(other, ASKED))) is same


def test_figures_of_an_open_day_are_kept_for_minutes_alone() -> None:
    closed, running = answer(), replace(answer(), query=parse("today", ASKED))

    assert (life_of(closed, NOW), life_of(running, NOW)) == (LIFE, OPEN_LIFE)


def test_the_answer_says_what_moved_in_words_and_for_programs() -> None:
    before = replace(answer(row("Ana M.", 0.61, 60.0), row("Ben", 0.5, 60.0)), coverage=Coverage(data_as_of=EARLIER))
    after = answer(row("Ana M.", 0.634, 60.0), row("Ben", 0.5, 3720.0))
    told = replace(after, changes=changes(snapshot_of(before), after))

    text = " ".join(answer_as_text(told, width=200).replace("\u00a0", " ").split())
    assert "Since 08:02: Ana M. Utilization 61.0 % → 63.4 %; Ben Handle 1m 00s → 1h 02m" in text
    assert answer_as_json(told)["changes"] == {
        "since": "2026-11-24T08:02:00+00:00",
        "count": 2,
        "moved": [
            {
                "agent_id": "ana m.",
                "agent_name": "Ana M.",
                "start": None,
                "column": "utilization",
                "old": 0.61,
                "new": 0.634,
            },
            {"agent_id": "ben", "agent_name": "Ben", "start": None, "column": "handle_s", "old": 60.0, "new": 3720.0},
        ],
    }
    assert "changes" not in answer_as_json(after)
