"""Answers over time, made by hand for the tests of pictures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from bot.core.answer import Answer, Column, Coverage, Group, Missing, Row, RowState, Unit
from bot.core.intervals import Granularity, Interval, buckets, local_day
from bot.core.query import Booking, Dimension, Output, Query, Range
from tests.core.rendering.answers import LONDON

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COLUMNS = (
    Column("utilization", Unit.RATIO, "Utilization"),
    Column("interacting_s", Unit.SECONDS, "Interacting"),
    Column("logged_in_s", Unit.SECONDS, "Logged in"),
    Column("handled", Unit.COUNT, "Handled"),
    Column("handle_s", Unit.SECONDS, "Handle"),
    Column("aht_s", Unit.SECONDS, "AHT"),
)
REASONS = {
    RowState.NOT_STAFFED: Missing.NOT_STAFFED,
    RowState.NOT_FETCHED: Missing.NOT_FETCHED,
    RowState.NO_DATA: Missing.NO_DATA,
}

Work = tuple[float, float, int] | RowState
"""(interacting seconds, logged-in seconds, handled) of a bucket; or why there is none."""


def working(groups: tuple[Group, ...], span: Interval, work: Work) -> Row:
    """One row; each handled interaction took 200 s."""
    if isinstance(work, RowState):
        names = [column.name for column in COLUMNS]
        return Row(groups, span.start, span.end, work, False, dict.fromkeys(names), dict.fromkeys(names, REASONS[work]))
    values = figures(*work)
    missing = {name: Missing.NO_DENOMINATOR for name, value in values.items() if value is None}
    return Row(groups, span.start, span.end, RowState.OK, False, values, missing)


def figures(busy: float, logged_in: float, handled: int) -> dict[str, float | None]:
    return {
        "utilization": busy / logged_in if logged_in else None,
        "interacting_s": busy,
        "logged_in_s": logged_in,
        "handled": handled,
        "handle_s": handled * 200.0,
        "aht_s": 200.0 if handled else None,
    }


def over_time(
    names: Sequence[str],
    work: Callable[[int, int], Work],
    *,
    days: Sequence[date] = (date(2026, 11, 20),),
    granularity: Granularity = Granularity.HALF_HOUR,
    dimension: str = "agent",
    outputs: Sequence[Output] = (Output.HEATMAP,),
    **changes: object,
) -> Answer:
    """Groups of these names over whole days in London; `work` is asked for each (group, bucket)."""
    window = Interval(local_day(days[0], LONDON).start, local_day(days[-1], LONDON).end)
    grid = buckets((window,), granularity, LONDON)
    by = Dimension.DAY if granularity is Granularity.DAY else Dimension.INTERVAL
    query = Query(
        text="",
        zone=LONDON,
        zone_source="setting",
        range=Range((window,), "Fri 20 Nov", "2026-11-20"),
        group_by=(Dimension(dimension), by),
        granularity=granularity,
        buckets=grid,
        booking=Booking.POSTED,
        outputs=frozenset(outputs),
    )
    rows = [
        working((Group(dimension, f"id-{n}", name),), bucket, work(n, place))
        for n, name in enumerate(names)
        for place, bucket in enumerate(grid)
    ]
    busy, logged_in = (
        sum(value for row in rows if (value := row.values[name]) is not None)
        for name in ("interacting_s", "logged_in_s")
    )
    handled = sum(row.values["handled"] or 0 for row in rows)
    answer = Answer(
        query=query,
        columns=COLUMNS,
        rows=tuple(rows),
        totals=figures(busy, logged_in, handled),
        coverage=Coverage(agents_asked=len(names), agents_answered=len(names), buckets=len(grid)),
        drawn=("utilization", "handled", "handle_s"),
    )
    return replace(answer, query=replace(query, **changes))


def shift(n: int, place: int, *, opens: int = 16, closes: int = 36) -> Work:
    """At work from 08:00 to 18:00, busier by the half-hour and from one group to the next."""
    if not opens <= place < closes:
        return RowState.NOT_STAFFED
    return 1800.0 * ((place + n) % 10) / 10, 1800.0, 2
