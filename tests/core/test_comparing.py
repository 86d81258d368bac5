"""Two times side by side, worked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.answer import Group, Missing, RowState
from bot.core.comparing import change, compared, is_later
from bot.core.grammar import parse
from bot.core.intervals import local_day
from bot.core.rights import PRIVATE, Audience, for_audience
from bot.errors import NotAllowedError
from tests.core.grammar.context import context
from tests.core.rendering.answers import LONDON, NAMES, row, small

UNNAMED = Audience(channel_id="C1")
VALUES = (0.5, 0.6, 600.0, 1200.0, 4, 150.0)
LESS = (0.25, 0.7, 300.0, 1200.0, 1, None)


def pair(text: str, here: list, there: list, *, totals: tuple[dict, dict] = ({}, {})):
    """The two answers to a comparison, with those rows and totals."""
    query, other = parse(text, context()).sides()
    base = replace(small(), sparks={}, warnings=(), residue_s=None)
    return (
        replace(base, query=query, rows=tuple(here), totals=totals[0]),
        replace(base, query=other, rows=tuple(there), totals=totals[1]),
    )


def codes(answer) -> list[str]:
    return [notice.code for notice in answer.warnings]


@pytest.mark.parametrize(
    ("this", "other", "difference"),
    [(0.5, 0.25, 0.25), (3, 5, -2), (0, 0, 0), (None, 1, None), (1, None, None), (None, None, None)],
)
def test_a_change_is_this_minus_the_other_or_nothing_where_one_is_missing(this, other, difference):
    assert change(this, other) == difference


def test_each_row_stands_beside_the_same_agent_of_the_other_time():
    here, there = pair(
        "yesterday vs previous", [row("Ana", VALUES), row("Bo", LESS)], [row("Ana", LESS), row("Bo", VALUES)]
    )
    answer = compared(here, there)
    assert [(r.values["handled"], r.versus.values["handled"]) for r in answer.rows] == [(4, 1), (1, 4)]
    assert answer.versus is there
    assert codes(answer) == []


def test_who_is_on_one_side_only_has_no_figures_on_the_other_never_zeros():
    here, there = pair("yesterday vs previous", [row("Bo", VALUES)], [row("Ana", LESS), row("Bo", VALUES)])
    answer = compared(here, there)
    ana, bo = answer.rows
    assert ana.groups[0].name == "Ana"
    assert (ana.state, set(ana.values.values()), set(ana.missing.values())) == (
        RowState.NO_DATA,
        {None},
        {Missing.NO_DATA},
    )
    assert (ana.start, ana.end) == (here.query.range.start, here.query.range.end)
    assert ana.versus.values["handled"] == 1
    assert bo.versus.values["handled"] == 4
    assert answer.warnings[0].message == ("Not the same people: 1 agent with data at the other time only.")
    assert answer.warnings[0].personal


def test_a_blank_says_not_fetched_where_that_agents_query_failed():
    def of(name: str, queue: str, *values: object, **more):
        made = row(name, *values, **more)
        return replace(made, groups=(*made.groups, Group("queue", queue, queue)))

    failed = {"state": RowState.NOT_FETCHED, "reason": Missing.NOT_FETCHED}
    here, there = pair(
        "yesterday vs previous by agent by queue",
        [of("Ana", "Billing", VALUES), of("Bo", "Billing", VALUES)],
        [of("Ana", "", **failed), of("Bo", "Sales", VALUES)],
    )
    by_group = {tuple(g.name for g in r.groups): r for r in compared(here, there).rows}
    assert set(by_group["Ana", "Billing"].versus.missing.values()) == {Missing.NOT_FETCHED}
    assert set(by_group["Bo", "Billing"].versus.missing.values()) == {Missing.NO_DATA}
    assert set(by_group["Bo", "Sales"].missing.values()) == {Missing.NO_DATA}


def test_reasons_that_lie_in_the_question_hold_for_blanks_too():
    sales = replace(row("x", VALUES), groups=(Group("queue", "q", "Sales"),))
    sales = replace(sales, missing={"utilization": Missing.NOT_DIVISIBLE}, values={**sales.values, "utilization": None})
    here, there = pair("yesterday vs previous by queue", [], [sales])
    (blank,) = compared(here, there).rows
    assert blank.missing == {**dict.fromkeys(NAMES, Missing.NO_DATA), "utilization": Missing.NOT_DIVISIBLE}


def test_times_are_paired_by_their_place_also_where_the_clocks_changed():
    text = "2026-03-29 vs previous by interval"
    query, other = parse(text, context()).sides()
    here, there = pair(
        text,
        [row("Ana", VALUES, interval=bucket) for bucket in query.buckets],
        [row("Ana", LESS, interval=bucket) for bucket in other.buckets],
    )
    answer = compared(here, there)
    assert [(r.versus.start - other.range.start) == (r.start - query.range.start) for r in answer.rows] == [True] * 46
    # 02:00 is the third hour of the short day, for one o'clock did not exist; its partner is 01:00.
    assert answer.rows[2].start.astimezone(LONDON).hour == 2
    assert answer.rows[2].versus.start.astimezone(LONDON).hour == 1
    assert codes(answer) == ["versus_lengths", "versus_buckets"]
    assert answer.warnings[0].message.startswith("The two times are 23 h and 24 h long")
    assert answer.warnings[1].message == (
        "This time has 46 half-hours, the other 48: they are compared in their order, and the last 2 have no partner "
        "(the other time)."
    )
    longer, shorter = pair("2026-03-28 vs 2026-03-29 by interval", list(there.rows), list(here.rows))
    rows = compared(longer, shorter).rows
    assert [r.versus is None for r in rows] == [False] * 46 + [True] * 2
    assert is_later(longer.query)


PEOPLE = st.dictionaries(st.sampled_from("ABCDEF"), st.one_of(st.none(), st.integers(0, 9)))


@given(PEOPLE, PEOPLE)
def test_whoever_is_on_either_side_stands_once_beside_what_she_has_on_the_other(ours, theirs):
    def rows(side):
        return [row(name, (None, None, None, None, handled, None)) for name, handled in sorted(side.items())]

    answer = compared(*pair("yesterday vs previous", rows(ours), rows(theirs)))
    found = [(r.groups[0].name, r.values["handled"], r.versus.values["handled"]) for r in answer.rows]
    assert found == [(name, ours.get(name), theirs.get(name)) for name in sorted({**ours, **theirs})]


# --- readers of a channel --------------------------------------------------------------------------------------------


def team(name: str, agents: str, **more):
    made = row(name, VALUES if agents else (), state=RowState.OK if agents else RowState.NO_DATA)
    return replace(made, groups=(Group("team", name, name),), agent_ids=frozenset(agents), **more)


def compared_teams(here: dict[str, str], there: dict[str, str]):
    text = "yesterday vs previous by team"
    totals = {"handled": 40}
    pairs = pair(
        text,
        [team(name, agents) for name, agents in here.items()],
        [team(name, agents) for name, agents in there.items()],
        totals=(totals, totals),
    )
    return compared(*pairs)


@pytest.mark.parametrize(
    ("there", "kept"),
    [
        ("abcde", ["Billing", "Support"]),
        ("abcd", ["Support"]),
        ("", ["Billing", "Support"]),  # nobody is no small group: there is nothing to give away
    ],
)
def test_a_group_that_is_small_at_either_time_has_figures_of_neither(there, kept):
    answer = compared_teams({"Billing": "abcde", "Support": "fghij"}, {"Billing": there, "Support": "fghij"})
    shown = for_audience(answer, UNNAMED)
    assert [r.groups[0].name for r in shown.rows] == kept
    assert [r.groups[0].name for r in shown.versus.rows] == kept
    withheld = kept == ["Support"]
    # Four agents of Billing stand behind what the other time's totals leave over.
    assert (shown.totals["handled"], shown.versus.totals["handled"]) == ((None, None) if withheld else (40, 40))
    assert ("totals_withheld" in codes(shown)) is withheld


def test_single_agents_become_one_row_on_both_sides_or_nothing_at_all():
    people = [row(name, VALUES) for name in "ABCDE"]
    here, there = pair("yesterday vs previous", people, people, totals=({"handled": 20}, {"handled": 25}))
    shown = for_audience(compared(here, there), UNNAMED)
    (alone,) = shown.rows
    assert (alone.values["handled"], alone.versus.values["handled"]) == (20, 25)
    assert shown.versus.rows == (alone.versus,)
    assert not any(r.groups[0].id for r in (*shown.rows, *shown.versus.rows))
    few = replace(there, rows=there.rows[:4])
    with pytest.raises(NotAllowedError) as refusal:
        for_audience(compared(here, few), UNNAMED)
    assert refusal.value.code == "group_too_small"
    assert for_audience(compared(here, few), PRIVATE).versus is few


def test_what_an_exclusion_took_out_counts_on_both_sides():
    people = [row(name, VALUES) for name in "ABCDE"]
    here, there = pair("yesterday vs previous -team:Night", people, people)
    for few in (here, there):
        sides = [replace(side, remainder=frozenset("x" if side is few else "")) for side in (here, there)]
        with pytest.raises(NotAllowedError):
            for_audience(compared(*sides), UNNAMED)
    for_audience(compared(*(replace(side, remainder=frozenset()) for side in (here, there))), UNNAMED)


def test_a_time_is_as_long_as_its_pieces():
    assert local_day(date(2026, 3, 29), LONDON).length.total_seconds() == 23 * 3600
    query = parse("last week 9-17 vs previous", context())
    here, there = pair("last week 9-17 vs previous", [row("Ana", VALUES)], [row("Ana", VALUES)])
    assert codes(compared(here, there)) == []
    assert query.versus.start == datetime(2026, 11, 9, 9, tzinfo=UTC)
